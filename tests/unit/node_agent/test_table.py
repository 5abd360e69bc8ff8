from __future__ import annotations

from dataclasses import dataclass

import pytest

from tureen.contract.errors import NotFound, Unauthorized
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
