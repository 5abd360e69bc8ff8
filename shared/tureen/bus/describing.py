"""`schema.get`, which every service answers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from tureen.bus.call import Call, Handler
from tureen.contract import document
from tureen.contract.registry import Command
from tureen.contract.schema import SchemaFound, SchemaGet

NAME = "schema.get"


def with_description(commands: Mapping[str, Command], handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """Return a service's handlers and the one that describes it, where that is among its commands."""
    return {**handlers, NAME: describe} if NAME in commands else handlers


async def describe(call: Call, command: SchemaGet) -> SchemaFound:
    """Tell the contract of the service that was asked.

    Raises:
        NotFound: It has nothing of that name.
    """
    # In a thread: the first time a large file is read.
    return SchemaFound(asyncapi=await asyncio.to_thread(document.part, call.command.service, command.name))
