"""What rooms, logical workers and logical WebRtcServers tell beside what mediasoup's do."""

from __future__ import annotations

from typing import TypedDict

from tureen.mediasoup.types import IpPort, RouterDump, WebRtcServerDump, WorkerDump, WorkerResourceUsage


class RoomRouter(TypedDict):
    """One of the routers that a room is.

    Attributes:
        routerId: Its id.
        nodeId: Its node.
        workerId: Its worker.
        pipeTransportIds: Its ends of the pipes to the room's other routers.
        pulledProducerIds: The producers that it has from those.
        pulledDataProducerIds: The data producers that it has from those.
    """

    routerId: str
    nodeId: str
    workerId: str
    pipeTransportIds: list[str]
    pulledProducerIds: list[str]
    pulledDataProducerIds: list[str]


class RoomDump(RouterDump):
    """Dump of a room: that of a router, and the routers that it is."""

    routers: list[RoomRouter]


class UsedWorker(TypedDict):
    """One of the workers that a logical worker uses.

    Attributes:
        nodeId: Its node.
        workerId: Its id.
        routerIds: The rooms that are on it.
    """

    nodeId: str
    workerId: str
    routerIds: list[str]


class LogicalWorkerDump(WorkerDump):
    """Dump of a logical worker: that of a worker, and the workers that its rooms use."""

    workers: list[UsedWorker]


class WorkerUsage(TypedDict):
    """What one of the workers of a logical worker has used.

    Attributes:
        nodeId: Its node.
        workerId: Its id.
        usage: What it has used since it was started, for whomever.
    """

    nodeId: str
    workerId: str
    usage: WorkerResourceUsage


class LogicalWorkerResourceUsage(WorkerResourceUsage):
    """What the workers that the rooms of a logical worker use have used: sums, and each one's part."""

    workers: list[WorkerUsage]


class WorkerSockets(TypedDict):
    """Where what was made with a logical WebRtcServer listens on one worker.

    Attributes:
        nodeId: Its node.
        workerId: Its id.
        udpSockets: The UDP sockets.
        tcpServers: The TCP servers.
        webRtcTransportIds: The transports.
    """

    nodeId: str
    workerId: str
    udpSockets: list[IpPort]
    tcpServers: list[IpPort]
    webRtcTransportIds: list[str]


class LogicalWebRtcServerDump(WebRtcServerDump):
    """Dump of a logical WebRtcServer: that of a WebRtcServer, and its part on each of the workers."""

    workers: list[WorkerSockets]
