"""Which command a message is, and whether its answer may be sent."""

from __future__ import annotations

import difflib
import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from tureen.bus.parser import Delivery
from tureen.contract import subjects
from tureen.contract.errors import InvalidType, Malformed, NotFound, TureenError, Unauthorized
from tureen.contract.ids import is_id
from tureen.contract.registry import Audience, Command

_PLAIN_SUBJECT = re.compile(r"[!-)+-=?-~]+").fullmatch
"""A subject of printable ASCII without wild cards."""


# A process hears the same few subjects for as long as it lives.
_parse_command = functools.lru_cache(maxsize=1024)(subjects.parse_command)


class Target(NamedTuple):
    """Who asks whom for what."""

    tenant: str
    node_id: str
    command: Command


class Refused(Exception):  # noqa: N818 # It is no failure.
    """The message cannot even be answered."""

    def __init__(self, cause: str, text: str) -> None:
        super().__init__(text)
        self.cause = cause


def parse_target(delivery: Delivery, commands: Mapping[str, Command]) -> Target | TureenError:
    """Return which command a message is, or the error to answer.

    Raises:
        Refused: It has no reply subject, or one that is no inbox of its tenant: an answer there could be anything.
    """
    tokens = delivery.subject.split(".", 3)
    tenant = tokens[2] if len(tokens) > 2 else ""
    if not delivery.reply:
        raise Refused("no_reply_subject", "it has no reply subject")
    if not is_id(tenant) or not _PLAIN_SUBJECT(delivery.reply) or not subjects.is_inbox_of(delivery.reply, tenant):
        raise Refused("foreign_reply_subject", f"{delivery.reply} is no inbox of {tenant}")
    try:
        parsed = _parse_command(delivery.subject)
    except InvalidType as error:
        return Malformed(error.message)
    command = commands.get(f"{parsed.object}.{parsed.method}")
    if command is None:
        return _unknown(f"{parsed.object}.{parsed.method}", parsed.object, commands)
    if command.audience is Audience.SYSTEM and tenant != subjects.SYSTEM:
        return Unauthorized(f"{command.name} is for the operator's own services")
    return Target(tenant, parsed.node_id, command)


def _unknown(name: str, object_: str, commands: Mapping[str, Command]) -> NotFound:
    """Say which commands there are, those that look alike first."""
    known = sorted(command for command in commands if command.startswith(f"{object_}."))
    near = difflib.get_close_matches(name[:100], commands, n=1)
    listed = ", ".join(known or sorted(commands))
    return NotFound(
        f"there is no command {name[:100]}{f', did you mean {near[0]}?' if near else ''}; there are: {listed}",
        details={"commands": known or sorted(commands)},
    )
