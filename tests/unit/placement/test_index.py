"""The index of nodes by load."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from tests.unit.placement.fixed import heartbeat, picture, worker

from tureen.placement.picture import Node
from tureen.placement.picture.index import STEP, NodeIndex


def _nodes(count: int) -> list[Node]:
    seen = picture(*(heartbeat(f"n{node}", worker(f"n{node}-1")) for node in range(count)))
    return list(seen.cluster.nodes.values())


def test_yields_the_lightest_first() -> None:
    """Nodes come in the order of their loads, as far as a bucket tells them apart."""
    index = NodeIndex()
    first, second, third = _nodes(3)
    for node, load in ((first, 50.0), (second, 10.0), (third, 30.0)):
        index.put(node, load)
    assert list(index.lightest(100, 0.0)) == [second, third, first]
    assert list(index.lightest(20, 0.0)) == [second]


def test_draw_decides_among_equals() -> None:
    """Within a bucket the random number says who comes first."""
    index = NodeIndex()
    nodes = _nodes(10)
    for node in nodes:
        index.put(node, 0.0)
    firsts = {next(iter(index.lightest(100, draw / 10))).id for draw in range(10)}
    assert len(firsts) == 10


@given(st.lists(st.tuples(st.integers(0, 9), st.one_of(st.none(), st.floats(-10, 200)))))
def test_holds_what_was_put(steps: list[tuple[int, float | None]]) -> None:
    """After any history of entering, moving and leaving, each node is there once, in the bucket of its load."""
    index = NodeIndex()
    nodes = _nodes(10)
    expected: dict[str, float] = {}
    for number, load in steps:
        node = nodes[number]
        if load is None:
            index.discard(node.id)
            expected.pop(node.id, None)
        else:
            index.put(node, load)
            expected[node.id] = load
    found = [node.id for node in index.lightest(1000, 0.3)]
    assert sorted(found) == sorted(expected)
    assert index.workers == len(index) == len(expected)
    buckets = [min(max(int(expected[node_id] / STEP), 0), 50) for node_id in found]
    assert buckets == sorted(buckets)
