"""Who holds a lease on this node, and what depends on it: pure, the clock is passed in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Protocol

from tureen.contract.errors import NoCapacity, NotFound
from tureen.contract.ids import new_id


class Closable(Protocol):
    """What a lease can own."""

    @property
    def id(self) -> str:
        """Its id, unique among its tenant's objects on the node."""

    def close(self) -> None:
        """Close it, and all that hangs on it."""


@dataclass(slots=True, eq=False)
class Lease:
    """A lease.

    Attributes:
        id: Differs from that of the owner's lease before.
        ttl: Seconds for which a renewal holds.
        ends_at: When it ends, on the clock that is passed in.
        owned: What it owns, in the order in which it was made: parents come before what hangs on them. The operator's
            may own objects of several tenants, and of one id.
    """

    tenant: str
    owner_id: str
    id: str
    ttl: float
    ends_at: float
    owned: dict[Closable, None] = field(default_factory=dict)


class Leases:
    """The leases of all tenants; no tenant sees another's.

    Args:
        limit: How many one tenant may hold.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._leases: dict[tuple[str, str], Lease] = {}
        self._held: Counter[str] = Counter()
        self._of_object: dict[Closable, Lease] = {}
        self._stands_still = False

    def renew(self, tenant: str, owner_id: str, ttl: float, now: float) -> Lease:
        """Let a lease last `ttl` seconds from now, or begin one.

        Raises:
            NoCapacity: The tenant holds as many as it may.
        """
        lease = self._leases.get((tenant, owner_id))
        if lease is None:
            if self._held[tenant] >= self._limit:
                raise NoCapacity(
                    f"this node holds {self._limit} leases of {tenant}, which is all that a tenant may have",
                    details={"maxLeasesPerTenant": self._limit},
                )
            lease = self._leases[tenant, owner_id] = Lease(tenant, owner_id, new_id(), ttl, now)
            self._held[tenant] += 1
        lease.ttl, lease.ends_at = ttl, now + ttl
        return lease

    def get(self, tenant: str, owner_id: str) -> Lease:
        """Return an owner's lease.

        Raises:
            NotFound: It holds none.
        """
        lease = self._leases.get((tenant, owner_id))
        if lease is None:
            raise NotFound(
                f"owner {owner_id} holds no lease on this node: send lease.renew first", details={"ownerId": owner_id}
            )
        return lease

    def own(self, lease: Lease, made: Closable) -> bool:
        """Let an object depend on a lease; tell whether that still lasts."""
        if self._leases.get((lease.tenant, lease.owner_id)) is not lease:
            return False
        lease.owned[made] = None
        self._of_object[made] = lease
        return True

    def disown(self, gone: Closable) -> None:
        """An object is gone, however it ended."""
        lease = self._of_object.pop(gone, None)
        if lease is not None:
            lease.owned.pop(gone, None)

    def end(self, tenant: str, owner_id: str) -> Lease | None:
        """Take a lease out and return it, with what is to be closed; None where there is none."""
        lease = self._leases.pop((tenant, owner_id), None)
        if lease is not None:
            self._held[tenant] -= 1
            if not self._held[tenant]:
                del self._held[tenant]
        return lease

    def stop_clock(self) -> None:
        """Nobody can renew a lease: none ends until `start_clock`."""
        self._stands_still = True

    def start_clock(self, now: float) -> None:
        """Leases can be renewed again: each lasts its whole time from now."""
        self._stands_still = False
        for lease in self._leases.values():
            lease.ends_at = now + lease.ttl

    def due(self, now: float) -> list[Lease]:
        """Return the leases whose time is up."""
        if self._stands_still:
            return []
        return [lease for lease in self._leases.values() if lease.ends_at <= now]

    def __len__(self) -> int:
        return len(self._leases)
