from __future__ import annotations

import copy
from typing import Any, Final

import pytest

from tureen.mediasoup import ortc
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.types import RtpCapabilities, RtpParameters

ABS_CAPTURE_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"


def produce(
    params: Any, caps: RtpCapabilities, *, ssrcs: ortc.SsrcSource = ortc.random_ssrcs
) -> ortc.ProducerRtpMapping:
    """Normalise and map parameters."""
    return ortc.get_producer_rtp_parameters_mapping(
        ortc.validate_and_normalize_rtp_parameters(params), caps, ssrcs=ssrcs
    )


def h264_parameters(**parameters: Any) -> Any:
    """Make parameters of one H264 codec."""
    codec = {"mimeType": "video/H264", "payloadType": 111, "clockRate": 90000, "parameters": parameters}
    return {"codecs": [codec], "encodings": [{"ssrc": 1}]}


def test_codecs_and_encodings_are_mapped(
    simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """Each codec gets the router's payload type, each encoding an SSRC of its own."""
    simulcast_parameters["encodings"][0]["ssrc"] = 4711
    assert produce(simulcast_parameters, router_capabilities, ssrcs=ortc.SsrcSequence(500_000_000)).rtp_mapping == {
        "codecs": [{"payloadType": 96, "mappedPayloadType": 101}, {"payloadType": 97, "mappedPayloadType": 102}],
        "encodings": [
            {"ssrc": 4711, "rid": "low", "mappedSsrc": 500_000_000},
            {"rid": "mid", "mappedSsrc": 500_000_001},
            {"rid": "high", "mappedSsrc": 500_000_002},
        ],
    }


def test_parameters_that_need_no_change_are_shared(
    simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """Mapping returns the very parameters it was given unless an H264 level had to be agreed on."""
    params = ortc.validate_and_normalize_rtp_parameters(simulcast_parameters)
    assert ortc.get_producer_rtp_parameters_mapping(params, router_capabilities).rtp_parameters is params


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ({"profile-level-id": "4d0014"}, "4d0014"),
        ({"profile-level-id": "4D0014"}, "4d0014"),
        ({"profile-level-id": "4d0033"}, "4d0032"),
        ({"profile-level-id": "4d0033", "level-asymmetry-allowed": 1}, "4d0033"),
    ],
)
def test_h264_level_is_agreed_on(offered: dict[str, Any], agreed: str, router_capabilities: RtpCapabilities) -> None:
    """The lower level wins unless both sides allow different ones."""
    params = h264_parameters(**{"packetization-mode": 1}, **offered)
    before = copy.deepcopy(params)
    codec = produce(params, router_capabilities).rtp_parameters["codecs"][0]
    assert codec["parameters"]["profile-level-id"] == agreed
    assert params == before


@pytest.mark.parametrize(
    "codec",
    [
        {"mimeType": "video/AV1", "payloadType": 96, "clockRate": 90000},
        {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 48000},
        {"mimeType": "audio/opus", "payloadType": 96, "clockRate": 48000, "channels": 1},
        {"mimeType": "video/H264", "payloadType": 96, "clockRate": 90000, "parameters": {"packetization-mode": 1}},
        {
            "mimeType": "video/H264",
            "payloadType": 96,
            "clockRate": 90000,
            "parameters": {"packetization-mode": 0, "profile-level-id": "4d0032"},
        },
    ],
)
def test_codecs_that_the_router_lacks_are_refused(codec: Any, router_capabilities: RtpCapabilities) -> None:
    """Another codec, clock rate, number of channels, H264 profile or packetization mode raises UnsupportedError."""
    with pytest.raises(UnsupportedError):
        produce({"codecs": [codec]}, router_capabilities)


