from __future__ import annotations

from typing import Any

import pytest

from tureen.contract.errors import InvalidType
from tureen.signaling.incoming import (
    ConnectWebRtcTransport,
    CreateWebRtcTransport,
    Join,
    Produce,
    SetConsumerPriority,
)


@pytest.mark.parametrize(
    ("data", "direction", "is_classic"),
    [
        ({"forceTcp": False, "producing": True, "consuming": False}, "send", True),
        ({"forceTcp": False, "producing": False, "consuming": True}, "recv", True),
        ({"producing": True, "consuming": True}, "both", True),
        ({"appData": {"direction": "producer"}}, "send", False),
        ({"appData": {"direction": "consumer"}}, "recv", False),
        ({"appData": {"direction": 5}}, "both", False),
        ({}, "both", False),
    ],
)
def test_both_dialects_say_what_a_transport_is_for(data: dict[str, Any], direction: str, is_classic: bool) -> None:
    """`producing` and `consuming`, or `appData.direction`, lead to the same."""
    asked = CreateWebRtcTransport.parse(data)
    assert (asked.direction, asked.is_classic) == (direction, is_classic)


def test_what_is_unknown_is_ignored() -> None:
    """Clients in the field send more than is read."""
    asked = ConnectWebRtcTransport.parse({"transportId": "t", "dtlsParameters": {}, "iceParameters": {}})
    assert asked.transport_id == "t"


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({}, "transportId"),
        ({"transportId": 5, "dtlsParameters": {}}, "transportId"),
        ({"transportId": "a b", "dtlsParameters": {}}, "transportId"),
        ({"transportId": "t", "dtlsParameters": []}, "dtlsParameters"),
    ],
)
def test_a_wrong_field_is_named(data: dict[str, Any], path: str) -> None:
    """The error says which field is wrong."""
    with pytest.raises(InvalidType) as caught:
        ConnectWebRtcTransport.parse(data)
    assert caught.value.details == {"path": path}
    assert path in str(caught.value)


def test_nothing_is_converted() -> None:
    """A string is no number, a number no bool."""
    with pytest.raises(InvalidType):
        SetConsumerPriority.parse({"consumerId": "c", "priority": "5"})
    with pytest.raises(InvalidType):
        CreateWebRtcTransport.parse({"forceTcp": 1})


@pytest.mark.parametrize("device", [None, "Chrome 27", ["x"], {"flag": "x" * 5000}])
def test_an_odd_device_is_no_reason_to_keep_somebody_out(device: object) -> None:
    """What is no object of sensible size is shown as nothing."""
    assert Join.parse({"displayName": "Ada", "device": device}).device_shown == {}


def test_free_form_data_is_limited() -> None:
    """Everybody gets a copy of appData, so it must be small."""
    produce = {"transportId": "t", "kind": "audio", "rtpParameters": {}}
    assert Produce.parse({**produce, "appData": {"source": "audio"}}).app_data == {"source": "audio"}
    with pytest.raises(InvalidType, match="appData"):
        Produce.parse({**produce, "appData": {"source": "x" * 5000}})


def test_a_long_name_is_refused() -> None:
    """Names have 256 characters at most."""
    with pytest.raises(InvalidType, match="displayName"):
        Join.parse({"displayName": "x" * 257})
