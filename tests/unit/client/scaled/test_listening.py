"""Where transports of rooms listen."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.client.scaled.listening import fixed_port, placed_info, placed_options
from tureen.mediasoup.errors import UnsupportedError


@pytest.mark.parametrize(
    ("ip", "placed"),
    [("127.0.0.1", "0.0.0.0"), ("203.0.113.7", "0.0.0.0"), ("::1", "::"), ("2001:db8::1", "::"), ("lan", "lan")],
)
def test_addresses(ip: str, placed: str) -> None:
    """An IP address becomes the unspecified one of its family, a label stays what it is."""
    assert placed_info({"protocol": "udp", "ip": ip}, fixed_ports=False) == {"protocol": "udp", "ip": placed}


def test_what_is_kept() -> None:
    """Protocol, flags and buffer sizes are the app's; announced addresses and ranges of ports are the agent's."""
    info = {
        "protocol": "tcp",
        "ip": "10.0.0.1",
        "announcedAddress": "203.0.113.7",
        "exposeInternalIp": True,
        "portRange": {"min": 2000, "max": 3000},
        "flags": {"ipv6Only": True},
        "sendBufferSize": 1000,
        "recvBufferSize": 2000,
    }
    assert placed_info(info, fixed_ports=True) == {
        "protocol": "tcp",
        "ip": "0.0.0.0",
        "exposeInternalIp": True,
        "flags": {"ipv6Only": True},
        "sendBufferSize": 1000,
        "recvBufferSize": 2000,
    }


def is_address(text: str) -> bool:
    """Tell whether a text is an IP address."""
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


@given(
    st.fixed_dictionaries(
        {"protocol": st.sampled_from(["udp", "tcp"]), "ip": st.ip_addresses().map(str) | st.text(max_size=9)},
        optional={
            "announcedAddress": st.text(max_size=9),
            "portRange": st.just({"min": 2000, "max": 3000}),
            "sendBufferSize": st.integers(0, 2**32 - 1),
        },
    )
)
def test_nothing_of_this_host_goes_to_another(info: dict[str, Any]) -> None:
    """No address of this host, and nothing that is announced of it, reaches an agent; a label does."""
    placed = placed_info(info, fixed_ports=False)
    assert placed.keys() <= {"protocol", "ip", "sendBufferSize"}
    assert placed["ip"] in {"0.0.0.0", "::"} if is_address(info["ip"]) else placed["ip"] == info["ip"]


@pytest.mark.parametrize("fixed", [{"port": 2000}, {"portRange": {"min": 2000, "max": 2000}}])
def test_fixed_ports(fixed: dict[str, Any]) -> None:
    """A fixed port is for a node that the app named; elsewhere it is refused with what to do instead."""
    info = {"protocol": "udp", "ip": "lan", **fixed}
    assert placed_info(info, fixed_ports=True) == {"protocol": "udp", "ip": "lan", "port": 2000}
    with pytest.raises(UnsupportedError, match="node_id"):
        placed_info(info, fixed_ports=False)


@pytest.mark.parametrize("free", [{}, {"port": 0}, {"portRange": {}}, {"portRange": {"min": 0, "max": 0}}])
def test_free_ports(free: dict[str, Any]) -> None:
    """0 is no port."""
    assert fixed_port(free) == 0


def test_options_of_each_kind() -> None:
    """Every listen info of a transport is placed; a WebRtcServer is not named; what is given is not changed."""
    info = {"protocol": "udp", "ip": "127.0.0.1"}
    placed = {"protocol": "udp", "ip": "0.0.0.0"}
    listening = {"listenType": "ListenIndividual", "listen": {"listenInfos": [info]}, "enableUdp": True}
    assert placed_options(listening, fixed_ports=False)["listen"] == {"listenInfos": [placed]}
    plain = {"listenInfo": info, "rtcpListenInfo": info, "comedia": True}
    assert placed_options(plain, fixed_ports=False) == {
        "listenInfo": placed,
        "rtcpListenInfo": placed,
        "comedia": True,
    }
    served = {"listenType": "ListenServer", "listen": {"webRtcServerId": "server"}, "enableUdp": True}
    assert placed_options(served, fixed_ports=False) == {"enableUdp": True}
    assert listening["listen"] == {"listenInfos": [info]}
    assert "listen" in served
