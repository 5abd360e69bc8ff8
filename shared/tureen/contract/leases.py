"""Leases: who makes objects may have them closed when it is gone, however it ended."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from tureen.contract.ids import Id
from tureen.contract.model import Command, Reply

Ttl = Annotated[int, Field(ge=1_000, le=3_600_000)]


class Ownable(Command):
    """What every create takes.

    Attributes:
        owner_id: Whose lease the new object depends on; default: nobody's, it stays until it is closed.
        reuse: The sender had an object of this id, and knows that it is closed: the id may be used again at once.
    """

    owner_id: Id | None = None
    reuse: bool = False


class LeaseRenew(Command):
    """`lease.renew`: begin a lease on this node, or let it last `ttlMs` from now on.

    What names the owner in `ownerId` when it is made is closed when the lease ends. Renew at least three times in
    `ttlMs`, so that losing one costs nothing.

    Attributes:
        owner_id: The owner's name; best a UUID made anew with each start of the owner.
        ttl_ms: How long the lease lasts unless it is renewed.
    """

    owner_id: Id
    ttl_ms: Ttl = 30_000


class LeaseHeld(Reply):
    """A lease.

    Attributes:
        lease_id: Another one than before says that the lease had ended and began anew: what it owned is closed.
        ttl_ms: How long it lasts from now on.
    """

    owner_id: str
    lease_id: str
    ttl_ms: int


class LeaseEnd(Command):
    """`lease.end`: end a lease and close what it owns; one that has ended, or never was, is ended as well."""

    owner_id: Id
