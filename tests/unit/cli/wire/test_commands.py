from __future__ import annotations

import pytest

from tureen.cli.wire.commands import UnknownCommandError, find, names, nearest, spelled
from tureen.contract.registry import all_commands


def test_every_command_is_found_by_its_name() -> None:
    """Each command of the registry can be called, by its name or with its service before that."""
    for command in all_commands():
        assert find(f"{command.service}.{command.name}", to_node=command.service == "node") is command
        assert find(spelled(command), to_node=command.service == "node") is command
    assert find("router.dump", to_node=False).service == "node"
    assert spelled(find("router.dump", to_node=True)) == "router.dump"
    assert find("room.create", to_node=False).service == "placement"


def test_the_node_decides_between_services() -> None:
    """A name that nodes and placement share is placement's, unless a node is named."""
    assert find("room.update", to_node=False).service == "placement"
    assert find("room.update", to_node=True).service == "node"
    with pytest.raises(UnknownCommandError, match="leave --node out"):
        find("room.create", to_node=True)


def test_a_name_of_several_services() -> None:
    """Where services share a name and none of them is a node, it has to be said which."""
    with pytest.raises(UnknownCommandError, match=r"say which, .*signaling.schema.get"):
        find("schema.get", to_node=False)
    assert find("metrics.schema.get", to_node=False).service == "metrics"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rooter.dmup", "router.dump"),
        ("createRouter", "worker.createRouter"),
        ("router.createwebrtctransport", "router.createWebRtcTransport"),
        ("transport.createPlainTransport", "router.createPlainTransport"),
    ],
)
def test_near_names(typed: str, meant: str) -> None:
    """Who misspells a name, its case or its object is told the right one."""
    with pytest.raises(UnknownCommandError) as refused:
        find(typed, to_node=False)
    assert meant in refused.value.near


def test_far_names() -> None:
    """Where nothing is near the objects are listed."""
    assert nearest("zzz", names()) == []
    with pytest.raises(UnknownCommandError, match="dataConsumer"):
        find("zzz", to_node=False)
