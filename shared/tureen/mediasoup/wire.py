"""Turn what apps and endpoints give into what the worker's schema takes.

Endpoints send more than the schema knows (browsers' ``rtcp.mux``, ``encodings[].scaleResolutionDownBy``, …); as in
mediasoup that is ignored. Dicts come out with their keys in one order: the codec compiles an encoder for each order
that it meets, and an endpoint must not be able to have it compile thousands.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from math import isfinite
from typing import Any, TypeVar, cast

from tureen.mediasoup.types import (
    ConsumerLayers,
    DtlsParameters,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpParameters,
    SctpStreamParameters,
    SrtpParameters,
    TransportListenInfo,
    TransportListenIp,
    TransportProtocol,
)

T = TypeVar("T")


class Shape:
    """The keys that a table of the schema has."""

    def __init__(self, *keys: str, needed: tuple[str, ...] = ()) -> None:
        """Make a shape.

        Args:
            keys: The keys, in the order that they shall have.
            needed: Those that must be there, and that the codec would take a default for.
        """
        self._keys = keys
        self._needed = needed
        # Most dicts need no change. These are all the ways to have some of the keys in their order.
        self._orderly = frozenset(subset for length in range(len(keys) + 1) for subset in combinations(keys, length))

    def fit(self, values: Any, name: str) -> dict[str, Any]:
        """Return a dict with the known keys that are present, or the same one if that is what it is.

        Raises:
            TypeError: It is no dict, or lacks something.
        """
        if not isinstance(values, dict):
            raise TypeError(f"{name} must be a dict")
        for key in self._needed:
            if values.get(key) is None:
                raise TypeError(f"missing {name}.{key}")
        if tuple(values) in self._orderly and None not in values.values():
            return values
        return {key: value for key in self._keys if (value := values.get(key)) is not None}

    def fit_all(self, items: list[T]) -> list[T]:
        """Do as ``fit`` for each item, all being dicts without None; return the same list if none has to change."""
        # One call into C for what is almost always the case.
        if self._orderly.issuperset(map(tuple, cast("list[dict[str, Any]]", items))):
            return items
        return cast("list[T]", [self.fit(cast("Any", item), "item") for item in items])


_CODEC = Shape("mimeType", "payloadType", "clockRate", "channels", "parameters", "rtcpFeedback")
_FEEDBACK = Shape("type", "parameter")
_EXTENSION = Shape("uri", "id", "encrypt", "parameters")
_ENCODING = Shape("ssrc", "rid", "codecPayloadType", "rtx", "scalabilityMode", "maxBitrate", "dtx")
_RTCP = Shape("cname", "reducedSize")
_LAYERS = Shape("spatialLayer", "temporalLayer", needed=("spatialLayer",))
_STREAM = Shape("streamId", "ordered", "maxPacketLifeTime", "maxRetransmits")
_DTLS = Shape("fingerprints", "role")
_FINGERPRINT = Shape("algorithm", "value", needed=("algorithm",))
_SRTP = Shape("cryptoSuite", "keyBase64", needed=("cryptoSuite",))
_PORT_RANGE = Shape("min", "max")
_FLAGS = Shape("ipv6Only", "udpReusePort")
_LISTEN_OPTIONS = ("exposeInternalIp", "port", "sendBufferSize", "recvBufferSize")

_ANY_PORT: dict[str, Any] = {}
_NO_FLAGS: dict[str, Any] = {}


def rtp_parameters(parameters: RtpParameters) -> RtpParameters:
    """Return normalised RTP parameters without what the schema does not know."""
    fitting: dict[str, Any] = {
        "codecs": [_codec(codec) for codec in _CODEC.fit_all(parameters["codecs"])],
        "headerExtensions": _EXTENSION.fit_all(parameters["headerExtensions"]),
        "encodings": [_encoding(encoding) for encoding in parameters["encodings"]],
        "rtcp": _RTCP.fit(parameters["rtcp"], "rtcp"),
    }
    for key in ("mid", "msid"):
        if (text := parameters.get(key)) is not None:
            fitting[key] = text
    return cast("RtpParameters", fitting)


def _codec(codec: RtpCodecParameters) -> RtpCodecParameters:
    given = codec["rtcpFeedback"]
    feedback = _FEEDBACK.fit_all(given)
    return codec if feedback is given else {**codec, "rtcpFeedback": feedback}


def _encoding(given: RtpEncodingParameters) -> RtpEncodingParameters:
    encoding = _ENCODING.fit(given, "encoding")
    rtx = encoding.get("rtx")
    if rtx is not None and len(rtx) > 1:
        encoding = {**encoding, "rtx": {"ssrc": rtx["ssrc"]}}
    bitrate = encoding.get("maxBitrate")
    if isinstance(bitrate, float) and isfinite(bitrate):
        # Apps compute it, and what runs in a browser does so in floating point; the worker takes whole bits.
        encoding = {**encoding, "maxBitrate": int(bitrate)}
    return cast("RtpEncodingParameters", encoding)


def consumer_layers(layers: ConsumerLayers) -> dict[str, Any]:
    """Return the layers that a consumer prefers."""
    return _LAYERS.fit(cast("Any", layers), "preferred_layers")


def sctp_stream_parameters(parameters: SctpStreamParameters) -> dict[str, Any]:
    """Return the parameters of an SCTP stream."""
    return _STREAM.fit(cast("Any", parameters), "sctp_stream_parameters")


def srtp_parameters(parameters: SrtpParameters) -> dict[str, Any]:
    """Return a key for SRTP."""
    return _SRTP.fit(cast("Any", parameters), "srtp_parameters")


def dtls_parameters(parameters: DtlsParameters) -> dict[str, Any]:
    """Return what a remote side tells about its DTLS."""
    fitting = _DTLS.fit(cast("Any", parameters), "dtls_parameters")
    fingerprints = fitting.get("fingerprints")
    if not isinstance(fingerprints, list):
        raise TypeError("missing dtls_parameters.fingerprints")
    fitted = [_FINGERPRINT.fit(fingerprint, "fingerprint") for fingerprint in fingerprints]
    return {**fitting, "fingerprints": fitted}


def listen_info(info: TransportListenInfo) -> dict[str, Any]:
    """Return where a transport, or a WebRtcServer, listens.

    Raises:
        TypeError: It is no dict, or has no protocol; what else may be wrong with it is the codec's to say.
    """
    if not isinstance(info, dict):
        raise TypeError("a listen info must be a dict")
    protocol = info.get("protocol")
    if protocol is None:
        raise TypeError("missing protocol in a listen info")
    port_range, flags = info.get("portRange"), info.get("flags")
    wire: dict[str, Any] = {
        "protocol": protocol,
        "ip": info.get("ip"),
        "portRange": _ANY_PORT if port_range is None else _PORT_RANGE.fit(cast("Any", port_range), "portRange"),
        "flags": _NO_FLAGS if flags is None else _FLAGS.fit(cast("Any", flags), "flags"),
    }
    announced = info.get("announcedAddress")
    if announced is None:
        announced = info.get("announcedIp")
    if announced is not None:
        wire["announcedAddress"] = announced
    for key in _LISTEN_OPTIONS:
        if (value := info.get(key)) is not None:
            wire[key] = value
    return wire


def listen_infos(infos: Sequence[TransportListenInfo]) -> list[dict[str, Any]]:
    """Return where a WebRtcTransport, or a WebRtcServer, listens.

    Raises:
        TypeError: It is no list, or something in it is wrong.
    """
    if not isinstance(infos, list | tuple):
        raise TypeError("listen_infos must be a list")
    return [listen_info(info) for info in infos]


def listen_info_of_ip(
    ip: TransportListenIp | str, port: int | None = None, protocol: TransportProtocol = "udp"
) -> TransportListenInfo:
    """Return the present form of a ``TransportListenIp``.

    Raises:
        TypeError: It is neither a string nor a dict.
    """
    if isinstance(ip, str):
        info: TransportListenInfo = {"protocol": protocol, "ip": ip}
    elif isinstance(ip, dict):
        info = {"protocol": protocol, "ip": ip.get("ip", "")}
        if (announced := ip.get("announcedIp")) is not None:
            info["announcedAddress"] = announced
    else:
        raise TypeError("a listen IP must be a string or a dict")
    if port is not None:
        info["port"] = port
    return info


def one_listen_info(
    info: TransportListenInfo | None, ip: TransportListenIp | str | None, port: int | None
) -> TransportListenInfo:
    """Return where a transport listens, out of the present form and the former one.

    Raises:
        TypeError: Neither is given, or both are.
    """
    if info is None and ip is None:
        raise TypeError("missing listen_info and listen_ip (one of them is mandatory)")
    if info is None:
        return listen_info_of_ip(cast("Any", ip), port)
    if ip is not None:
        raise TypeError("only one of listen_info and listen_ip must be given")
    return info


def listen_infos_of_ips(
    ips: Sequence[TransportListenIp | str], port: int | None, protocols: Iterable[TransportProtocol]
) -> list[TransportListenInfo]:
    """Return the present form of ``listen_ips``: each IP with each protocol, the preferred one first.

    Raises:
        TypeError: It is no list, or something in it is wrong.
    """
    if not isinstance(ips, list | tuple):
        raise TypeError("listen_ips must be a list")
    protocols = list(protocols)
    return [listen_info_of_ip(ip, port, protocol) for ip in ips for protocol in protocols]


def preferred_protocols(
    *, enable_udp: bool, enable_tcp: bool, prefer_udp: bool, prefer_tcp: bool
) -> list[TransportProtocol]:
    """Return the protocols that are enabled, the preferred one first."""
    protocols: list[TransportProtocol] = []
    if enable_udp:
        protocols.append("udp")
    if enable_tcp:
        protocols.append("tcp")
    return protocols[::-1] if prefer_tcp and not prefer_udp else protocols
