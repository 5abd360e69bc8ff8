"""mediasoup's events, published under the tenant that owns the object."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tureen.bus import Bus
from tureen.contract import subjects
from tureen.contract.model import Announcement
from tureen.mediasoup import Consumer, DataConsumer, Producer
from tureen.mediasoup.entity import Entity
from tureen.node_agent.objects import RouterEntry, WorkerEntry

_OF_OBSERVERS = frozenset({"close", "pause", "resume", "addproducer", "removeproducer"})
"""What an object's `observer` alone emits, and those who share the object want to know as well."""

Place = RouterEntry | WorkerEntry
"""What counts the events of the objects on it: a router, or a worker for what is on no router."""


class EventPublisher:
    """Publishes what objects emit, with the run's start id and a sequence per router."""

    def __init__(self, bus: Bus, start_id: str) -> None:
        self._bus = bus
        self._start_id = start_id

    def attach(
        self,
        place: Place,
        noun: str,
        object_id: str,
        entity: Entity,
        closed: Callable[[], None] | None = None,
        *,
        seen: Callable[[str, Any], Any] | None = None,
    ) -> None:
        """Publish every event of an object from now on, and call `closed` after its end was published.

        A listener of its own for the end would cost each object an emitter. `seen(event, data)` returns what is
        published, where that is not what the object emits.
        """
        names = entity.EVENTS

        def tap(event: str, arguments: tuple[Any, ...]) -> None:
            if event == "dtlsstatechange" and (certificate := getattr(entity, "dtls_remote_cert", None)) is not None:
                self.publish(place, noun, object_id, "dtlsremotecert", certificate)
            if event in names:
                data = data_of(arguments)
                self.publish(place, noun, object_id, event, data if seen is None else seen(event, data))
            elif event.startswith("@"):
                self.publish(place, noun, object_id, event[1:], data_of(arguments))

        def observer_tap(event: str, arguments: tuple[Any, ...]) -> None:
            if event in _OF_OBSERVERS:
                try:
                    self.publish(place, noun, object_id, event, _observed(entity, event, arguments))
                finally:
                    if event == "close":
                        _ended(entity, noun, closed)

        entity.tap(tap)
        entity.observer.tap(observer_tap)

    @contextmanager
    def telling_of_pauses(self, place: Place, noun: str, entity: Consumer | DataConsumer) -> Iterator[None]:
        """Publish a change that mediasoup does not tell of: what is paused, or resumed, while its source is paused."""
        before = entity.paused
        yield
        source = entity.producer_paused if isinstance(entity, Consumer) else entity.data_producer_paused
        if source and entity.paused is not before:
            name = "pause" if entity.paused else "resume"
            self.publish(place, noun, entity.id, name, {"paused": entity.paused})

    def publish(self, place: Place, noun: str, object_id: str, name: str, data: Any = None) -> None:
        """Publish one event of an object."""
        place.event_seq += 1
        if isinstance(place, RouterEntry):
            subject = subjects.event(place.tenant, place.room_id, place.id, noun, object_id, name)
        else:
            subject = subjects.event(place.tenant, None, None, noun, object_id, name)
        body = {"startId": self._start_id, "seq": place.event_seq}
        if data is not None:
            body["data"] = data
        self._bus.publish(subject, body)

    def announce(self, what: str, event: Announcement) -> None:
        """Publish an event of the cluster."""
        self._bus.publish(subjects.system_event(what), event.to_wire())


def _observed(entity: Any, event: str, arguments: tuple[Any, ...]) -> Any:
    """Return what observers are told, as it travels; of pauses, whether it is the object itself that is paused."""
    return {"paused": entity.paused} if event in ("pause", "resume") else data_of(arguments)


def _ended(entity: Entity, noun: str, closed: Callable[[], None] | None) -> None:
    """Let go of an object that emits nothing any more, as all but a worker, whose process is yet to end.

    Together with its taps it would wait for a collection of cycles, which is rare where so much lives for long.
    """
    if noun != "worker":
        entity.tap(None)
        entity.observer.tap(None)
    if closed is not None:
        closed()


def data_of(arguments: tuple[Any, ...]) -> Any:
    """Return what listeners get as it travels: mediasoup's own argument, objects by their ids, errors by their text.

    A message comes with its payload protocol identifier: `{message, ppid}`.
    """
    if not arguments:
        return None
    if len(arguments) == 2:
        message, ppid = arguments
        return {"message": message, "ppid": ppid}
    value = arguments[0]
    if isinstance(value, Producer):
        return {"producerId": value.id}
    if isinstance(value, BaseException):
        return {"message": str(value)}
    if isinstance(value, list):
        return [_named(item) for item in value]
    return _named(value)


def _named(value: Any) -> Any:
    """Return a structure with a producer in it replaced by its id."""
    if isinstance(value, dict) and isinstance(producer := value.get("producer"), Producer):
        return {"producerId": producer.id, **{key: item for key, item in value.items() if key != "producer"}}
    return value
