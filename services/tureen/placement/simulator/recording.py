"""Heartbeats that were recorded with `tureen listen heartbeat`, and the picture of the cluster that they draw."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime
from random import Random
from typing import NamedTuple

from pydantic import ValidationError

from tureen.contract.cluster import Heartbeat
from tureen.contract.rooms import RoomPlace, RoomPolicy, RoomRecord
from tureen.placement import engine
from tureen.placement.engine.room import view
from tureen.placement.picture import Picture
from tureen.placement.simulator.result import Result, Sample


class WrongRecordingError(ValueError):
    """A line is not a recorded heartbeat."""


class Recorded(NamedTuple):
    """A heartbeat, and when it was heard: seconds since the beginning of the recording."""

    at: float
    heartbeat: Heartbeat


def read(lines: Iterable[str]) -> Iterator[Recorded]:
    """Read a recording, a heartbeat a line; empty lines do not count.

    Raises:
        WrongRecordingError: A line is none.
    """
    first: datetime | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            told = json.loads(line)
            heard = datetime.fromisoformat(told["time"])
            first = first or heard
            # A clock that was set back does not turn the recording back.
            yield Recorded(max(0.0, (heard - first).total_seconds()), Heartbeat.model_validate(told["data"]))
        except (ValueError, KeyError, TypeError, ValidationError):
            raise WrongRecordingError(
                f"line {number} is not a heartbeat as `tureen listen heartbeat` writes it"
            ) from None


def replay(recorded: Iterable[Recorded], sample: float = 1.0) -> Result:
    """Let placement's own picture hear the heartbeats, and look at it now and then.

    At each look the engine is asked where the first transport of a new room would go; what it refuses is counted.
    """
    picture, result = Picture(), Result()
    next_look: float | None = None
    for heard in recorded:
        while next_look is not None and heard.at >= next_look:
            _look(picture, next_look, result)
            next_look += sample
        picture.hear(heard.heartbeat, heard.at)
        next_look = heard.at + sample if next_look is None else next_look
    if next_look is not None:
        _look(picture, next_look, result)
    return result


def _look(picture: Picture, at: float, result: Result) -> None:
    cluster = picture.cluster
    cluster.check(at)
    decision = _ask(picture, at)
    result.decisions += 1
    if decision.place is None:
        for cause, refusing in decision.reason.refusals.items():
            result.refusals[cause] = max(result.refusals.get(cause, 0), refusing)
    workers = [worker for node in cluster.nodes.values() for worker in node.workers.values()]
    before = result.samples[-1].refusals if result.samples else 0
    result.samples.append(
        Sample(
            at=at,
            loads={worker.id: worker.load for worker in workers},
            consumers=sum(worker.told.consumers for worker in workers),
            pipes=sum(worker.told.pipes for worker in workers),
            refusals=before + (decision.place is None),
        )
    )


def _ask(picture: Picture, at: float) -> engine.Decision:
    record = RoomRecord(
        room_id="new",
        tenant="default",
        incarnation=0,
        generation=0,
        mediasoup_version=picture.cluster.newest_version() or "",
        media_codecs=[],
        rtp_capabilities={},
        policy=RoomPolicy(),
        routers=[],
    )
    request = RoomPlace(room_id="new")
    return engine.place(picture.cluster, view(picture, record), request, round(at * 1000), Random(0))  # noqa: S311
