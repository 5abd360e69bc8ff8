"""Answers that are handed out page by page: pure, the clock is passed in."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, NamedTuple

from tureen.bus import payload
from tureen.contract.errors import NotFound
from tureen.contract.ids import new_id

KEPT = 30.0
"""Seconds for which the pages of an answer can be had."""
MOST = 16
"""Answers of which the pages are kept for one tenant; with one more the oldest is dropped."""


class _Answer(NamedTuple):
    tenant: str
    command: str
    pages: list[bytes]
    until: float


class Pages:
    """The pages of the last answers that were too large for one message, in msgpack."""

    def __init__(self) -> None:
        self._answers: dict[str, _Answer] = {}

    def keep(self, tenant: str, command: str, parts: list[dict[str, Any]], now: float) -> Generator[None, None, bytes]:
        """Make an answer's pages of its parts, and keep them where there is more than one.

        The generator yields between two pages, so that others get their turn; its result is the first.
        """
        answer_id = new_id()
        pages: list[bytes] = []
        for number, part in enumerate(parts):
            if pages:
                yield
            body = {**part, "pages": len(parts)}
            if number + 1 < len(parts):
                body["next"] = f"{answer_id}_{number + 1}"
            pages.append(payload.encode(body))
        if len(pages) > 1:
            self._make_room(tenant, now)
            self._answers[answer_id] = _Answer(tenant, command, pages, now + KEPT)
        return pages[0]

    def named(self, tenant: str, command: str, token: str, now: float) -> bytes:
        """Return a page by what the page before called `next`; it can be asked for again.

        Raises:
            NotFound: It is not there any more, or was another command's.
        """
        answer_id, _, number = token.rpartition("_")
        answer = self._answers.get(answer_id)
        if (
            answer is None
            or answer.until <= now
            or (answer.tenant, answer.command) != (tenant, command)
            or not (number.isascii() and number.isdecimal() and 0 < int(number) < len(answer.pages))
        ):
            raise NotFound(f"page {token} is not there: begin with page first", details={"path": "page"})
        return answer.pages[int(number)]

    def _make_room(self, tenant: str, now: float) -> None:
        for answer_id in [key for key, answer in self._answers.items() if answer.until <= now]:
            del self._answers[answer_id]
        mine = [key for key, answer in self._answers.items() if answer.tenant == tenant]
        for answer_id in mine[: max(0, len(mine) - MOST + 1)]:
            del self._answers[answer_id]

    def __len__(self) -> int:
        return len(self._answers)
