from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tureen.bus import headers


def test_round_trip() -> None:
    """What is encoded is parsed, its names in lower case."""
    block = headers.encode({"Tureen-Timeout-Ms": "250", "traceparent": "00-a-b-01"})
    assert headers.parse(block) == {"tureen-timeout-ms": "250", "traceparent": "00-a-b-01"}


def test_a_value_cannot_add_a_line() -> None:
    """Line ends in a value become blanks."""
    block = headers.encode({"Nats-Service-Error": "no\r\nNats-Service-Error-Code: 200"})
    assert headers.parse(block) == {"nats-service-error": "no  Nats-Service-Error-Code: 200"}


def test_the_status_of_the_server() -> None:
    """The number in the first line is the status; a client's header of that name is not."""
    assert headers.parse(b"NATS/1.0 503\r\n\r\n") == {"status": "503"}
    assert headers.parse(b"NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 4\r\n\r\n") == {
        "status": "100",
        "nats-last-consumer": "4",
    }
    assert headers.parse(b"NATS/1.0\r\nStatus: 503\r\n\r\n") == {}


def test_names_are_read_in_any_case() -> None:
    """A header is found however its sender spells it."""
    assert headers.parse(b"NATS/1.0\r\nTRACEPARENT:x\r\n\r\n") == {"traceparent": "x"}
    assert headers.is_json(headers.parse(b"NATS/1.0\r\ncontent-TYPE: Application/JSON; charset=utf-8\r\n\r\n"))
    assert not headers.is_json({})


@given(st.binary(max_size=200))
def test_any_bytes(block: bytes) -> None:
    """Parsing never fails."""
    headers.parse(block)


@given(st.dictionaries(st.from_regex(r"[A-Za-z][A-Za-z-]{0,20}", fullmatch=True), st.text(max_size=40), max_size=4))
def test_any_value(values: dict[str, str]) -> None:
    """Whatever a value is, the block has one line for each header."""
    block = headers.encode(values)
    assert block.count(b"\r\n") == len(values) + 2
    assert block.endswith(b"\r\n\r\n")
