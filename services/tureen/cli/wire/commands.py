"""Which command a name on the command line means: pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from tureen.contract.registry import Command, all_commands


class UnknownCommandError(Exception):
    """No command has that name.

    Attributes:
        near: Names that are like it, the likeliest first.
    """

    def __init__(self, message: str, near: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.near = list(near)


def find(name: str, *, to_node: bool) -> Command:
    """Return the command that a name means.

    Some names are known to several services (`room.update`): with `to_node` it is the node agents', otherwise that of
    the service which needs no node. `<service>.<object>.<method>` says it outright.

    Raises:
        UnknownCommandError: There is none; near ones are named.
    """
    service, _, rest = name.partition(".") if name.count(".") == 2 else ("", "", name)
    found = [each for each in all_commands() if each.name == rest and service in ("", each.service)]
    if not found:
        near = nearest(name, names())
        known = "" if near else f": names are <object>.<method>, of {', '.join(objects())}"
        raise UnknownCommandError(f"no command is called {name}{known}", near)
    of_nodes = [each for each in found if each.service == "node"]
    others = [each for each in found if each.service != "node"]
    if to_node and not of_nodes:
        raise UnknownCommandError(f"{name} is answered by {others[0].service}, not by a node: leave --node out")
    chosen = of_nodes if to_node else others or of_nodes
    if len(chosen) > 1:
        choices = ", ".join(f"{each.service}.{each.name}" for each in chosen)
        raise UnknownCommandError(f"{name} is answered by several services: say which, {choices}")
    return chosen[0]


def spelled(command: Command) -> str:
    """Return the name by which a command is found: with its service where others have the name as well."""
    others = [
        each for each in all_commands() if each.name == command.name and each.service not in ("node", command.service)
    ]
    is_plain = command.service == "node" or not others
    return command.name if is_plain else f"{command.service}.{command.name}"


def names() -> list[str]:
    """Return the names of all commands, each once, in the order of the registry."""
    return list(dict.fromkeys(command.name for command in all_commands()))


def objects() -> list[str]:
    """Return the names of all objects that have commands."""
    return list(dict.fromkeys(command.object for command in all_commands()))


def nearest(name: str, known: Iterable[str], most: int = 3) -> list[str]:
    """Return what somebody who typed `name` may have meant: like it as a whole, or in its last part alone."""
    known = list(known)
    by_form: dict[str, list[str]] = {}
    for each in known:
        for form in {each.lower(), each.lower().rpartition(".")[2]}:
            by_form.setdefault(form, []).append(each)
    wanted = name.lower()
    forms = [
        *difflib.get_close_matches(wanted, by_form, n=most, cutoff=0.6),
        *difflib.get_close_matches(wanted.rpartition(".")[2], by_form, n=most, cutoff=0.8),
    ]
    return list(dict.fromkeys(each for form in forms for each in by_form[form]))[:most]
