from __future__ import annotations

import copy
from typing import Any

import pytest

from tureen.mediasoup import ortc
from tureen.mediasoup.types import RtpCapabilities, RtpParameters, SctpStreamParameters

AUDIO_CODEC: dict[str, Any] = {"mimeType": "audio/opus", "preferredPayloadType": 100, "clockRate": 48000, "channels": 2}
VIDEO_CODEC: dict[str, Any] = {"mimeType": "video/VP8", "payloadType": 96, "clockRate": 90000}
CAPABILITY_EXTENSION: dict[str, Any] = {"kind": "audio", "uri": "urn:3gpp:video-orientation", "preferredId": 8}
EXTENSION: dict[str, Any] = {"uri": "urn:3gpp:video-orientation", "id": 8}


def capabilities(codec: Any = None, extension: Any = None, **fields: Any) -> Any:
    """Make capabilities of at most one codec and one header extension."""
    made: dict[str, Any] = {}
    if codec is not None:
        made["codecs"] = [codec]
    if extension is not None:
        made["headerExtensions"] = [extension]
    return made | fields


def parameters(codec: Any = None, **fields: Any) -> Any:
    """Make parameters of one codec."""
    return {"codecs": [VIDEO_CODEC if codec is None else codec]} | fields


def test_empty_capabilities_get_empty_lists() -> None:
    """Capabilities without codecs and header extensions have none of either."""
    empty: RtpCapabilities = {}
    assert ortc.validate_and_normalize_rtp_capabilities(empty) == {"codecs": [], "headerExtensions": []}


def test_codec_capability_gets_its_defaults() -> None:
    """A codec gets its kind from its MIME type, one channel, no parameters and no feedback."""
    caps: Any = capabilities({"mimeType": "Audio/PCMU", "kind": "video", "clockRate": 8000})
    assert ortc.validate_and_normalize_rtp_capabilities(caps)["codecs"] == [
        {
            "mimeType": "Audio/PCMU",
            "kind": "audio",
            "clockRate": 8000,
            "channels": 1,
            "parameters": {},
            "rtcpFeedback": [],
        }
    ]


def test_video_codecs_have_no_channels() -> None:
    """What a video codec says of channels is dropped."""
    caps = ortc.validate_and_normalize_rtp_capabilities(
        capabilities({"mimeType": "video/VP8", "clockRate": 90000, "channels": 2})
    )
    assert "channels" not in caps["codecs"][0]


def test_feedback_gets_an_empty_parameter() -> None:
    """Feedback without parameter has an empty one."""
    caps = ortc.validate_and_normalize_rtp_capabilities(
        capabilities(AUDIO_CODEC | {"rtcpFeedback": [{"type": "nack"}]})
    )
    assert caps["codecs"][0]["rtcpFeedback"] == [{"type": "nack", "parameter": ""}]


def test_absent_codec_parameter_values_become_empty() -> None:
    """A codec parameter of `None` is an empty string; others are kept as they are."""
    codec = AUDIO_CODEC | {"parameters": {"useinbandfec": 1, "foo": None, "ptime": 2.5}}
    caps = ortc.validate_and_normalize_rtp_capabilities(capabilities(codec))
    assert caps["codecs"][0]["parameters"] == {"useinbandfec": 1, "foo": "", "ptime": 2.5}


def test_header_extension_capability_gets_its_defaults() -> None:
    """A header extension is neither encrypted nor one-way unless it says so."""
    caps = ortc.validate_and_normalize_rtp_capabilities(capabilities(extension=CAPABILITY_EXTENSION))
    assert caps["headerExtensions"] == [CAPABILITY_EXTENSION | {"preferredEncrypt": False, "direction": "sendrecv"}]


