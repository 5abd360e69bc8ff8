"""WebRtcTransports: endpoints that speak ICE and DTLS, such as browsers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, cast

from tureen.mediasoup import convert, wire
from tureen.mediasoup.codec import Packed, SharedTable
from tureen.mediasoup.network_transport import NetworkTransport
from tureen.mediasoup.types import (
    AppData,
    DtlsFingerprint,
    DtlsParameters,
    DtlsState,
    IceCandidate,
    IceParameters,
    IceState,
    TransportTuple,
    WebRtcTransportDump,
    WebRtcTransportStat,
)

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router
    from tureen.mediasoup.webrtc_server import WebRtcServer

_OWN_EVENTS = {
    "icestatechange": "ice_state: IceState",
    "iceselectedtuplechange": "ice_selected_tuple: TransportTuple",
    "dtlsstatechange": "dtls_state: DtlsState",
}


class WebRtcTransportOptions(NamedTuple):
    """What a WebRtcTransport was made with, checked and encoded: with it others are made alike."""

    table: SharedTable
    """What the worker is told."""
    webrtc_server: WebRtcServer | None


class WebRtcTransport(NetworkTransport):
    """A transport to a WebRTC endpoint (mediasoup's WebRtcTransport).

    Made by ``router.create_webrtc_transport()``.
    """

    __slots__ = (
        "_dtls_parameters",
        "_dtls_remote_cert",
        "_dtls_state",
        "_ice_candidates",
        "_ice_parameters",
        "_ice_selected_tuple",
        "_ice_state",
        "_options",
    )

    _ice_parameters: IceParameters
    _ice_candidates: list[IceCandidate]
    _ice_state: IceState
    _dtls_parameters: DtlsParameters
    _dtls_state: DtlsState

    TYPE = "webrtc"
    EVENTS: ClassVar[Mapping[str, str]] = {**NetworkTransport.EVENTS, **_OWN_EVENTS}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {**NetworkTransport.OBSERVER_EVENTS, **_OWN_EVENTS}

    def __init__(
        self,
        *,
        id_: str,
        router: Router,
        options: WebRtcTransportOptions,
        packed: Packed,
        app_data: AppData | None,
    ) -> None:
        """Stand for a transport that exists in the worker; apps call ``router.create_webrtc_transport()``."""
        super().__init__(id_=id_, router=router, packed=packed, app_data=app_data)
        self._options = options
        self._ice_selected_tuple: TransportTuple | None = None
        self._dtls_remote_cert: str | None = None

    def _load(self, dump: Mapping[str, Any]) -> None:
        super()._load(dump)
        self._ice_parameters = dump["iceParameters"]
        self._ice_candidates = [convert.ice_candidate(candidate) for candidate in dump["iceCandidates"]]
        self._ice_state = dump["iceState"]
        self._dtls_parameters = dtls = dump["dtlsParameters"]
        if "fingerprints" not in dtls:
            dtls["fingerprints"] = self._fingerprints()
        self._dtls_state = dump["dtlsState"]

    def _fingerprints(self) -> list[DtlsFingerprint]:
        """Return those of the worker's certificate, which is one for all its transports: they are read once."""
        worker = self._router._worker
        if worker._fingerprints is None:
            packed = cast("Packed", self._packed)
            worker._fingerprints = packed.unpack()["dtlsParameters"]["fingerprints"]
        return list(worker._fingerprints)

    @property
    def options(self) -> WebRtcTransportOptions:
        """What it was made with, for ``router.create_webrtc_transport_like()``."""
        return self._options

    @property
    def type(self) -> Literal["webrtc"]:
        """Always ``webrtc``."""
        return "webrtc"

    @property
    def ice_role(self) -> Literal["controlled"]:
        """Its role in ICE: always ``controlled``."""
        return "controlled"

    @property
    def ice_parameters(self) -> IceParameters:
        """Its ICE credentials."""
        self._unpack()
        return self._ice_parameters

    @property
    def ice_candidates(self) -> list[IceCandidate]:
        """Where it can be reached."""
        self._unpack()
        return self._ice_candidates

    @property
    def ice_state(self) -> IceState:
        """State of ICE."""
        self._unpack()
        return "closed" if self._closed else self._ice_state

    @property
    def ice_selected_tuple(self) -> TransportTuple | None:
        """The addresses in use; None until ICE is connected, and once the transport is closed."""
        return None if self._closed else self._ice_selected_tuple

    @property
    def dtls_parameters(self) -> DtlsParameters:
        """Its DTLS role and the fingerprints of its certificate. The role is known once it is connected."""
        self._unpack()
        return self._dtls_parameters

    @property
    def dtls_state(self) -> DtlsState:
        """State of DTLS."""
        self._unpack()
        return "closed" if self._closed else self._dtls_state

    @property
    def dtls_remote_cert(self) -> str | None:
        """The endpoint's certificate as PEM; None until DTLS is connected."""
        return self._dtls_remote_cert

    def _leave_listen_server(self) -> None:
        if self._options.webrtc_server is not None:
            self._options.webrtc_server._transport_closed(self)

    def _listen_server_closed(self) -> None:
        if self._closed:
            return
        self._mark_closed()
        self._close_children()
        self._router._transport_closed(self)
        self.safe_emit("listenserverclose")
        self._observe("close")

    async def dump(self) -> WebRtcTransportDump:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return cast("WebRtcTransportDump", convert.transport_dump(await self._dump("TRANSPORT_DUMP")))

    async def get_stats(self) -> list[WebRtcTransportStat]:
        """Return statistics, in one entry.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        stats = convert.transport_stats(await self._request("TRANSPORT_GET_STATS"), "webrtc-transport")
        return [cast("WebRtcTransportStat", stats)]

    async def connect(self, *, dtls_parameters: DtlsParameters) -> None:  # type: ignore[override]
        """Tell what the endpoint says about its DTLS; this is done once.

        Args:
            dtls_parameters: Its fingerprints and role.

        Raises:
            TypeError: They are wrong.
            NotFoundError: The transport is closed.
            WorkerClosedError: The worker is closed.
            MediasoupError: This was done before.
        """
        parameters = wire.dtls_parameters(dtls_parameters)
        response = await self._request("WEBRTCTRANSPORT_CONNECT", {"dtlsParameters": parameters})
        self._dtls_parameters = {**self.dtls_parameters, "role": response["dtlsLocalRole"]}

    async def restart_ice(self) -> IceParameters:
        """Give the transport new ICE credentials, which the endpoint has to be told of, and return them.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        response = await self._request("TRANSPORT_RESTART_ICE")
        self._unpack()
        self._ice_parameters = response
        return self._ice_parameters

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "WEBRTCTRANSPORT_ICE_STATE_CHANGE":
                self._unpack()
                self._ice_state = body["iceState"]
                self._announce("icestatechange", self._ice_state)
            case "WEBRTCTRANSPORT_ICE_SELECTED_TUPLE_CHANGE":
                self._ice_selected_tuple = convert.transport_tuple(body["tuple"])
                self._announce("iceselectedtuplechange", self._ice_selected_tuple)
            case "WEBRTCTRANSPORT_DTLS_STATE_CHANGE":
                self._unpack()
                self._dtls_state = body["dtlsState"]
                if self._dtls_state == "connected":
                    self._dtls_remote_cert = body["remoteCert"]
                self._announce("dtlsstatechange", self._dtls_state)
            case _:
                super()._on_notification(event, body)
