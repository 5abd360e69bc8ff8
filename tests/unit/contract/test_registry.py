from __future__ import annotations

import inspect
import re
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from tureen.contract import (
    cluster,
    data,
    errors,
    events,
    leases,
    media,
    model,
    observers,
    paging,
    pipes,
    registry,
    rooms,
    schema,
    transports,
    workers,
)

COMMANDS = list(registry.all_commands())
NAME = re.compile(r"[a-z][A-Za-z0-9]*")


def models() -> list[type[model.Message]]:
    """Return every message of the contract."""
    found = {
        each
        for module in (
            cluster,
            data,
            events,
            leases,
            media,
            model,
            observers,
            paging,
            pipes,
            rooms,
            schema,
            transports,
            workers,
        )
        for _, each in inspect.getmembers(module, inspect.isclass)
        if issubclass(each, model.Message)
    }
    return sorted(found, key=lambda each: f"{each.__module__}.{each.__name__}")


def nested(message: type[BaseModel]) -> Iterator[type[BaseModel]]:
    """Yield a message and those in its fields."""
    yield message
    for field in message.model_fields.values():
        for member in members(field.annotation):
            if isinstance(member, type) and issubclass(member, BaseModel):
                yield from nested(member)


def members(annotation: Any) -> Iterator[Any]:
    """Yield the types that an annotation is made of."""
    if get_origin(annotation) in (Union, types.UnionType, list, dict):
        for argument in get_args(annotation):
            yield from members(argument)
    else:
        yield annotation


def test_names_are_unique() -> None:
    """No two commands of a service have the same name, nor the same endpoint."""
    assert len({(command.service, command.name) for command in COMMANDS}) == len(COMMANDS)
    assert len({(command.service, command.endpoint) for command in COMMANDS}) == len(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.service}.{command.name}")
def test_a_command(command: registry.Command) -> None:
    """A command has a service, names that fit a subject, a payload that is a command and an answer that is a reply."""
    assert command.service in registry.SERVICES
    assert command.about.endswith(".")
    assert len(set(command.errors)) == len(command.errors)
    assert not set(command.errors) & set(registry.ANY_COMMAND)
    assert NAME.fullmatch(command.object)
    assert NAME.fullmatch(command.method)
    assert re.fullmatch(r"[A-Za-z0-9_-]+", command.endpoint)
    assert issubclass(command.request, model.Command)
    assert issubclass(command.reply, model.Reply)
    if command.target:
        assert required(command.request, command.target)
    assert registry.commands_of(command.service)[command.name] is command


def test_every_error_has_a_command() -> None:
    """What the contract names as an error some command may fail with, but for what only browsers are told."""
    named = {*registry.ANY_COMMAND}.union(*(command.errors for command in COMMANDS))
    assert {*errors.BY_TYPE.values()} - named == {errors.RateLimited, errors.Draining}


@pytest.mark.parametrize("service", registry.SERVICES)
def test_every_service_describes_itself(service: str) -> None:
    """`schema.get` is a command of every service."""
    assert registry.commands_of(service)["schema.get"].audience is registry.Audience.TENANT


def test_only_sending_is_not_to_be_repeated() -> None:
    """Whatever does not send RTP, RTCP or a message may be asked again."""
    assert {command.name for command in COMMANDS if not command.retry} == {
        "producer.send",
        "transport.sendRtcp",
        "dataProducer.send",
        "dataConsumer.send",
    }


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.service}.{command.name}")
def test_commands_refuse_unknown_fields_however_deep(command: registry.Command) -> None:
    """A field that nobody knows is refused at every level, and nothing is converted."""
    for each in nested(command.request):
        assert each.model_config["extra"] == "forbid", each
        assert each.model_config["strict"] is True, each


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: f"{command.service}.{command.name}")
def test_replies_ignore_unknown_fields_however_deep(command: registry.Command) -> None:
    """A reply of a newer part is understood by an older one, but for what it shares with commands."""
    for each in nested(command.reply):
        if not issubclass(each, model.Command):
            assert each.model_config["extra"] == "ignore", each


@pytest.mark.parametrize("message", models(), ids=lambda message: message.__name__)
def test_names_on_the_wire(message: type[model.Message]) -> None:
    """Fields are mediasoup's camelCase on the wire, snake_case in Python, and what comes out goes in."""
    for name, field in message.model_fields.items():
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        alias = field.alias
        assert alias is not None
        assert NAME.fullmatch(alias), f"{message.__name__}.{alias}"
        assert alias.lower() == name.replace("_", "")


@pytest.mark.parametrize("message", models(), ids=lambda message: message.__name__)
def test_defaults_are_valid(message: type[model.Message]) -> None:
    """Every default is a value that the field itself would take."""
    for name, field in message.model_fields.items():
        if not field.is_required():
            default = field.get_default(call_default_factory=True, validated_data={})
            message.__pydantic_validator__.validate_assignment(message.model_construct(), name, default)


@pytest.mark.parametrize("message", models(), ids=lambda message: message.__name__)
def test_messages_are_frozen_and_documented(message: type[model.Message]) -> None:
    """A message does not change once it is made, and says what it is."""
    assert message.model_config["frozen"] is True
    assert message.__doc__


def required(message: type[model.Message], alias: str) -> bool:
    """Tell whether a message has a field of this name on the wire that must be there."""
    fields: list[FieldInfo] = [field for field in message.model_fields.values() if field.alias == alias]
    return len(fields) == 1 and fields[0].is_required()
