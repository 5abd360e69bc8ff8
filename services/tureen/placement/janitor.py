"""What has to be tidied up: a pure look at the picture, and the shell that acts on it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tureen.contract.errors import Conflict, NotFound, TureenError
from tureen.contract.rooms import RoomRecord, RoomRouter
from tureen.placement import records
from tureen.placement.picture import Picture
from tureen.placement.reconcile import Reconciler
from tureen.placement.settings import PlacementSettings
from tureen.placement.state import PlacementState
from tureen.placement.updates import nodes_of

log = logging.getLogger(__name__)

_CLOSE_TIMEOUT = 5.0
_AT_A_TIME = 100
"""Rooms that are looked at before others have their turn: about a millisecond."""


class Ages:
    """Since when something has been so, on a monotonic clock; what is not asked for in a round is forgotten."""

    def __init__(self) -> None:
        self._before: dict[tuple[str, str], float] = {}
        self._since: dict[tuple[str, str], float] = {}

    def age(self, what: str, name: str, now: float) -> float:
        """Return for how long something has been so: 0 where it was not in the round before."""
        key = (what, name)
        since = self._since[key] = self._before.get(key, now)
        return now - since

    def end_round(self) -> None:
        """What was not asked for is not so any more."""
        self._before, self._since = self._since, {}

    def clear(self) -> None:
        """Begin anew: while the bus was away nobody could say that he is still there."""
        self._before, self._since = {}, {}


@dataclass(frozen=True, slots=True)
class CloseRouter:
    """Nobody uses a router."""

    record: RoomRecord
    router: RoomRouter


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Nobody is in a room."""

    record: RoomRecord


@dataclass(frozen=True, slots=True)
class Strike:
    """A record lists routers that are gone."""

    record: RoomRecord
    router_ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class CloseUnlisted:
    """A node holds a router that its room's record does not list; `copy` is the node's own record."""

    copy: RoomRecord
    node_id: str


Task = CloseRouter | CloseRoom | Strike | CloseUnlisted


def look(
    rooms: Iterable[RoomRecord], picture: Picture, ages: Ages, settings: PlacementSettings, now: float
) -> Iterator[list[Task]]:
    """Yield what has to be done, a list for each room and one for the routers of none: one round.

    Between two of them the caller may do other things: with ten thousand rooms a round takes a tenth of a second.
    """
    listed: set[str] = set()
    for record in rooms:
        for router in record.routers:
            listed.add(router.router_id)
            picture.holdings.learn_record(router.router_id, record)
        yield list(_look_at(record, picture, ages, settings, now))
    yield [
        CloseUnlisted(held.record, held.node_id)
        for held in picture.holdings.routers()
        if held.record is not None
        and held.id not in listed
        and ages.age("unlisted", held.id, now) >= settings.unlisted_after
    ]
    ages.end_round()


def _look_at(
    record: RoomRecord, picture: Picture, ages: Ages, settings: PlacementSettings, now: float
) -> Iterator[Task]:
    """Yield what has to be done in one room."""
    name = f"{record.tenant}.{record.room_id}"
    gone = frozenset(router.router_id for router in record.routers if _is_gone(router, picture, ages, settings, now))
    if gone:
        yield Strike(record, gone)
        return
    unused = [router for router in record.routers if _is_unused(router, picture)]
    timeout = record.policy.empty_timeout
    if timeout is not None and len(unused) == len(record.routers) and ages.age("deserted", name, now) >= timeout:
        yield CloseRoom(record)
        return
    for router in unused:
        if ages.age("unused", router.router_id, now) >= settings.empty_router_after:
            yield CloseRouter(record, router)


def _is_gone(router: RoomRouter, picture: Picture, ages: Ages, settings: PlacementSettings, now: float) -> bool:
    """Tell whether a router's node is there and has not announced it for a while; it may just be being made."""
    node = picture.cluster.nodes.get(router.node_id)
    if node is None or node.state != "alive" or not picture.is_complete(node.id):
        return False
    if router.worker_id in node.workers and picture.holdings.router(router.router_id) is not None:
        return False
    return ages.age("gone", router.router_id, now) >= settings.vanished_after


def _is_unused(router: RoomRouter, picture: Picture) -> bool:
    """Tell whether nobody has, or was offered, a transport on a router and nothing is pulled through it."""
    held = picture.holdings.router(router.router_id)
    return held is not None and not held.in_use and not picture.cluster.bookings.expected(router.router_id)[0]


class Janitor:
    """Looks around now and then, and does what has to be done, one thing at a time."""

    def __init__(self, state: PlacementState, reconciler: Reconciler) -> None:
        self._state = state
        self._reconciler = reconciler
        self.ages = Ages()

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            await asyncio.sleep(self._state.settings.janitor_interval)
            if not self._state.bus.connected or self._state.store.incarnation is None:
                self.ages.clear()
                continue
            try:
                await self.round()
            except Exception:
                log.exception("the janitor stumbled")

    async def round(self) -> None:
        """Look around and tidy up."""
        state = self._state
        state.offers.tidy(state.picture.cluster.bookings.holds)
        tasks: list[Task] = []
        for number, found in enumerate(look(state.store.all(), state.picture, self.ages, state.settings, state.now())):
            tasks += found
            if number % _AT_A_TIME == 0:
                await asyncio.sleep(0)
        for task in tasks:
            try:
                await self._do(task)
            except TureenError as error:
                log.info("%s could not be done now: %s", type(task).__name__, error)

    async def _do(self, task: Task) -> None:
        match task:
            case CloseRouter(record, router):
                await self._close_router(record, router)
            case CloseRoom(record):
                log.info("room %s is closed: nobody is in it", record.room_id)
                await self._state.store.delete(record.tenant, record.room_id)
            case Strike(record, router_ids):
                self._reconciler.strike(record, set(router_ids))
            case CloseUnlisted(copy, node_id):
                log.info("node %s holds a router of room %s that is not listed", node_id, copy.room_id)
                self._reconciler.tell_newest(copy, node_id)

    async def _close_router(self, record: RoomRecord, router: RoomRouter) -> None:
        """Take a router out of the record first, so that nobody is sent there any more, then close it if it is empty.

        The agents are told after that: to one that finds its router unlisted it is gone, used or not.
        """
        state = self._state
        known = await state.store.get(record.tenant, record.room_id)
        without = records.without_routers(known.record, {router.router_id})
        if without is None:
            return
        written = (await state.store.write(known, without, tell=False)).record
        try:
            await state.bus.command(
                "node",
                "router.close",
                {"routerId": router.router_id, "ifEmpty": True},
                tenant=record.tenant,
                node_id=router.node_id,
                timeout=_CLOSE_TIMEOUT,
            )
        except Conflict:
            log.info("router %s of room %s is in use again", router.router_id, record.room_id)
            await self._list_again(record, router)
            return
        except TureenError as error:
            # It may be there or not, and in use or not. If it is, it will be found unlisted.
            log.info("router %s may not have been closed: %s", router.router_id, error)
            state.updates.tell(written, nodes_of(written) - {router.node_id})
        else:
            log.info("router %s of room %s was empty and is closed", router.router_id, record.room_id)
            state.picture.holdings.forget_router(router.router_id)
            state.updates.tell(written, nodes_of(written))
        state.announce_room(written)

    async def _list_again(self, record: RoomRecord, router: RoomRouter) -> None:
        try:
            await self._state.store.change(
                record.tenant, record.room_id, lambda newest: records.with_router(newest, router)
            )
        except NotFound:
            self._reconciler.tell_newest(record, router.node_id)
