from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, NotRequired, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

import tureen.mediasoup
from tureen.contract import events, subjects, told
from tureen.mediasoup import types
from tureen.mediasoup.entity import Entity
from tureen.mediasoup.rtp_observer import RtpObserver
from tureen.mediasoup.transport import Transport
from tureen.node_agent import events as publisher

ROOTS = {RtpObserver: "rtpObserver", Transport: "transport"}
"""Classes whose subclasses have one name on the wire."""

OWN = {
    *(
        ("transport", name)
        for name in ("dtlsremotecert", "sctpnegotiatedcapabilities", "connect", "iceparameterschange")
    ),
    ("consumer", "preferredlayerschange"),
    ("consumer", "prioritychange"),
    ("dataConsumer", "subchannelschange"),
}
"""Events that mediasoup has not: of what it has as properties alone."""

MIRRORED = {
    events.TransportTuple: types.TransportTuple,
    events.TransportTrace: types.TransportTraceEventData,
    events.ProducerScore: types.ProducerScore,
    events.ProducerVideoOrientation: types.ProducerVideoOrientation,
    events.ProducerTrace: types.ProducerTraceEventData,
    events.ConsumerScore: types.ConsumerScore,
    events.ConsumerLayers: types.ConsumerLayers,
    events.ConsumerTrace: types.ConsumerTraceEventData,
}
"""What events carry, and what mediasoup's listeners get."""


def classes() -> list[type[Entity]]:
    """Return every class of mediasoup whose objects have events."""
    found = [each for _, each in inspect.getmembers(tureen.mediasoup, inspect.isclass) if issubclass(each, Entity)]
    return [each for each in found if each.EVENTS]


def noun(class_: type[Entity]) -> str:
    """Return what a class is called on the wire."""
    for root, name in ROOTS.items():
        if issubclass(class_, root):
            return name
    return class_.__name__[0].lower() + class_.__name__[1:]


def published() -> Iterator[tuple[str, str, str]]:
    """Yield object, event and what listeners get, for all that an agent publishes."""
    for class_ in classes():
        for name, gets in class_.EVENTS.items():
            yield noun(class_), name, gets
        for name, gets in class_.OBSERVER_EVENTS.items():
            if name in publisher._OF_OBSERVERS:
                yield noun(class_), name, gets or ("paused" if name in ("pause", "resume") else "")


def test_every_event_is_listed() -> None:
    """The list has every event that an object of mediasoup's emits, and what mediasoup has as properties alone."""
    known = {(object_, name) for object_, name, _ in published()}
    assert known | OWN == set(told.EVENTS_OF_OBJECTS)


@pytest.mark.parametrize(("object_", "name", "gets"), sorted(set(published())))
def test_an_events_data(object_: str, name: str, gets: str) -> None:
    """What listeners get something with has data, what they get nothing with has none."""
    assert ("data" in told.EVENTS_OF_OBJECTS[object_, name].message.model_fields) == bool(gets)


@pytest.mark.parametrize(("ours", "mediasoups"), MIRRORED.items(), ids=lambda each: each.__name__)
def test_data_is_mediasoups(ours: type[BaseModel], mediasoups: Any) -> None:
    """What events carry has mediasoup's fields: the same names, required where they are, of the same literal values."""
    hints = get_type_hints(mediasoups, include_extras=True)
    fields = {field.alias: field for field in ours.model_fields.values()}
    required = {name for name, hint in hints.items() if get_origin(hint) is not NotRequired}
    assert fields.keys() == hints.keys()
    assert {name for name, field in fields.items() if field.is_required()} == required
    for name, field in fields.items():
        if literal := [each for each in get_args(hints[str(name)]) if isinstance(each, str)]:
            assert list(get_args(field.annotation)) == literal


def test_states_are_mediasoups() -> None:
    """The states that events tell are those of mediasoup."""
    assert get_args(events.IceState) == get_args(types.IceState)
    assert get_args(events.DtlsState) == get_args(types.DtlsState)
    assert get_args(events.SctpState) == get_args(types.SctpState)


def test_subjects_can_be_taken_apart() -> None:
    """The subject of each event is one that `subjects` makes and reads."""
    for each in told.OBJECT_EVENTS:
        subject = re.sub("<.*?>", "x", each.subject)
        parsed = subjects.parse_event(subject)
        assert (parsed.object, parsed.name) == (each.object, each.name)
        assert subject == subjects.event("x", "x", "x", each.object, "x", each.name)
    for name, each in told.EVENTS_OF_THE_CLUSTER.items():
        assert each.subject == subjects.system_event(name)


def test_names_are_unique() -> None:
    """Nothing is listed twice."""
    assert len({each.subject for each in told.ALL}) == len(told.ALL)
