"""Invented clusters: nodes, and rooms that are there already."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

import msgpack

from tureen.contract.cluster import Heartbeat, HostLoad, WorkerLoad
from tureen.contract.quick import decode_heartbeat
from tureen.contract.rooms import RoomPolicy, RoomRecord, RoomRouter
from tureen.placement.picture import Picture

REGIONS = ("eu-west", "eu-north", "us-east", "us-west", "asia")
GROUPS = (frozenset(REGIONS[:2]), frozenset(REGIONS[2:4]))
VERSION = "3.27.1"


class Invented(NamedTuple):
    """A picture of a cluster, and its rooms' records."""

    picture: Picture
    rooms: list[RoomRecord]


def heartbeat(node: int, workers: int, rng: Random, seq: int = 1) -> Heartbeat:
    """Return a node's heartbeat, with workers from idle to nearly full."""
    loads = [
        WorkerLoad(
            worker_id=f"n{node}-w{index}",
            index=index,
            cpu=rng.triangular(0, 90, 35),
            transports=40,
            producers=20,
            consumers=200,
            reserved=rng.random() * 8,
        )
        for index in range(workers)
    ]
    return Heartbeat(
        node_id=f"n{node}",
        start_id=f"n{node}-run",
        seq=seq,
        mediasoup_version=VERSION,
        region=REGIONS[node % len(REGIONS)],
        host=HostLoad(cpu=40, cores=workers, ports=10_000, free_ports=9_000, open_files=100, open_files_limit=65_536),
        workers=loads,
    )


def invent(nodes: int, workers: int, rooms: int, routers: int, seed: int = 1) -> Invented:
    """Make a cluster with rooms.

    Args:
        nodes: How many nodes.
        workers: Of each.
        rooms: How many rooms.
        routers: Of each room, on so many nodes of one region as that takes.
        seed: Of what is random.
    """
    rng = Random(seed)
    picture = Picture()
    for node in range(nodes):
        # As placement hears it: read from bytes, into structs.
        picture.hear(decode_heartbeat(msgpack.packb(heartbeat(node, workers, rng).to_wire())), 0.0)
    return Invented(picture, [_room(number, nodes, workers, routers, rng) for number in range(rooms)])


def _room(number: int, nodes: int, workers: int, routers: int, rng: Random) -> RoomRecord:
    first = rng.randrange(nodes)
    places = []
    for index in range(routers):
        # The next node of the same region when one is used up.
        node = (first + index // workers * len(REGIONS)) % nodes
        worker = f"n{node}-w{index % workers}"
        places.append(RoomRouter(router_id=f"r{number}-{index}", node_id=f"n{node}", worker_id=worker))
    return RoomRecord(
        room_id=f"room{number}",
        tenant="default",
        incarnation=1,
        generation=1,
        mediasoup_version=VERSION,
        media_codecs=[],
        rtp_capabilities={},
        policy=RoomPolicy(),
        routers=places,
    )
