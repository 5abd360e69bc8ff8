"""Limits on what one browser may ask of us."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class TokenBucket:
    """Allows `rate` messages a second in the long run, and `burst` at once.

    Time is passed in, in seconds of any clock that never goes back.
    """

    rate: float
    burst: float
    tokens: float = field(init=False)
    updated: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.tokens = self.burst

    def take(self, now: float) -> bool:
        """Take one token; tell whether there was one."""
        if self.updated is not None:
            self.tokens = min(self.burst, self.tokens + (now - self.updated) * self.rate)
        self.updated = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(slots=True)
class Strikes:
    """Counts what a browser does wrong: after `limit` times without a pause of `forget` seconds it is sent away."""

    limit: int
    forget: float = 60.0
    count: int = 0
    last: float = 0.0

    def add(self, now: float) -> bool:
        """Count one; tell whether that was one too many."""
        if now - self.last > self.forget:
            self.count = 0
        self.last = now
        self.count += 1
        return self.count > self.limit
