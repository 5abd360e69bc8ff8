from __future__ import annotations

import contextlib
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.bus.parser import Delivery, Parser, ProtocolError


class Sink:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def on_message(self, sid: int, delivery: Delivery) -> None:
        self.told.append((sid, delivery))

    def on_ping(self) -> None:
        self.told.append("ping")

    def on_pong(self) -> None:
        self.told.append("pong")

    def on_info(self, text: bytes) -> None:
        self.told.append(("info", text))

    def on_error(self, text: str) -> None:
        self.told.append(("error", text))


def parsed(*chunks: bytes) -> list[object]:
    """Return what a parser tells of these reads."""
    sink = Sink()
    parser = Parser(sink)
    for chunk in chunks:
        parser.feed(chunk)
    return sink.told


def test_every_operation() -> None:
    """Each operation of a server is told apart, in order."""
    stream = (
        b'INFO {"a":1}\r\nPING\r\nPONG\r\n+OK\r\n'
        b"MSG a.b 7 5\r\nhello\r\n"
        b"MSG a.b 8 in.box 0\r\n\r\n"
        b"HMSG c 9 12 15\r\nNATS/1.0\r\n\r\nabc\r\n"
        b"HMSG c 9 r 12 12\r\nNATS/1.0\r\n\r\n\r\n"
        b"-ERR 'Stale Connection'\r\n"
    )
    assert parsed(stream) == [
        ("info", b'{"a":1}'),
        "ping",
        "pong",
        (7, Delivery("a.b", "", b"", b"hello")),
        (8, Delivery("a.b", "in.box", b"", b"")),
        (9, Delivery("c", "", b"NATS/1.0\r\n\r\n", b"abc")),
        (9, Delivery("c", "r", b"NATS/1.0\r\n\r\n", b"")),
        ("error", "Stale Connection"),
    ]


@pytest.mark.parametrize("subject", [b"t.a\x0bb", b"t.a\x0cb", b"t.\xff\xfe", b"t.a\x00b", b"t.\x85x", b"t.\xc2\xa0"])
def test_any_byte_in_a_subject(subject: bytes) -> None:
    """A subject with bytes that servers let through is a message like any other, and the next one is read."""
    first, second = parsed(b"MSG " + subject + b" 1 2\r\nhi\r\nMSG x 1 2\r\nho\r\n")
    assert first == (1, Delivery(subject.decode("utf-8", "backslashreplace"), "", b"", b"hi"))
    assert second == (1, Delivery("x", "", b"", b"ho"))


@pytest.mark.parametrize(
    "line",
    [
        b"HELLO\r\n",
        b"MSG a\r\n",
        b"MSG a 1 -1\r\n",
        b"MSG a x 1\r\n",
        b"HMSG a 1 5 3\r\n",
        b"MSG a 1 r r 1\r\n",
        b"\r\n",
    ],
)
def test_what_is_not_nats(line: bytes) -> None:
    """Anything but the protocol is an error, not a guess."""
    with pytest.raises(ProtocolError):
        parsed(line)


def test_a_line_without_an_end() -> None:
    """A peer that never ends its line cannot fill the memory."""
    with pytest.raises(ProtocolError):
        parsed(*[b"x" * 65536] * 20)


MESSAGES = st.lists(
    st.tuples(
        st.integers(0, 99),
        st.text("ab.-_", min_size=1, max_size=9),
        st.sampled_from(["", "in.box"]),
        st.sampled_from([b"", b"NATS/1.0\r\nA: b\r\n\r\n"]),
        st.binary(max_size=40),
    ),
    max_size=8,
)


def encoded(sid: int, subject: str, reply: str, headers: bytes, body: bytes) -> bytes:
    """Return a message as a server writes it."""
    middle = f"{reply} " if reply else ""
    if headers:
        line = f"HMSG {subject} {sid} {middle}{len(headers)} {len(headers) + len(body)}"
    else:
        line = f"MSG {subject} {sid} {middle}{len(body)}"
    return line.encode() + b"\r\n" + headers + body + b"\r\n"


@given(MESSAGES, st.lists(st.integers(0, 400), max_size=12))
def test_wherever_reads_end(messages: list[tuple[int, str, str, bytes, bytes]], cuts: list[int]) -> None:
    """However the stream is cut into reads, the same messages come out."""
    stream = b"".join(encoded(*message) for message in messages)
    edges = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    chunks = [stream[start:end] for start, end in itertools.pairwise(edges)]
    assert parsed(*chunks) == [(sid, Delivery(*rest)) for sid, *rest in map(tuple[Any, ...], messages)]


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_bytes(chunks: list[bytes]) -> None:
    """Whatever is read, it is told, kept or refused; nothing else is raised."""
    with contextlib.suppress(ProtocolError):
        parsed(*chunks)
