from __future__ import annotations

import asyncio
import base64
import struct
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run
from tests.support.rtp import AUDIO_PAYLOAD_TYPE, AUDIO_SSRC, MEDIA_CODECS

from tureen.contract.errors import Conflict, InvalidType, NotFound, Unauthorized, Unsupported

UDP = {"protocol": "udp", "ip": "default"}


def rtp_packet(sequence: int) -> bytes:
    """Return one packet of the audio stream."""
    return struct.pack("!BBHII", 0x80, AUDIO_PAYLOAD_TYPE, sequence, sequence * 960, AUDIO_SSRC) + bytes(20)


async def direct_audio(node: Node, router: dict[str, Any]) -> tuple[str, str, str]:
    """Produce and consume audio on a DirectTransport; return the ids of transport, producer and consumer."""
    transport = await node.ask("router.createDirectTransport", routerId=router["id"])
    producer = await node.produce(transport["id"])
    consumer = await node.ask(
        "transport.consume",
        transportId=transport["id"],
        producerId=producer["id"],
        rtpCapabilities=router["rtpCapabilities"],
    )
    return transport["id"], producer["id"], consumer["id"]


async def test_rtp_over_the_bus(run_node: Run, events: Events) -> None:
    """A packet sent to a producer of a DirectTransport comes out of its consumer as an event, as bytes."""
    node = await run_node()
    transport_id, producer_id, consumer_id = await direct_audio(node, await node.router())
    for sequence in range(1, 4):
        await node.ask("producer.send", producerId=producer_id, rtpPacket=rtp_packet(sequence))
    heard = await events.first(consumer_id, "rtp")
    assert isinstance(heard["data"], bytes)
    assert heard["data"].endswith(bytes(20))
    stats = (await node.ask("transport.getStats", transportId=transport_id))["stats"]
    assert stats[0]["type"] == "direct-transport"
    with pytest.raises(Unsupported):
        await node.ask("transport.setMaxIncomingBitrate", transportId=transport_id, bitrate=100_000)


async def test_rtcp_over_the_bus(run_node: Run, events: Events) -> None:
    """RTCP goes in and out as bytes: a request for a key frame for the consumer comes out as one for the producer."""
    node = await run_node()
    router = await node.router()
    transport = await node.ask("router.createDirectTransport", routerId=router["id"])
    codec = {
        "mimeType": "video/VP8",
        "payloadType": 112,
        "clockRate": 90000,
        "rtcpFeedback": [{"type": "nack", "parameter": "pli"}],
    }
    producer = await node.ask(
        "transport.produce",
        transportId=transport["id"],
        kind="video",
        rtpParameters={"codecs": [codec], "encodings": [{"ssrc": 22222222}]},
    )
    consumer = await node.ask(
        "transport.consume",
        transportId=transport["id"],
        producerId=producer["id"],
        rtpCapabilities=router["rtpCapabilities"],
    )
    packet = struct.pack("!BBHII", 0x80, 112, 1, 1, 22222222) + b"hello"
    await node.ask("producer.send", producerId=producer["id"], rtpPacket=packet)
    picture_loss = struct.pack("!BBHII", 0x81, 206, 2, 1, consumer["rtpParameters"]["encodings"][0]["ssrc"])
    await node.ask("transport.sendRtcp", transportId=transport["id"], rtcpPacket=picture_loss)
    heard = (await events.first(transport["id"], "rtcp"))["data"]
    assert (heard[:2], heard[8:12]) == (picture_loss[:2], struct.pack("!I", 22222222))


async def test_json_carries_bytes_as_base64(run_node: Run, events: Events) -> None:
    """A person with a terminal sends RTP in base64."""
    node = await run_node()
    _, producer_id, consumer_id = await direct_audio(node, await node.router())
    packet = base64.b64encode(rtp_packet(1)).decode()
    assert await node.ask_json("producer.send", producerId=producer_id, rtpPacket=packet) == {}
    assert await events.first(consumer_id, "rtp")
    assert (await node.ask_json("producer.send", producerId=producer_id, rtpPacket="none!"))["type"] == "TypeError"


