"""What is to be planned: who sends, who watches whom, and what a worker may hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random


@dataclass(frozen=True)
class Case:
    """A room of known size.

    Sets of producers are whole numbers, bit p being producer p: thousands of peers that each watch thousands of
    producers are compared in a moment.

    Attributes:
        owners: The peer that each producer belongs to, by producer; the producers of a peer share a sending transport.
        watches: The producers that each peer watches, by peer, as bits.
    """

    owners: tuple[int, ...]
    watches: tuple[int, ...]

    @property
    def peers(self) -> int:
        """How many peers there are."""
        return len(self.watches)

    @property
    def producers(self) -> int:
        """How many producers there are."""
        return len(self.owners)

    @cached_property
    def consumers(self) -> int:
        """How many consumers there will be, those of pipes apart."""
        return sum(watched.bit_count() for watched in self.watches)

    @cached_property
    def has_one_producer_a_peer(self) -> bool:
        """Whether no peer has two producers."""
        return len(set(self.owners)) == len(self.owners)

    @cached_property
    def watchers(self) -> tuple[int, ...]:
        """How many peers watch each producer, by producer."""
        counts = [0] * self.producers
        for watched in self.watches:
            for producer in bits(watched):
                counts[producer] += 1
        return tuple(counts)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan must keep to.

    Attributes:
        consumers: Most consumers on a worker, those of its pipes to others included.
        receiving: Most receiving transports of a peer.
        workers: How many workers there are; None is as many as are needed.
        fan_out: To how many workers one worker sends the same producer.
        depth: Over how many hops a producer travels at most.
    """

    consumers: int = 500
    receiving: int = 16
    workers: int | None = None
    fan_out: int = 8
    depth: int = 4


def bits(mask: int) -> list[int]:
    """Return the places of the bits that are set, from the lowest."""
    if mask.bit_count() * 8 < mask.bit_length():
        return list(_few_bits(mask))
    return [place for place, digit in enumerate(reversed(f"{mask:b}")) if digit == "1"]


def _few_bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def everyone(peers: int, producers: int = 1) -> Case:
    """Return a room in which each peer has so many producers and watches all others."""
    every = (1 << peers * producers) - 1
    own = (1 << producers) - 1
    watches = tuple(every ^ (own << peer * producers) for peer in range(peers))
    return Case(_owners(peers, producers), watches)


def some(peers: int, others: int, producers: int = 1, rng: Random | None = None) -> Case:
    """Return a room in which each peer watches so many others: the next ones, or with `rng` random ones."""
    own = (1 << producers) - 1
    others = min(others, peers - 1)
    watches = []
    for peer in range(peers):
        chosen = range(1, others + 1) if rng is None else rng.sample(range(1, peers), others)
        watches.append(sum(own << (peer + ahead) % peers * producers for ahead in chosen))
    return Case(_owners(peers, producers), tuple(watches))


def stream(viewers: int) -> Case:
    """Return a room in which one peer sends one stream and so many others watch it."""
    return Case((0,), (0, *[1] * viewers))


def _owners(peers: int, producers: int) -> tuple[int, ...]:
    return tuple(producer // producers for producer in range(peers * producers))
