"""The simulator: the same engine on nodes that do not exist."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tureen.placement.simulator import Workload, WrongWorkloadError, parse, simulate

EXAMPLES = Path(__file__).parents[4] / "examples" / "workloads"

SMALL = """
duration = 20
[[nodes]]
count = 2
workers = 2
[[rooms]]
count = 3
peers = 4
"""


def workload(text: str = SMALL, **changes: object) -> Workload:
    """Return a workload, with what is changed."""
    return parse(text).model_copy(update=changes)


def test_everybody_watches_everybody() -> None:
    """Three rooms of four with two producers each come to 72 consumers, and nothing is refused."""
    last = simulate(workload()).samples[-1]
    assert (last.rooms, last.peers, last.consumers, last.refusals) == (3, 12, 72, 0)


def test_the_same_seed_gives_the_same() -> None:
    """A workload decides everything; another seed may decide otherwise."""
    text = SMALL.replace("peers = 4", "peers = 9\nwatch = 3\nstay = [2, 9]")
    first, again = simulate(workload(text)), simulate(workload(text))
    assert first.samples == again.samples
    assert simulate(workload(text, seed=2)).samples != first.samples


def test_a_room_spills_over_with_pipes() -> None:
    """What is too much for one worker goes to others, over pipes, and no worker is above its limit."""
    text = SMALL.replace("count = 3\npeers = 4", 'peers = 16\npolicy = { limit = "spill" }')
    last = simulate(workload(text, consumers_per_worker=200)).samples[-1]
    assert last.consumers == 16 * 30
    assert last.pipe_consumers > 0
    assert last.depth >= 1


def test_leaving_leaves_nothing() -> None:
    """When all have left, no consumer, pipe or load is left."""
    text = SMALL.replace("peers = 4", "peers = 12\njoin_every = 0.1\nstay = [1, 9]")
    last = simulate(workload(text, consumers_per_worker=150)).samples[-1]
    assert (last.peers, last.consumers, last.pipe_consumers, last.pipes, last.depth) == (0, 0, 0, 0, 0)
    assert max(last.loads.values()) == pytest.approx(0)


def test_a_lost_node_is_replaced() -> None:
    """Who was on a lost node is moved, and watches as before."""
    events = '[[events]]\nat = 15\nwhat = "lose"\nnode = "1-1"\n'
    result = simulate(workload(SMALL + events))
    assert result.samples[-1].consumers == 72
    assert result.samples[-1].moves > 0
    assert not any(worker.startswith("1-1-") for worker in result.samples[-1].loads)


def test_a_drained_node_gets_nothing_new() -> None:
    """Rooms that begin after a drain go elsewhere."""
    events = '[[events]]\nat = 0\nwhat = "drain"\nnode = "1-1"\n'
    loads = simulate(workload(SMALL + events)).samples[-1].loads
    assert all((load > 0) is worker.startswith("1-2-") for worker, load in loads.items() if load or "1-1" in worker)


def test_refusals_have_causes() -> None:
    """Where nothing fits, what was refused is counted by cause."""
    result = simulate(workload(SMALL.replace("peers = 4", "peers = 40\njoin_every = 0.1")))
    assert result.samples[-1].refusals == sum(result.refusals.values()) > 0
    assert set(result.refusals) <= {"watermark", "hard-limit", "pipe", "excluded", "receiving transports"}


def test_the_csv_has_a_line_a_sample() -> None:
    """The table names the totals and every worker."""
    result = simulate(workload(sample=5.0))
    file = io.StringIO()
    result.write_csv(file)
    head, *lines = file.getvalue().splitlines()
    assert head.startswith("seconds,peers,rooms,consumers")
    assert "load:1-2-2" in head
    assert [line.split(",")[0] for line in lines] == ["0", "5", "10", "15", "20"]


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("nodes = [", "not TOML"),
        ("[[nodes]]\n", "rooms"),
        (SMALL + "peeers = 3\n", "rooms.0.peeers"),
        (SMALL.replace("workers = 2", "workers = 0"), "nodes.0.workers"),
        (SMALL + "policy = { watermark = 200 }\n", "rooms.0.policy.watermark"),
    ],
)
def test_wrong_workloads(text: str, hint: str) -> None:
    """A file that is wrong is refused with where and why."""
    with pytest.raises(WrongWorkloadError, match=hint):
        parse(text)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.toml")), ids=lambda path: path.stem)
def test_the_examples_run(example: Path) -> None:
    """Every example is a workload and runs; the first seconds of it here."""
    result = simulate(parse(example.read_text()).model_copy(update={"duration": 10.0}))
    assert result.samples[-1].peers > 0


@settings(max_examples=60, deadline=None)
@given(
    peers=st.integers(1, 14),
    viewers=st.integers(0, 10),
    watch=st.just("all") | st.integers(0, 6),
    stay=st.none() | st.just((1.0, 12.0)),
    limit=st.integers(20, 200),
    fan_out=st.integers(1, 8),
    events=st.lists(
        st.fixed_dictionaries(
            {
                "at": st.floats(0, 20),
                "what": st.sampled_from(["lose", "drain", "undrain", "silence", "speak"]),
                "node": st.sampled_from(["1-1", "1-2", "1-3", "none"]),
            }
        ),
        max_size=4,
    ),
)
def test_any_workload_keeps_to_its_limits(
    peers: int, viewers: int, watch: object, stay: object, limit: int, fan_out: int, events: list[dict[str, object]]
) -> None:
    """No worker is above its limit, no way is too long, no count negative, and nothing is left when all have left."""
    rooms = {"peers": peers, "viewers": viewers, "watch": watch, "stay": stay, "join_every": 0.5}
    given_ = {
        "duration": 28,
        "consumers_per_worker": limit,
        "fan_out": fan_out,
        "costs": {"ingest": 0.0, "copy": 90 / limit, "transport": 0.0},
        "nodes": [{"count": 3, "workers": 2}],
        "rooms": [{**rooms, "policy": {"limit": "spill"}}],
        "events": events,
    }
    samples = simulate(Workload.model_validate(given_)).samples
    if stay is not None:
        last = samples[-1]
        assert (last.peers, last.consumers, last.pipe_consumers, last.pipes) == (0, 0, 0, 0)
    for sample in samples:
        assert all(-1e-6 <= load <= 90 + 1e-6 for load in sample.loads.values())
        assert sample.depth <= 4
        assert min(sample.consumers, sample.pipe_consumers, sample.pipes) >= 0


def test_a_lost_relay_leaves_no_pipe_behind() -> None:
    """Where a stream went through a lost host to others, what was sent to that host ends as well."""
    text = """
duration = 40
fan_out = 1
consumers_per_worker = 10
[costs]
ingest = 0.0
copy = 9.0
transport = 0.0
[[nodes]]
count = 4
workers = 1
[[rooms]]
peers = 1
viewers = 24
producers = 1
expected_consumers = 1
join_every = 0.25
stay = [15, 20]
policy = { limit = "spill" }
[[events]]
at = 12
what = "lose"
node = "LOST"
"""
    for lost in ("1-1", "1-2", "1-3", "1-4"):
        samples = simulate(parse(text.replace("LOST", lost))).samples
        assert samples[11].depth >= 2
        assert samples[-1].pipe_consumers == 0, lost
