"""Catching up while things go on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS
from tests.integration.client.conftest import Client
from tests.support.remote_node import RemoteNode

from tureen.client.session import Session
from tureen.contract.registry import Command, commands_of

COMMANDS = commands_of("node")


async def test_what_happens_meanwhile_is_later_than_the_dump(
    client: Client, node: RemoteNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is told between a dump's moment and its answer is not undone by that, and nothing counts as missed."""
    one, other = await client(), await client()
    router = await (await one.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    transport = await router.create_direct_transport()
    producer = await transport.produce(kind="audio", rtp_parameters=AUDIO)
    missed, heard, last = [await transport.consume(producer_id=producer.id, rtp_capabilities=DEVICE) for _ in range(3)]
    told = [record(consumer.observer, "pause", "resume") for consumer in (heard, last)]
    dumps = 0
    ask = Session.ask

    async def asked(self: Session, node_id: str | None, command: Command, *rest: Any) -> Mapping[str, Any]:
        """Give a router's dump to who asked for it when it is not the latest any more."""
        nonlocal dumps
        answer = await ask(self, node_id, command, *rest)
        if command.name == "router.dump":
            dumps += 1
            await ask(other._session, node.id, COMMANDS["consumer.pause"], {"consumerId": heard.id})
            await happens(lambda: heard.paused)
        return answer

    monkeypatch.setattr(Session, "ask", asked)
    missed._paused = True  # As if the event of its resuming had been missed.
    one._workers[router._worker.id]._process.channel.catch_up()  # type: ignore[attr-defined]
    await happens(lambda: dumps == 1 and not one._catching_up)
    assert (heard.paused, missed.paused) == (True, False)
    await ask(other._session, node.id, COMMANDS["consumer.pause"], {"consumerId": last.id})
    await happens(lambda: last.paused)
    await asyncio.sleep(0)
    assert told == [[("pause",)], [("pause",)]]
    assert dumps == 1
