from __future__ import annotations

from typing import Any

import pytest

from tureen.mediasoup import ortc
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.types import RtpCapabilities, RtpParameters

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_WIDE_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY_DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"


def consume(
    consumable: RtpParameters, caps: RtpCapabilities, *, pipe: bool = False, enable_rtx: bool = True
) -> RtpParameters:
    """Make a consumer's parameters with SSRCs from 500,000,000 on."""
    return ortc.get_consumer_rtp_parameters(
        consumable_rtp_parameters=consumable,
        remote_rtp_capabilities=ortc.validate_and_normalize_rtp_capabilities(caps),
        pipe=pipe,
        enable_rtx=enable_rtx,
        ssrcs=ortc.SsrcSequence(500_000_000),
        validated=True,
    )


def without_extensions(caps: RtpCapabilities, *uris: str) -> RtpCapabilities:
    """Return capabilities without some header extensions."""
    return {**caps, "headerExtensions": [known for known in caps["headerExtensions"] if known["uri"] not in uris]}


def feedback(params: RtpParameters) -> list[tuple[str, str]]:
    """Return the feedback of the first codec."""
    return [(entry["type"], entry["parameter"]) for entry in params["codecs"][0]["rtcpFeedback"]]


def test_consumer_gets_one_stream_out_of_simulcast(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """All encodings become the spatial layers of one stream, at the highest of their bit rates."""
    assert consume(consumable_parameters, endpoint_capabilities)["encodings"] == [
        {
            "ssrc": 500_000_000,
            "rtx": {"ssrc": 500_000_001},
            "scalabilityMode": "L3T3",
            "maxBitrate": 900_000,
        }
    ]


def test_single_encoding_keeps_its_scalability_mode(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """A single SVC stream is passed on under its own scalability mode."""
    svc: RtpParameters = {**consumable_parameters, "encodings": [{"ssrc": 1, "scalabilityMode": "L3T2_KEY"}]}
    assert consume(svc, endpoint_capabilities)["encodings"][0]["scalabilityMode"] == "L3T2_KEY"


def test_single_encoding_without_scalability_mode_has_none(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """A plain stream needs neither a scalability mode nor a bit rate."""
    plain: RtpParameters = {**consumable_parameters, "encodings": [{"ssrc": 1}]}
    assert consume(plain, endpoint_capabilities)["encodings"] == [
        {"ssrc": 500_000_000, "rtx": {"ssrc": 500_000_001}},
    ]


def test_consumer_uses_codecs_and_header_extensions_that_both_know(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """Codecs are the producer's with the endpoint's feedback; header extensions must agree in name and number."""
    params = consume(consumable_parameters, endpoint_capabilities)
    assert [(codec["mimeType"], codec["payloadType"]) for codec in params["codecs"]] == [
        ("video/VP8", 101),
        ("video/rtx", 102),
    ]
    assert [(used["id"], used["uri"]) for used in params["headerExtensions"]] == [
        (1, MID),
        (4, ABS_SEND_TIME),
        (5, TRANSPORT_WIDE_CC),
        (8, "urn:3gpp:video-orientation"),
    ]
    assert params["rtcp"] == {"cname": "somebody", "reducedSize": True}
    assert params["msid"] == "stream track"


def test_transport_wide_congestion_control_beats_remb(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """With the transport-wide header extension REMB is not used."""
    assert feedback(consume(consumable_parameters, endpoint_capabilities)) == [
        ("nack", ""),
        ("nack", "pli"),
        ("ccm", "fir"),
        ("transport-cc", ""),
    ]


def test_remb_is_used_with_absolute_send_time(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """Without the transport-wide header extension, absolute send time makes REMB possible."""
    caps = without_extensions(endpoint_capabilities, TRANSPORT_WIDE_CC)
    assert ("goog-remb", "") in feedback(consume(consumable_parameters, caps))
    assert ("transport-cc", "") not in feedback(consume(consumable_parameters, caps))


def test_no_bandwidth_estimation_without_its_header_extensions(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """With neither header extension, neither feedback is used."""
    caps = without_extensions(endpoint_capabilities, TRANSPORT_WIDE_CC, ABS_SEND_TIME)
    assert feedback(consume(consumable_parameters, caps)) == [("nack", ""), ("nack", "pli"), ("ccm", "fir")]


def test_rtx_can_be_left_out(consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities) -> None:
    """Without RTX there is no RTX codec, no RTX stream and no plain NACK; requests for key frames stay."""
    params = consume(consumable_parameters, endpoint_capabilities, enable_rtx=False)
    assert [codec["mimeType"] for codec in params["codecs"]] == ["video/VP8"]
    assert ("nack", "") not in feedback(params)
    assert ("nack", "pli") in feedback(params)
    assert "rtx" not in params["encodings"][0]


def test_endpoint_without_rtx_gets_none(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """An endpoint that does not know RTX gets no RTX stream, but may still send NACK."""
    caps: RtpCapabilities = {
        **endpoint_capabilities,
        "codecs": [codec for codec in endpoint_capabilities["codecs"] if codec["mimeType"] != "video/rtx"],
    }
    params = consume(consumable_parameters, caps)
    assert "rtx" not in params["encodings"][0]
    assert ("nack", "") in feedback(params)


def test_consumer_without_common_codec_is_refused(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """Without a media codec that both know UnsupportedError is raised, even if both know RTX."""
    caps: RtpCapabilities = {
        **endpoint_capabilities,
        "codecs": [codec for codec in endpoint_capabilities["codecs"] if codec["mimeType"] != "video/VP8"],
    }
    with pytest.raises(UnsupportedError):
        consume(consumable_parameters, caps)


def test_malformed_codecs_are_refused(consumable_parameters: RtpParameters) -> None:
    """Codecs of capabilities that were not validated before are checked."""
    malformed: Any = {"codecs": [{"mimeType": "video/VP8"}], "headerExtensions": []}
    with pytest.raises(TypeError):
        ortc.get_consumer_rtp_parameters(
            consumable_rtp_parameters=consumable_parameters,
            remote_rtp_capabilities=malformed,
            pipe=False,
            enable_rtx=True,
        )


def test_consumer_with_pipe_gets_all_encodings(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """A consumer that pipes sends every encoding, each with RTX."""
    params = consume(consumable_parameters, endpoint_capabilities, pipe=True)
    assert [(encoding["ssrc"], encoding["rtx"]["ssrc"]) for encoding in params["encodings"]] == [
        (500_000_000, 500_000_003),
        (500_000_001, 500_000_004),
        (500_000_002, 500_000_005),
    ]
    assert [encoding.get("maxBitrate") for encoding in params["encodings"]] == [100_000, 900_000, None]


def test_pipe_transport_passes_everything_on(consumable_parameters: RtpParameters) -> None:
    """Without RTX a pipe carries the media codec, all encodings, and requests for key frames alone."""
    params = ortc.get_pipe_consumer_rtp_parameters(
        consumable_rtp_parameters=consumable_parameters, enable_rtx=False, ssrcs=ortc.SsrcSequence(500_000_000)
    )
    assert [codec["mimeType"] for codec in params["codecs"]] == ["video/VP8"]
    assert feedback(params) == [("nack", "pli"), ("ccm", "fir")]
    assert params["encodings"] == [
        {"ssrc": 500_000_000, "scalabilityMode": "L1T3", "maxBitrate": 100_000, "dtx": False},
        {"ssrc": 500_000_001, "scalabilityMode": "L1T3", "maxBitrate": 900_000, "dtx": False},
        {"ssrc": 500_000_002, "scalabilityMode": "L1T3", "dtx": True},
    ]
    assert params["rtcp"] == {"cname": "somebody", "reducedSize": True}
    assert params["msid"] == "stream track"


def test_pipe_transport_with_rtx_repairs_losses(consumable_parameters: RtpParameters) -> None:
    """With RTX a pipe carries the RTX codec, an RTX stream an encoding, and NACK."""
    params = ortc.get_pipe_consumer_rtp_parameters(consumable_rtp_parameters=consumable_parameters, enable_rtx=True)
    assert [codec["mimeType"] for codec in params["codecs"]] == ["video/VP8", "video/rtx"]
    assert feedback(params) == [("nack", ""), ("nack", "pli"), ("ccm", "fir")]
    assert all("rtx" in encoding for encoding in params["encodings"])


def test_pipe_transport_carries_the_dependency_descriptor(consumable_parameters: RtpParameters) -> None:
    """A pipe has its own MID and no bandwidth estimation, but tells the layers of AV1 and VP9 apart."""
    extensions = ortc.get_pipe_consumer_rtp_parameters(
        consumable_rtp_parameters=consumable_parameters, enable_rtx=True
    )["headerExtensions"]
    uris = [used["uri"] for used in extensions]
    assert not {MID, ABS_SEND_TIME, TRANSPORT_WIDE_CC} & set(uris)
    assert {"uri": DEPENDENCY_DESCRIPTOR, "id": 7, "encrypt": False, "parameters": {}} in extensions
    assert [used["id"] for used in extensions] == sorted(used["id"] for used in extensions)


def test_the_dependency_descriptor_has_mediasoups_number(router_capabilities: RtpCapabilities) -> None:
    """What pipes carry is numbered as in the capabilities of the router at the other end."""
    known = [
        extension["preferredId"]
        for extension in router_capabilities["headerExtensions"]
        if extension["uri"] == DEPENDENCY_DESCRIPTOR
    ]
    assert known == [7]


def test_a_pipe_can_be_piped_on(consumable_parameters: RtpParameters, router_capabilities: RtpCapabilities) -> None:
    """What a pipe consumer sends can be produced in a router with the same codecs, and piped on from there."""
    first = ortc.get_pipe_consumer_rtp_parameters(consumable_rtp_parameters=consumable_parameters, enable_rtx=True)
    produced = ortc.get_producer_rtp_parameters_mapping(first, router_capabilities)
    again = ortc.get_consumable_rtp_parameters(
        "video", produced.rtp_parameters, router_capabilities, produced.rtp_mapping
    )
    second = ortc.get_pipe_consumer_rtp_parameters(consumable_rtp_parameters=again, enable_rtx=True)
    assert second["codecs"] == first["codecs"]
    assert second["headerExtensions"] == first["headerExtensions"]
    assert len(second["encodings"]) == 3
