"""Grants are for one transport each, and for a while: pure, the clock is passed in."""

from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple

from tureen.contract.errors import Conflict, Stale
from tureen.contract.rooms import Grant

REMEMBERED = 60.0
"""Seconds for which it is known that a grant was used: longer than placement lets any be valid."""


class _Use(NamedTuple):
    tenant: str
    transport_id: str
    until: float


class UsedGrants:
    """The grants that were used a short while ago."""

    def __init__(self) -> None:
        self._uses: OrderedDict[str, _Use] = OrderedDict()
        """The oldest first. A plain dict takes the longer to find its first key the more were taken before it."""
        self._grants: dict[tuple[str, str], str] = {}
        """The last one of each tenant's transport: an id may be used again while its first grant is remembered."""

    def use(self, tenant: str, grant: Grant, transport_id: str, now: float) -> None:
        """Use a grant for a transport.

        Args:
            tenant: Whose grant it is: nobody uses up those of others.
            grant: The grant.
            transport_id: The transport.
            now: The agent's clock, seconds.

        Raises:
            Stale: It has expired.
            Conflict: It was used for another transport.
        """
        late = now * 1000 - grant.expires_at
        if late > 0:
            raise Stale(
                f"the grant expired {late:.0f} ms ago: ask placement for another", details={"path": "grant.expiresAt"}
            )
        self._forget(now)
        key = f"{tenant}/{grant.grant_id}"
        known = self._uses.get(key)
        if known is not None and known.transport_id != transport_id:
            raise Conflict(
                "the grant was used for another transport: ask placement for one for each",
                details={"path": "grant.grantId", "transportId": known.transport_id},
            )
        if known is None:
            self._uses[key] = _Use(tenant, transport_id, now + REMEMBERED)
            self._grants[tenant, transport_id] = key

    def free(self, tenant: str, transport_id: str) -> None:
        """The transport was not made: its grant, if it had one, may be used for another."""
        key = self._grants.pop((tenant, transport_id), None)
        if key is not None:
            self._uses.pop(key, None)

    def _forget(self, now: float) -> None:
        """Drop what is over; the oldest come first."""
        while self._uses:
            key, use = next(iter(self._uses.items()))
            if use.until > now:
                return
            del self._uses[key]
            if self._grants.get((use.tenant, use.transport_id)) == key:
                del self._grants[use.tenant, use.transport_id]

    def __len__(self) -> int:
        return len(self._uses)
