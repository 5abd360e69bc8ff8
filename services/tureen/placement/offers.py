"""How many places are on offer to each tenant: pure, the clock is passed in."""

from __future__ import annotations

from collections.abc import Callable

from tureen.contract.errors import Busy
from tureen.contract.subjects import SYSTEM

LOOK = 0.1
"""Seconds between two looks at which of a tenant's offers are still open."""

IsOpen = Callable[[str, str], bool]
"""(worker, grant) → whether the offer is neither taken nor expired."""


class Offers:
    """The offers of this replica by tenant, so that nobody fills the cluster's books with places that it does not take.

    Args:
        limit: How many may be open to one tenant.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._offers: dict[str, dict[str, str]] = {}
        self._looked_at: dict[str, float] = {}

    def check(self, tenant: str, is_open: IsOpen, now: float) -> None:
        """Check that one offer more may be made.

        Raises:
            Busy: As many as may be are open.
        """
        offers = self._offers.get(tenant, {})
        if len(offers) < self._limit or tenant == SYSTEM:
            return
        if now - self._looked_at.get(tenant, now - LOOK) >= LOOK:
            self._looked_at[tenant] = now
            offers = self._drop_closed(tenant, is_open)
        if len(offers) >= self._limit:
            raise Busy(
                f"{len(offers)} places are on offer to {tenant} and not taken yet: use them, or ask again later",
                details={"maxOpenOffersPerTenant": self._limit},
            )

    def add(self, tenant: str, worker_id: str, grant_id: str) -> None:
        """Note an offer."""
        if tenant != SYSTEM:
            self._offers.setdefault(tenant, {})[grant_id] = worker_id

    def withdraw(self, tenant: str, grant_id: str) -> None:
        """An offer was not made after all."""
        self._offers.get(tenant, {}).pop(grant_id, None)

    def tidy(self, is_open: IsOpen) -> None:
        """Drop every offer that is not open any more."""
        for tenant in list(self._offers):
            self._drop_closed(tenant, is_open)

    def _drop_closed(self, tenant: str, is_open: IsOpen) -> dict[str, str]:
        offers = {grant: worker for grant, worker in self._offers[tenant].items() if is_open(worker, grant)}
        if offers:
            self._offers[tenant] = offers
        else:
            del self._offers[tenant]
            self._looked_at.pop(tenant, None)
        return offers

    def __len__(self) -> int:
        return sum(map(len, self._offers.values()))
