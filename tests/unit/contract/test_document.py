from __future__ import annotations

import json

import msgpack
import pytest

from tureen.contract import document, registry, told
from tureen.contract.errors import NotFound

SMALLEST_MAX_PAYLOAD = 1024 * 1024
"""What nats-server has by default."""


def test_it_has_every_command_and_everything_that_is_told() -> None:
    """The whole document has an operation for each."""
    assert len(document.whole()["operations"]) == len(list(registry.all_commands())) + len(told.ALL)


@pytest.mark.parametrize("service", registry.SERVICES)
def test_a_services_part(service: str) -> None:
    """A service's part has its commands, leads nowhere outside of itself, and fits into one answer."""
    part = document.part(service)
    asked = {key for key, each in part["operations"].items() if each["action"] == "receive"}
    assert asked == {f"{service}.{name}" for name in registry.commands_of(service)}
    assert closed(part)
    assert len(msgpack.packb({"asyncapi": part})) < SMALLEST_MAX_PAYLOAD / 2
    assert len(json.dumps({"asyncapi": part})) < SMALLEST_MAX_PAYLOAD / 2


@pytest.mark.parametrize("command", registry.all_commands(), ids=lambda command: f"{command.service}.{command.name}")
def test_a_commands_part(command: registry.Command) -> None:
    """A command's part has its models and errors, nothing of other commands, and leads nowhere outside of itself."""
    part = document.part(command.service, command.name)
    assert f"{command.service}.{command.name}" in part["operations"]
    assert {each["channel"]["$ref"].rpartition("/")[2] for each in part["operations"].values()} <= set(part["channels"])
    assert {command.request.__name__, command.reply.__name__} <= set(part["components"]["schemas"])
    assert set(part["channels"]["answers"]["messages"]) == {
        command.reply.__name__,
        *(error.type for error in (*registry.ANY_COMMAND, *command.errors)),
    }
    assert closed(part)
    assert len(msgpack.packb(part)) < SMALLEST_MAX_PAYLOAD / 32


def test_an_event_of_the_same_name_comes_along() -> None:
    """`producer.pause` is a command and an event."""
    assert set(document.part("node", "producer.pause")["operations"]) == {"node.producer.pause", "event.producer.pause"}
    assert set(document.part("node", "system.heartbeat")["operations"]) == {"system.heartbeat"}


def test_an_unknown_name() -> None:
    """Who asks for what there is not is told what there is, the most alike first."""
    with pytest.raises(NotFound, match=r"did you mean room\.create\?") as raised:
        document.part("placement", "room.creates")
    assert "room.place" in raised.value.details["names"]


def closed(part: object, whole: object = None) -> bool:
    """Tell whether everything that a document refers to is in it."""
    whole = whole or part
    if isinstance(part, list):
        return all(closed(item, whole) for item in part)
    if not isinstance(part, dict):
        return True
    if isinstance(reference := part.get("$ref"), str):
        target = whole
        for step in reference.removeprefix("#/").split("/"):
            if not isinstance(target, dict) or step not in target:
                return False
            target = target[step]
    return all(closed(item, whole) for item in part.values())
