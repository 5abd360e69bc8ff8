"""Translate between the schema's names and mediasoup's public ones.

The rule: fields change from snake_case to camelCase, enum members to lower case. What mediasoup calls differently is
listed here, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping

# Enums whose members keep the schema's spelling.
VERBATIM_ENUMS = frozenset(
    {
        "FBS.Notification.Event",
        "FBS.Request.Method",
        "FBS.SrtpParameters.SrtpCryptoSuite",
    }
)

# Tables whose fields keep the schema's spelling: these are the kernel's own names (getrusage).
VERBATIM_TABLES = frozenset({"FBS.Worker.ResourceUsageResponse"})

# What there is to be read of an object that was just made: nothing hangs on it yet, and the fingerprints are those of
# its worker's certificate.
OF_NEW: Mapping[str, frozenset[str]] = {
    "FBS.Transport.Dump": frozenset({"sctpParameters", "sctpState"}),
    "FBS.WebRtcTransport.DtlsParameters": frozenset({"role"}),
}

ENUM_NAMES: Mapping[str, Mapping[str, str]] = {
    "FBS.Common.TraceDirection": {"DIRECTION_IN": "in", "DIRECTION_OUT": "out"},
    "FBS.RtpParameters.RtpHeaderExtensionUri": {
        "Mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
        "RtpStreamId": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
        "RepairRtpStreamId": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
        "AbsSendTime": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "TransportWideCcDraft01": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "SsrcAudioLevel": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "DependencyDescriptor": (
            "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
        ),
        "VideoOrientation": "urn:3gpp:video-orientation",
        "TimeOffset": "urn:ietf:params:rtp-hdrext:toffset",
        "AbsCaptureTime": "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
        "PlayoutDelay": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
        "MediasoupPacketId": "urn:mediasoup:params:rtp-hdrext:packet-id",
    },
    "FBS.Transport.BweType": {"TRANSPORT_CC": "transport-cc"},
    "FBS.WebRtcTransport.FingerprintAlgorithm": {
        "SHA1": "sha-1",
        "SHA224": "sha-224",
        "SHA256": "sha-256",
        "SHA384": "sha-384",
        "SHA512": "sha-512",
    },
}

# Methods whose body does not follow from their name.
BODIES: Mapping[str, str] = {
    "ROUTER_CREATE_WEBRTCTRANSPORT_WITH_SERVER": "Router_CreateWebRtcTransportRequest",
    "WORKER_WEBRTCSERVER_CLOSE": "Worker_CloseWebRtcServerRequest",
}


def public_field_name(table: str, field: str) -> str:
    """Return the public form of a field's name, both as the schema spells them."""
    return field if table in VERBATIM_TABLES else camel_case(field)


def camel_case(name: str) -> str:
    """Return the public form of a field's name: ``transport_wide_cc01`` becomes ``transportWideCc01``."""
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


def public_enum_name(enum: str, member: str) -> str:
    """Return mediasoup's public string for a member of an enum, both as the schema spells them."""
    if enum in VERBATIM_ENUMS:
        return member
    return ENUM_NAMES.get(enum, {}).get(member) or member.lower()


def bodies_by_name(names: Mapping[str, int], members: Mapping[str, object], suffix: str) -> dict[str, str | None]:
    """Return, for each method or event, the union member that is its body, or None.

    ``TRANSPORT_CLOSE_PRODUCER`` with the suffix ``Request`` has the body ``Transport_CloseProducerRequest``.
    """
    folded = {member.removesuffix(suffix).replace("_", "").upper(): member for member in members}
    return {name: BODIES[name] if BODIES.get(name) in members else folded.get(name.replace("_", "")) for name in names}
