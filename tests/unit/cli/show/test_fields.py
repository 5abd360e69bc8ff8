from __future__ import annotations

import io

import pytest
from rich.console import Console

from tureen.cli.show import fields
from tureen.cli.wire.commands import find
from tureen.contract.errors import InvalidType
from tureen.contract.registry import Command, all_commands


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: f"{command.service}.{command.name}")
def test_every_command_can_be_shown(command: Command) -> None:
    """Each field of payload and answer has its name on the wire and a type."""
    stream = io.StringIO()
    fields.show(Console(file=stream, width=200), command)
    shown = stream.getvalue()
    for model in (command.request, command.reply):
        for field in fields.fields_of(model):
            assert field.type
            assert field.name in shown


@pytest.mark.parametrize("command", all_commands(), ids=lambda command: f"{command.service}.{command.name}")
def test_the_example_lacks_nothing(command: Command) -> None:
    """The payload to start from has every field that is required, and none that does not exist."""
    said = ""
    try:
        command.request.parse(fields.example(command))
    except InvalidType as error:
        # The words in it stand for values.
        said = error.message
    assert not said.startswith("missing")


def test_types_are_words() -> None:
    """Ranges, choices, lists and structures are told as people say them."""
    shown = {field.name: field for field in fields.fields_of(find("router.createPlainTransport", to_node=True).request)}
    assert shown["listenInfo"].type == "ListenInfo"
    assert shown["listenInfo"].required
    assert shown["comedia"] == ("comedia", "boolean", False, "false", "")
    choice = {field.name: field.type for field in fields.fields_of(find("room.place", to_node=False).request)}
    assert choice["direction"] == '"send" | "recv" | "both"'
    assert choice["expectedConsumers"] == "integer ≥ 0"
    assert choice["exclude"] == "list of string"
