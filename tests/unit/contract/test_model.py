from __future__ import annotations

import json
import math
from typing import Any

import pytest
from pydantic import Field, ValidationError

from tureen.contract.cluster import WorkerLoad
from tureen.contract.errors import InvalidType, Malformed, TureenError, UnknownField
from tureen.contract.model import Command, Reply
from tureen.contract.rooms import Grant


class Inner(Command):
    """A structure within a command."""

    max_port: int = 0


class Send(Command):
    """A command with fields of every kind."""

    router_id: str
    inner: Inner | None = None
    items: list[Inner] = Field(default_factory=list)
    ratio: float = 1
    data: bytes | None = None


class Sent(Reply):
    """A reply."""

    router_id: str
    data: bytes | None = None


def test_a_command_is_read_by_its_names_on_the_wire() -> None:
    """What travels is camelCase, and is left out where there is nothing."""
    command = Send.parse({"routerId": "r", "inner": {"maxPort": 7}, "data": b"\x00"})
    assert command == Send(router_id="r", inner=Inner(max_port=7), data=b"\x00")
    assert command.to_wire() == {
        "routerId": "r",
        "inner": {"maxPort": 7},
        "items": [],
        "ratio": 1.0,
        "data": b"\x00",
    }


@pytest.mark.parametrize(
    ("payload", "error", "path"),
    [
        ({"routerId": "r", "x": 1}, UnknownField, "x"),
        ({"routerId": "r", "router_id": "r"}, UnknownField, "router_id"),
        ({"router_id": "r"}, TureenError, None),
        ({"routerId": "r", "inner": {"x": 1}}, UnknownField, "inner.x"),
        ({"routerId": "r", "items": [{}, {"max_port": 1}]}, UnknownField, "items.1.max_port"),
        ({}, InvalidType, "routerId"),
        ({"routerId": 1}, InvalidType, "routerId"),
        ({"routerId": "r", "inner": {"maxPort": "7"}}, InvalidType, "inner.maxPort"),
        ({"routerId": "r", "inner": {"maxPort": True}}, InvalidType, "inner.maxPort"),
        ({"routerId": "r", "data": "text"}, InvalidType, "data"),
        ([], InvalidType, ""),
        (None, InvalidType, ""),
    ],
)
def test_what_is_refused(payload: Any, error: type[TureenError], path: str | None) -> None:
    """Unknown, missing and wrong fields are refused with their path, without conversion."""
    with pytest.raises(error) as raised:
        Send.parse(payload)
    if path is not None:
        assert raised.value.details == {"path": path}
        assert path in raised.value.message


def test_the_first_of_several_and_how_many_more() -> None:
    """One sentence tells the first mistake, and that there are others."""
    with pytest.raises(InvalidType, match=r"\(and 1 more\)"):
        Send.parse({"routerId": 1, "ratio": "x"})


def test_json() -> None:
    """In JSON bytes are base64, in either alphabet; the rest is as strict."""
    for text in ("+/8=", "-_8="):
        assert Send.parse_json(json.dumps({"routerId": "r", "data": text}).encode()).data == b"\xfb\xff"
    with pytest.raises(Malformed):
        Send.parse_json(b"{")
    with pytest.raises(UnknownField):
        Send.parse_json(b'{"routerId":"r","router_id":"r"}')
    with pytest.raises(InvalidType, match="base64"):
        Send.parse_json(b'{"routerId":"r","data":"!"}')
    with pytest.raises(InvalidType):
        Send.parse_json(b'{"routerId":7}')


def test_messages_do_not_quote_values() -> None:
    """A refusal repeats nothing of what was sent: it may be a key or a password."""
    with pytest.raises(InvalidType) as raised:
        Send.parse({"routerId": ["top secret"]})
    assert "secret" not in raised.value.message


def test_a_reply_ignores_what_it_does_not_know() -> None:
    """A newer part's reply is read by an older one."""
    assert Sent.model_validate({"routerId": "r", "new": 1}) == Sent(router_id="r")


@pytest.mark.parametrize("load", [math.nan, math.inf, -math.inf])
def test_numbers_are_finite(load: float) -> None:
    """A load that compares with nothing, or beats everything, is no load: heartbeats and grants with it are refused."""
    with pytest.raises(ValidationError):
        WorkerLoad.model_validate({"workerId": "w", "cpu": load})
    grant = {"grantId": "g", "workerId": "w", "roomId": "r", "expiresAt": 0}
    with pytest.raises(InvalidType):
        Grant.parse({**grant, "reserve": load})
