"""WebRtcServers of logical workers: one real one on each worker that is used."""

from __future__ import annotations

from typing import Any, cast

from tureen import mediasoup
from tureen.client.scaled.types import LogicalWebRtcServerDump


class LogicalWebRtcServer(mediasoup.WebRtcServer):
    """The WebRtcServers of the workers that a logical worker is (mediasoup's WebRtcServer).

    Agents have one on each worker of their own, on ports that they choose: what is made with this one listens there.
    """

    __slots__ = ()

    def close(self) -> None:
        """Close it, and with it all transports that listen on it. They emit ``listenserverclose``."""
        if self._closed:
            return
        self._closed = True
        self._channel.unsubscribe(self._id)
        for transport in list(self._transports):
            # The servers of the workers stay, so each node is told.
            transport._tell("ROUTER_CLOSE_TRANSPORT", transport._router.id, {"transportId": transport.id})
            transport._listen_server_closed()
            self._transport_closed(transport)
        self._worker._webrtc_servers.pop(self._id, None)
        self._observe("close")

    async def dump(self) -> LogicalWebRtcServerDump:
        """Return what is known of it: its transports, and where they listen, with a list of the ``workers``.

        Raises:
            NotFoundError: It is closed.
            WorkerClosedError: The worker is closed.
        """
        self._check_open()
        workers: dict[str, dict[str, Any]] = {}
        for transport in self._transports:
            _enter(workers, transport)
        return cast(
            "LogicalWebRtcServerDump",
            {
                "id": self._id,
                "udpSockets": [socket for part in workers.values() for socket in part["udpSockets"]],
                "tcpServers": [socket for part in workers.values() for socket in part["tcpServers"]],
                "webRtcTransportIds": [transport.id for transport in self._transports],
                "localIceUsernameFragments": [
                    {
                        "localIceUsernameFragment": transport.ice_parameters["usernameFragment"],
                        "webRtcTransportId": transport.id,
                    }
                    for transport in self._transports
                ],
                "tupleHashes": [],
                "workers": list(workers.values()),
            },
        )


def _enter(workers: dict[str, dict[str, Any]], transport: mediasoup.WebRtcTransport) -> None:
    """Enter a transport, and where it listens, with its worker."""
    worker = cast("Any", transport._router._worker)
    empty = {
        "nodeId": worker.node_id,
        "workerId": worker.id,
        "udpSockets": [],
        "tcpServers": [],
        "webRtcTransportIds": [],
    }
    part = workers.setdefault(worker.id, empty)
    part["webRtcTransportIds"].append(transport.id)
    for candidate in transport.ice_candidates:
        sockets = part["udpSockets" if candidate["protocol"] == "udp" else "tcpServers"]
        socket = {"ip": candidate["address"], "port": candidate["port"]}
        if socket not in sockets:
            sockets.append(socket)
