"""`router.pipeToRouter`, between two routers of this node."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from tureen.bus import Call
from tureen.contract.errors import Conflict, InvalidType, NotFound, Unsupported
from tureen.contract.transports import PipedToRouter, RouterPipeToRouter
from tureen.mediasoup import Consumer, DataConsumer, DataProducer, PipeTransport, Producer
from tureen.node_agent.addresses import listen_info
from tureen.node_agent.channels import (
    data_consumer_created,
    data_producer_created,
    enter_data_consumer,
    enter_data_producer,
)
from tureen.node_agent.objects import RouterEntry
from tureen.node_agent.pipes.transports import enter_pipe
from tureen.node_agent.state import AgentState
from tureen.node_agent.streams import (
    consumer_created,
    enter_consumer,
    enter_producer,
    hold_producer,
    producer_created,
    unwatch,
    watch,
)

_OURS = {"router_id", "target_router_id", "producer_id", "data_producer_id", "keep_id", "listen_info"}
_OPTIONS = tuple(RouterPipeToRouter.model_fields.keys() - _OURS)


class _Piped(NamedTuple):
    """What `tureen.mediasoup` made at both ends."""

    consumer: Consumer | DataConsumer
    producer: Producer | DataProducer


async def pipe_to_router(
    state: AgentState, call: Call, router: RouterEntry, command: RouterPipeToRouter
) -> PipedToRouter:
    """Pipe, once while it lasts however often it is asked for.

    Raises:
        InvalidType: Not exactly one of `producerId` and `dataProducerId` is given, or both routers are one.
        Unsupported: This node has no such target router.
        Conflict: Both routers are of one room, whose routers pull by themselves; or the id is taken there.
        NotFound: The router has no such producer.
    """
    source_id = command.producer_id or command.data_producer_id
    if source_id is None or (command.producer_id and command.data_producer_id):
        raise InvalidType("exactly one of producerId and dataProducerId must be given")
    await state.settled(source_id, call)
    await state.settled(command.target_router_id, call)
    target = state.objects.routers.find(command.target_router_id, router.tenant)
    if target is None:
        raise Unsupported(f"router {command.target_router_id} is not on this node: pipes between nodes are the rooms'")
    if router.room_id is not None and router.room_id == target.room_id:
        raise Conflict(f"both routers are of room {router.room_id}: transport.consume brings the producer by itself")
    key = f"pipe/{router.id}/{target.id}/{source_id}"
    piped = await state.create(call, key, command, lambda: _pipe(state, router, target, key, command))
    return _described(router, target, piped)


async def _pipe(
    state: AgentState, router: RouterEntry, target: RouterEntry, key: str, command: RouterPipeToRouter
) -> _Piped:
    options: dict[str, Any] = {name: getattr(command, name) for name in _OPTIONS}
    if command.listen_info is not None:
        options["listen_info"] = listen_info(state.settings, command.listen_info)
    else:
        ports = {"min": state.settings.min_port, "max": state.settings.max_port}
        options["listen_info"] = {"protocol": "udp", "ip": "127.0.0.1", "portRange": ports}
    piping = router.router.pipe_to_router(
        router=target.router,
        producer_id=command.producer_id,
        data_producer_id=command.data_producer_id,
        keep_id=command.keep_id,
        **options,
    )
    if command.producer_id is None:
        return await _data_producer(state, router, target, key, command, piping)
    watch(router, command.producer_id)
    try:
        made = await _noting_pipes(state, router, target, piping)
        consumer, producer = made["pipeConsumer"], made["pipeProducer"]
        _check_open(consumer)
    except BaseException:
        unwatch(state, router, command.producer_id)
        raise
    enter_consumer(state, router, consumer)
    # What has the id of its origin is commanded there, as what rooms pull.
    (hold_producer if command.keep_id else enter_producer)(state, target, producer)
    return _lasting(state, router.tenant, key, _Piped(consumer, producer))


async def _data_producer(
    state: AgentState, router: RouterEntry, target: RouterEntry, key: str, command: RouterPipeToRouter, piping: Any
) -> _Piped:
    router.watchers[str(command.data_producer_id)] += 1
    try:
        made = await _noting_pipes(state, router, target, piping)
        consumer, producer = made["pipeDataConsumer"], made["pipeDataProducer"]
        _check_open(consumer)
    except BaseException:
        state.puller.unwatched(router, str(command.data_producer_id))
        raise
    enter_data_consumer(state, router, consumer)
    (hold_producer if command.keep_id else enter_data_producer)(state, target, producer)
    return _lasting(state, router.tenant, key, _Piped(consumer, producer))


def _lasting(state: AgentState, tenant: str, key: str, piped: _Piped) -> _Piped:
    """Remember what was made until it closes."""
    piped.consumer.observer.once("close", lambda: state.creates.forget(key, tenant, closed=False))
    return piped


def _check_open(consumer: Consumer | DataConsumer) -> None:
    """Refuse what was closed while the news of it came: nobody would hear of its end."""
    if consumer.closed:
        raise NotFound("it was closed while it was piped")


async def _noting_pipes(state: AgentState, router: RouterEntry, target: RouterEntry, piping: Any) -> Any:
    """Await a pipe, and enter the ends that are made for it: mediasoup tells of them by an event alone."""
    listeners = [(place, _entering(state, place)) for place in (router, target)]
    for place, listener in listeners:
        place.router.observer.on("newtransport", listener)
    try:
        return await piping
    finally:
        for place, listener in listeners:
            place.router.observer.off("newtransport", listener)


def _entering(state: AgentState, place: RouterEntry) -> Callable[[Any], None]:
    def made(transport: Any) -> None:
        # One that was asked for by its id is that command's to enter.
        if isinstance(transport, PipeTransport) and not state.creates.is_under_way(transport.id, place.tenant):
            enter_pipe(state.objects, place, transport)

    return made


def _described(router: RouterEntry, target: RouterEntry, piped: _Piped) -> PipedToRouter:
    if isinstance(piped.consumer, Consumer) and isinstance(piped.producer, Producer):
        return PipedToRouter(
            pipe_consumer=consumer_created(router, piped.consumer),
            pipe_producer=producer_created(target, piped.producer),
        )
    assert isinstance(piped.consumer, DataConsumer) and isinstance(piped.producer, DataProducer)  # noqa: S101, PT018
    return PipedToRouter(
        pipe_data_consumer=data_consumer_created(router, piped.consumer),
        pipe_data_producer=data_producer_created(target, piped.producer),
    )
