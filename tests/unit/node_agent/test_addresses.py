from __future__ import annotations

from typing import Any

import pytest

from tureen.contract.errors import InvalidType, Unauthorized
from tureen.contract.media import ListenInfo
from tureen.node_agent.addresses import check_ports, listen_info, listening
from tureen.node_agent.settings import Address, NodeAgentSettings

SETTINGS = NodeAgentSettings(
    node_id="node",
    workers=1,
    min_port=40000,
    max_port=40999,
    addresses=[Address(label="public", ip="10.0.0.1", announced="203.0.113.1"), Address(label="lan", ip="192.168.0.1")],
)


def info(**options: Any) -> ListenInfo:
    """Return what somebody asks for."""
    return ListenInfo.parse({"protocol": "udp", "ip": "public", **options})


def test_an_address_by_its_label_or_ip() -> None:
    """A label or an ip names an address; what browsers are told is the node's, unless the app says otherwise."""
    everywhere = {"protocol": "udp", "portRange": {"min": 40000, "max": 40999}}
    assert listen_info(SETTINGS, info()) == {**everywhere, "ip": "10.0.0.1", "announcedAddress": "203.0.113.1"}
    assert listen_info(SETTINGS, info(ip="192.168.0.1")) == {**everywhere, "ip": "192.168.0.1"}
    assert listen_info(SETTINGS, info(announcedAddress="a.example"))["announcedAddress"] == "a.example"
    assert "announcedAddress" not in listen_info(SETTINGS, info(announcedIp="1.2.3.4"))
    with pytest.raises(Unauthorized, match="offers public, lan"):
        listen_info(SETTINGS, info(ip="10.0.0.2"))


def test_what_is_asked_for_again() -> None:
    """It is answered as before, whatever else was asked for in between, and refused as before."""
    listen = listening(SETTINGS)
    asked = [info(), info(port=40001), info(portRange={"min": 40002, "max": 40003}), info(flags={"ipv6Only": True})]
    for _ in range(2):
        for each in asked:
            for ports in (None, (40500, 40599)):
                assert listen(each, ports) == listen_info(SETTINGS, each, ports)
        with pytest.raises(Unauthorized, match="offers public, lan"):
            listen(info(ip="10.0.0.2"), None)


def settings(*addresses: Address) -> NodeAgentSettings:
    """Return those of a node with these addresses."""
    return NodeAgentSettings(node_id="node", workers=1, addresses=list(addresses))


def test_the_unspecified_address_is_the_first_of_its_family() -> None:
    """Who does not know a node's addresses asks for the unspecified one, and gets the first, as it is announced."""
    assert listen_info(SETTINGS, info(ip="0.0.0.0")) == listen_info(SETTINGS, info(ip="public"))
    both = settings(Address(label="six", ip="2001:db8::1"), Address(label="four", ip="10.0.0.1"))
    assert listen_info(both, info(ip="0.0.0.0"))["ip"] == "10.0.0.1"
    for spelling in ("::", "0::0", "0:0:0:0:0:0:0:0"):
        assert listen_info(both, info(ip=spelling))["ip"] == "2001:db8::1"


def test_no_address_of_that_family() -> None:
    """Where a node has no address of the family, the refusal says so, and what there is."""
    with pytest.raises(Unauthorized, match=r"no IPv6 address for '::'; it offers public, lan"):
        listen_info(SETTINGS, info(ip="::"))
    with pytest.raises(Unauthorized, match=r"no IPv4 address"):
        listen_info(settings(Address(label="six", ip="2001:db8::1")), info(ip="0.0.0.0"))


def test_an_operator_may_offer_the_unspecified_address() -> None:
    """An address that is configured is taken as it is, before any other meaning."""
    anywhere = settings(Address(label="one", ip="10.0.0.1"), Address(label="all", ip="0.0.0.0", announced="a.example"))
    assert listen_info(anywhere, info(ip="0.0.0.0"))["ip"] == "0.0.0.0"


def test_ports_are_chosen_from_the_nodes() -> None:
    """Where no port is asked for, 0 included, it is from the worker's own range, or the node's."""
    assert listen_info(SETTINGS, info(port=0, portRange={"min": 0, "max": 0}))["portRange"] == {
        "min": 40000,
        "max": 40999,
    }
    assert listen_info(SETTINGS, info(), (40100, 40200))["portRange"] == {"min": 40100, "max": 40200}
    assert "portRange" not in listen_info(SETTINGS, info(port=40007))
    assert listen_info(SETTINGS, info(portRange={"min": 40001, "max": 40002}))["portRange"]["max"] == 40002


@pytest.mark.parametrize(("low", "high"), [(39999, 40000), (40999, 41000), (1, 65535)])
def test_other_ports_are_refused(low: int, high: int) -> None:
    """A range that is not within the node's is Unauthorized."""
    with pytest.raises(Unauthorized):
        check_ports(SETTINGS, low, high)
    with pytest.raises(Unauthorized):
        listen_info(SETTINGS, info(portRange={"min": low, "max": high}))


def test_what_is_wrong_wherever_it_is_asked_for() -> None:
    """A range that is upside down, and what is neither an address nor a label, is a TypeError, as with mediasoup."""
    with pytest.raises(InvalidType):
        check_ports(SETTINGS, 40002, 40001)
    with pytest.raises(InvalidType):
        listen_info(SETTINGS, info(ip="nowhere"))
