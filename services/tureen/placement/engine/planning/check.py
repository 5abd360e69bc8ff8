"""Whether a plan does what it says: written without the planner's own steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tureen.placement.engine.planning.case import Case, Limits, bits
from tureen.placement.engine.planning.plan import Plan


def faults(case: Case, limits: Limits, made: Plan) -> list[str]:
    """Return what is wrong with a plan, in words; nothing where it is right."""
    return [*_over_limits(limits, made), *_unserved(case, made), *_broken_trees(case, limits, made)]


def _over_limits(limits: Limits, made: Plan) -> Iterator[str]:
    for worker, load in enumerate(made.loads):
        if load > limits.consumers:
            yield f"worker {worker} has {load} consumers, {limits.consumers} are allowed"
    if limits.workers is not None and made.workers > limits.workers:
        yield f"{made.workers} workers are used, {limits.workers} are there"
    if made.receiving_transports > limits.receiving:
        yield f"a peer has {made.receiving_transports} receiving transports"


def _unserved(case: Case, made: Plan) -> Iterator[str]:
    for peer, wanted in enumerate(case.watches):
        consumed = total = 0
        for share in made.receiving[peer].values():
            consumed |= share
            total += share.bit_count()
        if consumed != wanted or total != wanted.bit_count():
            yield f"peer {peer} does not get each producer that it watches once"


def _broken_trees(case: Case, limits: Limits, made: Plan) -> Iterator[str]:
    held = [0] * made.workers
    for transports in made.receiving:
        for worker, consumed in transports.items():
            held[worker] |= consumed
    for worker, consumed in enumerate(held):
        for producer in bits(consumed):
            if made.origins[case.owners[producer]] != worker and worker not in made.upstream[producer]:
                yield f"producer {producer} does not reach worker {worker}"
    for producer, tree in enumerate(made.upstream):
        yield from _broken_tree(producer, made.origins.get(case.owners[producer], -1), tree, limits)


def _broken_tree(producer: int, origin: int, tree: dict[int, int], limits: Limits) -> Iterator[str]:
    if origin in tree:
        yield f"producer {producer} is pulled where it lives"
    if max(Counter(tree.values()).values(), default=0) > limits.fan_out:
        yield f"producer {producer} is sent to more than {limits.fan_out} workers by one"
    for worker in tree:
        hops, at = 0, worker
        while at in tree and hops <= limits.depth:
            at, hops = tree[at], hops + 1
        if at != origin or hops > limits.depth:
            yield f"producer {producer} reaches worker {worker} not at all or over too many hops"
            return
