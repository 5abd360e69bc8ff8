"""A router with very many consumers."""

from __future__ import annotations

import asyncio
from typing import Any, NamedTuple

from tests.integration.node_agent.conftest import Node
from tests.support.hostile import CAPABILITIES

_AT_ONCE = 500


class Crowd(NamedTuple):
    """A router, a producer on one transport, and those who consume it on another."""

    router: str
    sender: str
    producer: str
    receiver: str
    consumers: list[str]


async def crowd(node: Node, count: int, **owner: Any) -> Crowd:
    """Make a router with so many consumers on one DirectTransport."""
    router = (await node.router(**owner))["id"]
    sender = (await node.sending_transport(router))["id"]
    producer = (await node.produce(sender))["id"]
    receiver = (await node.ask("router.createDirectTransport", routerId=router, **owner))["id"]
    consume = {"transportId": receiver, "producerId": producer, "rtpCapabilities": CAPABILITIES, **owner}
    consumers = [f"00000000-0000-4000-8000-{number:012}" for number in range(count)]
    for start in range(0, count, _AT_ONCE):
        names = consumers[start : start + _AT_ONCE]
        await asyncio.gather(*(node.ask("transport.consume", timeout=30.0, id=name, **consume) for name in names))
    return Crowd(router, sender, producer, receiver, consumers)


async def in_pages(node: Node, name: str, **payload: Any) -> list[dict[str, Any]]:
    """Ask for an answer in pages, and return them."""
    pages = [await node.ask(name, page="first", **payload)]
    while "next" in pages[-1]:
        pages.append(await node.ask(name, page=pages[-1]["next"], **payload))
    return pages
