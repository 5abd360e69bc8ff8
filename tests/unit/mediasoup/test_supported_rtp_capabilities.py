from __future__ import annotations

from typing import get_args

from tureen.mediasoup import ortc
from tureen.mediasoup.supported_rtp_capabilities import SUPPORTED_RTP_CAPABILITIES, get_supported_rtp_capabilities
from tureen.mediasoup.types import RtpHeaderExtensionUri


def test_codecs_are_mediasoups() -> None:
    """Codecs come in mediasoup's order, some at several clock rates or numbers of channels."""
    assert [
        (codec["mimeType"], codec["clockRate"], codec.get("channels"))
        for codec in get_supported_rtp_capabilities()["codecs"]
    ] == [
        ("audio/opus", 48000, 2),
        ("audio/multiopus", 48000, 4),
        ("audio/multiopus", 48000, 6),
        ("audio/multiopus", 48000, 8),
        ("audio/PCMU", 8000, 1),
        ("audio/PCMA", 8000, 1),
        ("audio/ISAC", 32000, 1),
        ("audio/ISAC", 16000, 1),
        ("audio/G722", 8000, 1),
        ("audio/iLBC", 8000, 1),
        ("audio/SILK", 24000, 1),
        ("audio/SILK", 16000, 1),
        ("audio/SILK", 12000, 1),
        ("audio/SILK", 8000, 1),
        ("audio/CN", 32000, 1),
        ("audio/CN", 16000, 1),
        ("audio/CN", 8000, 1),
        ("audio/telephone-event", 48000, 1),
        ("audio/telephone-event", 32000, 1),
        ("audio/telephone-event", 16000, 1),
        ("audio/telephone-event", 8000, 1),
        ("video/VP8", 90000, None),
        ("video/VP9", 90000, None),
        ("video/H264", 90000, None),
        ("video/AV1", 90000, None),
    ]


def test_header_extensions_are_numbered_alike_for_both_kinds() -> None:
    """Each known header extension has one number, whatever the kind, and each number one header extension."""
    extensions = get_supported_rtp_capabilities()["headerExtensions"]
    pairs = {(extension["preferredId"], extension["uri"]) for extension in extensions}
    assert [number for number, _ in sorted(pairs)] == list(range(1, 13))
    assert {uri for _, uri in pairs} == set(get_args(RtpHeaderExtensionUri))


def test_capabilities_are_normalised() -> None:
    """What mediasoup supports needs no defaults."""
    assert ortc.validate_and_normalize_rtp_capabilities(SUPPORTED_RTP_CAPABILITIES) is SUPPORTED_RTP_CAPABILITIES


def test_callers_get_a_copy() -> None:
    """Changing the result changes nothing for others."""
    mine = get_supported_rtp_capabilities()
    mine["codecs"][0]["rtcpFeedback"].clear()
    mine["headerExtensions"].clear()
    assert get_supported_rtp_capabilities() == SUPPORTED_RTP_CAPABILITIES
    assert mine != SUPPORTED_RTP_CAPABILITIES
