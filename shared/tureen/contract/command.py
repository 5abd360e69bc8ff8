"""What a command of the registry is, and the kinds that most of them are of."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from tureen.contract.errors import (
    Busy,
    Conflict,
    Internal,
    InvalidType,
    Malformed,
    NoCapacity,
    NotFound,
    Timeout,
    TooLarge,
    TureenError,
    Unauthorized,
    Unavailable,
    UnknownField,
    WorkerClosed,
)
from tureen.contract.model import Command as Payload
from tureen.contract.model import Empty, Reply

Errors = tuple[type[TureenError], ...]

ANY_COMMAND: Errors = (
    Malformed,
    UnknownField,
    InvalidType,
    Unauthorized,
    TooLarge,
    Busy,
    Internal,
    Unavailable,
    Timeout,
)
"""What every command may fail with, whatever it does."""


class Audience(StrEnum):
    """Who may ask: a tenant (the operator too), or the operator's own services alone."""

    TENANT = "tenant"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        service: `node` (a node agent), `placement`, `signaling` or `metrics`.
        object: The object's class in mediasoup's spelling, such as `router`.
        method: mediasoup's method, such as `createWebRtcTransport`.
        request: The payload's model.
        reply: The answer's model.
        about: What it does, in a sentence or two.
        errors: What it may fail with beside `ANY_COMMAND`.
        target: The field (as on the wire) that names the object it is called on; empty where there is none.
        audience: Who may ask.
        retry: Whether asking again with the same payload is safe.
        anew: Whether it is done anew each time it is asked again, so that the last answer alone holds.
    """

    service: str
    object: str
    method: str
    request: type[Payload]
    reply: type[Reply]
    about: str
    errors: Errors = ()
    target: str = ""
    audience: Audience = Audience.TENANT
    retry: bool = True
    anew: bool = False
    name: str = field(init=False)
    """`<object>.<method>`, as on the wire."""

    def __post_init__(self) -> None:
        """Spell its name once: it is asked for with every command."""
        object.__setattr__(self, "name", f"{self.object}.{self.method}")

    @property
    def endpoint(self) -> str:
        """The name of its ADR-32 endpoint."""
        return f"{self.object}_{self.method}"


ON_AN_OBJECT: Errors = (NotFound, Conflict, WorkerClosed)
MAKING: Errors = (NotFound, Conflict, WorkerClosed, NoCapacity)


def on_object(
    name: str, about: str, request: type[Payload], reply: type[Reply] = Empty, errors: Errors = ON_AN_OBJECT
) -> Command:
    """Return a command on an object of a node's, which its field `<object>Id` names."""
    object_, method = name.split(".")
    return Command("node", object_, method, request, reply, about, errors, target=f"{object_}Id")


def making(name: str, about: str, request: type[Payload], reply: type[Reply], *more: type[TureenError]) -> Command:
    """Return a command that makes an object under another."""
    return on_object(name, about, request, reply, (*MAKING, *more))


def closing(name: str, about: str, request: type[Payload], errors: Errors = ()) -> Command:
    """Return a command that closes an object: what is closed, or never was, is closed as well."""
    return on_object(name, about, request, Empty, errors)


def sending(name: str, about: str, request: type[Payload], reply: type[Reply] = Empty) -> Command:
    """Return a command that sends RTP, RTCP or a message: sent twice it arrives twice."""
    object_, method = name.split(".")
    target = f"{object_}Id"
    return Command("node", object_, method, request, reply, about, ON_AN_OBJECT, target=target, retry=False)


def between_services(
    name: str, about: str, request: type[Payload], reply: type[Reply] = Empty, errors: Errors = (), target: str = ""
) -> Command:
    """Return a command to a node that the operator's own services alone may send."""
    object_, method = name.split(".")
    return Command("node", object_, method, request, reply, about, errors, target, Audience.SYSTEM)


def of_placement(
    name: str,
    about: str,
    request: type[Payload],
    reply: type[Reply] = Empty,
    errors: Errors = (),
    audience: Audience = Audience.TENANT,
) -> Command:
    """Return a command to placement."""
    object_, method = name.split(".")
    return Command("placement", object_, method, request, reply, about, errors, audience=audience)
