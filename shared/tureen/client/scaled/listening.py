"""Where transports of rooms listen: addresses and ports are the agents', an app picks among them by label. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from typing import Any

from tureen.client.errors import named
from tureen.contract.errors import TureenError
from tureen.contract.media import ListenInfo
from tureen.mediasoup.errors import UnsupportedError

_KEPT = ("protocol", "flags", "exposeInternalIp", "sendBufferSize", "recvBufferSize")


def placed_options(options: Mapping[str, Any], *, fixed_ports: bool) -> dict[str, Any]:
    """Return the options of a new transport as they hold on whatever node it is placed.

    What listens on a WebRtcServer names none: agents take the one of the worker.

    Args:
        options: What a worker of this process would get.
        fixed_ports: Whether the app chose the node, so that it may choose a port as well.

    Raises:
        UnsupportedError: A port is fixed, and the node is not.
        TypeError: A range of ports is none.
    """
    placed = dict(options)
    if placed.get("listenType") == "ListenServer":
        del placed["listenType"], placed["listen"]
    elif "listen" in placed:
        infos = [placed_info(info, fixed_ports=fixed_ports) for info in placed["listen"]["listenInfos"]]
        placed["listen"] = {"listenInfos": infos}
    for key in ("listenInfo", "rtcpListenInfo"):
        if key in placed:
            placed[key] = placed_info(placed[key], fixed_ports=fixed_ports)
    return placed


def placed_info(info: Mapping[str, Any], *, fixed_ports: bool) -> dict[str, Any]:
    """Return a listen info as it holds on whatever node; errors as of `placed_options`.

    A label goes through. An IP address is one of this host's, if of any: what is left of it is its family, of which the
    agent takes its first address. Announced addresses and ranges of ports are the agent's.
    """
    placed = {key: info[key] for key in _KEPT if key in info}
    placed["ip"] = _label(info.get("ip"))
    port = fixed_port(info)
    if port:
        if not fixed_ports:
            raise UnsupportedError(
                f"port {port}: a fixed port needs a node that is named, by connect(scale='node', node_id=...); "
                "elsewhere leave it out, and the agent finds a free one"
            )
        placed["port"] = port
    return placed


def check_server_infos(infos: Sequence[Mapping[str, Any]]) -> None:
    """Check where a logical WebRtcServer is to listen, which its agents decide.

    Raises:
        UnsupportedError: A port is fixed: each worker has a server, and they cannot all have that port.
        TypeError: There is no listen info, or one is wrong.
    """
    if not infos:
        raise TypeError("missing listen infos")
    for info in infos:
        try:
            ListenInfo.parse({key: value for key, value in info.items() if value is not None})
        except TureenError as error:
            raise named(error) from None
        if port := fixed_port(info):
            raise UnsupportedError(
                f"port {port}: there is a WebRtcServer on each worker, and they cannot all have that port; "
                "leave it out: the nodes choose their ports"
            )


def fixed_port(info: Mapping[str, Any]) -> int:
    """Return the one port that a listen info allows, 0 if it allows several; errors as of `placed_options`."""
    port_range = info.get("portRange") or {}
    low, high = port_range.get("min") or 0, port_range.get("max") or 0
    if low > high:
        raise TypeError(f"ports {low} to {high} are no range")
    return info.get("port") or (low if low == high else 0)


def _label(ip: Any) -> Any:
    if not isinstance(ip, str):
        # The agent says that it is no address.
        return ip
    try:
        return "::" if ip_address(ip).version == 6 else "0.0.0.0"  # noqa: S104 (no address: that of a family)
    except ValueError:
        return ip
