"""Whatever bytes come, the decoder returns or raises ChannelError."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tureen.mediasoup.codec import Codec, Log
from tureen.mediasoup.codec.reader import MAX_LAYOUTS
from tureen.mediasoup.errors import ChannelError

MESSAGE = "FBS.Message.Message"
STATS = {
    "dataType": "RecvStats",
    "data": {
        "base": {"dataType": "BaseStats", "data": {"kind": "video", "mimeType": "video/VP8", "rid": "r0", "ssrc": 5}},
        "bitrateByLayer": [{"layer": "0.0", "bitrate": 2**40}, {"layer": "0.1", "bitrate": 1}],
    },
}
SCORES = {"scores": [{"ssrc": 1, "rid": "a", "score": 9}, {"ssrc": 2, "score": 0}]}
DUMP = {"id": "r", "transportIds": ["a", "b"], "mapProducerIdConsumerIds": [{"key": "a", "values": ["b", "c"]}]}
DUMP |= {name: [] for name in ("rtpObserverIds", "mapConsumerIdProducerId", "mapProducerIdObserverIds")}
DUMP |= {name: [] for name in ("mapDataProducerIdDataConsumerIds", "mapDataConsumerIdDataProducerId")}
MESSAGES: list[dict[str, Any]] = [
    {
        "dataType": "Response",
        "data": {"id": 1, "accepted": True, "bodyType": "Producer_GetStatsResponse", "body": {"stats": [STATS, STATS]}},
    },
    {"dataType": "Response", "data": {"id": 1, "accepted": True, "bodyType": "Router_DumpResponse", "body": DUMP}},
    {"dataType": "Response", "data": {"id": 1, "error": "Error", "reason": "because"}},
    {
        "dataType": "Notification",
        "data": {"handlerId": "p", "event": "PRODUCER_SCORE", "bodyType": "Producer_ScoreNotification", "body": SCORES},
    },
    {"dataType": "Log", "data": {"data": "Dhello"}},
]

thorough = settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def decode_all(codec: Codec, buffer: bytes) -> None:
    """Decode a message with its body; nothing but ChannelError may come of it."""
    with contextlib.suppress(ChannelError):
        body = getattr(codec.decode(buffer), "body", None)
        if body is not None:
            with contextlib.suppress(ChannelError):
                body.unpack()
            for _ in body.unpacking():
                pass


@thorough
@given(buffer=st.binary(max_size=200))
def test_random_bytes(codec: Codec, buffer: bytes) -> None:
    """Random bytes do no harm."""
    decode_all(codec, buffer)


@pytest.mark.parametrize("index", range(len(MESSAGES)))
def test_truncated_messages(codec: Codec, index: int) -> None:
    """A message that ends anywhere does no harm."""
    buffer = bytes(codec.table(MESSAGE).encode(MESSAGES[index]))
    for end in range(len(buffer)):
        decode_all(codec, buffer[:end])


@thorough
@given(data=st.data())
def test_damaged_messages(codec: Codec, data: st.DataObject) -> None:
    """A message with numbers exchanged, such as lengths, offsets and types, does no harm."""
    buffer = codec.table(MESSAGE).encode(data.draw(st.sampled_from(MESSAGES)))
    telling = [0, 1, 2, 4, 8, 2**16 - 1, 2**31, 2**32 - 1, 2**32 - 4, len(buffer), len(buffer) - 4]
    numbers = st.one_of(st.sampled_from(telling), st.integers(0, len(buffer)), st.integers(0, 2**32 - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        format_ = data.draw(st.sampled_from("BHI"))
        size = struct.calcsize(format_)
        at = data.draw(st.integers(0, len(buffer) // size - 1)) * size
        struct.pack_into(f"<{format_}", buffer, at, data.draw(numbers) % 256**size)
    decode_all(codec, bytes(buffer))


def test_a_long_vector_takes_no_memory(codec: Codec) -> None:
    """A vector that says it has a billion elements is refused before anything is allocated for them."""
    table = codec.table("FBS.DataConsumer.SetSubchannelsResponse")
    buffer = table.encode({"subchannels": [7, 7]})
    at = bytes(buffer).index(struct.pack("<IHH", 2, 7, 7))
    struct.pack_into("<I", buffer, at, 10**9)
    tracemalloc.start()
    try:
        with pytest.raises(ChannelError, match="longer than its buffer"):
            table.decode(bytes(buffer))
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_endless_nesting_ends(codec: Codec) -> None:
    """Tables that hold themselves deeper than Python's stack are refused."""
    deep = _nest(5_000)
    with pytest.raises(ChannelError, match="RecursionError"):
        codec.table("FBS.RtpStream.Stats").decode(deep)


def _nest(depth: int) -> bytes:
    """Return statistics inside statistics, by hand: the encoder cannot go that deep either."""
    vtables = struct.pack("<4H", 8, 12, 8, 4) + struct.pack("<8H", 14, 12, 4, 0, 0, 0, 8, 0)
    parts = bytearray(struct.pack("<II", 0, 0) + vtables)
    root = len(parts)
    for _ in range(depth):
        # Stats{dataType: RecvStats (2), data} followed by RecvStats{base, bitrateByLayer: []}.
        here = len(parts)
        parts += struct.pack("<iIB3x", here - 8, 8, 2)
        recv = len(parts)
        parts += struct.pack("<iII", recv - 16, 12, 4) + struct.pack("<I", 0)
    parts += bytes(32)
    struct.pack_into("<II", parts, 0, len(parts) - 4, root - 4)
    return bytes(parts)


def test_text_that_is_not_utf8(codec: Codec) -> None:
    """Bytes that are no UTF-8, which a peer can put in an RTP packet, become U+FFFD."""
    buffer = bytes(codec.table(MESSAGE).encode({"dataType": "Log", "data": {"data": "D12345"}}))
    assert codec.decode(buffer.replace(b"D12345", b"D\xff\xfe45\xc3")) == Log("D\ufffd\ufffd45\ufffd")


def test_unknown_members_are_refused(codec: Codec) -> None:
    """An enum's number that the schema does not know is an error, not a guess."""
    table = codec.table("FBS.WebRtcTransport.IceStateChangeNotification")
    buffer = bytes(table.encode({"iceState": "disconnected"}))
    at = len(buffer) - 4
    assert buffer[at] == 3
    with pytest.raises(ChannelError):
        table.decode(buffer[:at] + b"\x09" + buffer[at + 1 :])


def test_layouts_do_not_pile_up(codec: Codec) -> None:
    """A worker that makes ever new vtables does not fill our memory."""
    table = codec.table("FBS.Common.Uint32String")
    for padding in range(MAX_LAYOUTS + 10):
        vtable = struct.pack("<4H", 8, 12 + 4 * padding, 4, 8)
        head = struct.pack("<II", 0, 12) + vtable
        body = struct.pack("<iII", 8, 7, 4 + 4 * padding) + bytes(4 * padding) + struct.pack("<I4s", 1, b"x")
        assert table.decode(head + body) == {"key": 7, "value": "x"}
