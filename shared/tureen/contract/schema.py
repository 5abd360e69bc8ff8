"""`schema.get`, which every service answers: the contract as a program reads it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tureen.contract.media import Structure
from tureen.contract.model import Command, Reply


class SchemaGet(Command):
    """Ask for the contract of a service, or of one of its names.

    Attributes:
        name: `<object>.<method>` of one of its commands or `<object>.<event>` of an event; unset is all of it.
    """

    name: Annotated[str, Field(max_length=256)] | None = None


class SchemaFound(Reply):
    """The contract of a service.

    Attributes:
        asyncapi: An AsyncAPI 3 document of what the service answers and tells, or of the one name alone. The JSON
            Schemas are its `components.schemas`; they describe messages in JSON, and bytes are `bin` in msgpack.
    """

    asyncapi: Structure
