"""`mediasoup.*`, `worker.*` and `webRtcServer.*`: workers of a tenant's own, and ports that transports share."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.leases import Ownable
from tureen.contract.media import ListenInfo, Port, Structure, WorkerRef
from tureen.contract.model import Command, Reply
from tureen.contract.paging import Pageable

LogLevel = Literal["debug", "warn", "error", "none"]
LogTag = Literal[
    "info", "ice", "dtls", "rtp", "srtp", "rtcp", "rtx", "bwe", "score", "simulcast", "svc", "sctp", "message"
]


class MediasoupCreateWorker(Ownable):
    """`mediasoup.createWorker`: a worker of the caller's own, which its owner may close.

    mediasoup's `workerBin` is the node's own affair; what names files of the host, and field trials, is for `system`.

    Attributes:
        rtc_min_port: Lowest port where a listen info names none; default: the node's.
        rtc_max_port: Highest port where a listen info names none; default: the node's.
        dtls_certificate_file: A path on the node.
        dtls_private_key_file: A path on the node.
    """

    id: Id | None = None
    log_level: LogLevel = "error"
    log_tags: list[LogTag] = Field(default_factory=list)
    rtc_min_port: Port | None = None
    rtc_max_port: Port | None = None
    dtls_certificate_file: str | None = None
    dtls_private_key_file: str | None = None
    libwebrtc_field_trials: str | None = None
    app_data: Structure | None = None


class WorkerCreated(Reply):
    """A new worker."""

    id: str
    pid: int
    node_id: str


class MediasoupGetSupportedRtpCapabilities(Command):
    """`mediasoup.getSupportedRtpCapabilities`."""


class WorkerUpdateSettings(Command):
    """`worker.updateSettings`; what is absent does not change."""

    worker_id: Id
    log_level: LogLevel | None = None
    log_tags: list[LogTag] | None = None


class WorkerCreateWebRtcServer(Ownable, WorkerRef):
    """`worker.createWebRtcServer`."""

    id: Id | None = None
    listen_infos: list[ListenInfo]
    app_data: Structure | None = None


class WebRtcServerCreated(Reply):
    """A new WebRtcServer."""

    id: str


class WebRtcServerRef(Command):
    """Name a WebRtcServer."""

    web_rtc_server_id: Id


class WebRtcServerInspect(Pageable, WebRtcServerRef):
    """`webRtcServer.dump`."""
