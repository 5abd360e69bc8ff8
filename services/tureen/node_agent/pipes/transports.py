"""PipeTransports: how this node opens and connects its end of a pipe."""

from __future__ import annotations

from typing import cast

from tureen.contract.pipes import PipeEndpoint
from tureen.mediasoup import PipeTransport
from tureen.mediasoup.types import SrtpParameters, TransportListenInfo
from tureen.node_agent.objects import Objects, PipeEntry, RouterEntry
from tureen.node_agent.settings import NodeAgentSettings

SOCKET_BUFFER = 4 * 1024 * 1024
"""Bytes: one pipe carries many streams in bursts, and a packet that finds the buffer full is lost for every viewer."""


class PipeTransports:
    """Opens ends of pipes on the node's first address."""

    def __init__(self, settings: NodeAgentSettings, objects: Objects) -> None:
        self._settings = settings
        self._objects = objects

    async def open(self, router: RouterEntry, *, encrypted: bool) -> tuple[PipeTransport, PipeEndpoint]:
        """Open this end; RTX is always on, because a packet lost on a pipe is lost for every viewer behind it."""
        address = self._settings.addresses[0]
        listen_info: TransportListenInfo = {
            "protocol": "udp",
            "ip": address.ip,
            "portRange": {"min": self._settings.min_port, "max": self._settings.max_port},
            "sendBufferSize": SOCKET_BUFFER,
            "recvBufferSize": SOCKET_BUFFER,
        }
        transport = await router.router.create_pipe_transport(
            listen_info=listen_info, enable_rtx=True, enable_srtp=encrypted
        )
        enter_pipe(self._objects, router, transport)
        srtp = transport.srtp_parameters
        return transport, PipeEndpoint(
            ip=address.reachable,
            port=transport.tuple["localPort"],
            srtp_parameters=None if srtp is None else {**srtp},
        )

    async def connect(self, transport: PipeTransport, remote: PipeEndpoint) -> None:
        """Connect this end to the other."""
        srtp = cast("SrtpParameters | None", remote.srtp_parameters)
        await transport.connect(ip=remote.ip, port=remote.port, srtp_parameters=srtp)


def enter_pipe(objects: Objects, router: RouterEntry, transport: PipeTransport) -> None:
    """Enter an end of a pipe until it closes; one that is known stays as it is."""
    if objects.pipes.find(transport.id, router.tenant) is not None:
        return
    router.pipes += 1
    objects.pipes.add(PipeEntry(transport.id, router, transport))

    def closed() -> None:
        router.pipes -= 1
        objects.pipes.discard(transport.id)

    transport.observer.on("close", closed)
