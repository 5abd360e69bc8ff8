"""How much may be under way in a service, in all and for each tenant."""

from __future__ import annotations

from dataclasses import dataclass

from tureen.contract.errors import Busy
from tureen.contract.subjects import SYSTEM


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """What a service takes on at once; beyond it the answer is `Busy`.

    Attributes:
        under_way: Commands of all tenants together.
        under_way_per_tenant: Commands of one tenant.
        system_reserve: Commands that `system` may have under way beyond what tenants fill.
        bytes: Bytes of all commands under way.
        bytes_per_tenant: Bytes of one tenant's commands under way.
        default_timeout: Seconds until the deadline of a command that names none.
        longest_timeout: Most seconds that a command can ask for.
    """

    under_way: int = 8192
    under_way_per_tenant: int = 4096
    system_reserve: int = 1024
    bytes: int = 256 * 1024 * 1024
    bytes_per_tenant: int = 64 * 1024 * 1024
    default_timeout: float = 5.0
    longest_timeout: float = 120.0


@dataclass(slots=True)
class _Share:
    """What one tenant has under way."""

    count: int = 0
    bytes: int = 0


class Admission:
    """Counts what is under way."""

    def __init__(self, limits: ServiceLimits) -> None:
        self._limits = limits
        self._shares: dict[str, _Share] = {}
        self.under_way = 0
        self.bytes = 0

    def enter(self, tenant: str, size: int) -> None:
        """Count one more.

        Raises:
            Busy: That would be too much; it was not counted.
        """
        limits = self._limits
        reserve = limits.system_reserve if tenant == SYSTEM else 0
        if self.under_way >= limits.under_way + reserve or self.bytes + size > limits.bytes:
            raise Busy(f"{self.under_way} commands are under way, which is all that this service takes at once")
        share = self._shares.get(tenant) or _Share()
        if tenant != SYSTEM and (
            share.count >= limits.under_way_per_tenant or share.bytes + size > limits.bytes_per_tenant
        ):
            raise Busy(f"{share.count} commands of {tenant} are under way, which is all that a tenant may have")
        self._shares[tenant] = share
        share.count += 1
        share.bytes += size
        self.under_way += 1
        self.bytes += size

    def leave(self, tenant: str, size: int) -> None:
        """Count one less."""
        self.under_way -= 1
        self.bytes -= size
        share = self._shares[tenant]
        share.count -= 1
        share.bytes -= size
        # A tenant with nothing under way costs no memory, however many there have been.
        if not share.count:
            del self._shares[tenant]


def deadline(header: str | None, arrived: float, limits: ServiceLimits) -> float:
    """Return when the caller stops waiting, from `Tureen-Timeout-Ms` counted from arrival."""
    if not header:
        return arrived + limits.default_timeout
    try:
        timeout = int(header) / 1000 if len(header) < 12 else limits.default_timeout
    except ValueError:
        timeout = limits.default_timeout
    return arrived + min(max(timeout, 0.0), limits.longest_timeout)
