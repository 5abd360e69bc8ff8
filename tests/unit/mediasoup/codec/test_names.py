"""The codec speaks mediasoup's public names."""

from __future__ import annotations

import re

import pytest

from tureen.bundle import WorkerBundle
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.codec.names import ENUM_NAMES, VERBATIM_ENUMS, camel_case

# Which type of mediasoup's TypeScript declarations says what the members of an enum are called.
DECLARED = {
    "FBS.Consumer.TraceEventType": "ConsumerTraceEventType",
    "FBS.DataConsumer.Type": "DataConsumerType",
    "FBS.DataProducer.Type": "DataProducerType",
    "FBS.Producer.TraceEventType": "ProducerTraceEventType",
    "FBS.RtpParameters.MediaKind": "MediaKind",
    "FBS.RtpParameters.RtpHeaderExtensionUri": "RtpHeaderExtensionUri",
    "FBS.RtpParameters.Type": "ConsumerType",
    "FBS.SctpAssociation.SctpState": "SctpState",
    "FBS.SrtpParameters.SrtpCryptoSuite": "SrtpCryptoSuite",
    "FBS.Transport.Protocol": "TransportProtocol",
    "FBS.Transport.TraceEventType": "TransportTraceEventType",
    "FBS.WebRtcTransport.DtlsRole": "DtlsRole",
    "FBS.WebRtcTransport.DtlsState": "DtlsState",
    "FBS.WebRtcTransport.FingerprintAlgorithm": "FingerprintAlgorithm",
    "FBS.WebRtcTransport.IceCandidateTcpType": "IceCandidateTcpType",
    "FBS.WebRtcTransport.IceCandidateType": "IceCandidateType",
    "FBS.WebRtcTransport.IceRole": "IceRole",
    "FBS.WebRtcTransport.IceState": "IceState",
}
# What TypeScript knows and the worker does not: a closed transport's own state.
MORE_DECLARED = {"FBS.WebRtcTransport.IceState": {"closed"}}
# Those without a declared type: mediasoup spells them out where they occur.
SPELLED_OUT = {
    "FBS.Common.TraceDirection": {"in": 0, "out": 1},
    "FBS.Transport.BweType": {"transport-cc": 0, "remb": 1},
}
INTERNAL = {"FBS.Notification.Event", "FBS.Request.Method"}


def test_every_enum_has_public_names(codec: Codec, worker_bundle: WorkerBundle) -> None:
    """The members of every enum are called as mediasoup's declarations call them."""
    text = "\n".join(path.read_text() for path in worker_bundle.declarations.glob("*.d.ts"))
    declared = {
        name: set(re.findall(r"'([^']+)'", members))
        for name, members in re.findall(r"^export (?:declare )?type (\w+) = ('[^;]+);", text, re.MULTILINE)
    }
    assert set(codec.model.enums) == DECLARED.keys() | SPELLED_OUT.keys() | INTERNAL
    for enum, type_ in DECLARED.items():
        assert set(codec.model.enums[enum].values) == declared[type_] - MORE_DECLARED.get(enum, set()), enum
    for enum, members in SPELLED_OUT.items():
        assert codec.model.enums[enum].values == members


def test_urns_belong_to_their_extensions(codec: Codec) -> None:
    """The numbers of header extensions, which their URIs do not tell, are those of the schema."""
    uris = {number: uri for uri, number in codec.model.enums["FBS.RtpParameters.RtpHeaderExtensionUri"].values.items()}
    assert [uris[number].rpartition("/")[2].rpartition(":")[2] for number in range(12)] == [
        "mid",
        "rtp-stream-id",
        "repaired-rtp-stream-id",
        "abs-send-time",
        "draft-holmer-rmcat-transport-wide-cc-extensions-01",
        "ssrc-audio-level",
        "#dependency-descriptor-rtp-header-extension",
        "video-orientation",
        "toffset",
        "abs-capture-time",
        "playout-delay",
        "packet-id",
    ]


def test_no_exception_is_out_of_date(codec: Codec) -> None:
    """Every enum that is an exception to the rule exists."""
    assert ENUM_NAMES.keys() | VERBATIM_ENUMS <= codec.model.enums.keys()


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("id", "id"),
        ("transport_wide_cc01", "transportWideCc01"),
        ("ipv6_only", "ipv6Only"),
        ("web_rtc_server_id", "webRtcServerId"),
        ("key_base64", "keyBase64"),
    ],
)
def test_fields_are_in_camel_case(name: str, public: str) -> None:
    """Fields are called in camelCase."""
    assert camel_case(name) == public


def test_some_tables_keep_the_schemas_names(codec: Codec) -> None:
    """A worker's use of resources has the kernel's own names."""
    keys = {field.key for field in codec.model.tables["FBS.Worker.ResourceUsageResponse"].fields}
    assert {"ru_utime", "ru_maxrss"} < keys
