"""What holds for any codecs, endpoints and streams."""

from __future__ import annotations

import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen.mediasoup import ortc
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.ortc.capabilities import DYNAMIC_PAYLOAD_TYPES
from tureen.mediasoup.ortc.matching import is_rtx_codec
from tureen.mediasoup.supported_rtp_capabilities import get_supported_rtp_capabilities
from tureen.mediasoup.types import RouterRtpCodecCapability, RtpCapabilities, RtpParameters

SUPPORTED = get_supported_rtp_capabilities()
FEEDBACK: list[dict[str, Any]] = [
    {"type": "nack"},
    {"type": "nack", "parameter": "pli"},
    {"type": "ccm", "parameter": "fir"},
    {"type": "goog-remb", "parameter": ""},
    {"type": "transport-cc"},
    {"type": "foo", "parameter": "bar"},
]
# A busy machine is no error.
unhurried = settings(deadline=None)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 130) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def router_codecs(draw: st.DrawFn) -> list[RouterRtpCodecCapability]:
    """Draw codecs that a router can have; no two of the same kind of codec, so that matching is not ambiguous."""
    codecs = copy.deepcopy(
        draw(
            st.lists(
                st.sampled_from(SUPPORTED["codecs"]),
                min_size=1,
                max_size=6,
                unique_by=lambda codec: codec.get("preferredPayloadType", json.dumps(codec, sort_keys=True)),
            )
        )
    )
    for codec in codecs:
        if codec["mimeType"] == "video/H264":
            codec["parameters"]["profile-level-id"] = draw(st.sampled_from(["42e01f", "4d0032", "640c1f"]))
            codec["parameters"]["packetization-mode"] = draw(st.sampled_from([0, 1]))
    return codecs


@st.composite
def encodings(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Draw one to three streams."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "ssrc": st.integers(1, 2**32 - 1),
                    "rid": st.sampled_from(["low", "high"]),
                    "dtx": st.booleans(),
                    "scalabilityMode": st.sampled_from(["L1T3", "L3T3_KEY", "S2T1", ""]),
                    "maxBitrate": st.integers(0, 10**7),
                    "rtx": st.just({"ssrc": 1}),
                },
            ),
            min_size=1,
            max_size=3,
        )
    )


@st.composite
def routers_and_producers(draw: st.DrawFn) -> tuple[RtpCapabilities, RtpParameters]:
    """Draw a router and a producer with one of its codecs, with RTX where the router has it."""
    router = ortc.generate_router_rtp_capabilities(draw(router_codecs()))
    media = draw(st.sampled_from([codec for codec in router["codecs"] if not is_rtx_codec(codec)]))
    payload_type = draw(st.integers(96, 120))
    codec: Any = {key: value for key, value in media.items() if key not in ("kind", "preferredPayloadType")}
    codecs = [codec | {"payloadType": payload_type, "rtcpFeedback": draw(st.lists(st.sampled_from(FEEDBACK)))}]
    if media["kind"] == "video" and draw(st.booleans()):
        rtx = {"mimeType": "video/rtx", "payloadType": payload_type + 1, "clockRate": 90000}
        codecs.append(rtx | {"parameters": {"apt": payload_type}})
    extensions = draw(st.lists(st.sampled_from(SUPPORTED["headerExtensions"]), max_size=5))
    params: Any = {
        "codecs": codecs,
        "encodings": draw(encodings()),
        "headerExtensions": [{"uri": known["uri"], "id": index + 1} for index, known in enumerate(extensions)],
        "rtcp": {"cname": "somebody"},
    }
    return router, params


@st.composite
def endpoints(draw: st.DrawFn, router: RtpCapabilities) -> RtpCapabilities:
    """Draw an endpoint that knows some of a router's codecs and header extensions."""
    codecs: list[Any] = draw(st.lists(st.sampled_from(router["codecs"]), max_size=6))
    return {
        "codecs": [codec | {"rtcpFeedback": draw(st.lists(st.sampled_from(FEEDBACK)))} for codec in codecs],
        "headerExtensions": draw(st.lists(st.sampled_from(router["headerExtensions"]), max_size=8)),
    }


def consumable(router: RtpCapabilities, producer: RtpParameters) -> RtpParameters:
    """Return what consumers of a producer start from."""
    params = ortc.validate_and_normalize_rtp_parameters(producer)
    negotiated = ortc.get_producer_rtp_parameters_mapping(params, router)
    kind = next(
        codec["kind"]
        for codec in router["codecs"]
        if codec["preferredPayloadType"] == negotiated.rtp_mapping["codecs"][0]["mappedPayloadType"]
    )
    return ortc.get_consumable_rtp_parameters(kind, negotiated.rtp_parameters, router, negotiated.rtp_mapping)


@unhurried
@given(router_codecs())
def test_payload_types_of_a_router_are_unique(codecs: list[RouterRtpCodecCapability]) -> None:
    """No two codecs of a router share a payload type, and each RTX codec repairs the video codec before it."""
    made = ortc.generate_router_rtp_capabilities(codecs)["codecs"]
    payload_types = [codec["preferredPayloadType"] for codec in made]
    assert len(set(payload_types)) == len(payload_types)
    static = {codec["preferredPayloadType"] for codec in SUPPORTED["codecs"] if "preferredPayloadType" in codec}
    assert set(payload_types) <= set(DYNAMIC_PAYLOAD_TYPES) | static
    for before, codec in itertools.pairwise(made):
        if is_rtx_codec(codec):
            assert codec["parameters"]["apt"] == before["preferredPayloadType"]


