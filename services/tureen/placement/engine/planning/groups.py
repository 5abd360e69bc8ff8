"""Which peers are served together, and by which of their workers each producer."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import itemgetter
from typing import NamedTuple

from tureen.placement.engine.planning.case import Case, Limits, bits

Receiving = list[dict[int, int]]
"""For each peer: the workers that it has a receiving transport on, and what it consumes there, as bits."""


def order(case: Case, limits: Limits) -> list[int]:
    """Return the peers that watch anything, so that those who watch the same follow each other.

    Each next one adds the fewest producers to those that the peers before it watch, until one group is full.
    """
    alike: dict[int, list[int]] = {}
    for peer, watched in enumerate(case.watches):
        if watched:
            alike.setdefault(watched, []).append(peer)
    ordered: list[int] = []
    capacity = limits.consumers * limits.receiving
    seen = used = 0
    while alike:
        watched = _closest(alike, seen)
        peers = alike.pop(watched)
        ordered += peers
        used += watched.bit_count() * len(peers)
        seen |= watched
        if used > capacity:
            seen, used = watched, watched.bit_count()
    return ordered


def _closest(sets: Iterable[int], seen: int) -> int:
    """Return the set that has the fewest producers beyond those seen; the first of several."""
    best, fewest = 0, -1
    for watched in sets:
        more = (watched & ~seen).bit_count()
        if fewest < 0 or more < fewest:
            best, fewest = watched, more
            if not more:
                break
    return best


class Share(NamedTuple):
    """The producers that one worker serves to a group, and how many consumers that makes."""

    producers: list[int]
    load: int


class Served(NamedTuple):
    """Who consumes what where.

    Attributes:
        receiving: By peer.
        loads: The consumers of each worker.
        holders: The workers on which each producer is watched.
    """

    receiving: Receiving
    loads: list[int]
    holders: list[list[int]]


def serve(case: Case, limits: Limits, ordered: Sequence[int], reserve: int) -> Served | None:
    """Cut the ordered peers into groups and share each group's producers out among its workers.

    Args:
        case: Who watches whom.
        limits: What a worker and a peer may have.
        ordered: The peers, as `order` returns them.
        reserve: How many consumers of each worker are kept free for pipes.

    Returns:
        Where each peer consumes what; None where one peer alone is too much.
    """
    room = limits.consumers - reserve
    served = Served([{} for _ in range(case.peers)], [], [[] for _ in range(case.producers)])
    start = 0
    while start < len(ordered):
        taken = _fitting(case, limits, ordered, start, room)
        if taken is None:
            return None
        end, shares = taken
        for share in shares:
            _enter(case, served, ordered[start:end], share)
        start = end
    return served


def _enter(case: Case, served: Served, peers: Iterable[int], share: Share) -> None:
    """Let the next worker serve a share to some peers."""
    worker, offered = len(served.loads), mask(share.producers)
    for peer in peers:
        consumed = case.watches[peer] & offered
        if consumed:
            served.receiving[peer][worker] = consumed
    for producer in share.producers:
        served.holders[producer].append(worker)
    served.loads.append(share.load)


def _fitting(
    case: Case, limits: Limits, ordered: Sequence[int], start: int, room: int
) -> tuple[int, list[Share]] | None:
    """Return where the group that begins at `start` ends, and what each of its workers serves."""
    counts: Counter[int] = Counter()
    end, used = start, 0
    while end < len(ordered):
        watched = case.watches[ordered[end]]
        used += watched.bit_count()
        if used > limits.receiving * room:
            break
        counts.update(bits(watched))
        end += 1
        if end - start >= room and max(counts.values()) >= room:
            break
    while end > start:
        shares = _share_out(case, counts, limits.receiving, room)
        if shares is not None:
            return end, shares
        end -= 1
        counts.subtract(bits(case.watches[ordered[end]]))
    return None


def _share_out(case: Case, counts: Counter[int], most: int, room: int) -> list[Share] | None:
    """Share producers with so many watchers each out to as few workers as will do; None where that is too many."""
    bundles = sorted(_bundles(case, counts, room), key=itemgetter(0), reverse=True)
    total = sum(watchers for watchers, _ in bundles)
    for workers in range(max(1, -(-total // room)), most + 1):
        shares = _level(bundles, workers)
        if max((share.load for share in shares), default=0) <= room:
            return shares
    return None


def _bundles(case: Case, counts: Counter[int], room: int) -> list[tuple[int, list[int]]]:
    """Return what is served together, with its consumers.

    The producers of one peer stay together, or one of them would have to come over a pipe; apart only where one worker
    does not serve them all.
    """
    if case.has_one_producer_a_peer:
        return [(watchers, [producer]) for producer, watchers in counts.items() if watchers]
    of_peer: dict[int, list[int]] = {}
    for producer, watchers in counts.items():
        if watchers:
            of_peer.setdefault(case.owners[producer], []).append(producer)
    bundles = []
    for producers in of_peer.values():
        watchers = sum(map(counts.__getitem__, producers))
        if watchers <= room:
            bundles.append((watchers, producers))
        else:
            bundles += [(counts[producer], [producer]) for producer in producers]
    return bundles


def _level(bundles: list[tuple[int, list[int]]], workers: int) -> list[Share]:
    """Give the most watched producers first, always to the worker with the least."""
    heap = [(0, number) for number in range(workers)]
    shares: list[list[int]] = [[] for _ in range(workers)]
    for watchers, producers in bundles:
        load, number = heap[0]
        shares[number] += producers
        heapq.heapreplace(heap, (load + watchers, number))
    return [Share(shares[number], load) for load, number in heap if shares[number]]


def mask(producers: Iterable[int]) -> int:
    """Return a set of producers as bits."""
    result = 0
    for producer in producers:
        result |= 1 << producer
    return result