def test_rtx_without_media_codec_is_refused(
    simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """An RTX codec that repairs an unknown payload type raises TypeError."""
    simulcast_parameters["codecs"][1]["parameters"]["apt"] = 98
    with pytest.raises(TypeError):
        produce(simulcast_parameters, router_capabilities)


def test_rtx_that_repairs_itself_is_refused(
    simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """An RTX codec that names its own payload type raises TypeError."""
    simulcast_parameters["codecs"][1]["parameters"]["apt"] = 97
    with pytest.raises(TypeError):
        produce(simulcast_parameters, router_capabilities)


def test_rtx_needs_a_router_with_rtx(simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities) -> None:
    """An RTX codec for which the router has none raises UnsupportedError."""
    without_rtx: RtpCapabilities = {
        **router_capabilities,
        "codecs": [codec for codec in router_capabilities["codecs"] if codec["mimeType"] != "video/rtx"],
    }
    with pytest.raises(UnsupportedError):
        produce(simulcast_parameters, without_rtx)


def test_consumable_parameters_are_in_the_routers_terms(
    simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """Consumers see the router's payload types and SSRCs, and nothing that is the sender's own."""
    negotiated = produce(simulcast_parameters, router_capabilities, ssrcs=ortc.SsrcSequence(500_000_000))
    consumable = ortc.get_consumable_rtp_parameters(
        "video", negotiated.rtp_parameters, router_capabilities, negotiated.rtp_mapping
    )
    assert [(codec["mimeType"], codec["payloadType"]) for codec in consumable["codecs"]] == [
        ("video/VP8", 101),
        ("video/rtx", 102),
    ]
    assert consumable["codecs"][0]["rtcpFeedback"] == router_capabilities["codecs"][1]["rtcpFeedback"]
    assert consumable["codecs"][1]["parameters"] == {"apt": 101}
    assert consumable["encodings"] == [
        {"ssrc": 500_000_000, "scalabilityMode": "L1T3", "maxBitrate": 100_000, "dtx": False},
        {"ssrc": 500_000_001, "scalabilityMode": "L1T3", "maxBitrate": 900_000, "dtx": False},
        {"ssrc": 500_000_002, "scalabilityMode": "L1T3", "dtx": True},
    ]
    assert consumable["rtcp"] == {"cname": "somebody", "reducedSize": True}
    assert consumable["msid"] == "stream track"
    assert "mid" not in consumable


def test_codec_parameters_stay_the_producers(router_capabilities: RtpCapabilities) -> None:
    """Consumers get the codec parameters of the producer, not those of the router."""
    params = h264_parameters(**{"foo": 1234, "packetization-mode": 1, "profile-level-id": "4d0032"})
    negotiated = produce(params, router_capabilities)
    consumable = ortc.get_consumable_rtp_parameters(
        "video", negotiated.rtp_parameters, router_capabilities, negotiated.rtp_mapping
    )
    assert consumable["codecs"][0]["parameters"] == {
        "foo": 1234,
        "packetization-mode": 1,
        "profile-level-id": "4d0032",
    }


def test_consumable_header_extensions_are_those_that_mediasoup_sends(
    consumable_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """Header extensions of the kind that mediasoup only receives are left out."""
    sent = {
        (known["preferredId"], known["uri"])
        for known in router_capabilities["headerExtensions"]
        if known["kind"] == "video" and known["direction"] == "sendrecv" and known["uri"] != ABS_CAPTURE_TIME
    }
    assert {(offered["id"], offered["uri"]) for offered in consumable_parameters["headerExtensions"]} == sent


@pytest.mark.parametrize("sends", [True, False])
def test_capture_time_is_offered_only_where_it_is_sent(
    sends: bool, simulcast_parameters: RtpParameters, router_capabilities: RtpCapabilities
) -> None:
    """The capture time comes from the producer's packets, so without it consumers are not promised any."""
    if sends:
        simulcast_parameters["headerExtensions"].append({"uri": ABS_CAPTURE_TIME, "id": 9})
    negotiated = produce(simulcast_parameters, router_capabilities)
    consumable = ortc.get_consumable_rtp_parameters(
        "video", negotiated.rtp_parameters, router_capabilities, negotiated.rtp_mapping
    )
    assert (ABS_CAPTURE_TIME in [offered["uri"] for offered in consumable["headerExtensions"]]) is sends


def test_an_endpoint_with_the_codec_can_consume(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """An endpoint that knows the producer's codec can consume it."""
    assert ortc.can_consume(consumable_parameters, endpoint_capabilities)


def test_an_endpoint_without_the_codec_cannot_consume(
    consumable_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """Neither other codecs nor RTX alone are enough."""
    others: RtpCapabilities = {
        "codecs": [codec for codec in endpoint_capabilities["codecs"] if codec["mimeType"] != "video/VP8"]
    }
    assert not ortc.can_consume(consumable_parameters, others)
    assert not ortc.can_consume(consumable_parameters, {})


def test_malformed_capabilities_cannot_be_asked_about(consumable_parameters: RtpParameters) -> None:
    """Malformed capabilities raise TypeError."""
    malformed: Any = {"codecs": ["VP8"]}
    with pytest.raises(TypeError):
        ortc.can_consume(consumable_parameters, malformed)


def test_multichannel_opus_must_agree_on_streams() -> None:
    """Multichannel Opus is matched by channels, streams and coupled streams."""
    caps = ortc.generate_router_rtp_capabilities(
        [
            {
                "kind": "audio",
                "mimeType": "audio/multiopus",
                "preferredPayloadType": 100,
                "clockRate": 48000,
                "channels": 6,
                "parameters": {"channel_mapping": "0,4,1,2,3,5", "num_streams": 4, "coupled_streams": 2},
            }
        ]
    )

    def params(streams: int, coupled: int, channels: int = 6) -> Any:
        codec = {
            "mimeType": "audio/multiopus",
            "payloadType": 0,
            "clockRate": 48000,
            "channels": channels,
            "parameters": {"useinbandfec": 1, "num_streams": streams, "coupled_streams": coupled},
        }
        return {"codecs": [codec]}

    assert produce(params(4, 2), caps).rtp_mapping["codecs"] == [{"payloadType": 0, "mappedPayloadType": 100}]
    for wrong in (params(2, 2), params(4, 1), params(4, 2, channels=8)):
        with pytest.raises(UnsupportedError):
            produce(wrong, caps)
