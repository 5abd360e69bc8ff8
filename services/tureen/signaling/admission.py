"""Who may open a WebSocket: the questions that can be answered from the HTTP request alone."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tureen.contract.ids import is_id
from tureen.signaling.protoo import SUBPROTOCOL


@dataclass(frozen=True, slots=True)
class Refused:
    """An upgrade that is refused: the HTTP status, and one sentence for the response's body."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Admitted:
    """An upgrade that may go on."""

    room_id: str
    peer_id: str


def admit(
    query: Mapping[str, str],
    subprotocols: Sequence[str],
    origin: str | None,
    *,
    allowed_origins: Sequence[str],
    loopback_origins: bool,
) -> Admitted | Refused:
    """Decide on an upgrade.

    Args:
        query: The URL's query; `roomId` and `peerId` count, all else is left alone.
        subprotocols: What the client offers.
        origin: The `Origin` header, absent where the client is no browser.
        allowed_origins: Origins whose pages may connect, as `scheme://host[:port]`; `*` is any.
        loopback_origins: Whether pages served from this machine may connect.
    """
    if origin is not None and not is_allowed_origin(origin, allowed_origins, loopback_origins):
        return Refused(403, f"pages of origin {origin[:200]!r} may not connect: add it to allowedOrigins")
    if SUBPROTOCOL not in subprotocols:
        return Refused(403, f"the WebSocket must offer the subprotocol {SUBPROTOCOL!r}")
    for name in ("roomId", "peerId"):
        if name not in query:
            return Refused(400, f"the URL lacks {name}: connect to /?roomId=…&peerId=…")
        if not is_id(query[name]):
            return Refused(400, f"{name} must be 1 to 128 characters out of A-Z a-z 0-9 _ -")
    return Admitted(query["roomId"], query["peerId"])


def is_allowed_origin(origin: str, allowed_origins: Sequence[str], loopback_origins: bool) -> bool:
    """Tell whether pages of an origin may connect.

    The `Host` header is deliberately not compared with: with DNS rebinding a foreign page sends its own name in both.
    """
    if "*" in allowed_origins or origin in allowed_origins:
        return True
    return loopback_origins and _is_loopback(origin)


def is_loopback_host(host: str) -> bool:
    """Tell whether a host's name or address can only mean this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_loopback(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        host = parts.hostname
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and host is not None and is_loopback_host(host)
