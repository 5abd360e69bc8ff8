"""The requests that wait for an answer."""

from __future__ import annotations

import asyncio
from itertools import count

from tureen.bus.parser import Delivery
from tureen.contract.errors import Timeout, TureenError, Unauthorized


class Pending:
    """The requests that wait for an answer, by the last token of their reply subject."""

    def __init__(self, inbox: str) -> None:
        self._inbox = f"{inbox}."
        self._numbers = count(1)
        self._waiting: dict[str, tuple[str, asyncio.Future[Delivery]]] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, subject: str) -> tuple[str, asyncio.Future[Delivery]]:
        """Return the reply subject of a new request, and what its answer will be in."""
        future: asyncio.Future[Delivery] = asyncio.get_running_loop().create_future()
        # Numbers are never used again, so that a late answer cannot pass for another's.
        token = str(next(self._numbers))
        self._waiting[token] = (subject, future)
        return self._inbox + token, future

    def forget(self, reply: str) -> None:
        """Wait for this answer no more."""
        self._waiting.pop(reply[len(self._inbox) :], None)

    def answer(self, delivery: Delivery) -> None:
        """Take what arrived in the inbox."""
        waiting = self._waiting.get(delivery.subject[len(self._inbox) :])
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(delivery)

    def late(self, reply: str, subject: str, timeout: float) -> None:
        """Give up a request whose time is over."""
        waiting = self._waiting.get(reply[len(self._inbox) :])
        if waiting is not None and not waiting[1].done():
            waiting[1].set_exception(Timeout(f"no answer from {subject} within {timeout:g} s"))

    def deny(self, subject: str) -> bool:
        """Fail the requests to a subject that the server denied; tell whether there were any."""
        error = Unauthorized(f"NATS denies this user to publish to {subject}", details={"subject": subject})
        return self._fail(error, subject)

    def lose(self) -> None:
        """Fail all requests: they were sent, and whether they were heard nobody knows."""
        self._fail(Timeout("the connection to NATS was lost before the answer came"))

    def _fail(self, error: TureenError, subject: str | None = None) -> bool:
        failed = False
        for asked, future in list(self._waiting.values()):
            if (subject is None or asked == subject) and not future.done():
                future.set_exception(type(error)(error.message, details=error.details))
                failed = True
        return failed