async def test_sending_is_for_direct_transports(run_node: Run) -> None:
    """RTP and RTCP for what is on no DirectTransport are refused, not lost."""
    node = await run_node()
    transport = await node.sending_transport((await node.router())["id"])
    producer = await node.produce(transport["id"])
    with pytest.raises(InvalidType):
        await node.ask("producer.send", producerId=producer["id"], rtpPacket=rtp_packet(1))
    with pytest.raises(InvalidType):
        await node.ask("transport.sendRtcp", transportId=transport["id"], rtcpPacket=b"x")
    with pytest.raises(InvalidType):
        await node.ask("producer.send", producerId=producer["id"], rtpPacket="text")


@pytest.mark.parametrize("encrypted", [False, True])
async def test_pipe_transports_by_hand(run_node: Run, events: Events, encrypted: bool) -> None:
    """Two PipeTransports that an app connects itself carry a producer from one worker to another, encrypted or not."""
    node = await run_node(workers=2)
    routers = [await node.router(0), await node.router(1)]
    options: dict[str, Any] = {"listenInfo": UDP, "enableRtx": True, "enableSrtp": encrypted}
    ends = [await node.ask("router.createPipeTransport", routerId=router["id"], **options) for router in routers]
    for end, other in (ends, ends[::-1]):
        key: dict[str, Any] = {"srtpParameters": other["srtpParameters"]} if encrypted else {}
        connect = {"transportId": end["id"], "ip": other["tuple"]["localAddress"], "port": other["tuple"]["localPort"]}
        await node.ask("transport.connect", **connect, **key)
        await node.ask("transport.connect", **connect, **key)
    _, producer_id, _ = await direct_audio(node, routers[0])
    piped = await node.ask("transport.consume", transportId=ends[0]["id"], producerId=producer_id)
    assert piped["type"] == "pipe"
    there = await node.ask(
        "transport.produce", transportId=ends[1]["id"], kind="audio", rtpParameters=piped["rtpParameters"]
    )
    listening = await node.ask("router.createDirectTransport", routerId=routers[1]["id"])
    consumer = await node.ask(
        "transport.consume",
        transportId=listening["id"],
        producerId=there["id"],
        rtpCapabilities=routers[1]["rtpCapabilities"],
    )
    for sequence in range(1, 20):
        await node.ask("producer.send", producerId=producer_id, rtpPacket=rtp_packet(sequence))
    assert await events.first(consumer["id"], "rtp")
    assert (await node.ask("transport.getStats", transportId=ends[0]["id"]))["stats"][0]["type"] == "pipe-transport"


async def test_connecting_is_of_its_class(run_node: Run) -> None:
    """Each class of transport wants its own parameters, once; others than before are a Conflict."""
    node = await run_node()
    router = await node.router()
    webrtc = await node.ask("router.createWebRtcTransport", routerId=router["id"])
    pipe = await node.ask("router.createPipeTransport", routerId=router["id"], listenInfo=UDP)
    direct = await node.ask("router.createDirectTransport", routerId=router["id"])
    for transport in (webrtc, pipe):
        with pytest.raises(InvalidType):
            await node.ask("transport.connect", transportId=transport["id"])
    await node.ask("transport.connect", transportId=direct["id"])
    await node.ask("transport.connect", transportId=pipe["id"], ip="127.0.0.1", port=9999)
    with pytest.raises(Conflict):
        await node.ask("transport.connect", transportId=pipe["id"], ip="127.0.0.1", port=9998)
    with pytest.raises(InvalidType):
        await node.ask("transport.restartIce", transportId=pipe["id"])
    parameters = await node.ask("transport.restartIce", transportId=webrtc["id"])
    assert parameters["iceParameters"]["usernameFragment"] != webrtc["iceParameters"]["usernameFragment"]


