"""`connect()`: from a URL to mediasoup on nodes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Literal, overload

from tureen.bus import Bus, BusSettings
from tureen.client.connection import Connection
from tureen.client.errors import named
from tureen.client.mediasoup import Mediasoup
from tureen.client.scaled.mediasoup import NO_NODE, ScaledMediasoup, checked_policy
from tureen.client.session import Session
from tureen.contract.errors import TureenError
from tureen.contract.ids import check_id
from tureen.contract.permissions import tenant_of
from tureen.contract.subjects import DEFAULT_TENANT, SYSTEM

REQUEST_TIMEOUT = 5.0
"""How long a call may take by default, in seconds."""

_SHORTEST_LEASE, _LONGEST_LEASE = 1, 3600
"""What nodes take, in seconds."""


@overload
def connect(
    url: str | Sequence[str],
    *,
    tenant: str | None = ...,
    scale: Literal["worker"] = ...,
    node_id: str | None = ...,
    timeout: float = ...,
    lease: float | None = ...,
    settings: BusSettings | None = ...,
) -> AbstractAsyncContextManager[Mediasoup]: ...


@overload
def connect(
    url: str | Sequence[str],
    *,
    tenant: str | None = ...,
    scale: Literal["node", "cluster"],
    node_id: str | None = ...,
    room_policy: Mapping[str, Any] | None = ...,
    timeout: float = ...,
    lease: float | None = ...,
    settings: BusSettings | None = ...,
) -> AbstractAsyncContextManager[ScaledMediasoup]: ...


def connect(
    url: str | Sequence[str],
    *,
    tenant: str | None = None,
    scale: Literal["worker", "node", "cluster"] = "worker",
    node_id: str | None = None,
    room_policy: Mapping[str, Any] | None = None,
    timeout: float = REQUEST_TIMEOUT,
    lease: float | None = None,
    settings: BusSettings | None = None,
) -> AbstractAsyncContextManager[Any]:
    """Connect to a cluster, and use it as if it were the module ``tureen.mediasoup``.

    ::

        async with connect("nats://user:password@host:4222") as mediasoup:
            worker = await mediasoup.create_worker()

    What this client has made is closed when the block ends.

    Args:
        url: Where NATS is, with the credentials; several for a cluster of servers.
        tenant: Whose objects these are. Default: the user's own, where it is called ``tenant-<tenant>``; else
            ``default``.
        scale: What a worker is: ``worker``, a process of this client's own on a node; ``node``, all the workers of a
            node's pool; ``cluster``, those of all nodes. With the latter two a router is a room: it looks like one
            router, and has as many as it needs. They need placement.
        node_id: The node on which workers are started, or which a worker is. Default: placement names one for each.
        room_policy: How rooms are spread, with ``scale`` ``node`` or ``cluster``: any of ``watermark``, ``hardLimit``,
            ``maxConsumersPerWorker``, ``maxTransportsPerWorker``, ``maxPeers``, ``expectedProducersPerPeer``,
            ``limit``, ``regions``, ``firstNodeId`` and ``emptyTimeout``. Default: placement's.
        timeout: How long a call may take, in seconds, more than 0: all tries, and all commands that it takes.
        lease: Seconds after which nodes close what this client has made if they hear no more of it, 1 to 3600: it was
            killed, say. Default: they do not.
        settings: How to connect, where a URL cannot say it (certificates, nkeys, …); ``url`` and ``tenant`` count.

    Raises:
        TypeError: There is no such scale, or the policy is wrong, or given with ``scale="worker"``; a node is named
            with ``scale="cluster"``; the tenant is no id, or a time is out of its range.
        Unauthorized: The server refuses the credentials; a MediasoupError.
        Unavailable: No server answers; a MediasoupError.
    """
    servers = [url] if isinstance(url, str) else [*url]
    _check(tenant, timeout, lease)
    base = BusSettings(servers=servers, name="tureen-client")
    if settings is not None:
        base = settings.model_copy(update={"servers": base.servers})
    whose = _tenant(base) if tenant is None else tenant
    base = base.model_copy(update={"tenant": whose})
    if scale not in ("worker", "node", "cluster"):
        raise TypeError(f"scale must be 'worker', 'node' or 'cluster', not {scale!r}")
    if scale == "worker" and room_policy is not None:
        raise TypeError("room_policy is for rooms: give scale='node' or scale='cluster' with it")
    if scale == "cluster" and node_id is not None:
        raise TypeError(NO_NODE)
    policy = checked_policy(room_policy)

    def client(bus: Bus) -> Connection:
        session = Session(bus, whose, timeout, lease)
        return Mediasoup(session, node_id) if scale == "worker" else ScaledMediasoup(session, node_id, scale, policy)

    return _connected(base, client)


def _tenant(settings: BusSettings) -> str:
    """Return whose user this is, by its name."""
    tenant = tenant_of(settings.user_name)
    return DEFAULT_TENANT if tenant == SYSTEM else tenant


def _check(tenant: str | None, timeout: float, lease: float | None) -> None:
    if tenant is not None:
        check_id(tenant, "tenant")
    if not timeout > 0:
        raise TypeError(f"timeout: {timeout} leaves no time for an answer; give seconds")
    if lease is not None and not _SHORTEST_LEASE <= lease <= _LONGEST_LEASE:
        raise TypeError(f"lease: give {_SHORTEST_LEASE} to {_LONGEST_LEASE} seconds, not {lease}")


@asynccontextmanager
async def _connected(settings: BusSettings, client: Callable[[Bus], Connection]) -> AsyncIterator[Connection]:
    try:
        bus = await Bus.connect(settings)
    except TureenError as error:
        raise named(error) from None
    connection = client(bus)
    try:
        yield connection
    finally:
        await connection.close()
