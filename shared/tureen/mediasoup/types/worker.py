"""Structures of workers and of WebRtcServers."""

from __future__ import annotations

from typing import Literal, TypedDict

WorkerLogLevel = Literal["debug", "warn", "error", "none"]
"""How much a worker logs."""

WorkerLogTag = Literal[
    "info",
    "ice",
    "dtls",
    "rtp",
    "srtp",
    "rtcp",
    "rtx",
    "bwe",
    "score",
    "simulcast",
    "svc",
    "sctp",
    "message",
]
"""What a worker logs about at level `debug` and, in part, `warn`."""


class WorkerResourceUsage(TypedDict):
    """What a worker process used since its start: libuv's `uv_rusage_t`, see getrusage(2).

    Attributes:
        ru_utime: CPU time in user mode, in milliseconds.
        ru_stime: CPU time in the kernel, in milliseconds.
        ru_maxrss: Largest resident set, in kilobytes.
        ru_ixrss: Shared memory; not kept by Linux.
        ru_idrss: Unshared data; not kept by Linux.
        ru_isrss: Unshared stack; not kept by Linux.
        ru_minflt: Page faults without I/O.
        ru_majflt: Page faults with I/O.
        ru_nswap: Swaps; not kept by Linux.
        ru_inblock: Reads from disk.
        ru_oublock: Writes to disk.
        ru_msgsnd: IPC messages sent; not kept by Linux.
        ru_msgrcv: IPC messages received; not kept by Linux.
        ru_nsignals: Signals received; not kept by Linux.
        ru_nvcsw: Context switches because it waited.
        ru_nivcsw: Context switches because its time was up.
    """

    ru_utime: int
    ru_stime: int
    ru_maxrss: int
    ru_ixrss: int
    ru_idrss: int
    ru_isrss: int
    ru_minflt: int
    ru_majflt: int
    ru_nswap: int
    ru_inblock: int
    ru_oublock: int
    ru_msgsnd: int
    ru_msgrcv: int
    ru_nsignals: int
    ru_nvcsw: int
    ru_nivcsw: int


class ChannelMessageHandlersDump(TypedDict):
    """Who takes messages inside a worker.

    Attributes:
        channelRequestHandlers: Ids of objects that take requests.
        channelNotificationHandlers: Ids of objects that take notifications.
    """

    channelRequestHandlers: list[str]
    channelNotificationHandlers: list[str]


class WorkerDump(TypedDict):
    """Dump of a worker.

    Attributes:
        pid: Its process id.
        webRtcServerIds: Its WebRtcServers.
        routerIds: Its routers.
        channelMessageHandlers: Who takes messages inside.
    """

    pid: int
    webRtcServerIds: list[str]
    routerIds: list[str]
    channelMessageHandlers: ChannelMessageHandlersDump


class IpPort(TypedDict):
    """A bound socket.

    Attributes:
        ip: IP address.
        port: Port.
    """

    ip: str
    port: int


class IceUserNameFragment(TypedDict):
    """Which transport an ICE ufrag belongs to.

    Attributes:
        localIceUsernameFragment: The ufrag.
        webRtcTransportId: The transport.
    """

    localIceUsernameFragment: str
    webRtcTransportId: str


class WebRtcServerDump(TypedDict):
    """Dump of a WebRtcServer.

    Attributes:
        id: Id of the WebRtcServer.
        udpSockets: Its UDP sockets.
        tcpServers: Its TCP servers.
        webRtcTransportIds: Transports that it serves.
        localIceUsernameFragments: How it tells them apart.
    """

    id: str
    udpSockets: list[IpPort]
    tcpServers: list[IpPort]
    webRtcTransportIds: list[str]
    localIceUsernameFragments: list[IceUserNameFragment]
