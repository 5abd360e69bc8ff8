"""What `router.dump` tells beside the worker's own dump, as of the moment in which that arrived."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from tureen.mediasoup.dumped import object_ids
from tureen.node_agent.objects import RouterEntry


class Moment(NamedTuple):
    """A moment of a router.

    Attributes:
        seq: That of its last event.
        paused: Everything on it that is paused itself.
        source_paused: Every consumer and data consumer whose source is paused.
        asked_for: Everything on it that somebody asked for.
    """

    seq: int
    paused: list[str]
    source_paused: list[str]
    asked_for: set[str]

    def made_by_agent(self, dump: Mapping[str, Any]) -> list[str]:
        """Return the ids of everything in a dump that nobody asked for: the agent made it, to pull and to serve."""
        asked_for = self.asked_for
        return [object_id for object_id in object_ids(dump) if object_id not in asked_for]


def moment_of(router: RouterEntry) -> Moment:
    """Return this moment of a router: in one piece, so that all of it is of one."""
    on = router.entries
    # What came out of a pipe may be entered under another key than its id; all else has its id as its key.
    producers = [entry.producer for entry in on.producers.values()]
    data_producers = [entry.data_producer for entry in on.data_producers.values()]
    paused = [
        *(producer.id for producer in producers if producer.paused),
        *(producer.id for producer in data_producers if producer.paused),
        *(key for key, entry in on.data_consumers.items() if entry.data_consumer.paused),
        *(key for key, entry in on.rtp_observers.items() if entry.rtp_observer.paused),
    ]
    source_paused = [key for key, entry in on.data_consumers.items() if entry.data_consumer.data_producer_paused]
    # There are thousands of consumers: one look at each.
    for key, entry in on.consumers.items():
        consumer = entry.consumer
        if consumer.paused:
            paused.append(key)
        if consumer.producer_paused:
            source_paused.append(key)
    asked_for = {*on.consumers, *on.transports, *on.data_consumers, *on.rtp_observers}
    asked_for.update(producer.id for producer in producers)
    asked_for.update(producer.id for producer in data_producers)
    return Moment(router.event_seq, paused, source_paused, asked_for)
