"""`$SRV.PING`, `INFO` and `STATS` (ADR-32), so that `nats micro ls`, `info` and `stats` just work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tureen.bus.bus import Bus
from tureen.bus.connection import Subscription
from tureen.bus.parser import Delivery
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM, inboxes_of

_INBOXES = (*inboxes_of(SYSTEM), *inboxes_of(DEFAULT_TENANT))


class Discovery:
    """Answers those who look for services.

    Args:
        bus: Where they ask.
        name: The service's name.
        instance: This instance's id.
        answers: What to answer to each verb.
    """

    def __init__(
        self, bus: Bus, name: str, instance: str, answers: Mapping[str, Callable[[], Mapping[str, Any]]]
    ) -> None:
        self._bus = bus
        self._subjects = ("$SRV.*", f"$SRV.*.{name}", f"$SRV.*.{name}.{instance}")
        self._answers = answers
        self._subscriptions: list[Subscription] = []

    async def start(self) -> None:
        """Begin to answer."""
        for subject in self._subjects:
            self._subscriptions.append(await self._bus.listen(subject, self._on_message))

    async def stop(self) -> None:
        """Answer no more."""
        for subscription in self._subscriptions:
            await subscription.unsubscribe()
        self._subscriptions.clear()

    def _on_message(self, delivery: Delivery) -> None:
        answer = self._answers.get(delivery.subject.split(".")[1])
        # Only operators may ask; the tool `nats` takes its answers at `_INBOX`.
        if answer is not None and delivery.reply.startswith(_INBOXES):
            self._bus.send(delivery.reply, json.dumps(answer()).encode())