async def test_plain_transports_with_everything(run_node: Run) -> None:
    """A PlainTransport has RTCP of its own, SRTP and SCTP where they are asked for."""
    node = await run_node()
    transport = await node.ask(
        "router.createPlainTransport",
        routerId=(await node.router())["id"],
        listenInfo=UDP,
        rtcpListenInfo=UDP,
        rtcpMux=False,
        enableSrtp=True,
        srtpCryptoSuite="AEAD_AES_256_GCM",
        enableSctp=True,
        maxSendMessageSize=1000,
        maxReceiveMessageSize=2000,
    )
    assert transport["rtcpTuple"]["localPort"] != transport["tuple"]["localPort"]
    assert transport["srtpParameters"]["cryptoSuite"] == "AEAD_AES_256_GCM"
    assert transport["sctpParameters"]["maxMessageSize"] == 2000
    assert (await node.ask("transport.dump", transportId=transport["id"]))["dump"]["sctpParameters"]


@pytest.mark.parametrize(
    "info",
    [
        {**UDP, "port": 80},
        {**UDP, "portRange": {"min": 1, "max": 65535}},
        {"protocol": "udp", "ip": "192.0.2.1"},
        {"protocol": "udp", "ip": "::"},
    ],
)
async def test_listening_is_the_nodes_policy(run_node: Run, info: dict[str, Any]) -> None:
    """Ports and addresses that are not the node's are Unauthorized, for every class of transport."""
    node = await run_node()
    router_id = (await node.router())["id"]
    for name in ("router.createPlainTransport", "router.createPipeTransport"):
        with pytest.raises(Unauthorized):
            await node.ask(name, routerId=router_id, listenInfo=info)
    with pytest.raises(Unauthorized):
        await node.ask("router.createWebRtcTransport", routerId=router_id, listenInfos=[info])
    assert node.held() == {"routers": 1}


async def test_the_unspecified_address_is_the_nodes_first(run_node: Run) -> None:
    """Who asks for `0.0.0.0` gets the node's own address, and nothing listens on others."""
    node = await run_node()
    router_id = (await node.router())["id"]
    anywhere = {"protocol": "udp", "ip": "0.0.0.0"}
    for name in ("router.createPlainTransport", "router.createPipeTransport"):
        made = await node.ask(name, routerId=router_id, listenInfo=anywhere)
        assert made["tuple"]["localAddress"] == "127.0.0.1"
        dump = (await node.ask("transport.dump", transportId=made["id"]))["dump"]
        assert dump["tuple"]["localAddress"] == "127.0.0.1"
    webrtc = await node.ask("router.createWebRtcTransport", routerId=router_id, listenInfos=[anywhere])
    assert [candidate["address"] for candidate in webrtc["iceCandidates"]] == ["127.0.0.1"]


async def test_traces_and_bitrates(run_node: Run, events: Events) -> None:
    """What is traced is published; transports take their limits."""
    node = await run_node()
    router = await node.router()
    transport_id, producer_id, consumer_id = await direct_audio(node, router)
    await node.ask("producer.enableTraceEvent", producerId=producer_id, types=["rtp", "unheard-of"])
    await node.ask("consumer.enableTraceEvent", consumerId=consumer_id, types=["rtp"])
    await node.ask("transport.enableTraceEvent", transportId=transport_id, types=["bwe"])
    await node.ask("producer.send", producerId=producer_id, rtpPacket=rtp_packet(1))
    assert (await events.first(producer_id, "trace"))["data"]["type"] == "rtp"
    assert (await events.first(consumer_id, "trace"))["data"]["type"] == "rtp"
    webrtc = await node.ask("router.createWebRtcTransport", routerId=router["id"])
    for method, bitrate in (("setMaxIncoming", 1), ("setMaxOutgoing", 200_000), ("setMinOutgoing", 100_000)):
        await node.ask(f"transport.{method}Bitrate", transportId=webrtc["id"], bitrate=bitrate)


async def test_what_was_closed_cannot_be_commanded(run_node: Run) -> None:
    """A close that follows a create without waiting closes what is made."""
    node = await run_node()
    router = await node.router()
    await asyncio.gather(
        node.ask("router.createDirectTransport", routerId=router["id"], id="t"),
        node.ask("transport.close", transportId="t"),
    )
    with pytest.raises(NotFound):
        await node.ask("transport.dump", transportId="t")
    assert node.held() == {"routers": 1}


