"""How many workers and hosts a number of equal rooms needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from tureen.placement.engine.costs import COSTS, Costs
from tureen.placement.engine.planning import media
from tureen.placement.engine.planning.case import Case, Limits, everyone, some
from tureen.placement.engine.planning.plan import plan

NETWORK_LIMIT = 0.9
"""Share of a host's network that placement fills."""

MOST_RECEIVING = (1, 2, 4, 16)
"""How many receiving transports a peer may have, tried in this order from what is wanted."""


class TooLargeError(ValueError):
    """A room that no number of workers carries within these limits."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be carried, and by what.

    Attributes:
        rooms: How many rooms at once.
        peers: Peers of each that send.
        viewers: Peers of each that only receive.
        video: What a camera sends, one of `media.LAYERS`; None is no video.
        receive: The resolution that a watcher gets of it; None is the same.
        simulcast: Whether cameras send lower layers as well.
        audio: Whether there are microphones.
        watching: How many others a peer watches; None is all. Microphones are heard of those who are watched.
        receiving: How many receiving transports a peer has; more where one peer needs more.
        cores: Cores of a host, each with a worker.
        network: What a host's network carries, Mbit/s in each direction.
        watermark: Percent of a core up to which workers are filled.
        spare: Hosts that may fail.
    """

    rooms: int = 1
    peers: int = 4
    viewers: int = 0
    video: str | None = "720p"
    receive: str | None = None
    simulcast: bool = True
    audio: bool = True
    watching: int | None = None
    receiving: int = 1
    cores: int = 8
    network: float = 1_000.0
    watermark: float = 60.0
    spare: int = 1


class Capacity(NamedTuple):
    """What that needs.

    Attributes:
        producers: Of all rooms; `consumers` and `pipe_consumers` likewise.
        inbound: Mbit/s from peers; `outbound` to them; `piped` between workers, at most.
        cpu: Percent of a core in all, pipes included.
        rooms_per_worker: How many rooms share a worker; 0 where a room needs several.
        workers_per_room: How many workers a room needs.
        receiving: Receiving transports of a peer.
        workers: Cores that are filled to the watermark.
        hosts_by_cores: Hosts for these; `hosts_by_network` for the bit rate.
        hosts: What is needed, the spare ones included.
    """

    producers: int
    consumers: int
    pipe_consumers: int
    inbound: float
    outbound: float
    piped: float
    cpu: float
    rooms_per_worker: int
    workers_per_room: int
    receiving: int
    workers: int
    hosts_by_cores: int
    hosts_by_network: int
    hosts: int


class _Room(NamedTuple):
    """One room: who watches whom, and what it costs before any pipe."""

    case: Case
    sent: media.Stream
    received: media.Stream
    kinds: int
    cpu: float


class _Spread(NamedTuple):
    workers: float
    pipe_consumers: int
    receiving: int


def capacity(wanted: Wanted, costs: Costs = COSTS) -> Capacity:
    """Work out what rooms need.

    Raises:
        TooLargeError: One peer alone watches more than its transports can hold.
        ValueError: There is neither audio nor video.
    """
    room = _room(wanted, costs)
    spread = _spread(wanted, room, costs)
    hop = media.pipe(room.sent, costs) / room.kinds
    rooms, streams = wanted.rooms, room.kinds * room.case.producers
    consumers = room.kinds * room.case.consumers
    cpu = room.cpu + hop * spread.pipe_consumers
    per_worker = math.floor(1 / spread.workers + 1e-9) if spread.workers <= 1 else 0
    # Small rooms stay whole; what large ones leave free on their last workers is filled by others.
    workers = math.ceil(rooms / per_worker) if per_worker else math.ceil(rooms * cpu / wanted.watermark)
    workers = max(workers, math.ceil(spread.workers))
    outbound = rooms * room.case.consumers * room.received.kbps / 1000
    piped = rooms * spread.pipe_consumers * room.sent.kbps / room.kinds / 1000
    inbound = rooms * room.case.producers * room.sent.kbps / 1000
    by_cores = math.ceil(workers / wanted.cores)
    by_network = math.ceil((max(outbound, inbound) + piped) / (wanted.network * NETWORK_LIMIT))
    return Capacity(
        producers=rooms * streams,
        consumers=rooms * consumers,
        pipe_consumers=rooms * spread.pipe_consumers,
        inbound=inbound,
        outbound=outbound,
        piped=piped,
        cpu=rooms * cpu,
        rooms_per_worker=per_worker,
        workers_per_room=max(1, math.ceil(spread.workers)),
        receiving=spread.receiving,
        workers=workers,
        hosts_by_cores=by_cores,
        hosts_by_network=by_network,
        hosts=max(by_cores, by_network) + wanted.spare,
    )


def _room(wanted: Wanted, costs: Costs) -> _Room:
    sent, received, kinds = media.NOTHING, media.NOTHING, 0
    if wanted.audio:
        sent, received, kinds = media.audio(), media.audio(), 1
    if wanted.video is not None:
        sent = sent.beside(media.camera(wanted.video, simulcast=wanted.simulcast))
        received = received.beside(media.video(media.LAYERS[wanted.receive or wanted.video][0]))
        kinds += 1
    if not kinds:
        raise ValueError("There is neither audio nor video")
    case = _case(wanted)
    transports = costs.transport * (2 * wanted.peers + wanted.viewers)
    cpu = transports + wanted.peers * media.ingest(sent, costs) + case.consumers * media.copy(received, costs)
    return _Room(case, sent, received, kinds, cpu)


def _case(wanted: Wanted) -> Case:
    """Return who watches whom; a peer's microphone and camera go the same way and count as one here."""
    peers, watching = wanted.peers, wanted.watching
    whole = watching is None or watching >= peers - 1
    case = everyone(peers) if whole else some(peers, watching or 0, rng=Random(1))  # noqa: S311
    every = (1 << peers) - 1
    few = (1 << min(peers, watching if watching is not None else peers)) - 1
    return Case(case.owners, (*case.watches, *[every if whole else few] * wanted.viewers))


def _spread(wanted: Wanted, room: _Room, costs: Costs) -> _Spread:
    """Spread a room over workers: within one where it fits, else as the planner does."""
    if room.cpu <= wanted.watermark or not room.case.consumers:
        return _Spread(room.cpu / wanted.watermark, 0, 1)
    # A consumer's share of all that the room costs: what senders cost is spread over the workers as well.
    each = room.cpu / room.case.consumers
    hop = media.pipe(room.sent, costs)
    for receiving in (wanted.receiving, *(most for most in MOST_RECEIVING if most > wanted.receiving)):
        made = plan(room.case, Limits(consumers=max(1, int(wanted.watermark / each)), receiving=receiving))
        if made is not None:
            total = room.cpu + made.pipe_consumers * hop
            workers = max(made.workers, math.ceil(total / wanted.watermark))
            return _Spread(workers, room.kinds * made.pipe_consumers, made.receiving_transports)
    raise TooLargeError("One peer alone watches more than 16 workers can send it below the watermark")
