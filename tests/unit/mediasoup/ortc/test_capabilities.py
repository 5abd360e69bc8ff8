from __future__ import annotations

import copy
from typing import Any

import pytest

from tureen.mediasoup import ortc
from tureen.mediasoup.errors import MediasoupError, UnsupportedError
from tureen.mediasoup.supported_rtp_capabilities import get_supported_rtp_capabilities
from tureen.mediasoup.types import RouterRtpCodecCapability, RtcpFeedback

OPUS: RouterRtpCodecCapability = {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2}
VP8: RouterRtpCodecCapability = {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000}


def test_router_offers_the_codecs_that_were_asked_for(video_feedback: list[RtcpFeedback]) -> None:
    """Codecs keep their order and parameters, get mediasoup's feedback and payload types, and video gets RTX."""
    codecs: list[RouterRtpCodecCapability] = [
        {**OPUS, "parameters": {"useinbandfec": 1, "foo": "bar"}},
        {**VP8, "preferredPayloadType": 125},
        {
            "kind": "video",
            "mimeType": "video/H264",
            "clockRate": 90000,
            "parameters": {"level-asymmetry-allowed": 1, "profile-level-id": "42e01f", "foo": "bar"},
            "rtcpFeedback": [],
        },
    ]
    assert ortc.generate_router_rtp_capabilities(codecs)["codecs"] == [
        {
            "kind": "audio",
            "mimeType": "audio/opus",
            "preferredPayloadType": 100,
            "clockRate": 48000,
            "channels": 2,
            "parameters": {"useinbandfec": 1, "foo": "bar"},
            "rtcpFeedback": [{"type": "nack", "parameter": ""}, {"type": "transport-cc", "parameter": ""}],
        },
        {
            "kind": "video",
            "mimeType": "video/VP8",
            "preferredPayloadType": 125,
            "clockRate": 90000,
            "parameters": {},
            "rtcpFeedback": video_feedback,
        },
        {
            "kind": "video",
            "mimeType": "video/rtx",
            "preferredPayloadType": 101,
            "clockRate": 90000,
            "parameters": {"apt": 125},
            "rtcpFeedback": [],
        },
        {
            "kind": "video",
            "mimeType": "video/H264",
            "preferredPayloadType": 102,
            "clockRate": 90000,
            "parameters": {"level-asymmetry-allowed": 1, "profile-level-id": "42e01f", "foo": "bar"},
            "rtcpFeedback": video_feedback,
        },
        {
            "kind": "video",
            "mimeType": "video/rtx",
            "preferredPayloadType": 103,
            "clockRate": 90000,
            "parameters": {"apt": 102},
            "rtcpFeedback": [],
        },
    ]


def test_router_without_codecs_has_all_header_extensions() -> None:
    """A router can do without codecs; header extensions are always mediasoup's."""
    caps = ortc.generate_router_rtp_capabilities()
    assert caps["codecs"] == []
    assert caps["headerExtensions"] == get_supported_rtp_capabilities()["headerExtensions"]


def test_static_payload_types_are_kept() -> None:
    """A codec with a static payload type keeps it, and may still be given another."""
    pcmu: RouterRtpCodecCapability = {"kind": "audio", "mimeType": "audio/PCMU", "clockRate": 8000}
    assert ortc.generate_router_rtp_capabilities([pcmu])["codecs"][0]["preferredPayloadType"] == 0
    asked: RouterRtpCodecCapability = {**pcmu, "preferredPayloadType": 110}
    assert ortc.generate_router_rtp_capabilities([asked])["codecs"][0]["preferredPayloadType"] == 110


def test_payload_types_that_were_asked_for_are_not_given_to_others() -> None:
    """Dynamic payload types skip those that a codec before them asked for."""
    caps = ortc.generate_router_rtp_capabilities([{**OPUS, "preferredPayloadType": 100}, VP8])
    assert [codec["preferredPayloadType"] for codec in caps["codecs"]] == [100, 101, 102]


def test_codec_names_are_compared_without_regard_to_case() -> None:
    """The router spells a codec as mediasoup does, however it was asked for."""
    caps = ortc.generate_router_rtp_capabilities([{**VP8, "mimeType": "VIDEO/vp8"}])
    assert caps["codecs"][0]["mimeType"] == "video/VP8"


@pytest.mark.parametrize(
    "codec",
    [
        {"kind": "audio", "mimeType": "audio/chicken", "clockRate": 8000, "channels": 4},
        {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 1},
        {"kind": "audio", "mimeType": "audio/opus", "clockRate": 8000, "channels": 2},
        {"kind": "video", "mimeType": "video/rtx", "clockRate": 90000, "parameters": {"apt": 100}},
        {
            "kind": "audio",
            "mimeType": "audio/multiopus",
            "clockRate": 48000,
            "channels": 6,
            "parameters": {"num_streams": 2, "coupled_streams": 2},
        },
    ],
)
def test_unsupported_codecs_are_refused(codec: RouterRtpCodecCapability) -> None:
    """A codec that mediasoup does not know, or not with these channels or streams, raises UnsupportedError."""
    with pytest.raises(UnsupportedError):
        ortc.generate_router_rtp_capabilities([codec])


def test_too_many_codecs_are_refused() -> None:
    """There are 32 dynamic payload types."""
    assert len(ortc.generate_router_rtp_capabilities([OPUS] * 32)["codecs"]) == 32
    with pytest.raises(MediasoupError, match="cannot allocate"):
        ortc.generate_router_rtp_capabilities([OPUS] * 33)


def test_payload_types_must_be_unique() -> None:
    """Two codecs that ask for the same payload type raise TypeError."""
    with pytest.raises(TypeError, match="duplicated"):
        ortc.generate_router_rtp_capabilities([{**OPUS, "preferredPayloadType": 111}] * 2)


@pytest.mark.parametrize("codecs", ["opus", {}, 1, ["opus"], [{}], [{**VP8, "clockRate": None}]])
def test_malformed_codecs_are_refused(codecs: Any) -> None:
    """What is no list of codecs raises TypeError."""
    with pytest.raises(TypeError):
        ortc.generate_router_rtp_capabilities(codecs)


def test_arguments_are_left_alone(media_codecs: list[RouterRtpCodecCapability]) -> None:
    """Making capabilities changes neither the codecs nor what mediasoup supports."""
    before = copy.deepcopy(media_codecs)
    supported = get_supported_rtp_capabilities()
    ortc.generate_router_rtp_capabilities(media_codecs)
    assert media_codecs == before
    assert get_supported_rtp_capabilities() == supported
