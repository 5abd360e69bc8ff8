"""What heartbeats tell of the host's network and of routers."""

from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass
from typing import cast

import psutil
import pytest

from tureen.node_agent.load import MOST_ROUTERS, REPEATED, NetworkMeter, RouterChanges
from tureen.node_agent.objects import RouterEntry


def test_limits_as_they_are_set() -> None:
    """Megabits become bytes; a limit that is not set is none."""
    told = NetworkMeter(1000.0, 50_000).read(1.0)
    assert (told["network_limit"], told["packets_limit"]) == (125e6, 50_000)
    assert NetworkMeter(8.0, None).read(1.0)["packets_limit"] == 0


def test_without_a_setting_the_links_are_asked() -> None:
    """The limit is the speed of the fastest link that tells it, or unknown."""
    speeds = [link.speed for name, link in psutil.net_if_stats().items() if link.isup and name != "lo"]
    assert NetworkMeter(None, None).read(1.0)["network_limit"] == max(speeds, default=0) * 125_000


def test_the_loopback_interface_does_not_count() -> None:
    """What stays inside the host takes nothing of its network."""
    meter = NetworkMeter(None, None)
    before = psutil.net_io_counters(pernic=True)["lo"].bytes_sent
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for _ in range(500):
            sender.sendto(bytes(60_000), ("127.0.0.1", 9))
    looped = psutil.net_io_counters(pernic=True)["lo"].bytes_sent - before
    assert looped >= 500 * 60_000
    assert meter.read(1.0)["network_out"] < looped / 2


def test_rates_are_a_second() -> None:
    """Rates are over the time since the reading before, and never negative."""
    meter = NetworkMeter(None, None)
    meter.read(10.0)
    meter._counted = (10**18, 0, 0, 0)
    told = meter.read(12.0)
    assert told["network_in"] == 0
    sent = psutil.net_io_counters(pernic=True)
    whole = sum(link.bytes_sent for name, link in sent.items() if name != "lo")
    assert told["network_out"] == pytest.approx(whole / 2, rel=0.5)


def test_a_heartbeat_tells_of_so_many_routers() -> None:
    """With more changes than a heartbeat holds, every router is told within a few, and each as often as any other."""
    count = 2 * MOST_ROUTERS + 10
    routers = [cast("RouterEntry", _Router(f"r{number}")) for number in range(count)]
    changes = RouterChanges()
    beats = [changes.of(routers) for _ in range(3 * REPEATED + 1)]
    assert all(len(beat) <= MOST_ROUTERS for beat in beats)
    assert {load.router_id for beat in beats[:3] for load in beat} == {router.id for router in routers}
    assert set(Counter(load.router_id for beat in beats for load in beat).values()) == {REPEATED}
    assert changes.of(routers) == []
    routers[3].opened = 7
    assert [(load.router_id, load.opened) for load in changes.of(routers)] == [("r3", 7)]


@dataclass
class _Router:
    """What is looked at of a router."""

    id: str
    room_id: str = "room"
    transports: tuple[str, ...] = ()
    opened: int = 0
    consumers: int = 0
