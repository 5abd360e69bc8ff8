"""A protoo client for tests: asks, hears, and takes what the server asks it to take."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

PATIENCE = 15.0

Found = TypeVar("Found")
Answerer = Callable[[str, dict[str, Any]], Any]


class ProtooError(Exception):
    """The server answered a request with an error."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class ProtooClient:
    """One connection.

    Attributes:
        notifications: What was told and not waited for yet, in order.
        requests: What the server asked, in order.
        answer: Answers the server's requests; raise `ProtooError` to refuse one.
    """

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.notifications: deque[tuple[str, dict[str, Any]]] = deque()
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.answer: Answerer = lambda method, data: {}
        self._numbers = itertools.count(1000)
        self._asked: dict[int, asyncio.Future[Any]] = {}
        self._changed = asyncio.Condition()
        self._answering: set[asyncio.Task[None]] = set()
        self._reading = asyncio.create_task(self._read())

    async def request(self, method: str, data: Mapping[str, Any] | None = None) -> Any:
        """Ask the server and return its answer's data; an error is raised."""
        number = next(self._numbers)
        future = self._asked[number] = asyncio.get_running_loop().create_future()
        await self.send({"request": True, "id": number, "method": method, "data": data or {}})
        async with asyncio.timeout(PATIENCE):
            return await future

    async def notify(self, method: str, data: Mapping[str, Any]) -> None:
        """Tell the server."""
        await self.send({"notification": True, "method": method, "data": data})

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message as it is."""
        await self.socket.send(json.dumps(message))

    async def notification(self, method: str, **wanted: Any) -> dict[str, Any]:
        """Wait for a notification with these fields, and return its data; earlier ones are kept."""

        def find() -> dict[str, Any] | None:
            for entry in self.notifications:
                if entry[0] == method and all(entry[1].get(name) == value for name, value in wanted.items()):
                    self.notifications.remove(entry)
                    return entry[1]
            return None

        return await self._until(find, f"{method} {wanted}")

    async def asked(self, method: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until the server has asked something this often, and return what."""

        def find() -> list[dict[str, Any]] | None:
            found = [data for name, data in self.requests if name == method]
            return found if len(found) >= count else None

        return await self._until(find, f"{count} × {method}")

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until what was heard makes something so."""
        await self._until(lambda: True if is_so() else None, "change")

    async def closed(self) -> tuple[int, str]:
        """Wait until the server closes the connection; return the code and the reason."""
        async with asyncio.timeout(PATIENCE):
            await self.socket.wait_closed()
        return self.socket.close_code or 0, self.socket.close_reason or ""

    async def close(self) -> None:
        """Leave."""
        await self.socket.close()
        await self._reading
        for task in self._answering:
            task.cancel()
        await asyncio.gather(*self._answering, return_exceptions=True)

    async def _until(self, find: Callable[[], Found | None], what: str) -> Found:
        try:
            async with asyncio.timeout(PATIENCE), self._changed:
                while (found := find()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            heard = [method for method, _ in self.notifications]
            raise AssertionError(f"no {what}; heard {heard}, asked {[m for m, _ in self.requests]}") from None

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                self._take(json.loads(frame))
                async with self._changed:
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        finally:
            for future in self._asked.values():
                if not future.done():
                    future.set_exception(ConnectionError("the connection closed"))
                    # Whoever gave up waiting need not look at it.
                    future.exception()

    def _take(self, message: dict[str, Any]) -> None:
        if message.get("notification"):
            self.notifications.append((message["method"], message["data"]))
        elif message.get("request"):
            self.requests.append((message["method"], message["data"]))
            task = asyncio.create_task(self._respond(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        else:
            future = self._asked.pop(message["id"])
            if message["ok"]:
                future.set_result(message["data"])
            else:
                future.set_exception(ProtooError(message["errorCode"], message["errorReason"]))

    async def _respond(self, message: Mapping[str, Any]) -> None:
        response: dict[str, Any] = {"response": True, "id": message["id"]}
        try:
            answer = self.answer(message["method"], message["data"])
            if asyncio.iscoroutine(answer) or asyncio.isfuture(answer):
                answer = await answer
            response.update(ok=True, data=answer)
        except ProtooError as error:
            response.update(ok=False, errorCode=error.code, errorReason=error.reason)
        with suppress(ConnectionClosed):
            await self.send(response)


@asynccontextmanager
async def protoo_client(url: str, room_id: str, peer_id: str, **options: Any) -> AsyncIterator[ProtooClient]:
    """Connect to a signaling service's `http://` origin as a peer of a room."""
    address = f"{url.replace('http', 'ws', 1)}/?roomId={room_id}&peerId={peer_id}"
    async with connect(address, subprotocols=[Subprotocol("protoo")], **options) as socket:
        client = ProtooClient(socket)
        try:
            yield client
        finally:
            await client.close()
