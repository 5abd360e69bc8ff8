"""What comes alike is read alike: by example, and never otherwise than without one."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tureen.mediasoup.codec import Codec
from tureen.mediasoup.codec.alike import read_alike
from tureen.mediasoup.codec.names import OF_NEW
from tureen.mediasoup.codec.reader import DECODE_ERRORS, Read, Readers, as_words

NAME = "FBS.WebRtcTransport.DumpResponse"
SCTP = {"port": 5000, "maxSendMessageSize": 1, "maxReceiveMessageSize": 2, "sendBufferSize": 3}
SCTP |= {"perStreamSendQueueLimit": 4, "maxReceiverWindowBufferSize": 5, "isDataChannel": True}
thorough = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def body(port: int = 40000, host: str = "127.0.0.1", candidates: int = 2, **base: Any) -> dict[str, Any]:
    """Return what a worker tells of a new WebRtcTransport."""
    lists = ("producerIds", "consumerIds", "mapSsrcConsumerId", "mapRtxSsrcConsumerId", "dataProducerIds")
    empty: dict[str, Any] = {name: [] for name in (*lists, "dataConsumerIds", "traceEventTypes")}
    listener: dict[str, Any] = {"ssrcTable": [], "midTable": [], "ridTable": []}
    candidate = {
        "foundation": "udpcandidate",
        "priority": 1076302079,
        "address": host,
        "protocol": "udp",
        "type": "host",
    }
    return {
        "base": {"id": "t" * 36, **empty, "recvRtpHeaderExtensions": {}, "rtpListener": listener, **base},
        "iceRole": "controlled",
        "iceParameters": {"usernameFragment": "u" * 16, "password": "p" * 32, "iceLite": True},
        "iceCandidates": [{**candidate, "port": port + number} for number in range(candidates)],
        "iceState": "new",
        "dtlsParameters": {"fingerprints": [{"algorithm": "sha-256", "value": "AB:CD"}], "role": "auto"},
        "dtlsState": "new",
    }


def outcome(read: Read, buffer: bytes) -> Any:
    """Return what reading a buffer gives, or that it fails."""
    words = as_words(buffer)
    try:
        return read(buffer, words, 4 + words[1])
    except DECODE_ERRORS:
        return "malformed"


def readers(codec: Codec) -> tuple[Read, Read, list[bytes]]:
    """Return what reads the table, the same by example, and a list of what was read without one since."""
    plain = Readers(codec.model, OF_NEW).table(NAME).read
    without: list[bytes] = []

    def read(buffer: bytes, words: Any, position: int) -> Any:
        without.append(buffer)
        return plain(buffer, words, position)

    return plain, read_alike(codec.model, OF_NEW, NAME, read), without


def encoded(codec: Codec, values: dict[str, Any]) -> bytes:
    """Return a buffer whose root is the table."""
    return bytes(codec.table(NAME).encode(values))


def test_what_differs_is_read(codec: Codec) -> None:
    """After a few transports alike the next are read by example; of each its own is told."""
    plain, alike, without = readers(codec)
    for port in range(40000, 40010):
        buffer = encoded(codec, body(port, maxSendMessageSize=port))
        values = outcome(alike, buffer)
        assert values == outcome(plain, buffer)
        assert [each["port"] for each in values["iceCandidates"]] == [port, port + 1]
        values["iceCandidates"].clear()
    assert len(without) == 4


def test_another_kind(codec: Codec) -> None:
    """What is laid out otherwise is read as it is, each kind by an example of its own."""
    plain, alike, without = readers(codec)
    kinds: list[dict[str, Any]] = [
        {},
        {"sctpParameters": SCTP, "sctpState": "new"},
        {"candidates": 0},
        {"host": "media.example.org"},
    ]
    for _ in range(8):
        for kind in kinds:
            buffer = encoded(codec, body(**kind))
            assert outcome(alike, buffer) == outcome(plain, buffer)
    assert len(without) == 4 * len(kinds)


@thorough
@given(data=st.data())
def test_damaged_ones(codec: Codec, data: st.DataObject) -> None:
    """Whatever becomes of a buffer, it is read, or refused, as without an example."""
    plain, alike, _ = readers(codec)
    original = encoded(codec, body(sctpParameters=SCTP, sctpState="new"))
    for _ in range(4):
        outcome(alike, original)
    buffer = bytearray(original)
    telling = [0, 1, 2, 4, 8, 2**16 - 1, 2**31, 2**32 - 1, 2**32 - 4, len(buffer), len(buffer) - 4]
    numbers = st.one_of(st.sampled_from(telling), st.integers(0, len(buffer)), st.integers(0, 2**32 - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        format_ = data.draw(st.sampled_from("BHI"))
        size = struct.calcsize(format_)
        at = data.draw(st.integers(0, len(buffer) // size - 1)) * size
        struct.pack_into(f"<{format_}", buffer, at, data.draw(numbers) % 256**size)
    assert outcome(alike, bytes(buffer)) == outcome(plain, bytes(buffer))
    assert outcome(alike, original) == outcome(plain, original)