@pytest.mark.parametrize(
    "caps",
    [
        None,
        "caps",
        {"codecs": {}},
        {"codecs": "opus"},
        {"headerExtensions": 1},
        capabilities("opus"),
        capabilities({"clockRate": 8000}),
        capabilities(AUDIO_CODEC | {"mimeType": ""}),
        capabilities(AUDIO_CODEC | {"mimeType": 1}),
        capabilities(AUDIO_CODEC | {"mimeType": "text/plain"}),
        capabilities(AUDIO_CODEC | {"mimeType": "audio/"}),
        capabilities(AUDIO_CODEC | {"preferredPayloadType": "100"}),
        capabilities(AUDIO_CODEC | {"clockRate": "48000"}),
        capabilities(AUDIO_CODEC | {"clockRate": None}),
        capabilities(AUDIO_CODEC | {"clockRate": True}),
        capabilities(AUDIO_CODEC | {"parameters": {"foo": True}}),
        capabilities(AUDIO_CODEC | {"parameters": {"foo": []}}),
        capabilities(AUDIO_CODEC | {"parameters": {"apt": "96"}}),
        capabilities(AUDIO_CODEC | {"parameters": {"apt": None}}),
        capabilities(AUDIO_CODEC | {"rtcpFeedback": ["nack"]}),
        capabilities(AUDIO_CODEC | {"rtcpFeedback": [{"parameter": "pli"}]}),
        capabilities(extension="mid"),
        capabilities(extension=CAPABILITY_EXTENSION | {"kind": "data"}),
        capabilities(extension=CAPABILITY_EXTENSION | {"kind": ""}),
        capabilities(extension=CAPABILITY_EXTENSION | {"uri": ""}),
        capabilities(extension=CAPABILITY_EXTENSION | {"preferredId": None}),
        capabilities(extension=CAPABILITY_EXTENSION | {"preferredEncrypt": "yes"}),
        capabilities(extension=CAPABILITY_EXTENSION | {"direction": 1}),
    ],
)
def test_malformed_capabilities_are_refused(caps: Any) -> None:
    """Capabilities with a field of a wrong type, or without a mandatory one, raise TypeError."""
    with pytest.raises(TypeError):
        ortc.validate_and_normalize_rtp_capabilities(caps)


@pytest.mark.parametrize(
    "caps",
    [
        {"codecs": None, "headerExtensions": 0},
        capabilities(AUDIO_CODEC | {"preferredPayloadType": None}),
        capabilities(AUDIO_CODEC | {"parameters": "none", "rtcpFeedback": "none"}),
        capabilities(AUDIO_CODEC | {"channels": "2"}),
        capabilities(extension=CAPABILITY_EXTENSION | {"preferredEncrypt": None, "direction": ""}),
    ],
)
def test_what_mediasoup_forgives_is_forgiven(caps: Any) -> None:
    """Optional fields that hold nothing useful get their defaults."""
    ortc.validate_and_normalize_rtp_capabilities(caps)


def test_parameters_get_their_defaults() -> None:
    """Parameters of one codec get empty lists, reduced-size RTCP and the codec's own defaults."""
    assert ortc.validate_and_normalize_rtp_parameters(parameters()) == {
        "codecs": [VIDEO_CODEC | {"parameters": {}, "rtcpFeedback": []}],
        "headerExtensions": [],
        "encodings": [],
        "rtcp": {"reducedSize": True},
    }


def test_encodings_and_header_extensions_get_their_defaults() -> None:
    """An encoding has no DTX unless it says so; a header extension is not encrypted and has no parameters."""
    params = ortc.validate_and_normalize_rtp_parameters(
        parameters(encodings=[{"ssrc": 1}, {"dtx": True}], headerExtensions=[EXTENSION])
    )
    assert params["encodings"] == [{"ssrc": 1, "dtx": False}, {"dtx": True}]
    assert params["headerExtensions"] == [EXTENSION | {"encrypt": False, "parameters": {}}]


def test_rtcp_is_always_of_reduced_size() -> None:
    """Mediasoup only speaks reduced-size RTCP, whatever is asked for."""
    params = ortc.validate_and_normalize_rtp_parameters(parameters(rtcp={"cname": "me", "reducedSize": False}))
    assert params["rtcp"] == {"cname": "me", "reducedSize": True}


