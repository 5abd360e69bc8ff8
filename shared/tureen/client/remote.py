"""What all objects of a client have in common beside what they inherit from `tureen.mediasoup`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

from tureen.client.link import Link
from tureen.mediasoup.entity import Identified

# What an object's own class does when what it depends on is closed, by the event that says so.
_ENDINGS: Mapping[str, str] = {
    "transportclose": "_transport_closed",
    "producerclose": "_producer_closed",
    "dataproducerclose": "_data_producer_closed",
    "routerclose": "_router_closed",
    "listenserverclose": "_listen_server_closed",
}
SOURCE_PAUSED: Mapping[str, tuple[str, bool]] = {
    "producerpause": ("_set_producer_paused", True),
    "producerresume": ("_set_producer_paused", False),
    "dataproducerpause": ("_set_data_producer_paused", True),
    "dataproducerresume": ("_set_data_producer_paused", False),
}
# What an event tells and a property shows.
_KEPT: Mapping[str, str] = {
    "score": "_score",
    "layerschange": "_current_layers",
    "icestatechange": "_ice_state",
    "iceselectedtuplechange": "_ice_selected_tuple",
    "dtlsstatechange": "_dtls_state",
    "sctpstatechange": "_sctp_state",
    "tuple": "_tuple",
    "rtcptuple": "_rtcp_tuple",
}


class Remote(Identified):
    """Comes first among the bases of a class, before mediasoup's own: what is asked and heard is a node's.

    Attributes:
        NOUN: The class's name on the wire.
    """

    __slots__ = ()

    NOUN: ClassVar[str]

    @property
    def _link(self) -> Link:
        return cast("Link", self._channel)

    async def dump(self) -> Any:
        """Return what the worker holds of it.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return (await self._command("dump"))["dump"]

    async def _command(self, method: str) -> dict[str, Any]:
        self._check_open()
        return await self._link.command(f"{self.NOUN}.{method}", self._id)

    def _tell(self, method: str, handler_id: str, body: Mapping[str, Any]) -> None:
        if self._id not in self._link.gone:
            super()._tell(method, handler_id, body)

    def closed_there(self) -> None:
        """Close it here because it is closed on its node: somebody else has closed it."""
        gone = self._link.gone
        gone.add(self._id)
        try:
            cast("Any", self).close()
        finally:
            gone.discard(self._id)

    def _on_notification(self, event: str, body: Mapping[str, Any]) -> None:
        """Let what has happened there happen here."""
        if event == "close":
            self.closed_there()
        elif event in ("pause", "resume"):
            self.paused_there(bool(body["data"]["paused"]))
        elif event in _ENDINGS and event in self.EVENTS:
            getattr(self, _ENDINGS[event])()
        elif event in SOURCE_PAUSED:
            method, paused = SOURCE_PAUSED[event]
            getattr(self, method)(paused)
        elif event in self.EVENTS:
            self._happened(event, body.get("data"))
        else:
            self._told(event, body.get("data"))

    def paused_there(self, paused: bool) -> None:
        """Note that somebody has paused or resumed it, if that was not known."""
        if getattr(self, "_paused", paused) is paused:
            return
        self._paused = paused  # type: ignore[misc] # A slot of the class that this comes before.
        if not getattr(self, "_producer_paused", getattr(self, "_data_producer_paused", False)):
            self._observe("pause" if paused else "resume")

    def state_of(self, attribute: str) -> Any:
        """Return what is kept of what events tell."""
        return getattr(self, attribute)

    def _happened(self, event: str, data: Any) -> None:
        """Keep what an event tells, and emit it."""
        if event in _KEPT:
            setattr(self, _KEPT[event], data)
        arguments = self._arguments(event, data)
        if event in self.OBSERVER_EVENTS:
            self._announce(event, *arguments)
        else:
            self.safe_emit(event, *arguments)

    def _arguments(self, event: str, data: Any) -> tuple[Any, ...]:
        return (data,) if self.EVENTS[event] else ()

    def _told(self, event: str, data: Any) -> None:
        """Take what mediasoup has no event for."""
        self._log_unknown(event)


class Measured(Remote):
    """Be the base of what has statistics."""

    __slots__ = ()

    async def get_stats(self) -> Any:
        """Return statistics.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        return (await self._command("getStats"))["stats"]
