"""Paths of producers through a room."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.rooms import RoomRouter
from tureen.placement.routes import Bounds, Plans, Tree, route

WIDE = Bounds(fan_out=8, depth=4)


def _routers(*names: str) -> dict[str, RoomRouter]:
    """Return routers named `<region><node><number>`, such as `ea1`: region `e`, node `ea`."""
    return {name: RoomRouter(router_id=name, node_id=name[:2], worker_id=f"w-{name}") for name in names}


def _route(
    tree: Tree, asker: str, *, bounds: Bounds = WIDE, away: str = "", exclude: tuple[str, ...] = ()
) -> list[str] | None:
    path = route(
        tree,
        asker,
        bounds=bounds,
        usable=lambda node_id: node_id != away,
        region=lambda node_id: node_id[0],
        exclude=exclude,
    )
    return [router.router_id for router in path] if path is not None else None


def test_straight_from_the_origin() -> None:
    """A producer that nobody else holds comes from where it lives."""
    assert _route(Tree(_routers("ea1", "eb1"), {"ea1": None}, {}), "eb1") == ["ea1", "eb1"]


def test_whoever_holds_it_needs_no_hop() -> None:
    """A router that holds the producer gets the path by which it did."""
    tree = Tree(_routers("ea1", "eb1"), {"ea1": None, "eb1": "ea1"}, {})
    assert _route(tree, "eb1") == ["ea1", "eb1"]
    assert _route(tree, "ea1") == ["ea1"]


def test_the_same_host_comes_first() -> None:
    """A holder on the asker's own host is nearer than the origin on another."""
    tree = Tree(_routers("ea1", "eb1", "eb2"), {"ea1": None, "eb1": "ea1"}, {})
    assert _route(tree, "eb2") == ["ea1", "eb1", "eb2"]


def test_one_long_link_a_region() -> None:
    """A second host of a region takes it from the first one there, not over the ocean again."""
    tree = Tree(_routers("ea1", "ua1", "ub1"), {"ea1": None, "ua1": "ea1"}, {})
    assert _route(tree, "ub1") == ["ea1", "ua1", "ub1"]


def test_two_askers_at_once_share_the_long_link() -> None:
    """A path that was answered a moment ago counts as if it were there."""
    tree = Tree(_routers("ea1", "ua1", "ub1"), {"ea1": None}, {"ua1": "ea1"})
    assert _route(tree, "ub1") == ["ea1", "ua1", "ub1"]


def test_fan_out_is_bounded() -> None:
    """A router that sends to enough others is not asked to send to one more; those others are."""
    tree = Tree(_routers("ea1", "eb1", "ec1", "ed1"), {"ea1": None, "eb1": "ea1", "ec1": "ea1"}, {})
    assert _route(tree, "ed1", bounds=Bounds(2, 4)) == ["ea1", "eb1", "ed1"]


def test_depth_is_bounded() -> None:
    """A path has no more hops than allowed, and none is better than one that is too long."""
    tree = Tree(_routers("ea1", "eb1", "ec1"), {"ea1": None, "eb1": "ea1"}, {})
    assert _route(tree, "ec1", bounds=Bounds(1, 1)) is None
    assert _route(tree, "ec1", bounds=Bounds(1, 2)) == ["ea1", "eb1", "ec1"]


def test_refusers_are_left_out() -> None:
    """A router that refused is not asked again; what flows through it already may go on."""
    tree = Tree(_routers("ea1", "eb1", "ec1"), {"ea1": None, "eb1": "ea1"}, {})
    assert _route(tree, "ec1", exclude=("ea1",)) == ["ea1", "eb1", "ec1"]
    assert _route(tree, "ec1", exclude=("ea1", "eb1")) is None


def test_a_refused_plan_is_no_way() -> None:
    """A path that was answered but whose source refused is not built upon."""
    tree = Tree(_routers("ea1", "eb1", "eb2"), {"ea1": None}, {"eb1": "ea1"})
    assert _route(tree, "eb2", exclude=("ea1",)) is None


def test_no_path_through_suspects() -> None:
    """A node that has fallen silent is on no path; another holder serves instead, if there is one."""
    routers = _routers("ea1", "eb1", "ec1", "ed1")
    assert _route(Tree(routers, {"ea1": None}, {}), "ed1", away="ea") is None
    tree = Tree(routers, {"ea1": None, "eb1": "ea1", "ec1": "eb1"}, {})
    assert _route(tree, "ed1", away="eb") == ["ea1", "ed1"]
    assert _route(tree, "ec1", away="eb") == ["ea1", "ec1"]


