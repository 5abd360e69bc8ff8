"""mediasoup's events, published under the tenant that owns the object."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.model import Announcement
from tureen.mediasoup.entity import Entity
from tureen.node_agent.objects import RouterEntry

_LOCAL_ONLY = frozenset({"listenererror", "rtp", "rtcp", "message"})
"""Events that are no event on the wire: a listener's failure concerns this process, packets and messages are data."""


class EventPublisher:
    """Publishes what objects emit, with the run's start id and a sequence per router."""

    def __init__(self, bus: Bus, start_id: str) -> None:
        self._bus = bus
        self._start_id = start_id

    def attach(self, router: RouterEntry, noun: str, object_id: str, emitter: Entity) -> None:
        """Publish every event of an object from now on."""
        for name in self._published(emitter.EVENTS):
            emitter.on(name, self._listener(router, noun, object_id, name))

    def publish(self, router: RouterEntry, noun: str, object_id: str, name: str, data: Any = None) -> None:
        """Publish one event of an object."""
        router.event_seq += 1
        subject = subjects.event(router.tenant, router.room_id, router.id, noun, object_id, name)
        body = {"startId": self._start_id, "seq": router.event_seq}
        if data is not None:
            body["data"] = data
        self._bus.publish(subject, body)

    def announce(self, what: str, event: Announcement) -> None:
        """Publish an event of the cluster."""
        self._bus.publish(subjects.system_event(what), event.to_wire())

    def _published(self, names: Iterable[str]) -> Iterable[str]:
        return (name for name in names if name not in _LOCAL_ONLY)

    def _listener(self, router: RouterEntry, noun: str, object_id: str, name: str) -> Any:
        def listener(*arguments: Any) -> None:
            data = arguments[0] if len(arguments) == 1 and _is_plain(arguments[0]) else None
            self.publish(router, noun, object_id, name, data)

        return listener


def _is_plain(value: Any) -> bool:
    """Tell whether an event's argument is a structure, not an object of this process."""
    return isinstance(value, str | int | float | bool | list | dict | tuple)
