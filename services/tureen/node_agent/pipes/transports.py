"""PipeTransports: how this node opens and connects its end of a pipe."""

from __future__ import annotations

import asyncio
from typing import cast

from tureen.contract.errors import Unavailable
from tureen.contract.pipes import PipeEndpoint
from tureen.mediasoup import DirectTransport, PipeTransport
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

    async def open(self, router: RouterEntry, *, encrypted: bool, sctp: bool) -> tuple[PipeTransport, PipeEndpoint]:
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
            listen_info=listen_info, enable_rtx=True, enable_srtp=encrypted, enable_sctp=sctp
        )
        enter_pipe(self._objects, router, transport)
        srtp = transport.srtp_parameters
        return transport, PipeEndpoint(
            ip=address.reachable,
            port=transport.tuple["localPort"],
            srtp_parameters=None if srtp is None else {**srtp},
            sctp=sctp,
        )

    async def connect(self, transport: PipeTransport, remote: PipeEndpoint) -> None:
        """Connect this end to the other."""
        srtp = cast("SrtpParameters | None", remote.srtp_parameters)
        await transport.connect(ip=remote.ip, port=remote.port, srtp_parameters=srtp)


async def associated(transport: PipeTransport) -> None:
    """Wait until the SCTP association of a pipe is up: what is sent before is lost.

    Raises:
        Unavailable: It never will be.
    """
    changed = asyncio.Event()

    def on_change(*_: object) -> None:
        changed.set()

    transport.on("sctpstatechange", on_change)
    transport.observer.once("close", on_change)
    try:
        while transport.sctp_state != "connected":
            if transport.closed or transport.sctp_state in {"failed", "closed", None}:
                raise Unavailable("the pipe's SCTP association failed; ask again")
            await changed.wait()
            changed.clear()
    finally:
        transport.off("sctpstatechange", on_change)
        transport.observer.off("close", on_change)


def enter_pipe(objects: Objects, router: RouterEntry, transport: PipeTransport | DirectTransport) -> None:
    """Enter an end of a pipe until it closes; one that is known stays as it is."""
    if objects.pipes.find(transport.id, router.tenant) is not None:
        return
    router.pipes += 1
    entry = PipeEntry(transport.id, router, transport)
    objects.pipes.add(entry)

    def closed() -> None:
        router.pipes -= 1
        objects.pipes.discard(entry)

    transport.observer.once("close", closed)
