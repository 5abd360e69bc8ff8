"""Reading quickly what comes most often: the heartbeats of a thousand nodes, and the commands that make and close.

The models say what these are; msgspec reads them into structs with the same fields, made from these models.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import msgspec

from tureen.contract.cluster import Heartbeat
from tureen.contract.errors import InvalidType
from tureen.contract.media import ConsumerRef, ProducerRef, RouterCreateWebRtcTransport, TransportRef
from tureen.contract.model import Command
from tureen.contract.structs import CommandStruct, struct_of

_ERRORS: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def decode_heartbeat(body: bytes) -> Heartbeat:
    """Read a heartbeat from msgpack; the answer has the model's attributes, and none of its methods.

    Raises:
        InvalidType: It is none, or a load in it is no number, which would win or lose every comparison.
    """
    try:
        return cast("Heartbeat", _HEARTBEAT(body))
    except _ERRORS as error:
        raise InvalidType(f"no heartbeat: {error}") from error


def decode_command(model: type[Command], body: bytes) -> Command | None:
    """Read a command from msgpack; the answer has the model's attributes, and of its methods `to_wire`.

    Returns:
        The command, or None where the model has to read it: there is nothing quicker, or something is wrong with it.
    """
    decode = _COMMANDS.get(model)
    if decode is None:
        return None
    try:
        return cast("Command", decode(body))
    except _ERRORS:
        return None


def as_read_quickly(command: Command) -> Command | CommandStruct:
    """Return a command that the model has read as `decode_command` would have read it; itself where that would not."""
    struct = _STRUCTS.get(type(command))
    if struct is None:
        return command
    try:
        return msgspec.convert(command.to_wire(), struct)
    except _ERRORS:
        return command


_HEARTBEAT: Final = msgspec.msgpack.Decoder(struct_of(Heartbeat)).decode
_STRUCTS: Final[Mapping[type[Command], type[CommandStruct]]] = {
    model: cast("type[CommandStruct]", struct_of(model, CommandStruct))
    for model in (RouterCreateWebRtcTransport, TransportRef, ProducerRef, ConsumerRef)
}
_COMMANDS: Final[Mapping[type[Command], Callable[[bytes], Any]]] = {
    model: msgspec.msgpack.Decoder(struct).decode for model, struct in _STRUCTS.items()
}
