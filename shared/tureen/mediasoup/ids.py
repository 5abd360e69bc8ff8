"""Where the ids of new objects come from."""

from __future__ import annotations

import os

_AT_ONCE = 256
"""How many are made at once: asking the kernel for random bytes is a good part of what an id costs."""

# The digit that stands for a UUID's variant has two random bits.
_VARIANTS = {f"{digit:x}": "89ab"[digit & 3] for digit in range(16)}

_ready: list[str] = []
os.register_at_fork(after_in_child=_ready.clear)


def new_id() -> str:
    """Return an id for a new object: a random UUID (RFC 9562, version 4)."""
    try:
        return _ready.pop()
    except IndexError:
        first, *rest = _random_ids(_AT_ONCE)
        _ready.extend(rest)
        return first


def _random_ids(count: int) -> list[str]:
    digits = os.urandom(16 * count).hex()
    return [_uuid(digits[start : start + 32]) for start in range(0, len(digits), 32)]


def _uuid(digits: str) -> str:
    """Return 32 hexadecimal digits as a UUID."""
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{_VARIANTS[digits[16]]}{digits[17:20]}-{digits[20:]}"
