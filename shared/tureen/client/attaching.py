"""Getting at objects that somebody else has made: one of each id here, however often it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar, cast

from tureen.client import standing
from tureen.client.errors import named
from tureen.client.hearing import Count
from tureen.client.link import Link
from tureen.client.observers import RtpObserver
from tureen.client.router import Router
from tureen.client.session import Session
from tureen.client.streams import Consumer, DataConsumer, DataProducer, Producer
from tureen.client.transports import Transport
from tureen.client.worker import RemoteProcess, WebRtcServer, Worker
from tureen.contract.errors import NotFound, TureenError
from tureen.contract.registry import commands_of
from tureen.mediasoup.entity import Entity, Identified, Parent

T = TypeVar("T", bound=Entity)

_COMMANDS = commands_of("node")
_MAKING: Mapping[type[Parent], tuple[str, ...]] = {
    Worker: ("newrouter", "newwebrtcserver"),
    Router: ("newtransport", "newrtpobserver"),
    Transport: ("newproducer", "newconsumer", "newdataproducer", "newdataconsumer"),
}
"""The events that tell of something that this client has made."""


class Attaching:
    """What is there already, whoever has made it.

    Objects are known by their ids, and by the nodes that they are on. Each is complete: its properties are what its
    node tells, it emits what happens from then on, and what is asked of it is done for all. ``app_data`` is its own
    here: what its maker has attached in Python stays there.
    """

    def __init__(self, session: Session, link: Callable[[str, str], Link]) -> None:
        self._session = session
        self._make_link = link
        self._workers: dict[str, Worker] = {}
        self._attached: dict[str, Worker] = {}
        self._made: dict[str, Identified] = {}
        self._finding: dict[tuple[str, str, str], asyncio.Task[Any]] = {}

    async def attach_worker(self, worker_id: str, *, node_id: str) -> Worker:
        """Return a worker that is there already: another client's of the same tenant, or one of the node's own pool.

        A pool's worker is its operator's: a tenant makes routers on it and reads its usage, no more. Its ``pid`` is 0.

        Raises:
            NotFoundError: There is none of that id, or it is another tenant's; so with all objects.
            Unavailable: There is no connection, or no such node; a MediasoupError.
        """
        async with self._session.in_time():
            return await self._worker(node_id, worker_id)

    async def attach_webrtc_server(self, webrtc_server_id: str, *, node_id: str) -> WebRtcServer:
        """Return a WebRtcServer that is there already; errors as of ``attach_worker()``.

        Raises:
            Unauthorized: It is the operator's; a MediasoupError.
        """
        async with self._session.in_time():
            return await self._once(node_id, "webRtcServer", webrtc_server_id, self._find_webrtc_server)

    async def attach_router(self, router_id: str, *, node_id: str) -> Router:
        """Return a router that is there already; errors as of ``attach_worker()``."""
        async with self._session.in_time():
            return await self._router(node_id, router_id)

    async def attach_transport(self, transport_id: str, *, node_id: str) -> Transport:
        """Return a transport of any class that is there already; errors as of ``attach_worker()``."""
        async with self._session.in_time():
            return await self._transport(node_id, transport_id)

    async def attach_producer(self, producer_id: str, *, node_id: str) -> Producer:
        """Return a producer that is there already, where it lives; errors as of ``attach_worker()``."""
        async with self._session.in_time():
            return await self._producer(node_id, producer_id)

    async def attach_consumer(self, consumer_id: str, *, node_id: str) -> Consumer:
        """Return a consumer that is there already; errors as of ``attach_worker()``."""
        async with self._session.in_time():
            return await self._once(node_id, "consumer", consumer_id, self._find_consumer)

    async def attach_data_producer(self, data_producer_id: str, *, node_id: str) -> DataProducer:
        """Return a data producer that is there already, where it lives; errors as of ``attach_worker()``."""
        async with self._session.in_time():
            return await self._once(node_id, "dataProducer", data_producer_id, self._find_data_producer)

    async def attach_data_consumer(self, data_consumer_id: str, *, node_id: str) -> DataConsumer:
        """Return a data consumer that is there already; errors as of ``attach_worker()``.

        On a DirectTransport its messages reach all who have it.
        """
        async with self._session.in_time():
            return await self._once(node_id, "dataConsumer", data_consumer_id, self._find_data_consumer)

    async def attach_rtp_observer(self, rtp_observer_id: str, *, node_id: str) -> RtpObserver:
        """Return an RTP observer that is there already, and get at what it watches; errors as of ``attach_worker()``.

        Its events are about the producers that this client has made or got at.
        """
        async with self._session.in_time():
            return await self._once(node_id, "rtpObserver", rtp_observer_id, self._find_rtp_observer)

    # One at a time.

    async def _once(
        self, node_id: str, noun: str, object_id: str, find: Callable[[str, str], Coroutine[Any, Any, T]]
    ) -> T:
        """Have an object looked for once, however many ask for it at a time."""
        key = (node_id, noun, object_id)
        finding = self._finding.get(key)
        if finding is None:
            finding = self._finding[key] = asyncio.ensure_future(find(node_id, object_id))
            finding.add_done_callback(lambda task: self._found(key, task))
        # Others may wait for it who are not cancelled when this caller is.
        found: T = await asyncio.shield(finding)
        return found

    def _found(self, key: tuple[str, str, str], task: asyncio.Task[Any]) -> None:
        self._finding.pop(key, None)
        # All who waited may have been cancelled, and asyncio complains of errors that nobody has looked at.
        _ = task.cancelled() or task.exception()

    async def _worker(self, node_id: str, worker_id: str) -> Worker:
        known = self._workers.get(worker_id) or self._attached.get(worker_id)
        return known or await self._once(node_id, "worker", worker_id, self._find_worker)

    async def _router(self, node_id: str, router_id: str) -> Router:
        return await self._once(node_id, "router", router_id, self._find_router)

    async def _transport(self, node_id: str, transport_id: str) -> Transport:
        return await self._once(node_id, "transport", transport_id, self._find_transport)

    async def _producer(self, node_id: str, producer_id: str) -> Producer:
        return await self._once(node_id, "producer", producer_id, self._find_producer)

    # Finding.

    async def _find_worker(self, node_id: str, worker_id: str) -> Worker:
        link = self._make_link(node_id, worker_id)
        link.count_from(Count(None))
        link.hear_object("worker", worker_id)
        try:
            await link.command("worker.getResourceUsage", worker_id)
        except BaseException:
            link.end()
            raise
        worker = Worker(RemoteProcess(link, 0), None)
        self._attached[worker_id] = worker
        worker.observer.on("close", lambda: self._attached.pop(worker_id, None))
        self._keep_made(worker, Worker)
        return worker

    async def _find_router(self, node_id: str, router_id: str) -> Router:
        found = await self._ask(node_id, "router.dump", router_id)
        worker = await self._worker(node_id, found["served"]["workerId"])
        known = worker._routers.get(router_id)
        if isinstance(known, Router):
            return known
        sequence, link = Count(None), worker._process.channel
        link.hear_router(router_id, sequence)
        try:
            reply = await link.command("router.dump", router_id)
        except BaseException:
            link.unsubscribe(router_id)
            raise
        sequence.stands_at(reply["startId"], reply["seq"])
        router = worker.enter_router(router_id, reply["rtpCapabilities"])
        self._keep_made(router, Router)
        return router

    async def _find_webrtc_server(self, node_id: str, server_id: str) -> WebRtcServer:
        found = await self._ask(node_id, "webRtcServer.dump", server_id)
        worker = await self._worker(node_id, found["properties"]["workerId"])
        known = worker._webrtc_servers.get(server_id)
        if known is not None:
            return cast("WebRtcServer", known)
        link = worker._process.channel
        link.hear_object("webRtcServer", server_id)
        told = await self._told(link, "webRtcServer", server_id)
        worker._check_open()
        return standing.enter_webrtc_server(worker, told)

    async def _find_transport(self, node_id: str, transport_id: str) -> Transport:
        router = await self._router_of(node_id, "transport", transport_id)
        known = router._transports.get(transport_id)
        if known is not None:
            return cast("Transport", known)
        told = await self._told(router._link, "transport", transport_id)
        router._check_open()
        transport = standing.enter_transport(router, told)
        self._keep_made(transport, Transport)
        return transport

    async def _find_rtp_observer(self, node_id: str, observer_id: str) -> RtpObserver:
        router = await self._router_of(node_id, "rtpObserver", observer_id)
        known = router._rtp_observers.get(observer_id)
        if known is not None:
            return cast("RtpObserver", known)
        dump = (await self._ask(node_id, "rtpObserver.dump", observer_id))["dump"]
        # Its events name them.
        await asyncio.gather(*(self._producer(node_id, each) for each in dump["producerIds"]), return_exceptions=True)
        told = await self._told(router._link, "rtpObserver", observer_id)
        router._check_open()
        return standing.enter_rtp_observer(router, told)

    async def _find_producer(self, node_id: str, producer_id: str) -> Producer:
        return await self._find_on_transport(node_id, "producer", producer_id, standing.enter_producer)

    async def _find_consumer(self, node_id: str, consumer_id: str) -> Consumer:
        return await self._find_on_transport(node_id, "consumer", consumer_id, standing.enter_consumer)

    async def _find_data_producer(self, node_id: str, data_producer_id: str) -> DataProducer:
        enter = standing.enter_data_producer
        return await self._find_on_transport(node_id, "dataProducer", data_producer_id, enter)

    async def _find_data_consumer(self, node_id: str, data_consumer_id: str) -> DataConsumer:
        enter = standing.enter_data_consumer
        return await self._find_on_transport(node_id, "dataConsumer", data_consumer_id, enter)

    async def _find_on_transport(
        self, node_id: str, noun: str, object_id: str, enter: Callable[[Transport, standing.Properties], T]
    ) -> T:
        found = await self._ask(node_id, f"{noun}.dump", object_id)
        transport = await self._transport(node_id, found["properties"]["transportId"])
        known = _children(transport, noun).get(object_id)
        if known is not None:
            return cast("T", known)
        told = await self._told(transport._link, noun, object_id)
        transport._check_open()
        return enter(transport, told)

    async def _router_of(self, node_id: str, noun: str, object_id: str) -> Router:
        """Return the router of an object, whose events are heard then."""
        properties = (await self._ask(node_id, f"{noun}.dump", object_id)).get("properties")
        if properties is None:
            raise named(NotFound(f"{noun} {object_id} is the agent's own: its dump can be had, and no more"))
        return await self._router(node_id, properties["served"]["routerId"])

    async def _told(self, link: Link, noun: str, object_id: str) -> standing.Properties:
        """Return an object's properties; what happens to it from now on waits until something stands for it."""
        link.creating.add(object_id)
        try:
            reply = await link.command(f"{noun}.dump", object_id)
        except BaseException:
            link.unsubscribe(object_id)
            raise
        finally:
            link.creating.discard(object_id)
        told: standing.Properties = reply["properties"]
        return told

    async def _ask(self, node_id: str, name: str, object_id: str) -> dict[str, Any]:
        command = _COMMANDS[name]
        try:
            return await self._session.ask(node_id, command, {command.target: object_id})
        except TureenError as error:
            raise named(error) from None

    # Leaving.

    def _keep_made(self, parent: Parent, kind: type[Parent]) -> None:
        """See to it that what this client makes in what others have made is closed when it leaves."""
        for event in _MAKING[kind]:
            parent.observer.on(event, self._keep)

    def _keep(self, made: Identified) -> None:
        self._made[made.id] = made
        made.observer.on("close", lambda: self._made.pop(made.id, None))


def _children(transport: Transport, noun: str) -> Mapping[str, Identified]:
    """Return what is on a transport, by id."""
    children: Mapping[str, Mapping[str, Identified]] = {
        "producer": transport._producers,
        "consumer": transport._consumers,
        "dataProducer": transport._data_producers,
        "dataConsumer": transport._data_consumers,
    }
    return children[noun]
