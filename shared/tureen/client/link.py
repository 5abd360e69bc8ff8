"""The way to one worker of a node: what the objects in it ask, and what they hear."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tureen.client.errors import named
from tureen.client.hearing import Count, Hearing
from tureen.client.session import Session
from tureen.client.translation import Asked, asked, new_id_key, told
from tureen.contract import subjects
from tureen.contract.errors import NotFound, TureenError
from tureen.contract.ids import check_id
from tureen.contract.registry import commands_of
from tureen.mediasoup import Producer
from tureen.mediasoup.asking import Listener
from tureen.mediasoup.errors import MediasoupError, WorkerClosedError

# A new object hears nothing for so many turns of the event loop: who asked for it has not got it sooner, be it through
# asyncio.gather and asyncio.wait_for, and could not listen.
_SETTLING_TURNS = 6

_COMMANDS = commands_of("node")


class Link:
    """What `tureen.mediasoup.channel.Channel` is for a worker of this process.

    Events and answers take effect in the order in which they arrive: an event is delivered in a turn of the event loop
    of its own, as the task is that awaits an answer.

    Args:
        session: The connection.
        node_id: The worker's node.
        worker_id: The worker.
        catch_up: Called with the id of a router, or with None for the worker itself, of which events were missed, or
            of which a node says that it has it no more.
        find_producer: Gets at a producer that somebody else has made, by its id.
    """

    def __init__(
        self,
        session: Session,
        node_id: str,
        worker_id: str,
        catch_up: Callable[[str | None], None],
        find_producer: Callable[[str], Awaitable[Producer]],
    ) -> None:
        self.session = session
        self.node_id = node_id
        self.worker_id = worker_id
        self.find_producer = find_producer
        self.closed = False
        self.creating: set[str] = {worker_id}
        self.gone: set[str] = set()
        """The objects that are being closed here because they are closed there."""
        self.twins: dict[str, str] = {}
        """What came out of pipes: another router of the node may have something of the same id. To their routers."""
        self._catch_up = catch_up
        self._loop = asyncio.get_running_loop()
        self._listeners: dict[str, Listener] = {}
        self._held: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
        self._former = session.former(node_id)
        self._sequence = Count()
        self._hearings: dict[str, Hearing] = {}
        self._connected: set[str] = set()

    # Asking.

    def request(
        self,
        method: str,
        handler_id: str = "",
        body: Mapping[str, Any] | None = None,
        *,
        decode: bool = True,
        awaited: bool = True,
    ) -> Awaitable[Any]:
        """Ask for what the worker's method does; see `tureen.mediasoup.asking.Asking`."""
        what = self._placed(asked(method, handler_id or self.worker_id, body))
        if not awaited:
            return self.session.tell(self.node_id, *what)
        return self._request(method, body, what)

    async def command(self, name: str, target_id: str) -> dict[str, Any]:
        """Ask an object a command that takes nothing but its id, and return the reply as it is."""
        command = _COMMANDS[name]
        return await self._ask(self._placed(Asked(command, {command.target: target_id})))

    def notify(self, event: str, handler_id: str = "", body: Mapping[str, Any] | None = None) -> None:
        """Send RTP, RTCP or a message."""
        if self.closed:
            raise WorkerClosedError(f"worker {self.worker_id} is closed")
        try:
            self.session.send(self.node_id, *self._placed(asked(event, handler_id, body)))
        except TureenError as error:
            raise named(error) from None

    def _placed(self, what: Asked) -> Asked:
        """Say which router is meant, where that is not clear."""
        router_id = self.twins.get(what.payload.get(what.command.target, "")) if self.twins else None
        if router_id is not None and "router_id" in what.command.request.model_fields:
            what.payload["routerId"] = router_id
        return what

    async def _request(self, method: str, body: Mapping[str, Any] | None, what: Asked) -> Any:
        key = new_id_key(method)
        if key is not None:
            return await self._create(method, body or {}, what, (body or {})[key])
        if what.command.name != "transport.connect":
            return told(method, body, await self._ask(what))
        target = what.payload["transportId"]
        # Asked again a node says yes, so that a lost answer does no harm; mediasoup says no.
        if target in self._connected:
            raise MediasoupError(f"connect() already called [transportId:{target}]")
        self._connected.add(target)
        try:
            return told(method, body, await self._ask(what))
        except BaseException:
            self._connected.discard(target)
            raise

    async def _create(self, method: str, body: Mapping[str, Any], what: Asked, new_id: str) -> Any:
        check_id(new_id)
        if self._former.holds(new_id, self._loop.time()):
            what.payload["reuse"] = True
        if method == "WORKER_CREATE_ROUTER":
            self.hear_router(new_id, Count())
        elif method == "WORKER_CREATE_WEBRTCSERVER":
            self.hear_object("webRtcServer", new_id)
        try:
            return told(method, body, await self._ask(what))
        except BaseException as error:
            self.unsubscribe(new_id)
            if isinstance(error, asyncio.CancelledError):
                # It is closed after it was made: the node gets both in this order.
                self._former.add(new_id, self._loop.time())
            raise

    async def _ask(self, what: Asked) -> dict[str, Any]:
        if self.closed:
            raise WorkerClosedError(f"worker {self.worker_id} is closed, cannot ask {what.command.name}")
        try:
            return await self.session.ask(self.node_id, *what)
        except TureenError as error:
            self._look_after(error, what)
            if self.closed:
                raise WorkerClosedError(f"worker {self.worker_id} is closed: {error.message}") from None
            raise named(error) from None

    def _look_after(self, error: TureenError, what: Asked) -> None:
        """If a node does not know an object that is open here, find out what else it has no more."""
        target = what.payload.get(what.command.target)
        if isinstance(error, NotFound) and error.details.get("id") == target and target in self._listeners:
            self.catch_up()

    def catch_up(self) -> None:
        """Find out what has happened to the worker, and to each router in it."""
        for place in [None, *self._hearings]:
            self._catch_up(place)

    # Hearing.

    def subscribe(self, handler_id: str, listener: Listener) -> None:
        """Deliver an object's events from now on, those too that came while it was being created."""
        self._listeners[handler_id] = listener
        self._held.setdefault(handler_id, [])
        self._settle(handler_id, _SETTLING_TURNS)

    def unsubscribe(self, handler_id: str) -> None:
        """Deliver an object's events no more."""
        if self._listeners.pop(handler_id, None) is not None:
            self._former.add(handler_id, self._loop.time())
        # What closes it is sent in this turn of the event loop, and says which one it is.
        self._loop.call_soon(self.twins.pop, handler_id, None)
        self._held.pop(handler_id, None)
        self._connected.discard(handler_id)
        hearing = self._hearings.pop(handler_id, None)
        if hearing is not None:
            hearing.end()

    def listens(self, handler_id: str) -> bool:
        """Tell whether there is an object of that id here."""
        return handler_id in self._listeners

    def hear_router(self, router_id: str, sequence: Count) -> None:
        """Hear the events of a router and of what is on it."""
        subject = subjects.router_events(self.session.tenant, router_id)
        self._hear(router_id, subject, sequence, lambda: self._catch_up(router_id))

    def hear_object(self, object_: str, object_id: str) -> None:
        """Hear the events of the worker, or of one of its WebRtcServers: they are counted together."""
        subject = subjects.object_events(self.session.tenant, object_, object_id)
        self._hear(object_id, subject, self._sequence, lambda: self._catch_up(None))

    def count_from(self, sequence: Count) -> None:
        """Count the worker's events so: somebody else made it, and there were others before."""
        self._sequence = sequence

    def sequence_of(self, router_id: str) -> Count | None:
        """Return where the count of a router's events stands."""
        hearing = self._hearings.get(router_id)
        return None if hearing is None else hearing.sequence

    def close(self) -> None:
        """The worker is closed, or has died: nothing can be asked any more."""
        self.closed = True

    def end(self) -> None:
        """Hear nothing more."""
        for hearing in self._hearings.values():
            hearing.end()
        self._hearings.clear()
        self._listeners.clear()

    def _hear(self, object_id: str, subject: str, sequence: Count, missed: Callable[[], None]) -> None:
        if (before := self._hearings.get(object_id)) is not None:
            # Everything would be heard twice.
            before.end()
        self._hearings[object_id] = Hearing(self.session.bus, subject, sequence, self.deliver, missed)

    def deliver(self, object_id: str, event: str, body: Mapping[str, Any]) -> None:
        """Hand an event to its object; that of an object that is being created waits for it."""
        if object_id in self._held:
            self._held[object_id].append((event, body))
        elif object_id in self._listeners:
            self._listeners[object_id](event, body)
        elif object_id in self.creating:
            self._held[object_id] = [(event, body)]

    def _settle(self, object_id: str, turns: int) -> None:
        if turns:
            self._loop.call_soon(self._settle, object_id, turns - 1)
            return
        for event, body in self._held.pop(object_id, []):
            self.deliver(object_id, event, body)
