from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.contract.errors import InvalidType, NotFound, Unauthorized
from tureen.contract.subjects import SYSTEM
from tureen.node_agent.table import Table


@dataclass(frozen=True)
class Thing:
    """Something that belongs to somebody."""

    id: str
    tenant: str


@pytest.fixture
def table() -> Table[Thing]:
    """Give a table with a thing of one tenant's, and one of the node's."""
    table: Table[Thing] = Table("Thing")
    table.add(Thing("mine", "me"))
    table.add(Thing("the-nodes", SYSTEM))
    return table


def test_to_others_a_thing_does_not_exist(table: Table[Thing]) -> None:
    """Its owner and the operator find a thing; others get the same answer as for one that never was."""
    assert table.get("mine", "me") is table.get("mine", SYSTEM)
    for name in ("mine", "none"):
        with pytest.raises(NotFound):
            table.get(name, "you")
        with pytest.raises(NotFound):
            table.shared(name, "you")
    assert table.find("the-nodes", "me") is None


def test_what_is_the_nodes_is_shared(table: Table[Thing]) -> None:
    """A tenant may use what is the node's, and is told that the rest is not for it."""
    assert table.shared("the-nodes", "me").id == "the-nodes"
    with pytest.raises(Unauthorized):
        table.forbid_shared("the-nodes", "me")
    for name, tenant in (("the-nodes", SYSTEM), ("mine", "you"), ("none", "me")):
        table.forbid_shared(name, tenant)


def test_an_id_is_each_tenants_own(table: Table[Thing]) -> None:
    """Others enter, find and take out things of the same id, and notice nothing of each other."""
    mine, yours = table.get("mine", "me"), Thing("mine", "you")
    table.add(yours)
    assert table.get("mine", "me") is mine
    assert table.get("mine", "you") is yours
    assert table.find("mine", "them") is None
    with pytest.raises(InvalidType, match="2 tenants have a Thing mine"):
        table.get("mine", SYSTEM)
    assert table.named("mine") == [mine, yours]
    table.discard(mine)
    assert table.find("mine", "me") is None
    assert table.get("mine", "you") is table.get("mine", SYSTEM) is yours
    assert set(table.all()) == {yours, table.get("the-nodes", SYSTEM)}
    table.discard(yours)
    table.discard(yours)
    assert len(table) == 1


def test_what_a_tenant_calls_like_the_nodes_is_its_own(table: Table[Thing]) -> None:
    """It no longer sees the node's of that id; the others, and the operator, go on seeing it."""
    own = Thing("the-nodes", "me")
    table.add(own)
    table.forbid_shared("the-nodes", "me")
    assert table.shared("the-nodes", "me") is own
    assert table.shared("the-nodes", "you").tenant == table.get("the-nodes", SYSTEM).tenant == SYSTEM
    assert table.of_node("the-nodes").tenant == SYSTEM


@pytest.mark.parametrize("first", [0, 1])
def test_the_nodes_is_the_operators_whoever_came_first(first: int) -> None:
    """By an id that a tenant uses as well, the operator, and who may only use it, get the node's; never a tenant's."""
    table: Table[Thing] = Table("Thing")
    both = [Thing("x", SYSTEM), Thing("x", "me")]
    table.add(both[first])
    table.add(both[1 - first])
    assert table.get("x", SYSTEM) is table.of_node("x") is table.shared("x", "you") is both[0]
    with pytest.raises(Unauthorized):
        table.forbid_shared("x", "you")
    table.discard(both[0])
    with pytest.raises(NotFound):
        table.of_node("x")


@given(st.lists(st.tuples(st.booleans(), st.sampled_from("xyz"), st.sampled_from("abc")), max_size=40))
def test_tenants_see_what_they_would_see_alone(steps: list[tuple[bool, str, str]]) -> None:
    """Whatever is entered and taken out in whatever order, each tenant finds its own things by their ids."""
    table: Table[Thing] = Table("Thing")
    alone: dict[tuple[str, str], Thing] = {}
    for enters, id_, tenant in steps:
        if enters and (tenant, id_) not in alone:
            alone[tenant, id_] = Thing(id_, tenant)
            table.add(alone[tenant, id_])
        elif not enters and (tenant, id_) in alone:
            table.discard(alone.pop((tenant, id_)))
        assert {(thing.tenant, thing.id) for thing in table.all()} == alone.keys()
        for id_seen in "xyz":
            for tenant_seen in "abc":
                assert table.find(id_seen, tenant_seen) is alone.get((tenant_seen, id_seen))
            assert len(table.named(id_seen)) == sum((each, id_seen) in alone for each in "abc")