@unhurried
@given(routers_and_producers())
def test_normalising_is_idempotent(drawn: tuple[RtpCapabilities, RtpParameters]) -> None:
    """A normalised structure is returned as it is, and the argument is left alone."""
    router, producer = drawn
    before = copy.deepcopy(producer)
    params = ortc.validate_and_normalize_rtp_parameters(producer)
    assert producer == before
    assert ortc.validate_and_normalize_rtp_parameters(params) is params
    assert ortc.validate_and_normalize_rtp_capabilities(router) is router


@unhurried
@given(JSON)
def test_anything_is_normalised_or_refused(value: Any) -> None:
    """Whatever comes in, it is either normalised for good or raises TypeError."""
    validators: list[Any] = [
        ortc.validate_and_normalize_rtp_capabilities,
        ortc.validate_and_normalize_rtp_parameters,
        ortc.validate_and_normalize_sctp_stream_parameters,
    ]
    for validate in validators:
        for candidate in (value, {"codecs": [value]}, {"codecs": [], "headerExtensions": [value], "encodings": value}):
            before = copy.deepcopy(candidate)
            try:
                normalised = validate(candidate)
            except TypeError:
                continue
            finally:
                assert candidate == before
            assert validate(normalised) is normalised


@unhurried
@given(routers_and_producers())
def test_the_mapping_is_one_to_one(drawn: tuple[RtpCapabilities, RtpParameters]) -> None:
    """Each codec and each encoding of a producer has one name inside the router, and no two share one."""
    router, producer = drawn
    params = ortc.validate_and_normalize_rtp_parameters(producer)
    negotiated, mapping = ortc.get_producer_rtp_parameters_mapping(params, router)
    known = {codec["preferredPayloadType"] for codec in router["codecs"]}
    mapped = [entry["mappedPayloadType"] for entry in mapping["codecs"]]
    assert [entry["payloadType"] for entry in mapping["codecs"]] == [codec["payloadType"] for codec in params["codecs"]]
    assert len(set(mapped)) == len(mapped)
    assert set(mapped) <= known
    ssrcs = [entry["mappedSsrc"] for entry in mapping["encodings"]]
    assert len(set(ssrcs)) == len(ssrcs) == len(params["encodings"])
    assert [(entry.get("ssrc"), entry.get("rid")) for entry in mapping["encodings"]] == [
        (encoding.get("ssrc"), encoding.get("rid")) for encoding in params["encodings"]
    ]
    assert ortc.get_producer_rtp_parameters_mapping(negotiated, router).rtp_parameters is negotiated


@unhurried
@given(routers_and_producers())
def test_the_routers_own_capabilities_can_consume_everything(drawn: tuple[RtpCapabilities, RtpParameters]) -> None:
    """An endpoint that knows all that the router knows can consume every producer."""
    router, producer = drawn
    assert ortc.can_consume(consumable(router, producer), router)


@unhurried
@given(st.data())
def test_can_consume_says_what_consuming_does(data: st.DataObject) -> None:
    """`can_consume` is true exactly where consumer parameters can be made, and neither changes its arguments."""
    router, producer = data.draw(routers_and_producers())
    endpoint = data.draw(endpoints(router))
    params = consumable(router, producer)
    before = copy.deepcopy((params, endpoint))
    arguments: Any = {
        "consumable_rtp_parameters": params,
        "remote_rtp_capabilities": endpoint,
        "pipe": data.draw(st.booleans()),
        "enable_rtx": data.draw(st.booleans()),
    }
    if ortc.can_consume(params, endpoint):
        consumer = ortc.get_consumer_rtp_parameters(**arguments)
        assert not is_rtx_codec(consumer["codecs"][0])
        offered = {codec["payloadType"] for codec in params["codecs"]}
        assert {codec["payloadType"] for codec in consumer["codecs"]} <= offered
        has_rtx = any(map(is_rtx_codec, consumer["codecs"]))
        assert all(("rtx" in encoding) is has_rtx for encoding in consumer["encodings"])
        assert len(consumer["encodings"]) == (len(params["encodings"]) if arguments["pipe"] else 1)
    else:
        with pytest.raises(UnsupportedError):
            ortc.get_consumer_rtp_parameters(**arguments)
    assert (params, endpoint) == before


@unhurried
@given(routers_and_producers(), st.booleans())
def test_a_pipe_keeps_every_encoding(drawn: tuple[RtpCapabilities, RtpParameters], enable_rtx: bool) -> None:
    """What goes through a pipe can be produced again, and has the same encodings, under other SSRCs."""
    router, producer = drawn
    params = consumable(router, producer)
    before = copy.deepcopy(params)
    piped = ortc.get_pipe_consumer_rtp_parameters(consumable_rtp_parameters=params, enable_rtx=enable_rtx)
    assert params == before
    again = consumable(router, piped)

    def anonymous(encodings: list[Any]) -> list[Any]:
        return [{key: value for key, value in entry.items() if key not in ("ssrc", "rtx")} for entry in encodings]

    assert anonymous(again["encodings"]) == anonymous(params["encodings"])
    assert [codec["payloadType"] for codec in again["codecs"]] == [codec["payloadType"] for codec in params["codecs"]]
