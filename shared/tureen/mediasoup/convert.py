"""Turn what the codec decodes into mediasoup's structures.

The codec does most of it. What remains: fields that are absent are left out (the codec says None), some structures have
older names for their fields beside the newer ones, lists of numbers that the schema has as bytes are lists again, and
what the schema nests (a base in a dump, unions) lies flat.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from tureen.mediasoup.types import (
    ConsumerLayers,
    ConsumerScore,
    IceCandidate,
    SctpParameters,
    TransportTuple,
)

Decoded = Mapping[str, Any]


def present(values: Decoded) -> dict[str, Any]:
    """Leave out what is absent, on the first level."""
    return {key: value for key, value in values.items() if value is not None}


# The worker writes these as empty strings where there are none.
_NEVER_EMPTY = frozenset({"mid", "msid", "parameter", "rid", "rrid", "scalabilityMode"})


def prune(value: Any) -> Any:
    """Leave out what is absent, on all levels."""
    if isinstance(value, dict):
        return {
            key: prune(item)
            for key, item in value.items()
            if item is not None and (item != "" or key not in _NEVER_EMPTY)
        }
    if isinstance(value, list):
        return [prune(item) for item in value]
    return value


def transport_tuple(values: Decoded) -> TransportTuple:
    """Return a tuple of addresses."""
    return cast("TransportTuple", {"localIp": values["localAddress"], **present(values)})


def ice_candidate(values: Decoded) -> IceCandidate:
    """Return an ICE candidate; what may be absent of it is `tcpType`."""
    candidate: dict[str, Any] = {"ip": values["address"], **values}
    if values.get("tcpType") is None:
        candidate.pop("tcpType", None)
    return cast("IceCandidate", candidate)


def sctp_parameters(values: Decoded) -> SctpParameters:
    """Return the parameters of an SCTP association, with those of former versions of mediasoup-client."""
    former = {"OS": 65535, "MIS": 65535, "maxMessageSize": values["maxReceiveMessageSize"]}
    return cast("SctpParameters", {**values, **former})


def consumer_layers(values: Decoded | None) -> ConsumerLayers | None:
    """Return the layers of a consumer, or None."""
    return None if values is None else cast("ConsumerLayers", present(values))


def consumer_score(values: Decoded) -> ConsumerScore:
    """Return the scores of a consumer."""
    return cast("ConsumerScore", {**values, "producerScores": list(values["producerScores"])})


def trace(values: Decoded) -> dict[str, Any]:
    """Return a traced event."""
    info = values["info"]
    return {
        "type": values["type"],
        "timestamp": values["timestamp"],
        "direction": values["direction"],
        "info": {} if info is None else prune(info),
    }


# What a transport's dump or statistics hold that is rewritten as above.
_REWRITERS: Mapping[str, Callable[[Any], Any]] = {
    "tuple": transport_tuple,
    "rtcpTuple": transport_tuple,
    "iceSelectedTuple": transport_tuple,
    "sctpParameters": sctp_parameters,
    "iceCandidates": lambda candidates: [ice_candidate(candidate) for candidate in candidates],
}


# Lists of ids, and maps between ids and SSRCs, as long as there are objects on a transport: nothing in them is absent.
_OF_IDS = frozenset(
    {
        "consumerIds",
        "dataConsumerIds",
        "dataProducerIds",
        "mapRtxSsrcConsumerId",
        "mapSsrcConsumerId",
        "producerIds",
        "rtpListener",
        "sctpListener",
    }
)


def transport_dump(values: Decoded) -> dict[str, Any]:
    """Return the dump of a transport of any class."""
    merged = {**values["base"], **values}
    del merged["base"]
    # It is what the transport's class says already.
    del merged["direct"]
    return {
        key: _REWRITERS[key](value) if key in _REWRITERS else value if key in _OF_IDS else prune(value)
        for key, value in merged.items()
        if value is not None
    }


def transport_stats(values: Decoded, type_: str) -> dict[str, Any]:
    """Return the statistics of a transport of any class.

    Args:
        values: What was decoded.
        type_: What stands in the field ``type``.
    """
    stats = present(values["base"])
    stats["type"] = type_
    for key, value in values.items():
        if key != "base" and value is not None:
            stats[key] = _REWRITERS[key](value) if key in _REWRITERS else value
    return stats


def rtp_stream_stats(values: Decoded) -> dict[str, Any]:
    """Return the statistics of one RTP stream: ``inbound-rtp`` if the worker receives it, else ``outbound-rtp``."""
    data = values["data"]
    stats = present(data["base"]["data"])
    if not stats["rtxPacketsDiscarded"]:
        del stats["rtxPacketsDiscarded"]
    if not stats.get("rid"):
        stats.pop("rid", None)
    stats["byteCount"] = data["byteCount"]
    stats["packetCount"] = data["packetCount"]
    stats["bitrate"] = data["bitrate"]
    if values["dataType"] == "RecvStats":
        stats["type"] = "inbound-rtp"
        stats["bitrateByLayer"] = {entry["layer"]: entry["bitrate"] for entry in data["bitrateByLayer"]}
    else:
        stats["type"] = "outbound-rtp"
    return stats


def producer_dump(values: Decoded) -> dict[str, Any]:
    """Return the dump of a producer."""
    return _without_empty(prune(values), "rtpStreams")


def consumer_dump(values: Decoded) -> dict[str, Any]:
    """Return the dump of a consumer of any type."""
    dump: dict[str, Any] = prune(values["data"])
    dump |= dump.pop("base")
    dump["supportedCodecPayloadTypes"] = list(dump["supportedCodecPayloadTypes"])
    if dump["type"] not in ("simulcast", "svc"):
        for layer in [key for key in dump if key.endswith("Layer")]:
            del dump[layer]
    if dump["type"] != "pipe":
        # They make one stream out of however many there are.
        dump["rtpStream"] = dump.pop("rtpStreams")[0]
    return _without_empty(dump, "consumableRtpEncodings")


def _without_empty(dump: dict[str, Any], key: str) -> dict[str, Any]:
    if not dump[key]:
        del dump[key]
    return dump
