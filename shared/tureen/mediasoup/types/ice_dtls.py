"""ICE (RFC 8445) and DTLS (RFC 8827) of WebRtcTransports."""

from __future__ import annotations

from typing import Literal, NotRequired, TypedDict

from tureen.mediasoup.types.transport import TransportProtocol

IceRole = Literal["controlled", "controlling"]
"""Role in ICE; mediasoup, being ICE lite, is always controlled."""

IceState = Literal["new", "connected", "completed", "disconnected", "closed"]
"""State of ICE: media flows from `connected` on."""

IceCandidateType = Literal["host"]
"""Type of an ICE candidate; mediasoup has host candidates alone."""

IceCandidateTcpType = Literal["passive"]
"""Type of a TCP candidate (RFC 6544); mediasoup only accepts connections."""

DtlsRole = Literal["auto", "client", "server"]
"""Who starts the DTLS handshake: the client does."""

DtlsState = Literal["new", "connecting", "connected", "failed", "closed"]
"""State of the DTLS handshake."""

FingerprintAlgorithm = Literal["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"]
"""Hash function of a certificate's fingerprint (RFC 8122)."""


class IceParameters(TypedDict):
    """Credentials of one ICE side.

    Attributes:
        usernameFragment: ICE ufrag.
        password: ICE password; a secret.
        iceLite: Whether the side is ICE lite, as mediasoup is.
    """

    usernameFragment: str
    password: str
    iceLite: NotRequired[bool]


class IceCandidate(TypedDict):
    """An address at which a WebRtcTransport can be reached.

    Attributes:
        foundation: Groups candidates of one kind.
        priority: The higher, the better; 32 bits.
        ip: Older name of `address`.
        address: IP address or hostname.
        protocol: Network protocol.
        port: Port.
        type: Always `host`.
        tcpType: Always `passive`; TCP candidates alone have it.
    """

    foundation: str
    priority: int
    ip: str
    address: str
    protocol: TransportProtocol
    port: int
    type: IceCandidateType
    tcpType: NotRequired[IceCandidateTcpType]


class DtlsFingerprint(TypedDict):
    """Fingerprint of a DTLS certificate.

    Attributes:
        algorithm: Hash function.
        value: Pairs of hexadecimal digits with colons between (RFC 8122).
    """

    algorithm: FingerprintAlgorithm
    value: str


class DtlsParameters(TypedDict):
    """What one side tells about its DTLS.

    Attributes:
        role: Its role. Default `auto`.
        fingerprints: Fingerprints of its certificate.
    """

    role: NotRequired[DtlsRole]
    fingerprints: list[DtlsFingerprint]
