"""The three kinds of message, as pydantic models.

Python names are snake_case, names on the wire are mediasoup's camelCase. Commands refuse unknown fields and convert
nothing; replies and announcements ignore what they do not know, so that parts of different age understand each other.
"""

from __future__ import annotations

from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from tureen.contract.errors import InvalidType, Malformed, TureenError, UnknownField


class Message(BaseModel):
    """What every message on the wire has in common."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        extra="ignore",
        val_json_bytes="base64",
        # A load that is no number would win or lose every comparison.
        allow_inf_nan=False,
    )

    def to_wire(self) -> dict[str, Any]:
        """Return the message as a map with names as on the wire; what is None is left out."""
        # What `model_dump` does, without its many arguments.
        wire: dict[str, Any] = self.__pydantic_serializer__.to_python(self, by_alias=True, exclude_none=True)
        return wire


class Command(Message):
    """A request's payload."""

    model_config = ConfigDict(extra="forbid", strict=True)

    def chosen(self) -> dict[str, Any]:
        """Return the fields that differ from their defaults, by their names in Python: what tells commands apart."""
        chosen: dict[str, Any] = self.__pydantic_serializer__.to_python(self, exclude_defaults=True)
        return chosen

    @classmethod
    def parse(cls, payload: object) -> Self:
        """Validate a payload.

        Raises:
            UnknownField: It holds a field that the command does not know; `details.path` names it.
            InvalidType: A field is missing, of the wrong type or out of range; `details.path` names it.
        """
        try:
            # What `model_validate` does, without its many arguments: this is done with every command.
            model: Self = cls.__pydantic_validator__.validate_python(payload, by_alias=True, by_name=False)
        except ValidationError as error:
            raise _coded(error) from None
        return model

    @classmethod
    def parse_json(cls, payload: bytes) -> Self:
        """Validate a payload in JSON, in which bytes are strings in base64; errors as of `parse`, and `Malformed`."""
        try:
            return cls.model_validate_json(payload, by_alias=True, by_name=False)
        except ValidationError as error:
            raise _coded(error) from None


class Reply(Message):
    """An answer's payload."""


class Announcement(Message):
    """An event, a heartbeat or an inventory."""


class Empty(Reply):
    """The answer of a command that has nothing to say."""


class ErrorBody(Reply):
    """The answer of a command that failed.

    Attributes:
        code: The error's number, also in the header `Nats-Service-Error-Code`.
        type: The error's name.
        message: One sentence for a person, also in the header `Nats-Service-Error`.
        details: Facts for a program, such as the path of an unknown field or a limit.
        trace_id: The request's trace, 32 hexadecimal digits: the log has more under it.
    """

    code: int
    type: str
    message: str
    details: dict[str, Any]
    trace_id: str | None


def _coded(error: ValidationError) -> TureenError:
    """Turn pydantic's report into one coded error: its first entry, and how many more there are."""
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    path = ".".join(str(part) for part in first["loc"])
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    if first["type"] == "json_invalid":
        return Malformed(f"the payload is not JSON: {first['msg']}")
    if first["type"] == "extra_forbidden":
        return UnknownField(f"unknown field {path}{more}", details={"path": path})
    if first["type"] == "missing":
        return InvalidType(f"missing field {path}{more}", details={"path": path})
    return InvalidType(f"{path or 'the payload'}: {first['msg']}{more}", details={"path": path})
