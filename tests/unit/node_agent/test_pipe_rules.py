"""What agents refuse each other, and what ends when their lists differ."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.errors import Conflict, NoCapacity
from tureen.contract.rooms import RoomRouter
from tureen.node_agent.pipes.rules import Differences, Side, compare, refusal

NOTHING = Differences(frozenset(), frozenset(), frozenset(), frozenset())
PULLS = st.frozensets(st.integers(0, 12).map(str))


def path(*names: str) -> list[RoomRouter]:
    """Return a path of routers, each on a node of its own."""
    return [RoomRouter(router_id=name, node_id=f"n-{name}", worker_id=f"w-{name}") for name in names]


def test_refusals() -> None:
    """A circle is a conflict; a router that sends to enough others, or is as far away as may be, has no capacity."""
    bounds = {"max_fan_out": 2, "max_depth": 2}
    assert refusal(path("a", "b"), "c", fan_out=1, **bounds) is None
    assert isinstance(refusal(path("a", "b"), "a", fan_out=0, **bounds), Conflict)
    assert isinstance(refusal(path("a", "b"), "b", fan_out=0, **bounds), Conflict)
    assert isinstance(refusal(path("a", "b"), "c", fan_out=2, **bounds), NoCapacity)
    assert isinstance(refusal(path("a", "b", "c"), "d", fan_out=0, **bounds), NoCapacity)


def test_equal_lists_end_nothing() -> None:
    """Two ends that agree have nothing to do."""
    mine = Side(served=frozenset("ab"), pulled=frozenset("cd"))
    assert compare(mine, mine, Side(served=frozenset("cd"), pulled=frozenset("ab"))) == NOTHING


def test_what_one_end_has_alone_ends() -> None:
    """What is at one end only ends there, or its owner is told."""
    mine = Side(served=frozenset("a"), pulled=frozenset("c"))
    theirs = Side(served=frozenset("x"), pulled=frozenset("y"))
    found = compare(mine, mine, theirs)
    assert found == Differences(frozenset("c"), frozenset("a"), frozenset("x"), frozenset("y"))


def test_what_changes_meanwhile_proves_nothing() -> None:
    """A pull that is being made at either end, was begun after the question or ended before the answer stays alone."""
    nothing: frozenset[str] = frozenset()
    making = Side(served=nothing, pulled=frozenset("c"), making=frozenset("c"))
    assert compare(making, making, Side(nothing, nothing)) == NOTHING
    none = Side(nothing, nothing)
    assert compare(none, Side(served=frozenset("s"), pulled=frozenset("p")), none) == NOTHING
    assert compare(Side(served=frozenset("s"), pulled=frozenset("p")), none, none) == NOTHING
    assert compare(none, none, Side(nothing, frozenset("p"), making=frozenset("p"))) == NOTHING


@given(PULLS, PULLS, PULLS, PULLS)
def test_after_a_comparison_both_ends_agree(
    served: frozenset[str], pulled: frozenset[str], x: frozenset[str], y: frozenset[str]
) -> None:
    """Whatever the two ends have, doing what the comparison says leaves each pull at both ends or at none."""
    mine, theirs = Side(served, pulled), Side(x, y)
    found = compare(mine, mine, theirs)
    assert pulled - found.ended == x - found.to_release
    assert served - found.unserved == y - found.to_close
