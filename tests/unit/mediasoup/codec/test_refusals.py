"""What cannot be encoded is refused by name."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup.codec import Codec

LISTEN_INFO: dict[str, Any] = {"protocol": "udp", "ip": "127.0.0.1", "portRange": {"min": 1, "max": 2}, "flags": {}}


def create_transport(**changes: Any) -> dict[str, Any]:
    """Return the body of a request, with changes to its first ListenInfo."""
    listen = {"listenInfos": [{**LISTEN_INFO, **changes}]}
    return {"transportId": "t", "options": {"base": {}, "listenType": "ListenIndividual", "listen": listen}}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"port": 65536}, r"\.port must be from 0 to 65535, is 65536"),
        ({"port": -1}, r"\.port must be from 0 to 65535, is -1"),
        ({"port": "1"}, r"\.port must be an integer, is str '1'"),
        ({"port": 1.0}, r"\.port must be an integer, is float 1.0"),
        ({"protocol": "sctp"}, r"\.protocol must be one of udp, tcp, is 'sctp'"),
        ({"protocol": ["udp"]}, r"\.protocol must be one of udp, tcp"),
        ({"ip": 5}, r"\.ip must be a string, is int 5"),
        ({"ip": None}, r"\.ip is required"),
        ({"ip": b"::"}, r"\.ip must be a string, is bytes"),
        ({"ip": "\ud800"}, r"\.ip holds a lone surrogate"),
        ({"exposeInternalIp": "yes"}, r"\.exposeInternalIp must be a bool, is str 'yes'"),
        ({"portRange": None}, r"\.portRange is required"),
        ({"portRange": [1, 2]}, r"\.portRange must be a mapping, is list"),
        ({"portRange": {"min": 70000}}, r"\.portRange\.min must be from 0 to 65535"),
        ({"flags": {"ipv6only": True}}, r"\.flags\.ipv6only is no field of FBS\.Transport\.SocketFlags"),
        ({"announcedIp": "1.2.3.4"}, r"\.announcedIp is no field of FBS\.Transport\.ListenInfo"),
    ],
)
def test_the_field_is_named(codec: Codec, changes: dict[str, Any], message: str) -> None:
    """A wrong value, an unknown key and a missing one raise a TypeError that starts with the field's path."""
    prefix = r"^ROUTER_CREATE_WEBRTCTRANSPORT\.options\.listen\.listenInfos\[0\]"
    with pytest.raises(TypeError, match=prefix + message):
        codec.encode_request(1, "ROUTER_CREATE_WEBRTCTRANSPORT", "r", create_transport(**changes))
    codec.encode_request(1, "ROUTER_CREATE_WEBRTCTRANSPORT", "r", create_transport())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base": {}, "listen": {"webRtcServerId": "s"}}, r"listenType must be one of ListenIndividual, ListenServer"),
        ({"base": {}, "listenType": "ListenServer"}, r"listen is required with its type"),
        ({"base": {}}, r"listen is required"),
        ({"base": {}, "listenType": "NONE", "listen": {}}, r"listenType must be one of"),
        ({"listenType": "ListenServer", "listen": {"webRtcServerId": "s"}}, r"base is required"),
    ],
)
def test_unions_are_complete(codec: Codec, options: dict[str, Any], message: str) -> None:
    """A union needs its type and its value, and only types that the schema knows."""
    with pytest.raises(TypeError, match=message):
        codec.encode_request(
            1, "ROUTER_CREATE_WEBRTCTRANSPORT", "r", {"transportId": "t", "options": {**options, "enableUdp": True}}
        )


@pytest.mark.parametrize("tags", ["info", b"info", {"info": 1}, 5, [5], [None]])
def test_vectors_are_lists(codec: Codec, tags: Any) -> None:
    """A string is no list of strings, nor is anything else that is no list of them."""
    with pytest.raises(TypeError, match=r"WORKER_UPDATE_SETTINGS\.logTags"):
        codec.encode_request(1, "WORKER_UPDATE_SETTINGS", "", {"logTags": tags})


@pytest.mark.parametrize("data", [5, "rtp", [1, 2], None])
def test_bytes_are_bytes(codec: Codec, data: Any) -> None:
    """A vector of uint8 takes bytes-like objects only; a number is not that many zeros."""
    with pytest.raises(TypeError, match=r"PRODUCER_SEND\.data"):
        codec.encode_notification("PRODUCER_SEND", "p", {"data": data})


def test_methods_and_bodies_fit(codec: Codec) -> None:
    """Unknown methods, missing bodies and bodies too many are refused."""
    with pytest.raises(TypeError, match="unknown method or event 'WORKER_DANCE'"):
        codec.encode_request(1, "WORKER_DANCE", "", None)
    with pytest.raises(TypeError, match="WORKER_CREATE_ROUTER needs a body"):
        codec.encode_request(1, "WORKER_CREATE_ROUTER", "", None)
    with pytest.raises(TypeError, match="WORKER_DUMP takes no body"):
        codec.encode_request(1, "WORKER_DUMP", "", {})
    with pytest.raises(TypeError, match="handlerId must be a string"):
        codec.encode_request(1, "WORKER_DUMP", 5, None)  # type: ignore[arg-type]
