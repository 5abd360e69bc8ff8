"""Two WebRTC endpoints that are no browsers, and what one sends the other through a router."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from tests.support.aiortc_peer import AiortcPeer, aiortc_peer
from tests.support.media_tracks import Colour, ColourTrack, ToneTrack, VideoFrame, colour_of, pitch_of, sound_of

from tureen.mediasoup import Producer, Router

# pymediasoup's and aiortc's own warnings are none of ours.
pytestmark = [pytest.mark.timeout(60), pytest.mark.filterwarnings("ignore")]

PATIENCE = 15.0
RED, BLUE = Colour(82, 90, 240), Colour(41, 240, 110)


async def hear(peer: AiortcPeer, producer: Producer) -> float:
    """Receive a tone, and return its pitch."""
    consumer, track = await peer.consume(producer)
    assert consumer.rtp_parameters["codecs"][0]["mimeType"] == "audio/opus"
    await sound_of(track, 0.4)  # The decoder, and the jitter buffer before it, have to settle.
    return pitch_of(await sound_of(track, 0.4))


async def see(peer: AiortcPeer, producer: Producer) -> VideoFrame:
    """Receive a picture, and return its fifth frame."""
    consumer, track = await peer.consume(producer)
    assert consumer.rtp_parameters["codecs"][0]["mimeType"] == "video/VP8"
    frames = [await track.recv() for _ in range(5)]
    return cast("VideoFrame", frames[-1])


async def test_audio_and_video_both_ways(router: Router) -> None:
    """Each of two peers hears the other's tone and sees the other's picture, and nobody sees themself."""
    async with aiortc_peer(router) as alice, aiortc_peer(router) as bob, asyncio.timeout(PATIENCE):
        tones = {peer: await peer.produce(ToneTrack(pitch)) for peer, pitch in ((alice, 440), (bob, 700))}
        pictures = {peer: await peer.produce(ColourTrack(colour)) for peer, colour in ((alice, RED), (bob, BLUE))}
        heard = await asyncio.gather(hear(alice, tones[bob]), hear(bob, tones[alice]))
        assert heard[0] == pytest.approx(700, rel=0.05)
        assert heard[1] == pytest.approx(440, rel=0.05)
        seen = await asyncio.gather(see(alice, pictures[bob]), see(bob, pictures[alice]))
        assert colour_of(seen[0]).is_like(BLUE)
        assert colour_of(seen[1]).is_like(RED)
        assert {(frame.width, frame.height) for frame in seen} == {(320, 240)}
        for transport in (alice.sending, alice.receiving, bob.sending, bob.receiving):
            assert (transport.ice_state, transport.dtls_state) == ("completed", "connected")
        (sent,), (received,) = await pictures[bob].get_stats(), await tones[alice].get_stats()
        assert (sent["mimeType"], received["mimeType"]) == ("video/VP8", "audio/opus")
        assert min(sent["packetCount"], received["packetCount"]) > 5


class Inbox:
    """What has arrived on the peer's end of a data consumer."""

    def __init__(self, channel: Any) -> None:
        self._messages: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._is_open = asyncio.Event()
        channel.on("open", self._is_open.set)
        channel.on("message", self._messages.put_nowait)
        if channel.readyState == "open":
            self._is_open.set()

    async def opened(self) -> Inbox:
        """Wait until the channel is open."""
        await self._is_open.wait()
        return self

    async def take(self, count: int) -> list[str | bytes]:
        """Return the next messages."""
        return [await self._messages.get() for _ in range(count)]


async def test_messages_both_ways(router: Router) -> None:
    """What a peer says on a data channel, as text or as bytes, empty or large, reaches the other peer as it was."""
    messages: list[str | bytes] = ["hello", "", "jalapeño 🌶", b"\x00\x01\xff", b"", bytes(range(256)) * 200]
    async with aiortc_peer(router) as alice, aiortc_peer(router) as bob, asyncio.timeout(PATIENCE):
        for sender, receiver in ((alice, bob), (bob, alice)):
            producer, mouth = await sender.produce_data("chat")
            consumer, ear = await receiver.consume_data(producer)
            await Inbox(mouth).opened()
            inbox = await Inbox(ear).opened()
            for message in messages:
                mouth.send(message)
            assert await inbox.take(len(messages)) == messages
            assert (producer.label, consumer.label, ear.label) == ("chat", "chat", "chat")
            assert (await producer.get_stats())[0]["messagesReceived"] == len(messages)


async def test_messages_of_the_application(router: Router) -> None:
    """An application speaks with a peer itself, over a DirectTransport."""
    async with aiortc_peer(router) as alice, asyncio.timeout(PATIENCE):
        direct = await router.create_direct_transport()
        producer = await direct.produce_data(label="news")
        _, ear = await alice.consume_data(producer)
        inbox = await Inbox(ear).opened()
        producer.send("from the application")
        assert await inbox.take(1) == ["from the application"]
        theirs, mouth = await alice.produce_data("answers")
        consumer = await direct.consume_data(data_producer_id=theirs.id)
        arrived: asyncio.Future[tuple[bytes, int]] = asyncio.get_running_loop().create_future()
        consumer.on("message", lambda message, ppid: arrived.set_result((message, ppid)))
        await Inbox(mouth).opened()
        mouth.send("from the peer")
        # 51 is the payload protocol identifier of text (RFC 8831).
        assert await arrived == (b"from the peer", 51)
