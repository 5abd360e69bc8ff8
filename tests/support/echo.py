"""A service of the tests' own, with commands that are in no registry."""

from __future__ import annotations

from tureen.contract import subjects
from tureen.contract.model import Command as Payload
from tureen.contract.model import Reply
from tureen.contract.registry import Audience, Command

NODE_ID = "n1"
SUBJECT = subjects.node_commands(NODE_ID)


class EchoSay(Payload):
    """What a caller says."""

    text: str = ""
    number: int = 0
    data: bytes | None = None


class EchoSaid(Reply):
    """What comes back."""

    text: str = ""
    number: int = 0
    data: bytes | None = None


SAY = Command("node", "echo", "say", EchoSay, EchoSaid, "Answer.")
WAIT = Command("node", "echo", "wait", EchoSay, EchoSaid, "Answer later.")
RULE = Command("node", "echo", "rule", EchoSay, EchoSaid, "Answer.", audience=Audience.SYSTEM)
COMMANDS = {command.name: command for command in (SAY, WAIT, RULE)}


def say(tenant: str = subjects.SYSTEM, name: str = "echo.say") -> str:
    """Return the subject of a command to the echo."""
    object_, _, method = name.partition(".")
    return subjects.node_command(tenant, NODE_ID, object_, method)
