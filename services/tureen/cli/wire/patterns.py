"""What `tureen listen` may be told to hear, and the subject that it means: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from tureen.cli.wire.commands import nearest
from tureen.contract import subjects, told
from tureen.contract.errors import InvalidType

OBJECTS = tuple(dict.fromkeys(each.object for each in told.OBJECT_EVENTS))
_TOLD = ("event", "heartbeat", "inventory")
_CLUSTERS = {
    "heartbeat": (subjects.HEARTBEATS, "How nodes and their workers are."),
    "inventory": (subjects.INVENTORIES, "What nodes hold."),
    "system": (subjects.SYSTEM_EVENTS, "Everything that happens in the cluster."),
}


class PatternError(Exception):
    """That cannot be listened to; the message says what can."""


def shorthands() -> dict[str, str]:
    """Return what can be listened to without spelling a subject, and what each means."""
    events = {each.name: each.about for each in told.SYSTEM_EVENTS}
    for each in told.OBJECT_EVENTS:
        events.setdefault(each.name, f"{each.object}: {each.about}")
    named = {f"{each.object}.{each.name}": each.about for each in told.OBJECT_EVENTS}
    clusters = {name: about for name, (_, about) in _CLUSTERS.items()}
    return {"event": "Everything that the tenant's objects tell.", **clusters, **events, **named}


def subject(pattern: str, *, tenant: str, room: str = "*") -> str:
    """Return the subject that a pattern means.

    `score` is that event of any object, `producer.score` and `producer.*` those of a kind of object; `event.…` is
    what follows a tenant's name in a subject; `system`, `heartbeat` and `inventory`, alone or with what follows, and
    names such as `nodeJoined` are the cluster's own; everything else is a subject as it stands.

    Raises:
        PatternError: It is none of these, or would hear commands.
    """
    first, dot, rest = pattern.partition(".")
    if pattern.startswith(f"{subjects.PREFIX}."):
        return _told(pattern)
    if first == "event":
        return _told(_of_tenant(tenant, pattern if dot else "event.>" if room == "*" else f"event.{room}.>"))
    if first in _CLUSTERS:
        whole = _CLUSTERS[first][0]
        return _told(f"{whole.rpartition('.')[0]}.{rest}" if dot else whole)
    if pattern in told.EVENTS_OF_THE_CLUSTER:
        return subjects.system_event(pattern)
    if first == "tureen" or first.startswith("$"):
        raise PatternError(f"{pattern} is no subject of {subjects.PREFIX}")
    object_, name = (first, rest) if dot else ("*", first)
    return _told(_of_tenant(tenant, f"event.{room}.*.{_object(object_)}.*.{_event(object_, name)}"))


def _object(object_: str) -> str:
    if object_ != "*" and object_ not in OBJECTS:
        _unknown(object_, OBJECTS, "no object")
    return object_


def _event(object_: str, name: str) -> str:
    known = [each.name for each in told.OBJECT_EVENTS if object_ in ("*", each.object)]
    if object_ == "*":
        known += told.EVENTS_OF_THE_CLUSTER
    if name != "*" and name not in known:
        _unknown(name, dict.fromkeys(known), "no event" if object_ == "*" else f"no event of a {object_}")
    return name


def _unknown(name: str, known: Iterable[str], what: str) -> NoReturn:
    near = nearest(name, known)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known)}"
    raise PatternError(f"{what} is called {name}: {hint}")


def _of_tenant(tenant: str, rest: str) -> str:
    try:
        return f"{subjects.tenants_events(tenant).removesuffix('event.>')}{rest}"
    except InvalidType as error:
        raise PatternError(error.message) from None


def _told(subject: str) -> str:
    """Return a subject if only what is told can come there.

    Who subscribes to a command's subject makes callers wait for an answer where they are told at once that there is
    nobody.
    """
    tokens = subject.split(".")
    if not all(tokens):
        raise PatternError(f"{subject} is no subject: a part of it is empty")
    if len(tokens) < 4 or tokens[3] not in _TOLD:
        raise PatternError(
            f"{subject} would hear commands as well, whose senders would take this for the one who answers: "
            f"listen to {', '.join(f'tureen.v1.….{word}.>' for word in _TOLD)} or a part of it"
        )
    return subject