async def test_strangers_cannot_use_up_ids(run_node: Run) -> None:
    """The same create by another tenant, and a close of an id by another tenant, change nothing for the owner."""
    node = await run_node()
    make: dict[str, Any] = {"workerId": node.worker_ids[0], "id": "mine", "mediaCodecs": MEDIA_CODECS}
    await node.ask("router.close", "stranger", routerId="mine")
    router = await node.ask("worker.createRouter", **make)
    with pytest.raises(Conflict):
        await node.ask("worker.createRouter", "stranger", **make)
    with pytest.raises(Conflict):
        await node.ask("router.createDirectTransport", routerId="mine", id="mine")
    await node.ask("router.close", "stranger", routerId="mine")
    assert router == await node.ask("worker.createRouter", **make)


async def test_an_id_is_of_one_object(run_node: Run) -> None:
    """Two creates with the same options but of different classes do not make one object."""
    node = await run_node()
    router = await node.router()
    await node.ask("router.createDirectTransport", routerId=router["id"], id="x")
    with pytest.raises(Conflict):
        await node.ask("router.createActiveSpeakerObserver", routerId=router["id"], id="x")


async def test_codecs_can_be_replaced(run_node: Run) -> None:
    """A router has its new codecs for what is produced from then on."""
    node = await run_node()
    router = await node.ask("worker.createRouter", workerId=node.worker_ids[0], mediaCodecs=MEDIA_CODECS[1:])
    transport = await node.ask("router.createDirectTransport", routerId=router["id"])
    with pytest.raises(Unsupported):
        await node.produce(transport["id"])
    updated = await node.ask("router.updateMediaCodecs", routerId=router["id"], mediaCodecs=MEDIA_CODECS)
    assert updated == await node.ask("router.getRtpCapabilities", routerId=router["id"])
    assert await node.produce(transport["id"], enableMediasoupPacketIdHeaderExtension=True)
    with pytest.raises(InvalidType):
        await node.ask("router.updateMediaCodecs", routerId=router["id"], mediaCodecs=[{"kind": "audio"}])


async def test_priorities(run_node: Run) -> None:
    """A consumer's priority is set and unset; audio has no key frames, and asking for one is answered."""
    node = await run_node()
    _, _, consumer_id = await direct_audio(node, await node.router())
    await node.ask("consumer.setPriority", consumerId=consumer_id, priority=7)
    assert (await node.ask("consumer.dump", consumerId=consumer_id))["dump"]["priority"] == 7
    await node.ask("consumer.unsetPriority", consumerId=consumer_id)
    assert (await node.ask("consumer.dump", consumerId=consumer_id))["dump"]["priority"] == 1
    await node.ask("consumer.requestKeyFrame", consumerId=consumer_id)


async def test_transports_alike(run_node: Run) -> None:
    """Transports that are asked for alike are made alike, however many came before; each is judged for its caller."""
    node = await run_node()
    router_id = (await node.router())["id"]
    own = await node.ask("mediasoup.createWorker")
    server = {"workerId": own["id"], "listenInfos": [UDP], "id": "server"}
    await node.ask("worker.createWebRtcServer", **server)
    elsewhere = (await node.ask("worker.createRouter", workerId=own["id"]))["id"]
    anywhere = {"routerId": router_id, "listenInfos": [UDP]}
    on_server = {"routerId": elsewhere, "webRtcServerId": "server"}
    kinds = [anywhere, {**anywhere, "enableSctp": True}, {**anywhere, "enableTcp": True}, on_server]
    rounds = [[await node.ask("router.createWebRtcTransport", **kind) for kind in kinds] for _ in range(3)]
    for made in rounds:
        assert ["sctpParameters" in each for each in made] == [False, True, False, False]
        assert {each["iceCandidates"][0]["address"] for each in made} == {"127.0.0.1"}
    assert len({each["id"] for made in rounds for each in made}) == 12
    for kind in kinds[:3]:
        with pytest.raises(Unauthorized):
            await node.ask("router.createWebRtcTransport", **{**kind, "listenInfos": [{**UDP, "port": 80}]})
    with pytest.raises(NotFound):
        await node.ask("router.createWebRtcTransport", tenant="other", **on_server)
    await node.ask("webRtcServer.close", webRtcServerId="server")
    with pytest.raises(NotFound):
        await node.ask("router.createWebRtcTransport", **on_server)
