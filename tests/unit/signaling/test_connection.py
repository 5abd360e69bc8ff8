"""A connection on a WebSocket whose other end is this test."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from starlette.websockets import WebSocket

from tureen.contract.errors import Timeout, Unavailable
from tureen.signaling import connection as module
from tureen.signaling.connection import Connection, RejectedError
from tureen.signaling.protoo import Failure, Success


class OtherEnd:
    """The browser's side: what it sends, what it gets, and whether it reads."""

    def __init__(self) -> None:
        self.outgoing: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.incoming: list[dict[str, Any]] = []
        self.reads = asyncio.Event()
        self.reads.set()
        self.frames: list[str | None] = []
        self.connection: Connection
        self.task: asyncio.Task[tuple[int, str]]

    async def open(self) -> None:
        """Do the handshake, and have the connection served."""
        self.outgoing.put_nowait({"type": "websocket.connect"})
        websocket = WebSocket({"type": "websocket", "headers": []}, self.outgoing.get, self._send)
        await websocket.accept("protoo")
        self.connection = Connection(websocket, self.frames.append)
        self.task = asyncio.create_task(self.connection.run())

    async def leave(self) -> tuple[int, str]:
        """Close this side; return what the other made of it."""
        self.outgoing.put_nowait({"type": "websocket.disconnect", "code": 1001, "reason": "bye"})
        return await self.task

    @property
    def texts(self) -> list[Any]:
        """What arrived."""
        return [json.loads(message["text"]) for message in self.incoming if message["type"] == "websocket.send"]

    async def _send(self, message: Any) -> None:
        await self.reads.wait()
        self.incoming.append(message)


@pytest.fixture
async def other() -> OtherEnd:
    """A connection that is open."""
    other = OtherEnd()
    await other.open()
    return other


async def test_frames_come_in_and_go_out(other: OtherEnd) -> None:
    """Text is handed on, binary as None; notifications go out in order; the end has a code and a reason."""
    other.outgoing.put_nowait({"type": "websocket.receive", "text": "soup"})
    other.outgoing.put_nowait({"type": "websocket.receive", "bytes": b"\x00"})
    other.connection.notify("one", {})
    other.connection.notify("two", {})
    while len(other.texts) < 2 or len(other.frames) < 2:
        await asyncio.sleep(0)
    assert await other.leave() == (1001, "bye")
    assert other.frames == ["soup", None]
    assert [text["method"] for text in other.texts] == ["one", "two"]
    assert not other.connection.is_open


async def test_a_request_gets_its_answer(other: OtherEnd) -> None:
    """Answers are matched by id; one that nobody asked for is told apart."""
    asking = asyncio.create_task(other.connection.request("newConsumer", {}, 5))
    while not other.texts:
        await asyncio.sleep(0)
    number = other.texts[0]["id"]
    assert not other.connection.answered(Success(number + 1, {}))
    assert other.connection.answered(Success(number, {"fine": True}))
    assert not other.connection.answered(Success(number, {}))
    assert await asking == {"fine": True}
    await other.leave()


async def test_a_request_may_fail(other: OtherEnd) -> None:
    """A refusal, silence and the end of the connection are three different errors."""
    refused = asyncio.create_task(other.connection.request("newConsumer", {}, 5))
    while not other.texts:
        await asyncio.sleep(0)
    other.connection.answered(Failure(other.texts[0]["id"], 403, "no"))
    with pytest.raises(RejectedError, match="403 no"):
        await refused
    with pytest.raises(Timeout):
        await other.connection.request("newConsumer", {}, 0.01)
    waiting = asyncio.create_task(other.connection.request("newConsumer", {}, 5))
    await asyncio.sleep(0)
    await other.leave()
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await other.connection.request("newConsumer", {}, 5)


async def test_closing_sends_what_is_queued_first(other: OtherEnd) -> None:
    """What was said before the end arrives before it; nothing follows."""
    other.connection.notify("last", {})
    other.connection.close(4000, "ü" * 100)
    other.connection.notify("too late", {})
    other.connection.close(1012, "again")
    code, reason = await other.task
    assert [text["method"] for text in other.texts] == ["last"]
    assert other.incoming[-1] == {"type": "websocket.close", "code": 4000, "reason": reason}
    assert (code, reason) == (4000, "ü" * 61)


async def test_who_does_not_read_is_given_up(other: OtherEnd, monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that lets too much pile up is disconnected, even if it never reads the close."""
    monkeypatch.setattr(module, "CLOSE_TIMEOUT", 0.05)
    monkeypatch.setattr(module, "MAX_QUEUED", 1000)
    other.reads.clear()
    for _ in range(20):
        other.connection.notify("x" * 64, {})
    code, reason = await other.task
    assert (code, reason) == (1008, "this client reads too slowly")
