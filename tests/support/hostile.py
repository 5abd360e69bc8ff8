"""Commands for fuzzing: made from the registry's JSON Schemas, and by mutating valid ones as deep as they go."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st
from tests.support.rtp import MEDIA_CODECS, audio_parameters

from tureen.contract.registry import Audience, Command
from tureen.mediasoup import ortc


class Sent(NamedTuple):
    """A command to send. Strings `$name` in the payload stand for ids that exist when it is sent."""

    name: str
    audience: Audience
    payload: dict[str, Any]
    json: bool


SCALARS: list[Any] = [
    *(None, True, False, 0, -1, 1, 255, 256, 65535, 65536, 2**31, 2**32 - 1, 2**32, 2**53, 2**63 - 1, 2**64 - 1),
    *(-(2**63), 0.5, -0.0, 1e308, math.inf, math.nan),
    *("", "0", "a", "video/VP8", "audio/opus", "\0", "\u2603", "../../etc/passwd", "%s%n", "$router", "a" * 300),
    *("\U0001f600", "A" * 70_000, b"", b"\xff\0", b"x" * 2000),
    # JSON alone can carry these.
    *(10**30, -(10**30), "\ud800"),
]
hostile_scalars = st.sampled_from(SCALARS)


def _deep(levels: int) -> Any:
    value: Any = {}
    for _ in range(levels):
        value = {"a": [value]}
    return value


hostile = st.one_of(
    hostile_scalars,
    st.recursive(
        hostile_scalars,
        lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=4), children, max_size=3),
        max_leaves=6,
    ),
    # A copy, because what is drawn is changed in place.
    st.sampled_from(
        [
            [],
            {},
            [[]],
            [{}],
            {"": {}},
            [None] * 40,
            ["a"] * 1200,
            {str(number): number for number in range(300)},
            _deep(10),
            _deep(50),
        ]
    ).map(copy.deepcopy),
)

VIDEO: dict[str, Any] = {
    "mid": "1",
    "codecs": [
        {
            "mimeType": "video/VP8",
            "payloadType": 112,
            "clockRate": 90000,
            "parameters": {"x-google-start-bitrate": 1000},
            "rtcpFeedback": [{"type": "nack", "parameter": "pli"}, {"type": "transport-cc"}],
        },
        {"mimeType": "video/rtx", "payloadType": 113, "clockRate": 90000, "parameters": {"apt": 112}},
    ],
    "headerExtensions": [
        {"uri": "urn:ietf:params:rtp-hdrext:sdes:mid", "id": 10, "encrypt": False, "parameters": {}},
        {"uri": "urn:3gpp:video-orientation", "id": 13},
    ],
    "encodings": [
        {"ssrc": 22222222, "rtx": {"ssrc": 22222223}, "scalabilityMode": "L1T3", "maxBitrate": 100000, "dtx": True},
        {"ssrc": 22222224, "rtx": {"ssrc": 22222225}, "rid": "r1"},
    ],
    "rtcp": {"cname": "video", "reducedSize": True},
    "msid": "stream track",
}
DTLS = {"role": "client", "fingerprints": [{"algorithm": "sha-256", "value": ":".join(["AB"] * 32)}]}
SRTP = {"cryptoSuite": "AES_CM_128_HMAC_SHA1_80", "keyBase64": "ZnQ3eWJraDg0d3ZoYzM5cXN1Y2pnaHU5NWxrZTVv"}
CAPABILITIES: dict[str, Any] = {**ortc.generate_router_rtp_capabilities(MEDIA_CODECS)}  # type: ignore[arg-type]
_VALID: Mapping[str, list[Any]] = {
    "rtpParameters": [audio_parameters(), VIDEO, {"codecs": VIDEO["codecs"]}],
    "rtpCapabilities": [CAPABILITIES],
    "mediaCodecs": [MEDIA_CODECS],
    "dtlsParameters": [DTLS],
    "srtpParameters": [SRTP],
    "sctpStreamParameters": [{"streamId": 1, "ordered": False, "maxRetransmits": 3}],
    "preferredLayers": [{"spatialLayer": 0, "temporalLayer": 1}],
    "appData": [{}, {"a": [1]}],
    "ip": ["default", "127.0.0.1", "0.0.0.0", "no address"],
    "protocol": ["udp", "tcp", "text"],
    "listenInfo": [{"protocol": "udp", "ip": "default"}],
    "listenInfos": [[{"protocol": "udp", "ip": "default"}, {"protocol": "tcp", "ip": "127.0.0.1"}]],
    "types": [["rtp", "keyframe", "bwe"]],
    "logTags": [["rtp"]],
    "message": ["text", b"bytes", ""],
    "rtpPacket": [b"\x80\x64\0\x01" + bytes(8) + b"x", b""],
    "rtcpPacket": [b"\x81\xce\0\x02" + bytes(8), b""],
    "kind": ["audio", "video"],
    "mid": ["0", "12345678"],
}
"""What is valid in a field of this name, where the schema does not say."""

REFERENCES: Mapping[str, list[str]] = {
    "workerId": ["$own", "$own", "$worker"],
    "webRtcServerId": ["$server"],
    "routerId": ["$router", "$router", "$other"],
    "targetRouterId": ["$other", "$router"],
    "fromRouterId": ["$other"],
    "forRouterId": ["$other"],
    "transportId": ["$webrtc", "$plain", "$pipe", "$direct", "$sctp"],
    "producerId": ["$audio", "$video"],
    "consumerId": ["$heard", "$seen"],
    "dataProducerId": ["$chat", "$stream"],
    "dataConsumerId": ["$chatHeard", "$streamHeard"],
    "rtpObserverId": ["$levels", "$speaker"],
    "ownerId": ["$owner"],
}


def from_schema(schema: Mapping[str, Any], definitions: Mapping[str, Any], name: str = "") -> st.SearchStrategy[Any]:
    """Return a strategy of values that mostly fit a JSON Schema."""
    if name in REFERENCES:
        return st.sampled_from([*REFERENCES[name] * 4, "none"])
    if name in _VALID:
        return st.sampled_from(_VALID[name]).map(copy.deepcopy)
    if "$ref" in schema:
        return from_schema(definitions[schema["$ref"].rpartition("/")[2]], definitions, name)
    if "anyOf" in schema:
        return st.one_of([from_schema(option, definitions, "") for option in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "object" and "properties" in schema:
        return _object(schema, definitions)
    if kind == "array":
        return st.lists(from_schema(schema["items"], definitions), max_size=3)
    if kind == "integer":
        highest = schema.get("maximum", schema.get("exclusiveMaximum", 2**31) - 1)
        return st.integers(schema.get("minimum", 0), highest)
    if kind == "string" and "pattern" in schema:
        return st.integers(0, 2**32).map("id-{}".format)
    return _SIMPLE.get(str(kind), hostile)


_SIMPLE: Mapping[str, st.SearchStrategy[Any]] = {
    "number": st.floats(0, 100),
    "boolean": st.booleans(),
    "string": st.text(max_size=8),
    "null": st.none(),
}


# mediasoup needs them where the schema cannot say so.
_WANTED = ("rtpCapabilities", "dtlsParameters", "sctpStreamParameters", "preferredLayers")


def _object(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    needed = {*schema.get("required", []), *_WANTED}
    fields = {name: from_schema(field, definitions, name) for name, field in schema["properties"].items()}
    return st.fixed_dictionaries(
        {name: strategy for name, strategy in fields.items() if name in needed},
        optional={name: strategy for name, strategy in fields.items() if name not in needed},
    )


@cache
def valid_payloads(command: Command) -> st.SearchStrategy[dict[str, Any]]:
    """Return a strategy of payloads that fit a command's schema."""
    schema = command.request.model_json_schema(by_alias=True)
    return from_schema(schema, schema.get("$defs", {}))


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return every container in a value with each of its keys or indices."""
    found: list[tuple[Any, Any]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        found.append((value, key))
        found.extend(_places(item))
    return found


@st.composite
def mutations(draw: st.DrawFn, payload: dict[str, Any]) -> dict[str, Any]:
    """Change a payload in one to three places, however deep."""
    payload = copy.deepcopy(payload)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(payload)
        if not places:
            break
        # What lies deep is rarely hit by chance, and a wrong id ends a command before anything else is looked at.
        deep = [place for place in places if place[0] is not payload]
        if deep and draw(st.integers(0, 5)) > 0:
            places = deep
        container, key = places[draw(st.integers(0, len(places) - 1))]
        match draw(st.sampled_from(["replace", "replace", "remove", "wrap", "twice", "add", "nest"])):
            case "replace":
                container[key] = draw(hostile)
            case "remove":
                del container[key]
            case "wrap":
                container[key] = [container[key]]
            case "twice":
                container[key] = [copy.deepcopy(container[key])] * draw(st.sampled_from([2, 40]))
            case "nest":
                container[key] = {"a": {"b": {"c": [{"d": container[key]}]}}}
            case _ if isinstance(container, dict):
                container[draw(st.sampled_from(["", "foo", "ssrc", "id", "rtx", "__class__"]))] = draw(hostile)
            case _:
                container.append(draw(hostile))
    return payload


def weighted(served: Iterable[Command]) -> list[Command]:
    """Return commands with those more often that take nested structures, which are what is easily got wrong."""
    many = [(1 + 3 * len(command.request.model_fields.keys() & _NESTED), command) for command in served]
    # hypothesis prefers what comes first.
    return [command for weight, command in sorted(many, key=lambda one: -one[0]) for _ in range(weight)]


_NESTED = {
    *("rtp_parameters", "rtp_capabilities", "media_codecs", "dtls_parameters", "srtp_parameters"),
    *("sctp_stream_parameters", "preferred_layers", "listen_info", "listen_infos", "message", "rtp_packet"),
}


@st.composite
def commands(draw: st.DrawFn, served: list[Command]) -> Sent:
    """Draw a command: valid, mutated, or nonsense."""
    command = draw(st.sampled_from(served))
    how = draw(st.sampled_from(["valid", "mutated", "mutated", "mutated", "nonsense"]))
    if how == "nonsense":
        payload = draw(st.dictionaries(st.sampled_from(["id", command.target or "x", "rtpParameters"]), hostile))
    else:
        payload = draw(valid_payloads(command))
        if how == "mutated":
            payload = draw(mutations(payload))
    return Sent(command.name, command.audience, payload, draw(st.integers(0, 4)) == 0)
