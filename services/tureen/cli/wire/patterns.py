"""What `tureen listen` may be told to hear, and the subject that it means: pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from tureen.cli.wire.commands import nearest
from tureen.contract import subjects
from tureen.contract.errors import InvalidType
from tureen.mediasoup import (
    ActiveSpeakerObserver,
    AudioLevelObserver,
    Consumer,
    DataConsumer,
    DataProducer,
    DirectTransport,
    PipeTransport,
    PlainTransport,
    Producer,
    Router,
    WebRtcServer,
    WebRtcTransport,
    Worker,
)
from tureen.mediasoup.entity import Entity

OBJECTS: dict[str, tuple[type[Entity], ...]] = {
    "worker": (Worker,),
    "webRtcServer": (WebRtcServer,),
    "router": (Router,),
    "transport": (WebRtcTransport, PlainTransport, PipeTransport, DirectTransport),
    "producer": (Producer,),
    "consumer": (Consumer,),
    "dataProducer": (DataProducer,),
    "dataConsumer": (DataConsumer,),
    "rtpObserver": (ActiveSpeakerObserver, AudioLevelObserver),
}
_OF_OBSERVERS = ("close", "pause", "resume", "addproducer", "removeproducer")
_TOLD = ("event", "heartbeat", "inventory")
_CLUSTERS = {
    "heartbeat": subjects.HEARTBEATS,
    "inventory": subjects.INVENTORIES,
    "system": subjects.SYSTEM_EVENTS,
}


class PatternError(Exception):
    """That cannot be listened to; the message says what can."""


def events_of(object_: str) -> list[str]:
    """Return the names of the events that objects of a kind have."""
    classes = OBJECTS[object_]
    own = (name for each in classes for name in each.EVENTS)
    observed = (name for each in classes for name in each.OBSERVER_EVENTS if name in _OF_OBSERVERS)
    return list(dict.fromkeys((*own, *observed)))


def all_events() -> list[str]:
    """Return the names of all objects' events, each once."""
    return sorted({name for object_ in OBJECTS for name in events_of(object_)})


def shorthands() -> list[str]:
    """Return what can be listened to without spelling a subject."""
    return [
        "event",
        *_CLUSTERS,
        *all_events(),
        *(f"{object_}.{name}" for object_ in OBJECTS for name in events_of(object_)),
    ]


def subject(pattern: str, *, tenant: str, room: str = "*") -> str:
    """Return the subject that a pattern means.

    `score` is that event of any object, `producer.score` and `producer.*` those of a kind of object; `event.…` is
    what follows a tenant's name in a subject; `system`, `heartbeat` and `inventory`, alone or with what follows, are
    the cluster's own; everything else is a subject as it stands.

    Raises:
        PatternError: It is none of these, or would hear commands.
    """
    first, dot, rest = pattern.partition(".")
    if pattern.startswith(f"{subjects.PREFIX}."):
        return _told(pattern)
    if first == "event":
        return _told(_of_tenant(tenant, pattern if dot else "event.>" if room == "*" else f"event.{room}.>"))
    if first in _CLUSTERS:
        return _told(f"{_CLUSTERS[first].rpartition('.')[0]}.{rest}" if dot else _CLUSTERS[first])
    if first == "tureen" or first.startswith("$"):
        raise PatternError(f"{pattern} is no subject of {subjects.PREFIX}")
    object_, name = (first, rest) if dot else ("*", first)
    return _told(_of_tenant(tenant, f"event.{room}.*.{_object(object_)}.*.{_event(object_, name)}"))


def _object(object_: str) -> str:
    if object_ != "*" and object_ not in OBJECTS:
        _unknown(object_, OBJECTS, "no object")
    return object_


def _event(object_: str, name: str) -> str:
    known = all_events() if object_ == "*" else events_of(object_)
    if name != "*" and name not in known:
        _unknown(name, known, "no event" if object_ == "*" else f"no event of a {object_}")
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
