"""What transports over the network have in common: the worker describes them, and they may carry SCTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

from tureen.mediasoup import convert
from tureen.mediasoup.codec import Packed
from tureen.mediasoup.transport import Transport
from tureen.mediasoup.types import AppData, SctpNegotiatedCapabilities, SctpParameters, SctpState

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router


class NetworkTransport(Transport):
    """Be the base of WebRtcTransport, PlainTransport and PipeTransport.

    What the worker tells of a new transport stays packed until somebody asks for it.
    """

    __slots__ = ("_packed", "_sctp_negotiated_capabilities", "_sctp_parameters", "_sctp_state")

    EVENTS: ClassVar[Mapping[str, str]] = {**Transport.EVENTS, "sctpstatechange": "sctp_state: SctpState"}
    OBSERVER_EVENTS: ClassVar[Mapping[str, str]] = {
        **Transport.OBSERVER_EVENTS,
        "sctpstatechange": "sctp_state: SctpState",
    }

    def __init__(self, *, id_: str, router: Router, packed: Packed, app_data: AppData | None) -> None:
        """Stand for a transport that exists in the worker; apps call ``router.create_…_transport()``."""
        super().__init__(id_=id_, router=router, app_data=app_data)
        self._packed: Packed | None = packed
        self._sctp_parameters: SctpParameters | None = None
        self._sctp_state: SctpState | None = None
        self._sctp_negotiated_capabilities: SctpNegotiatedCapabilities | None = None

    def _unpack(self) -> None:
        """Read what the worker told of the transport when it was new, unless that was done before."""
        if self._packed is not None:
            self._load(self._packed.unpack(brief=True))
            self._packed = None

    def _load(self, dump: Mapping[str, Any]) -> None:
        base = dump["base"]
        if base["sctpParameters"] is not None:
            self._sctp_parameters = convert.sctp_parameters(base["sctpParameters"])
            self._sctp_state = base["sctpState"]

    @property
    def sctp_parameters(self) -> SctpParameters | None:
        """Its SCTP association; None without SCTP."""
        self._unpack()
        return self._sctp_parameters

    @property
    def sctp_state(self) -> SctpState | None:
        """State of its SCTP association; None without SCTP."""
        self._unpack()
        return "closed" if self._closed and self._sctp_state is not None else self._sctp_state

    @property
    def sctp_negotiated_capabilities(self) -> SctpNegotiatedCapabilities | None:
        """What both ends of the SCTP association agreed on; None until it is connected."""
        return self._sctp_negotiated_capabilities

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        match event:
            case "TRANSPORT_SCTP_STATE_CHANGE":
                self._unpack()
                self._sctp_state = body["sctpState"]
                self._announce("sctpstatechange", self._sctp_state)
            case "TRANSPORT_SCTP_NEGOTIATED_CAPABILITIES":
                capabilities = cast("SctpNegotiatedCapabilities", body["negotiatedCapabilities"])
                self._sctp_negotiated_capabilities = capabilities
                self._outgoing_streams().limit(capabilities["negotiatedMaxOutboundStreams"])
                # mediasoup has no event for it; who passes everything on hears of it.
                self.safe_emit("@sctpnegotiatedcapabilities", capabilities)
            case _:
                super()._on_notification(event, body)