def test_broken_links_are_no_way() -> None:
    """A holder whose source is not known, or leads in a circle, is no way to the origin."""
    routers = _routers("ea1", "eb1", "ec1")
    assert _route(Tree(routers, {"eb1": "ea1"}, {}), "ec1") is None
    assert _route(Tree(routers, {"eb1": "ea1", "ea1": "eb1"}, {}), "ec1") is None
    assert _route(Tree(routers, {"eb1": "elsewhere", "elsewhere": None}, {}), "ec1") is None


def test_nobody_gets_it_from_itself() -> None:
    """A router that others plan to take it from does not take it from them."""
    tree = Tree(_routers("ea1", "eb1", "eb2"), {"ea1": None}, {"eb1": "ea1", "eb2": "eb1"})
    assert _route(tree, "eb1") == ["ea1", "eb1"]


def test_plans_expire() -> None:
    """A path that was never seen to be there is forgotten."""
    plans = Plans(lifetime=10)
    path = list(_routers("ea1", "eb1", "ec1").values())
    plans.add("p", path, 0.0)
    assert plans.of("p", 5.0) == {"eb1": "ea1", "ec1": "eb1"}
    plans.forget("p", "eb1")
    plans.forget("p", "nowhere")
    plans.forget("q", "nowhere")
    assert plans.of("p", 5.0) == {"ec1": "eb1"}
    assert plans.of("p", 10.0) == {}
    plans.expire(10.0)
    assert plans.of("p", 0.0) == {}


_NAMES = [f"{region}{node}{number}" for region in "eu" for node in "ab" for number in range(4)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ask", "confirm", "close", "away", "back"]),
            st.sampled_from(_NAMES),
            st.lists(st.sampled_from(_NAMES), max_size=2),
        ),
        max_size=60,
    ),
    st.integers(1, 4),
    st.integers(1, 5),
)
def test_any_history(steps: list[tuple[str, str, list[str]]], fan_out: int, depth: int) -> None:
    """No path has a circle, goes too deep, fans out too far, starts elsewhere or crosses a silent node."""
    routers = _routers(*_NAMES)
    upstream: dict[str, str | None] = {_NAMES[0]: None}
    planned: dict[str, str] = {}
    away: set[str] = set()
    for what, name, exclude in steps:
        if what == "ask":
            path = route(
                Tree(routers, upstream, planned),
                name,
                bounds=Bounds(fan_out, depth),
                usable=lambda node_id: node_id not in away,
                region=lambda node_id: node_id[0],
                exclude=exclude,
            )
            if path is None:
                continue
            names = [router.router_id for router in path]
            assert names[0] == _NAMES[0]
            assert names[-1] == name
            assert len(set(names)) == len(names) <= depth + 1
            assert not away & {router.node_id for router in path[:-1]}
            for source, to in pairwise(names):
                if to not in upstream:
                    assert source not in exclude
                    planned[to] = source
            for source, to in pairwise(names):
                assert upstream.get(to, planned.get(to)) == source or to == name
                if to == name and upstream.get(to, source) != source:
                    upstream[to] = source
        elif what == "confirm" and name in planned and planned[name] in upstream:
            upstream[name] = planned.pop(name)
        elif what == "close" and name != _NAMES[0] and name not in upstream.values():
            upstream.pop(name, None)
        elif what == "away":
            away.add(name[:2])
        elif what == "back":
            away.discard(name[:2])
        children = Counter(source for source in {**planned, **upstream}.values() if source is not None)
        assert all(count <= fan_out for count in children.values())


@given(st.permutations(_NAMES), st.integers(0, len(_NAMES) - 1))
def test_one_long_link_whatever_the_order(askers: list[str], joined: int) -> None:
    """However many routers of a region ask, in whatever order and before any hop is made, one link leads there."""
    routers = _routers(*_NAMES)
    upstream: dict[str, str | None] = {_NAMES[0]: None}
    planned: dict[str, str] = {}
    for number, asker in enumerate(askers):
        path = _route(Tree(routers, upstream, planned), asker)
        assert path is not None
        for source, to in pairwise(path):
            planned.setdefault(to, source)
        if number == joined:
            # So far nothing was made; from now on all of it is there.
            upstream |= planned
            planned.clear()
    links = {**planned, **{to: source for to, source in upstream.items() if source is not None}}
    assert set(links) == set(_NAMES[1:])
    assert sum(source[0] != to[0] for to, source in links.items()) == 1
