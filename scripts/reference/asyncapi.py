"""The AsyncAPI 3 document of the wire, from the side of Tureen: it receives commands, and sends answers and events."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import Any

from pydantic import BaseModel

from reference import schemas
from tureen.contract import cluster, errors, headers, told
from tureen.contract.ids import PATTERN
from tureen.contract.model import ErrorBody
from tureen.contract.registry import ANY_COMMAND, Audience, Command, all_commands
from tureen.contract.subjects import PREFIX, SYSTEM

Object = dict[str, Any]

_ABOUT = """All of mediasoup over NATS: the commands that Tureen's services answer, and what they tell.

Bodies are maps in msgpack. With the header `Content-Type: application/json` a request carries JSON and gets JSON; the
schemas describe that form, in which bytes are strings in base64; in msgpack they are `bin`. A request's reply subject
is the caller's inbox. docs/wire.md says the rest in words."""

_PARAMETERS = {
    "tenant": "Whose objects it is about; `default` where there is one tenant.",
    "nodeId": "The node whose agent it is.",
    "roomId": "The room; `-` where there is none.",
    "routerId": "The router; `-` where there is none.",
}
_ANSWERS = "answers"


def document() -> Object:
    """Return the document."""
    commands = list(all_commands())
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tureen",
            "version": f"1.{cluster.LEVEL}.0",
            "description": _ABOUT,
            "license": {"name": metadata.metadata("tureen")["License-Expression"]},
        },
        "defaultContentType": headers.MSGPACK,
        "channels": {
            **{_key(command): _request_channel(command) for command in commands},
            **{_told_key(each): _told_channel(each) for each in told.ALL},
            _ANSWERS: _answers(commands),
        },
        "operations": {
            **{_key(command): _request(command) for command in commands},
            **{_told_key(each): _telling(each) for each in told.ALL},
        },
        "components": {
            "messages": dict(_messages(commands)),
            "parameters": {name: {"description": words} for name, words in _parameters().items()},
            "schemas": _schemas(commands),
        },
    }


def _key(command: Command) -> str:
    return f"{command.service}.{command.name}"


def _told_key(each: told.Told) -> str:
    return f"event.{each.object}.{each.name}" if each.object else f"system.{each.name}"


# Channels.


def _request_channel(command: Command) -> Object:
    tenant = SYSTEM if command.audience is Audience.SYSTEM else "{tenant}"
    node = "{nodeId}." if command.service == "node" else ""
    return _channel(f"{PREFIX}.{tenant}.{command.service}.{node}{command.name}", {"request": command.request.__name__})


def _told_channel(each: told.Told) -> Object:
    address = re.sub("<(.*?)>", r"{\1}", each.subject)
    return _channel(address, {"event": each.message.__name__})


def _channel(address: str, messages: dict[str, str]) -> Object:
    names = re.findall("{(.*?)}", address)
    parameters = {name: {"$ref": f"#/components/parameters/{name}"} for name in names}
    return {
        "address": address,
        **({"parameters": parameters} if parameters else {}),
        "messages": {key: _message_ref(name) for key, name in messages.items()},
    }


def _answers(commands: Iterable[Command]) -> Object:
    replies = sorted({command.reply.__name__ for command in commands})
    return {
        "address": None,
        "description": "The caller's inbox: the reply subject of the request.",
        "messages": {name: _message_ref(name) for name in (*replies, *errors.BY_TYPE)},
    }


def _message_ref(name: str) -> Object:
    return {"$ref": f"#/components/messages/{name}"}


# Operations.


def _request(command: Command) -> Object:
    answers = [command.reply.__name__, *(error.type for error in (*ANY_COMMAND, *command.errors))]
    queue = {} if command.service == "node" else {"bindings": {"nats": {"queue": command.service}}}
    return {
        "action": "receive",
        "channel": {"$ref": f"#/channels/{_key(command)}"},
        "summary": command.about,
        "tags": [{"name": command.object}],
        **queue,
        "messages": [{"$ref": f"#/channels/{_key(command)}/messages/request"}],
        "reply": {
            "channel": {"$ref": f"#/channels/{_ANSWERS}"},
            "messages": [{"$ref": f"#/channels/{_ANSWERS}/messages/{name}"} for name in dict.fromkeys(answers)],
        },
        "x-service": command.service,
        "x-audience": command.audience.value,
        "x-retry": command.retry,
    }


def _telling(each: told.Told) -> Object:
    key = _told_key(each)
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{key}"},
        "summary": each.about,
        **({"tags": [{"name": each.object}]} if each.object else {}),
        "messages": [{"$ref": f"#/channels/{key}/messages/event"}],
        "x-service": each.service,
    }


# Components.


def _messages(commands: Iterable[Command]) -> Iterable[tuple[str, Object]]:
    for command in commands:
        yield command.request.__name__, _message(command.request, "RequestHeaders")
        yield command.reply.__name__, _message(command.reply, "ReplyHeaders")
    for each in told.ALL:
        yield each.message.__name__, _message(each.message)
    for error in errors.BY_TYPE.values():
        yield error.type, _error(error)


def _message(model: type[BaseModel], carried: str = "") -> Object:
    return {
        "summary": schemas.summary(model),
        **({"headers": _schema_ref(carried)} if carried else {}),
        "payload": _schema_ref(model.__name__),
    }


def _error(error: type[errors.TureenError]) -> Object:
    fixed = {"code": {"const": error.code}, "type": {"const": error.type}}
    return {
        "summary": schemas.summary(error),
        "headers": _schema_ref("ErrorHeaders"),
        "payload": {"allOf": [_schema_ref(ErrorBody.__name__), {"properties": fixed}]},
        "x-nothing-done": error.nothing_done,
    }


def _schema_ref(name: str) -> Object:
    return {"$ref": schemas.REF.format(model=name)}


def _schemas(commands: Iterable[Command]) -> Object:
    models: list[type[BaseModel]] = [ErrorBody]
    for command in commands:
        models += [command.request, command.reply]
    return {
        **schemas.schemas([*models, *(each.message for each in told.ALL)]),
        "RequestHeaders": _headers(headers.OF_REQUESTS),
        "ReplyHeaders": _headers(headers.OF_ANSWERS, headers.LEVEL),
        "ErrorHeaders": _headers(headers.OF_ERRORS, headers.LEVEL, headers.ERROR_CODE, headers.ERROR),
    }


def _headers(explained: Mapping[str, str], *required: str) -> Object:
    properties = {name: {"type": "string", "description": words} for name, words in explained.items()}
    return {"type": "object", "properties": properties, **({"required": list(required)} if required else {})}


def _parameters() -> dict[str, str]:
    objects = sorted({each.object for each in told.OBJECT_EVENTS})
    named = {f"{object_}Id": f"The {object_}'s id, which matches `{PATTERN}`." for object_ in objects}
    return {**named, **_PARAMETERS}
