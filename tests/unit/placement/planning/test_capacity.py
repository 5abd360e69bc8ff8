"""How many workers and hosts rooms need."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.placement.engine import COSTS
from tureen.placement.engine.planning import media
from tureen.placement.engine.planning.capacity import NETWORK_LIMIT, TooLargeError, Wanted, capacity
from tureen.placement.simulator import Workload, simulate

TALK = Wanted(rooms=1, peers=2, video=None, spare=0)


def test_a_talk_of_two() -> None:
    """Two microphones: two producers, two consumers, and what they weigh."""
    needed = capacity(TALK)
    assert (needed.producers, needed.consumers, needed.pipe_consumers) == (2, 2, 0)
    assert needed.inbound == needed.outbound == pytest.approx(2 * (32 + 50 * 60 * 8 / 1000) / 1000)
    expected = 4 * COSTS.transport + 2 * (COSTS.ingest + COSTS.copy) * 50 / media.MEAN_PACKETS
    assert needed.cpu == pytest.approx(expected)
    assert needed.rooms_per_worker == int(60 / expected)
    assert needed.hosts == 1


def test_the_mean_stream_costs_what_the_engine_says() -> None:
    """A stream of 80 packets a second costs the engine's own figures."""
    assert media.ingest(media.Stream(0, media.MEAN_PACKETS)) == COSTS.ingest
    assert media.copy(media.Stream(0, media.MEAN_PACKETS)) == COSTS.copy


def test_small_rooms_share_workers() -> None:
    """A thousand talks need as many workers as there are groups that fill one."""
    one, many = capacity(TALK), capacity(replace(TALK, rooms=1000))
    assert many.workers == -(-1000 // one.rooms_per_worker)
    assert many.pipe_consumers == 0


def test_a_large_room_needs_pipes() -> None:
    """Forty cameras for forty watchers take several workers, pipes between them, and no more than is filled."""
    needed = capacity(Wanted(peers=40, receive="360p", spare=0))
    assert needed.workers_per_room > 1
    assert needed.rooms_per_worker == 0
    assert needed.pipe_consumers > 0
    assert needed.cpu <= 60 * needed.workers


def test_the_network_may_decide() -> None:
    """Where streams are heavy and the network is thin, hosts are counted by it."""
    needed = capacity(Wanted(rooms=10, peers=4, video="1080p", network=100, spare=2))
    assert needed.hosts_by_network > needed.hosts_by_cores
    assert needed.hosts == needed.hosts_by_network + 2
    assert (needed.outbound + needed.piped) / (100 * NETWORK_LIMIT) <= needed.hosts_by_network


def test_lower_layers_cost_less() -> None:
    """Watchers of thumbnails, fewer watched, and no simulcast: each makes it lighter."""
    whole = capacity(Wanted(peers=12))
    assert capacity(Wanted(peers=12, receive="180p")).cpu < whole.cpu
    assert capacity(Wanted(peers=12, watching=3)).cpu < whole.cpu
    assert capacity(Wanted(peers=12, simulcast=False)).inbound < whole.inbound


def test_more_receiving_transports_need_fewer_pipes() -> None:
    """Peers with several receiving transports let workers share the producers out."""
    one, four = (capacity(Wanted(peers=40, watching=12, receive="180p", receiving=most)) for most in (1, 4))
    assert four.pipe_consumers < one.pipe_consumers
    assert four.workers <= one.workers


def test_learned_costs_count() -> None:
    """Cores that were learned to be twice as fast carry twice as much."""
    fast = COSTS._replace(ingest=COSTS.ingest / 2, copy=COSTS.copy / 2, transport=COSTS.transport / 2)
    assert capacity(TALK, fast).cpu == pytest.approx(capacity(TALK).cpu / 2)


def test_what_cannot_be() -> None:
    """Nothing to carry, and a peer who watches more than sixteen workers send, are refused."""
    with pytest.raises(ValueError, match="neither"):
        capacity(Wanted(video=None, audio=False))
    with pytest.raises(TooLargeError):
        capacity(Wanted(peers=200, video="1080p", watermark=5))


@pytest.mark.parametrize(("rooms", "peers", "receive"), [(12, 12, "180p"), (30, 4, "360p"), (4, 20, "180p")])
def test_what_is_enough_is_enough(rooms: int, peers: int, receive: str) -> None:
    """The engine itself, in the simulator, carries the rooms on as many workers as the planner says, all of them."""
    needed = capacity(Wanted(rooms=rooms, peers=peers, receive=receive, spare=0))
    sent = media.audio().beside(media.camera("720p", simulcast=True))
    received = media.audio().beside(media.video(media.LAYERS[receive][0]))
    policy = {"max_peers": peers, "expected_producers_per_peer": 2, "limit": "spill"}
    workload = {
        "duration": rooms + peers,
        "sample": rooms + peers,
        # Both figures are for a peer's two streams together; the simulator's are for the mean of them.
        "costs": {"ingest": media.ingest(sent) / 2, "copy": media.copy(received) / 2},
        "nodes": [{"workers": needed.workers}],
        "rooms": [{"count": rooms, "peers": peers, "policy": policy}],
    }
    last = simulate(Workload.model_validate(workload)).samples[-1]
    assert last.consumers == needed.consumers
    assert last.refusals == 0
    assert sum(last.loads.values()) <= needed.cpu + 1e-6


@given(
    rooms=st.integers(1, 50),
    peers=st.integers(1, 20),
    viewers=st.integers(0, 40),
    video=st.sampled_from([None, *media.LAYERS]),
    watching=st.none() | st.integers(0, 25),
)
def test_any_rooms(rooms: int, peers: int, viewers: int, video: str | None, watching: int | None) -> None:
    """What is needed carries what is wanted, in cores and in network, and more rooms never need less."""
    wanted = Wanted(rooms=rooms, peers=peers, viewers=viewers, video=video, watching=watching, spare=0)
    needed = capacity(wanted)
    assert needed.cpu <= 60 * needed.workers + 1e-6
    assert needed.workers <= 8 * needed.hosts
    assert (needed.outbound + needed.piped) <= 1000 * NETWORK_LIMIT * needed.hosts + 1e-6
    assert capacity(replace(wanted, rooms=rooms + 1)).hosts >= needed.hosts
