"""Structures that all transports share: where they listen, where packets go, what they trace."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

TransportType = Literal["webrtc", "plain", "pipe", "direct"]
"""Which of the four transport classes a transport is."""

TransportProtocol = Literal["udp", "tcp"]
"""Network protocol of a socket."""

TransportTraceEventType = Literal["probation", "bwe"]
"""What a transport can be asked to trace: probing packets, and bandwidth estimates."""


class TransportPortRange(TypedDict):
    """Ports from which a free one is taken.

    Attributes:
        min: Lowest port.
        max: Highest port, at least `min`.
    """

    min: int
    max: int


class TransportSocketFlags(TypedDict, total=False):
    """Flags of a UDP or TCP socket.

    Attributes:
        ipv6Only: Whether a socket on an IPv6 address takes IPv6 alone. Default false.
        udpReusePort: Whether several transports may bind the same IP and port (UDP); for multicast. Default false.
    """

    ipv6Only: bool
    udpReusePort: bool


class TransportListenInfo(TypedDict):
    """Where a transport or a WebRtcServer listens, and how others reach it.

    Attributes:
        protocol: Network protocol.
        ip: IPv4 or IPv6 address to bind.
        announcedIp: Older name of `announcedAddress`.
        announcedAddress: IP address or hostname told to the remote side instead of `ip`, where a NAT is between.
        exposeInternalIp: Whether `ip` becomes an ICE candidate beside `announcedAddress`. Default false.
        port: Port to bind; 0 or absent for a free one.
        portRange: Ports to choose from; stronger than `port`. Default: 10000 to 59999, or the worker's own range.
        flags: Flags of the socket.
        sendBufferSize: Size of the socket's send buffer, in bytes. Default: the kernel's.
        recvBufferSize: Size of the socket's receive buffer, in bytes. Default: the kernel's.
    """

    protocol: TransportProtocol
    ip: str
    announcedIp: NotRequired[str]
    announcedAddress: NotRequired[str]
    exposeInternalIp: NotRequired[bool]
    port: NotRequired[int]
    portRange: NotRequired[TransportPortRange]
    flags: NotRequired[TransportSocketFlags]
    sendBufferSize: NotRequired[int]
    recvBufferSize: NotRequired[int]


WebRtcServerListenInfo = TransportListenInfo
"""Older name of `TransportListenInfo`, where a WebRtcServer listens."""


class TransportListenIp(TypedDict):
    """Older form of `TransportListenInfo`, without protocol and port.

    Attributes:
        ip: IPv4 or IPv6 address to bind.
        announcedIp: IP address or hostname told to the remote side instead of `ip`.
    """

    ip: str
    announcedIp: NotRequired[str]


class TransportTuple(TypedDict):
    """The two addresses between which packets travel.

    Attributes:
        localIp: Older name of `localAddress`.
        localAddress: Local IP address or hostname, announced one first.
        localPort: Local port.
        remoteIp: Remote IP address, once known.
        remotePort: Remote port, once known.
        protocol: Network protocol.
    """

    localIp: str
    localAddress: str
    localPort: int
    remoteIp: NotRequired[str]
    remotePort: NotRequired[int]
    protocol: TransportProtocol


class BweTraceInfo(TypedDict):
    """What a `bwe` trace tells. Bit rates are in bits per second.

    Attributes:
        desiredBitrate: What the consumers would use.
        effectiveDesiredBitrate: The same, above which no probing is worthwhile.
        minBitrate: Lowest estimate allowed.
        maxBitrate: Highest estimate allowed.
        startBitrate: Estimate at the start.
        maxPaddingBitrate: Most that probing may add.
        availableBitrate: The estimate.
        bweType: Which feedback the estimate comes from.
    """

    desiredBitrate: int
    effectiveDesiredBitrate: int
    minBitrate: int
    maxBitrate: int
    startBitrate: int
    maxPaddingBitrate: int
    availableBitrate: int
    bweType: Literal["transport-cc", "remb"]


class TransportTraceEventData(TypedDict):
    """One traced event of a transport.

    Attributes:
        type: What was traced.
        timestamp: Milliseconds on the worker's monotonic clock.
        direction: Whether it came in or went out.
        info: A `BweTraceInfo` for `bwe`, empty for `probation`.
    """

    type: TransportTraceEventType
    timestamp: int
    direction: Literal["in", "out"]
    info: BweTraceInfo | dict[str, Any]
