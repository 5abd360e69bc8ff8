"""What no plan can do better than, with the reasoning in words."""

from __future__ import annotations

from dataclasses import dataclass

from tureen.placement.engine.planning.case import Case, Limits


@dataclass(frozen=True, slots=True)
class Bound:
    """A lower bound.

    Attributes:
        workers: No plan has fewer.
        pipe_consumers: No plan has fewer.
        reasoning: Why, step by step, with the case's own numbers.
    """

    workers: int
    pipe_consumers: int
    reasoning: tuple[str, ...]


def bound(case: Case, limits: Limits) -> Bound:
    """Return the fewest workers and pipe consumers that any plan needs; it need not be possible to reach them."""
    used, limit = case.consumers, limits.consumers
    steps = [f"{used:,} consumers at {limit:,} a worker: at least {_up(used, limit):,} workers, pipes not counted."]
    by_transports = _by_transports(case, limits, steps)
    by_audience = _by_audience(case, limits, steps)
    pipes = max(by_transports, by_audience)
    workers = max(1, _up(used + pipes, limit))
    steps.append(
        f"Pipe consumers count at their sources: ({used:,} + {pipes:,}) / {limit:,}: at least {workers:,} workers."
    )
    return Bound(workers, pipes, tuple(steps))


def _by_transports(case: Case, limits: Limits, steps: list[str]) -> int:
    """Bound the pipe consumers by how many receiving transports there can be.

    Worker w serves c(w) consumers to a(w) peers from b(w) producers, so c(w) <= a(w) b(w). Cauchy and Schwarz:
    (sum of sqrt c)^2 <= (sum of c / a)(sum of a) <= (sum of b)(sum of a). No c is above the limit L, so that
    sum of sqrt c >= (sum of c) / sqrt L. Together: sum of b >= (consumers)^2 / (L x receiving transports).
    """
    transports = sum(min(limits.receiving, watched.bit_count()) for watched in case.watches)
    watched = sum(count > 0 for count in case.watchers)
    if not transports:
        return 0
    held = _up(case.consumers**2, limits.consumers * transports)
    pipes = max(0, held - watched)
    steps.append(
        f"A worker with a peers and b producers serves at most a x b consumers and at most {limits.consumers:,}; there "
        f"are at most {transports:,} receiving transports. By Cauchy and Schwarz the workers together hold at least "
        f"{case.consumers:,}² / ({limits.consumers:,} x {transports:,}) = {held:,} producers; {watched:,} of them live "
        f"there, so at least {pipes:,} come over pipes."
    )
    return pipes


def _by_audience(case: Case, limits: Limits, steps: list[str]) -> int:
    """Bound the pipe consumers by how many peers watch the same producer."""
    needed = [_up(count, limits.consumers) - 1 for count in case.watchers if count > limits.consumers]
    if needed:
        steps.append(
            f"{len(needed):,} producers have more watchers than one worker serves; the most watched, with "
            f"{max(case.watchers):,}, is needed on at least {max(needed) + 1:,} workers: at least {sum(needed):,} pipe "
            "consumers for all of them."
        )
    return sum(needed)


def pipe_bound(case: Case, limits: Limits) -> tuple[int, int]:
    """Return k and producers x (k - 1), the yardstick for a room in which all watch all.

    k is the fewest workers with consumers and pipe consumers within their limit together, where a producer is needed on
    all of them.
    """
    workers = 1
    while case.consumers + case.producers * (workers - 1) > limits.consumers * workers:
        workers += 1
        if case.producers >= limits.consumers and workers > case.consumers:
            raise ValueError("No number of workers carries this where every producer is needed on each")
    return workers, case.producers * (workers - 1)


def _up(dividend: int, divisor: int) -> int:
    return -(-dividend // divisor)
