"""What the tests of mediasoup's objects share."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from tests.support.remote_node import RemoteNode, entity_of

from tureen.client.link import Link
from tureen.client.scaled.logical import MemberChannel
from tureen.client.scaled.rtp_observer import LogicalObserver
from tureen.mediasoup.channel import Channel
from tureen.mediasoup.entity import Entity
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.names import NameSpace
from tureen.node_agent.agent import NodeAgent

Event = tuple[Any, ...]


def record(emitter: EnhancedEventEmitter, *events: str) -> list[Event]:
    """Return a list to which each of these events will be appended: its name, then what it was emitted with."""
    emitted: list[Event] = []

    def listen(event: str) -> None:
        emitter.on(event, lambda *args: emitted.append((event, *args)))

    for event in events:
        listen(event)
    return emitted


nodes: list[RemoteNode] = []
"""The nodes on which the objects of tests live, where they live on one."""


async def hear(entity: Entity, event: str, body: Mapping[str, Any] | None = None) -> None:
    """Let an object hear a notification as if its worker had sent it, be that worker ours or a node's."""
    channel: Any = entity._channel
    if isinstance(channel, MemberChannel):
        channel = channel.link
    elif isinstance(channel, NameSpace):
        channel = channel._channel
    if isinstance(entity, LogicalObserver):
        for real in list(entity._reals.values()):
            await hear(real, event, body)
    elif isinstance(channel, Link):

        async def hear_there(agent: NodeAgent) -> None:
            await hear(entity_of(agent, entity._id), event, body)

        await next(node for node in nodes if node.id == channel.node_id).do(hear_there)
        await channel.session.bus.barrier()
    else:
        assert isinstance(channel, Channel)
        channel.receive([bytes(channel._codec.encode_notification(event, entity._id, body))])
    # Channels deliver notifications a few turns of the event loop after the responses that came before them.
    for _ in range(10):
        await asyncio.sleep(0)


async def happens(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


async def comes(ask: Callable[[], Awaitable[Any]], wanted: Any) -> None:
    """Wait until what is asked for is as wanted."""
    async with asyncio.timeout(5):
        while await ask() != wanted:
            await asyncio.sleep(0.005)


async def start(*calls: Coroutine[Any, Any, Any]) -> list[asyncio.Task[Any]]:
    """Start calls, and let each of them write its request."""
    tasks = [asyncio.create_task(call) for call in calls]
    await asyncio.sleep(0)
    return tasks


def free_port(kind: int = socket.SOCK_DGRAM, ip: str = "127.0.0.1") -> int:
    """Return a port that nobody uses right now."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((ip, 0))
        port: int = probe.getsockname()[1]
        return port


def two_free_ports() -> int:
    """Return the lower of two UDP ports, one after the other, that nobody uses right now: tests run side by side."""
    while True:
        port = free_port()
        with contextlib.suppress(OSError, OverflowError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", port + 1))
            return port


def holds(whole: Mapping[str, Any], **part: Any) -> bool:
    """Tell whether a structure has these fields; says what it has instead."""
    found = {key: whole.get(key) for key in part}
    assert found == part
    return True
