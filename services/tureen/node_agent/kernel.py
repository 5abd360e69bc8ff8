"""Whether the kernel gives pipes the socket buffers that they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

LIMITS = Path("/proc/sys/net/core")


def short_buffers(wanted: int, limits: Path = LIMITS) -> Iterator[str]:
    """Yield a sentence for each of the kernel's limits that is below what pipes ask for; nothing where it is unknown.

    Args:
        wanted: Bytes.
        limits: Where the kernel tells its limits.
    """
    for name, what in (("rmem_max", "receive"), ("wmem_max", "send")):
        try:
            limit = int((limits / name).read_text())
        except (OSError, ValueError):
            continue
        if limit < wanted:
            yield (
                f"pipes get {what} buffers of {limit} bytes, not the {wanted} that they ask for, and may lose packets "
                f"in bursts: set net.core.{name}={wanted} with sysctl"
            )