@pytest.mark.parametrize(
    "params",
    [
        None,
        {},
        {"codecs": None},
        {"codecs": {}},
        parameters("VP8"),
        parameters(VIDEO_CODEC | {"mimeType": "VP8"}),
        parameters(VIDEO_CODEC | {"payloadType": None}),
        parameters(VIDEO_CODEC | {"payloadType": "96"}),
        parameters(VIDEO_CODEC | {"clockRate": None}),
        parameters(mid=1),
        parameters(msid=1),
        parameters(headerExtensions={}),
        parameters(headerExtensions=["mid"]),
        parameters(headerExtensions=[{"id": 1}]),
        parameters(headerExtensions=[EXTENSION | {"id": "1"}]),
        parameters(headerExtensions=[EXTENSION | {"encrypt": 1}]),
        parameters(headerExtensions=[EXTENSION | {"parameters": {"foo": False}}]),
        parameters(encodings={}),
        parameters(encodings=["low"]),
        parameters(encodings=[{"ssrc": "1"}]),
        parameters(encodings=[{"rid": 1}]),
        parameters(encodings=[{"rtx": 1}]),
        parameters(encodings=[{"rtx": {}}]),
        parameters(encodings=[{"rtx": {"ssrc": "1"}}]),
        parameters(encodings=[{"scalabilityMode": 1}]),
        parameters(rtcp="me"),
        parameters(rtcp={"cname": 1}),
    ],
)
def test_malformed_parameters_are_refused(params: Any) -> None:
    """Parameters with a field of a wrong type, or without a mandatory one, raise TypeError."""
    with pytest.raises(TypeError):
        ortc.validate_and_normalize_rtp_parameters(params)


def test_normalised_structures_are_returned_as_they_are(
    simulcast_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities
) -> None:
    """Normalising a second time costs no copy."""
    params = ortc.validate_and_normalize_rtp_parameters(simulcast_parameters)
    caps = ortc.validate_and_normalize_rtp_capabilities(endpoint_capabilities)
    assert ortc.validate_and_normalize_rtp_parameters(params) is params
    assert ortc.validate_and_normalize_rtp_capabilities(caps) is caps


def test_arguments_are_left_alone(simulcast_parameters: RtpParameters, endpoint_capabilities: RtpCapabilities) -> None:
    """Defaults go into the result, never into the argument."""
    before = copy.deepcopy((simulcast_parameters, endpoint_capabilities))
    ortc.validate_and_normalize_rtp_parameters(simulcast_parameters)
    ortc.validate_and_normalize_rtp_capabilities(endpoint_capabilities)
    assert (simulcast_parameters, endpoint_capabilities) == before


@pytest.mark.parametrize(
    ("given", "ordered"),
    [
        ({"streamId": 0}, True),
        ({"streamId": 0, "ordered": False}, False),
        ({"streamId": 0, "ordered": "yes"}, True),
        ({"streamId": 0, "maxPacketLifeTime": 100}, False),
        ({"streamId": 0, "maxRetransmits": 3}, False),
        ({"streamId": 0, "ordered": True, "maxRetransmits": 0}, True),
        ({"streamId": 0, "ordered": False, "maxPacketLifeTime": 100}, False),
    ],
)
def test_sctp_streams_are_ordered_unless_limited(given: Any, ordered: bool) -> None:
    """A stream is ordered by default, and unordered by default when it has a limit."""
    assert ortc.validate_and_normalize_sctp_stream_parameters(given) == given | {"ordered": ordered}


@pytest.mark.parametrize(
    "given",
    [
        None,
        {},
        {"streamId": "0"},
        {"streamId": 0, "maxPacketLifeTime": "100"},
        {"streamId": 0, "maxRetransmits": "3"},
        {"streamId": 0, "maxPacketLifeTime": 100, "maxRetransmits": 3},
        {"streamId": 0, "ordered": True, "maxPacketLifeTime": 100},
        {"streamId": 0, "ordered": True, "maxRetransmits": 3},
    ],
)
def test_malformed_sctp_streams_are_refused(given: Any) -> None:
    """A stream without id, with both limits, or both ordered and limited, raises TypeError."""
    with pytest.raises(TypeError):
        ortc.validate_and_normalize_sctp_stream_parameters(given)


def test_normalised_sctp_streams_are_returned_as_they_are() -> None:
    """Normalising a second time costs no copy."""
    params: SctpStreamParameters = {"streamId": 1, "ordered": False, "maxRetransmits": 1}
    assert ortc.validate_and_normalize_sctp_stream_parameters(params) is params
