"""What comes alike is read alike: by example, and never otherwise than without one."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tureen.mediasoup.codec import Codec
from tureen.mediasoup.codec.alike import read_alike
from tureen.mediasoup.codec.messages import ReadBrief, Response
from tureen.mediasoup.codec.names import OF_NEW
from tureen.mediasoup.codec.reader import DECODE_ERRORS, Readers, as_words
from tureen.mediasoup.errors import ChannelError

NAME = "FBS.WebRtcTransport.DumpResponse"
SCTP = {"port": 5000, "maxSendMessageSize": 1, "maxReceiveMessageSize": 2, "sendBufferSize": 3}
SCTP |= {"perStreamSendQueueLimit": 4, "maxReceiverWindowBufferSize": 5, "isDataChannel": True}
thorough = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


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


def outcome(read: ReadBrief, buffer: bytes) -> Any:
    """Return what reading a buffer gives, or that it fails."""
    try:
        return read(buffer, 4 + as_words(buffer)[1])
    except DECODE_ERRORS:
        return "malformed"


def readers(codec: Codec) -> tuple[ReadBrief, ReadBrief, list[bytes]]:
    """Return what reads the table, the same by example, and a list of what was read without one since."""
    plain = Readers(codec.model, OF_NEW).table(NAME).read
    without: list[bytes] = []

    def read(buffer: bytes, words: Any, position: int) -> Any:
        without.append(buffer)
        return plain(buffer, words, position)

    def read_plainly(buffer: bytes, position: int) -> Any:
        return plain(buffer, as_words(buffer), position)

    return read_plainly, read_alike(codec.model, OF_NEW, NAME, read), without


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


def damaged(data: st.DataObject, original: bytes) -> bytes:
    """Return a buffer with some numbers exchanged, such as lengths, offsets and types."""
    buffer = bytearray(original)
    telling = [0, 1, 2, 4, 8, 2**16 - 1, 2**31, 2**32 - 1, 2**32 - 4, len(buffer), len(buffer) - 4]
    numbers = st.one_of(st.sampled_from(telling), st.integers(0, len(buffer)), st.integers(0, 2**32 - 1))
    for _ in range(data.draw(st.integers(1, 4))):
        format_ = data.draw(st.sampled_from("BHI"))
        size = struct.calcsize(format_)
        at = data.draw(st.integers(0, len(buffer) // size - 1)) * size
        struct.pack_into(f"<{format_}", buffer, at, data.draw(numbers) % 256**size)
    return bytes(buffer)


@thorough
@given(data=st.data())
def test_damaged_ones(codec: Codec, data: st.DataObject) -> None:
    """Whatever becomes of a buffer, it is read, or refused, as without an example."""
    plain, alike, _ = readers(codec)
    original = encoded(codec, body(sctpParameters=SCTP, sctpState="new"))
    for _ in range(4):
        outcome(alike, original)
    buffer = damaged(data, original)
    assert outcome(alike, buffer) == outcome(plain, buffer)
    assert outcome(alike, original) == outcome(plain, original)


def response(codec: Codec, id_: int, **more: Any) -> bytes:
    """Return a response, with its length in front."""
    content = {"dataType": "Response", "data": {"id": id_, **more}}
    return bytes(codec.table("FBS.Message.Message").encode(content))


CREATED = {"accepted": True, "bodyType": "WebRtcTransport_DumpResponse", "body": body()}
STATES = {"accepted": True, "bodyType": "Consumer_SetPreferredLayersResponse", "body": {}}
REFUSED = {"error": "Error", "reason": "because"}


def opened(codec: Codec, buffer: bytes) -> Any:
    """Return what a message says, its body decoded in all ways."""
    try:
        message = codec.decode(buffer)
    except ChannelError:
        return "malformed"
    if not isinstance(message, Response):
        return type(message)
    if (packed := message.body) is None:
        return message
    bodies = []
    for brief in (False, True):
        try:
            bodies.append(packed.unpack(brief=brief))
        except ChannelError:
            bodies.append({"malformed": True})
    return message._replace(body=None), packed.type, bodies


def test_responses(codec: Codec) -> None:
    """Responses alike are opened by example, each with its own id; those that are not, as they are."""
    by_example = Codec(codec.model)
    kinds: list[dict[str, Any]] = [{"accepted": True}, CREATED, STATES, REFUSED]
    for id_ in range(1, 9):
        for more in kinds:
            buffer = response(codec, id_, **more)
            seen = opened(by_example, buffer)
            assert seen == opened(Codec(codec.model), buffer)
            assert (seen if isinstance(seen, Response) else seen[0]).id == id_


@thorough
@given(data=st.data())
def test_damaged_responses(codec: Codec, data: st.DataObject) -> None:
    """Whatever becomes of a response, it says, or is refused, as without an example."""
    kinds: list[dict[str, Any]] = [{"accepted": True}, CREATED, STATES]
    original = response(codec, 5, **data.draw(st.sampled_from(kinds)))
    by_example, plainly = Codec(codec.model), Codec(codec.model)
    for _ in range(5):
        opened(by_example, original)
    buffer = damaged(data, original)
    assert opened(by_example, buffer) == opened(plainly, buffer)
