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


class Targets:
    """Takes commands' subjects apart, for one set of commands."""

    def __init__(self, commands: Mapping[str, Command]) -> None:
        self._commands = commands
        # A process hears the same few subjects for as long as it lives.
        self._parse = functools.lru_cache(maxsize=1024)(self._parse_subject)

    def of(self, delivery: Delivery) -> Target | TureenError:
        """Return which command a message is, or the error to answer.

        Raises:
            Refused: It has no reply subject, or one that is no inbox of its tenant: an answer there could be anything.
        """
        reply = delivery.reply
        if not reply:
            raise Refused("no_reply_subject", "it has no reply subject")
        tenant, inboxes, target = self._parse(delivery.subject)
        if not reply.startswith(inboxes) or not _PLAIN_SUBJECT(reply):
            raise Refused("foreign_reply_subject", f"{reply} is no inbox of {tenant}")
        return target

    def _parse_subject(self, subject: str) -> tuple[str, tuple[str, ...], Target | TureenError]:
        """Return whose command it is, where its answer may go, and what it is."""
        tokens = subject.split(".", 3)
        tenant = tokens[2] if len(tokens) > 2 else ""
        inboxes = subjects.inboxes_of(tenant) if is_id(tenant) else ()
        return tenant, inboxes, self._target(subject, tenant)

    def _target(self, subject: str, tenant: str) -> Target | TureenError:
        commands = self._commands
        try:
            parsed = subjects.parse_command(subject)
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
