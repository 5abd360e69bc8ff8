from __future__ import annotations

import struct
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run
from tests.support.rtp import audio_parameters

from tureen.contract.errors import InvalidType, NotFound
from tureen.contract.subjects import DEFAULT_TENANT

AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


async def speaking(node: Node, router_id: str, ssrc: int) -> str:
    """Produce audio that tells its level, on a DirectTransport; return the producer's id."""
    transport = await node.ask("router.createDirectTransport", routerId=router_id)
    parameters = {**audio_parameters(ssrc), "headerExtensions": [{"uri": AUDIO_LEVEL, "id": 10}]}
    producer = await node.ask("transport.produce", transportId=transport["id"], kind="audio", rtpParameters=parameters)
    producer_id: str = producer["id"]
    return producer_id


async def speak(node: Node, producer_id: str, ssrc: int, count: int, tenant: str = DEFAULT_TENANT) -> None:
    """Send packets that say that somebody speaks, at -10 dBov."""
    for sequence in range(1, count):
        header = struct.pack("!BBHII", 0x90, 100, sequence, sequence * 960, ssrc)
        packet = header + b"\xbe\xde\x00\x01" + bytes([0xA0, 0x80 | 10, 0, 0]) + bytes(20)
        await node.ask("producer.send", tenant, producerId=producer_id, rtpPacket=packet)


async def test_audio_levels(run_node: Run, events: Events) -> None:
    """An AudioLevelObserver publishes volumes with the producer's id, then silence when it is taken off."""
    node = await run_node()
    router = await node.router()
    producer_id = await speaking(node, router["id"], 1111)
    observer = await node.ask(
        "router.createAudioLevelObserver", routerId=router["id"], maxEntries=2, threshold=-70, interval=250
    )
    assert observer["type"] == "audiolevel"
    ask = {"rtpObserverId": observer["id"], "producerId": producer_id}
    await node.ask("rtpObserver.addProducer", **ask)
    assert (await events.first(observer["id"], "addproducer"))["data"] == {"producerId": producer_id}
    await speak(node, producer_id, 1111, 50)
    volumes: list[dict[str, Any]] = (await events.first(observer["id"], "volumes"))["data"]
    assert [(volume["producerId"], volume["volume"]) for volume in volumes] == [(producer_id, -10)]
    await events.first(observer["id"], "silence")
    await node.ask("rtpObserver.removeProducer", **ask)
    assert (await events.first(observer["id"], "removeproducer"))["data"] == {"producerId": producer_id}


async def test_who_speaks(run_node: Run, events: Events) -> None:
    """An ActiveSpeakerObserver publishes the id of the producer that speaks."""
    node = await run_node()
    router = await node.router()
    producer_id = await speaking(node, router["id"], 2222)
    observer = await node.ask("router.createActiveSpeakerObserver", routerId=router["id"], interval=200)
    assert observer["type"] == "activespeaker"
    await node.ask("rtpObserver.addProducer", rtpObserverId=observer["id"], producerId=producer_id)
    await speak(node, producer_id, 2222, 50)
    assert (await events.first(observer["id"], "dominantspeaker"))["data"] == {"producerId": producer_id}


async def test_the_life_of_an_observer(run_node: Run, events: Events) -> None:
    """An RTP observer is paused, resumed and closed; its router's end is its own."""
    node = await run_node()
    router = await node.router()
    one = (await node.ask("router.createActiveSpeakerObserver", routerId=router["id"]))["id"]
    other = (await node.ask("router.createAudioLevelObserver", routerId=router["id"]))["id"]
    await node.ask("rtpObserver.pause", rtpObserverId=one)
    await node.ask("rtpObserver.resume", rtpObserverId=one)
    with pytest.raises(NotFound):
        await node.ask("rtpObserver.addProducer", rtpObserverId=one, producerId="none")
    with pytest.raises(NotFound):
        await node.ask("rtpObserver.pause", "stranger", rtpObserverId=one)
    await node.ask("rtpObserver.close", rtpObserverId=one)
    await node.ask("rtpObserver.close", rtpObserverId=one)
    await events.first(one, "close")
    assert events.of(one) == ["pause", "resume", "close"]
    await node.ask("router.close", routerId=router["id"])
    await events.first(other, "close")
    assert events.of(other) == ["routerclose", "close"]
    assert node.held() == {}


@pytest.mark.parametrize("options", [{"threshold": 1}, {"threshold": -128}, {"maxEntries": 0}, {"interval": -1}])
async def test_options_that_are_refused(run_node: Run, options: dict[str, Any]) -> None:
    """Volumes beyond what there is, no entries and negative intervals are refused."""
    node = await run_node()
    router = await node.router()
    with pytest.raises(InvalidType):
        await node.ask("router.createAudioLevelObserver", routerId=router["id"], **options)
