from __future__ import annotations

import pytest

from tureen.bus.parser import Delivery
from tureen.bus.requests import Pending
from tureen.contract.errors import Timeout, Unauthorized

INBOX = "tureen.v1.system.inbox.me.abc"


def answer(reply: str, body: bytes = b"") -> Delivery:
    """Return a message to a reply subject."""
    return Delivery(reply, "", b"", body)


async def test_answers_reach_their_requests() -> None:
    """Each answer ends the request whose reply subject it came to, and no other."""
    pending = Pending(INBOX)
    first_reply, first = pending.add("a")
    second_reply, second = pending.add("b")
    pending.answer(answer(second_reply, b"2"))
    assert not first.done()
    assert (await second).body == b"2"
    pending.answer(answer(first_reply, b"1"))
    assert (await first).body == b"1"


async def test_late_and_unknown_answers_are_ignored() -> None:
    """An answer to a request that is over, or never was, changes nothing."""
    pending = Pending(INBOX)
    reply, future = pending.add("a")
    pending.forget(reply)
    pending.answer(answer(reply))
    pending.answer(answer(f"{INBOX}.nonsense"))
    assert not future.done()
    assert len(pending) == 0
    assert pending.add("a")[0] != reply


async def test_a_second_answer_is_ignored() -> None:
    """The first answer counts."""
    pending = Pending(INBOX)
    reply, future = pending.add("a")
    pending.answer(answer(reply, b"1"))
    pending.answer(answer(reply, b"2"))
    pending.late(reply, "a", 1)
    assert (await future).body == b"1"


async def test_time_is_over() -> None:
    """A request whose time is over fails with Timeout and says how long that was."""
    pending = Pending(INBOX)
    reply, future = pending.add("a.b")
    pending.late(reply, "a.b", 0.25)
    with pytest.raises(Timeout, match=r"no answer from a\.b within 0\.25 s"):
        await future


async def test_denials_fail_the_requests_to_that_subject() -> None:
    """A denied publish fails the requests to that subject at once, and leaves the others."""
    pending = Pending(INBOX)
    denied = [pending.add("a")[1], pending.add("a")[1]]
    other = pending.add("b")[1]
    assert pending.deny("a")
    assert not pending.deny("c")
    for future in denied:
        with pytest.raises(Unauthorized):
            await future
    assert not other.done()


async def test_a_lost_connection_fails_all() -> None:
    """What was sent before the connection was lost may have been heard: Timeout, not Unavailable."""
    pending = Pending(INBOX)
    futures = [pending.add("a")[1], pending.add("b")[1]]
    pending.lose()
    for future in futures:
        with pytest.raises(Timeout, match="lost"):
            await future
