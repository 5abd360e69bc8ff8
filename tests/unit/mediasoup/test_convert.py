"""What comes from the worker."""

from __future__ import annotations

from typing import Any

from tureen.mediasoup import convert


def test_prune() -> None:
    """What is absent is left out on all levels, and so are names that are empty."""
    values = {"a": None, "b": [{"c": None, "d": 0, "rid": ""}], "mid": "", "label": "", "e": False}
    assert convert.prune(values) == {"b": [{"d": 0}], "label": "", "e": False}
    assert convert.prune(None) is None


def test_tuple_and_candidate() -> None:
    """Former names stand beside the newer ones."""
    address = {"localAddress": "a", "localPort": 1, "remoteIp": None, "remotePort": 0, "protocol": "udp"}
    assert convert.transport_tuple(address) == {
        "localIp": "a",
        "localAddress": "a",
        "localPort": 1,
        "remotePort": 0,
        "protocol": "udp",
    }
    assert {**convert.ice_candidate({"address": "a", "tcpType": None})} == {"ip": "a", "address": "a"}


def stream(data_type: str, **fields: Any) -> dict[str, Any]:
    """Return the statistics of a stream as the codec decodes them."""
    base = {"ssrc": 1, "rid": "", "rtxSsrc": None, "rtxPacketsDiscarded": 0, "roundTripTime": 0.0}
    counts = {"packetCount": 1, "byteCount": 2, "bitrate": 3}
    nested = {"dataType": "BaseStats", "data": {**base, **fields}}
    layers = {"bitrateByLayer": [{"layer": "0.0", "bitrate": 5}]} if data_type == "RecvStats" else {}
    return {"dataType": data_type, "data": {"base": nested, **counts, **layers}}


def test_stream_statistics() -> None:
    """The nested statistics of a stream lie flat, without what there is not."""
    counts = {"packetCount": 1, "byteCount": 2, "bitrate": 3}
    sent = {"ssrc": 1, "roundTripTime": 0.0, **counts, "type": "outbound-rtp"}
    assert convert.rtp_stream_stats(stream("SendStats")) == sent
    received = convert.rtp_stream_stats(stream("RecvStats", rid="h", rtxSsrc=7, rtxPacketsDiscarded=2))
    assert received == {
        "ssrc": 1,
        "roundTripTime": 0.0,
        **counts,
        "type": "inbound-rtp",
        "rid": "h",
        "rtxSsrc": 7,
        "rtxPacketsDiscarded": 2,
        "bitrateByLayer": {"0.0": 5},
    }
