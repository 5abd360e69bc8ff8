"""How routers pass producers and data producers on to other routers of this process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from tureen.mediasoup.consumer import Consumer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.errors import MediasoupError, NotFoundError
from tureen.mediasoup.pipe_transport import PipeTransport
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.types import PipeToRouterResult

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router

T = TypeVar("T")


class _Flight:
    """Hold a call of ``pipe_to_router`` that several callers may wait for."""

    def __init__(self, task: asyncio.Task[PipeToRouterResult]) -> None:
        self.task = task
        self.callers = 0

    def abandon(self) -> None:
        """Undo it: nobody is left to get what it makes, which could never be asked for again."""
        if not self.task.done():
            self.task.cancel()
        elif not self.task.cancelled() and self.task.exception() is None:
            result = self.task.result()
            for consumer in (result.get("pipeConsumer"), result.get("pipeDataConsumer")):
                if consumer is not None:
                    consumer.close()


class Pipes:
    """Hold a router's pipes to other routers.

    There is one pair of PipeTransports between two routers, whichever of them asked for it. Calls that want the same
    thing at the same time share one flight.
    """

    def __init__(self, router: Router) -> None:
        self._router = router
        # By the other router; a pair is in the tables of both.
        self._pairs: dict[Router, asyncio.Task[dict[Router, PipeTransport]]] = {}
        self._flights: dict[tuple[Router, str, bool], _Flight] = {}

    async def pipe(
        self, source: Producer | DataProducer, target: Router, *, keep_id: bool, options: dict[str, Any]
    ) -> PipeToRouterResult:
        """Pipe a producer or a data producer to another router.

        Args:
            source: What to pipe.
            target: The other router.
            keep_id: Whether what comes out there has the same id.
            options: What the PipeTransports are made with, unless they are there already.
        """
        key = (target, source.id, keep_id)
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(_start(self._pipe(source, target, keep_id, options)))
        flight.callers += 1
        try:
            # It is not this caller's alone: it goes on if this one is cancelled.
            return await asyncio.shield(flight.task)
        except asyncio.CancelledError:
            if flight.callers == 1:
                flight.abandon()
            raise
        finally:
            flight.callers -= 1
            if (not flight.callers or flight.task.done()) and self._flights.get(key) is flight:
                del self._flights[key]

    async def _pipe(
        self, source: Producer | DataProducer, target: Router, keep_id: bool, options: dict[str, Any]
    ) -> PipeToRouterResult:
        local, remote = await self._pair(target, options)
        id_ = source.id if keep_id else None
        if isinstance(source, Producer):
            return await _pipe_producer(source, local, remote, id_)
        return await _pipe_data_producer(source, local, remote, id_)

    async def _pair(self, target: Router, options: dict[str, Any]) -> tuple[PipeTransport, PipeTransport]:
        """Return the transport in this router and the one in the other; they are made if there are none."""
        making = self._pairs.get(target)
        if making is None:
            making = self._pairs[target] = target._pipes._pairs[self._router] = _start(self._make_pair(target, options))
        pair = await asyncio.shield(making)
        return pair[self._router], pair[target]

    async def _make_pair(self, target: Router, options: dict[str, Any]) -> dict[Router, PipeTransport]:
        routers = (self._router, target)
        made: list[PipeTransport] = []
        try:
            creations = (router.create_pipe_transport(**options) for router in routers)
            results = await asyncio.gather(*creations, return_exceptions=True)
            made = [result for result in results if isinstance(result, PipeTransport)]
            for result in results:
                if isinstance(result, BaseException):
                    raise result
            await asyncio.gather(_connect(*made), _connect(*reversed(made)))
            if any(transport.closed for transport in made):
                raise NotFoundError("a PipeTransport of the pair was closed")
        except BaseException:
            self._end_pair(target, made)
            raise
        for transport in made:
            transport.observer.on("close", lambda: self._end_pair(target, made))
        return dict(zip(routers, made, strict=True))

    def _end_pair(self, target: Router, transports: list[PipeTransport]) -> None:
        self._pairs.pop(target, None)
        target._pipes._pairs.pop(self._router, None)
        for transport in transports:
            transport.close()


async def _pipe_producer(
    producer: Producer, local: PipeTransport, remote: PipeTransport, id_: str | None
) -> PipeToRouterResult:
    consumer = await local.consume(producer_id=producer.id)
    try:
        piped = await remote.produce(
            id=id_,
            kind=consumer.kind,
            rtp_parameters=consumer.rtp_parameters,
            paused=consumer.producer_paused,
            app_data=producer.app_data,
        )
        _tie(consumer, piped)
        if producer.closed or consumer.closed:
            piped.close()
            raise NotFoundError("original Producer closed")
        # It may have been paused, or resumed, in the meantime.
        if piped.paused is not consumer.producer_paused:
            await (piped.pause() if consumer.producer_paused else piped.resume())
    except BaseException:
        consumer.close()
        raise
    return {"pipeConsumer": consumer, "pipeProducer": piped}


async def _pipe_data_producer(
    data_producer: DataProducer, local: PipeTransport, remote: PipeTransport, id_: str | None
) -> PipeToRouterResult:
    data_consumer = await local.consume_data(data_producer_id=data_producer.id)
    try:
        piped = await remote.produce_data(
            id=id_,
            sctp_stream_parameters=data_consumer.sctp_stream_parameters,
            label=data_consumer.label,
            protocol=data_consumer.protocol,
            app_data=data_producer.app_data,
        )
        data_consumer.observer.on("close", piped.close)
        piped.observer.on("close", data_consumer.close)
        if data_producer.closed or data_consumer.closed:
            piped.close()
            raise NotFoundError("original DataProducer closed")
    except BaseException:
        data_consumer.close()
        raise
    return {"pipeDataConsumer": data_consumer, "pipeDataProducer": piped}


def _tie(consumer: Consumer, piped: Producer) -> None:
    """Let what happens to either end of a pipe happen to the other."""
    consumer.observer.on("close", piped.close)
    consumer.observer.on("pause", _quietly(piped.pause))
    consumer.observer.on("resume", _quietly(piped.resume))
    piped.observer.on("close", consumer.close)


def _quietly(call: Callable[[], Coroutine[Any, Any, None]]) -> Callable[[], Coroutine[Any, Any, None]]:
    async def listener() -> None:
        # It may have been closed, or its worker may have died.
        with suppress(MediasoupError):
            await call()

    return listener


async def _connect(transport: PipeTransport, other: PipeTransport) -> None:
    await transport.connect(
        ip=other.tuple["localAddress"], port=other.tuple["localPort"], srtp_parameters=other.srtp_parameters
    )


def _start(coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
    """Run what several callers wait for."""
    task = asyncio.get_running_loop().create_task(coroutine)
    # All of them may have been cancelled, and asyncio complains of errors that nobody has looked at.
    task.add_done_callback(lambda done: done.cancelled() or done.exception())
    return task
