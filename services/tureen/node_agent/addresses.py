"""Where transports may listen: on this node's addresses, within its ports. Pure."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import cast

from tureen.contract.errors import InvalidType, Unauthorized
from tureen.contract.media import ListenInfo
from tureen.mediasoup.types import TransportListenInfo
from tureen.node_agent.settings import Address, NodeAgentSettings

Ports = tuple[int, int]
"""The lowest and the highest."""


def listen_info(settings: NodeAgentSettings, info: ListenInfo, ports: Ports | None = None) -> TransportListenInfo:
    """Return where a transport listens: on one of this node's addresses, named by its label or its ip.

    The unspecified address (`0.0.0.0` or `::`) names the first address of its family: whoever does not know what
    addresses a node has can ask for one all the same, and nothing listens on all of them.

    Args:
        settings: What the node offers.
        info: What was asked for.
        ports: Where a port is chosen from that `info` says nothing of; default: the node's.

    Raises:
        Unauthorized: The node does not offer that address, or none of that family, or not those ports.
        InvalidType: It is no address, or the ports are no range.
    """
    address = _address(settings, info.ip)
    chosen = {**info.to_wire(), "ip": address.ip}
    wanted = _wanted(info)
    if wanted is not None:
        check_ports(settings, *wanted)
    else:
        low, high = ports or (settings.min_port, settings.max_port)
        chosen["portRange"] = {"min": low, "max": high}
    if info.announced_address is None and info.announced_ip is None and address.announced is not None:
        chosen["announcedAddress"] = address.announced
    return cast("TransportListenInfo", chosen)


def listening(settings: NodeAgentSettings) -> Callable[[ListenInfo, Ports | None], TransportListenInfo]:
    """Return `listen_info` of one node: most transports listen where others did, so the latest answers are kept."""
    return lru_cache(maxsize=256)(partial(listen_info, settings))


def check_ports(settings: NodeAgentSettings, low: int, high: int) -> None:
    """Check that ports are the node's.

    Raises:
        Unauthorized: They are not.
        InvalidType: The lowest is above the highest.
    """
    if low > high:
        raise InvalidType(f"ports {low} to {high} are no range")
    if not settings.min_port <= low <= high <= settings.max_port:
        raise Unauthorized(
            f"ports {low} to {high} are not within this node's {settings.min_port} to {settings.max_port}",
            details={"minPort": settings.min_port, "maxPort": settings.max_port},
        )


def _wanted(info: ListenInfo) -> Ports | None:
    """Return the ports that were asked for; 0 is none, as with mediasoup."""
    if info.port:
        return info.port, info.port
    if info.port_range is not None and (info.port_range.min or info.port_range.max):
        return info.port_range.min, info.port_range.max
    return None


def _address(settings: NodeAgentSettings, wanted: str) -> Address:
    for address in settings.addresses:
        if wanted in {address.label, address.ip}:
            return address
    ip = _ip(wanted)
    text = f"this node does not offer address {wanted!r}"
    if ip is not None and ip.is_unspecified:
        for address in settings.addresses:
            if (own := _ip(address.ip)) is not None and own.version == ip.version:
                return address
        text = f"this node has no IPv{ip.version} address for {wanted!r}"
    labels = ", ".join(address.label for address in settings.addresses)
    raise (InvalidType if ip is None else Unauthorized)(f"{text}; it offers {labels}", details={"labels": labels})


def _ip(text: str) -> IPv4Address | IPv6Address | None:
    """Return the ip that a text is, if it is one."""
    try:
        return ip_address(text)
    except ValueError:
        return None
