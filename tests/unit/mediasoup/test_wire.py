"""What goes to the worker."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup import wire
from tureen.mediasoup.types import TransportProtocol

CODEC: dict[str, Any] = {
    "mimeType": "video/VP8",
    "payloadType": 96,
    "clockRate": 90000,
    "parameters": {},
    "rtcpFeedback": [{"type": "nack", "parameter": ""}],
}
PARAMETERS: Any = {
    "codecs": [CODEC],
    "headerExtensions": [{"uri": "urn:x", "id": 1, "encrypt": False, "parameters": {}}],
    "encodings": [{"ssrc": 1, "rtx": {"ssrc": 2}, "dtx": False}],
    "rtcp": {"cname": "x", "reducedSize": True},
}


def test_what_fits_is_shared() -> None:
    """Parts that need no change are the very ones that were given."""
    fitting = wire.rtp_parameters(PARAMETERS)
    assert fitting == PARAMETERS
    assert fitting["codecs"][0] is CODEC
    assert fitting["headerExtensions"] is PARAMETERS["headerExtensions"]
    assert fitting["encodings"][0] is PARAMETERS["encodings"][0]


def test_unknown_fields_are_dropped() -> None:
    """What the schema does not know is left out, everywhere, and what is None, too; nothing given is changed."""
    codec = {**CODEC, "foo": 1, "rtcpFeedback": [{"type": "nack", "parameter": "", "foo": 1}]}
    given: Any = {
        **PARAMETERS,
        "foo": 1,
        "msid": None,
        "mid": "0",
        "codecs": [codec],
        "headerExtensions": [{**PARAMETERS["headerExtensions"][0], "foo": 1}],
        "encodings": [{"foo": 1, "rid": None, "rtx": {"foo": 1, "ssrc": 2}, "ssrc": 1, "dtx": False}],
        "rtcp": {"mux": True, "cname": "x", "reducedSize": True},
    }
    before = repr(given)
    assert wire.rtp_parameters(given) == {**PARAMETERS, "mid": "0"}
    assert repr(given) == before


def test_one_order_of_keys() -> None:
    """Whatever order an endpoint sends its keys in, they go out in one."""
    encoding = {"dtx": False, "maxBitrate": 5, "scalabilityMode": "L1T3", "rtx": {"ssrc": 2}, "ssrc": 1}
    given: Any = {**PARAMETERS, "encodings": [encoding], "codecs": [dict(reversed(CODEC.items()))]}
    fitting = wire.rtp_parameters(given)
    assert list(fitting["encodings"][0]) == ["ssrc", "rtx", "scalabilityMode", "maxBitrate", "dtx"]
    assert list(fitting["codecs"][0]) == list(CODEC)


def test_needed_fields() -> None:
    """What the codec would take a default for has to be there."""
    wrong: Any
    for wrong in ({}, {"cryptoSuite": None, "keyBase64": "x"}, None, "x"):
        with pytest.raises(TypeError):
            wire.srtp_parameters(wrong)
    for wrong in ({}, {"fingerprints": [{"value": "x"}]}, {"fingerprints": {}}, None):
        with pytest.raises(TypeError):
            wire.dtls_parameters(wrong)
    with pytest.raises(TypeError):
        wire.consumer_layers({"temporalLayer": 1})  # type: ignore[typeddict-item]


def test_listen_info() -> None:
    """A listen info gets what the schema needs, and its former names are understood."""
    assert wire.listen_info({"protocol": "udp", "ip": "1.1.1.1"}) == {
        "protocol": "udp",
        "ip": "1.1.1.1",
        "portRange": {},
        "flags": {},
    }
    assert wire.listen_info(
        {
            "protocol": "tcp",
            "ip": "1.1.1.1",
            "announcedIp": "2.2.2.2",
            "announcedAddress": "x.org",
            "exposeInternalIp": True,
            "port": 5,
            "portRange": {"min": 1, "max": 2},
            "flags": {"ipv6Only": True},
            "sendBufferSize": 3,
            "recvBufferSize": 4,
            "foo": 1,  # type: ignore[typeddict-unknown-key]
        }
    ) == {
        "protocol": "tcp",
        "ip": "1.1.1.1",
        "announcedAddress": "x.org",
        "exposeInternalIp": True,
        "port": 5,
        "portRange": {"min": 1, "max": 2},
        "flags": {"ipv6Only": True},
        "sendBufferSize": 3,
        "recvBufferSize": 4,
    }
    former = wire.listen_info({"protocol": "udp", "ip": "1.1.1.1", "announcedIp": "2.2.2.2"})
    assert former["announcedAddress"] == "2.2.2.2"
    wrong: Any
    for wrong in (None, "127.0.0.1", {"ip": "1.1.1.1"}, {"protocol": "udp", "ip": "1.1.1.1", "portRange": 5}):
        with pytest.raises(TypeError):
            wire.listen_info(wrong)


def test_listen_ips() -> None:
    """Each former IP becomes a listen info for each protocol."""
    infos = wire.listen_infos_of_ips(["1.1.1.1", {"ip": "2.2.2.2", "announcedIp": "x"}], 5, ["udp", "tcp"])
    assert infos == [
        {"protocol": "udp", "ip": "1.1.1.1", "port": 5},
        {"protocol": "tcp", "ip": "1.1.1.1", "port": 5},
        {"protocol": "udp", "ip": "2.2.2.2", "announcedAddress": "x", "port": 5},
        {"protocol": "tcp", "ip": "2.2.2.2", "announcedAddress": "x", "port": 5},
    ]


@pytest.mark.parametrize(
    ("udp", "tcp", "prefer_udp", "prefer_tcp", "protocols"),
    [
        (True, True, False, False, ["udp", "tcp"]),
        (True, True, True, True, ["udp", "tcp"]),
        (True, True, False, True, ["tcp", "udp"]),
        (True, False, False, True, ["udp"]),
        (False, True, True, False, ["tcp"]),
        (False, False, False, False, []),
    ],
)
def test_protocols(
    udp: bool, tcp: bool, prefer_udp: bool, prefer_tcp: bool, protocols: list[TransportProtocol]
) -> None:
    """The preferred protocol is the first."""
    found = wire.preferred_protocols(enable_udp=udp, enable_tcp=tcp, prefer_udp=prefer_udp, prefer_tcp=prefer_tcp)
    assert found == protocols
