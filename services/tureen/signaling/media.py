"""What signaling asks of placement and of the node agents, each within a deadline, asked again where that is safe."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

from tureen.contract.errors import ANEW, ELSEWHERE, Conflict, NotFound, TureenError
from tureen.contract.ids import new_id
from tureen.contract.rooms import Direction
from tureen.signaling.asking import Asker, Deadline
from tureen.signaling.leases import Leases
from tureen.signaling.room import Transport
from tureen.signaling.settings import SignalingSettings

log = logging.getLogger(__name__)

_PAUSE = 0.1
MAX_PLACES = 8
"""How many places are tried for one transport."""


class Media:
    """Commands to placement and to node agents, for one tenant."""

    def __init__(self, asker: Asker, leases: Leases, settings: SignalingSettings) -> None:
        self._asker = asker
        self._leases = leases
        self._settings = settings

    async def open_room(self, room_id: str, doubt: Callable[[], None]) -> dict[str, Any]:
        """Make a room, or find it made, and return what placement says of it; `doubt` is called if it is not known."""
        deadline = Deadline.after(self._settings.request_timeout)
        policy = self._settings.room_policy.to_wire()
        try:
            asked = {"roomId": room_id, "policy": policy}
            return await self._asker.ask("placement", "room.create", asked, deadline, on_timeout=doubt)
        except Conflict:
            # It was made with another policy or other codecs: those hold.
            return await self._asker.ask("placement", "room.get", {"roomId": room_id}, deadline)

    async def has_router(self, room_id: str, router_id: str) -> bool:
        """Tell whether a room still counts on a router; what was on any other is gone."""
        try:
            room = await self._asker.ask("placement", "room.get", {"roomId": room_id}, self._deadline())
        except NotFound:
            return False
        return any(router["routerId"] == router_id for router in room["routers"])

    async def close_room(self, room_id: str) -> None:
        """Close a room with all that is in it."""
        await self._asker.ask("placement", "room.close", {"roomId": room_id}, self._deadline())

    async def create_transport(
        self,
        room_id: str,
        direction: Direction,
        *,
        force_tcp: bool,
        claim: Callable[[Transport], None],
        give_up: Callable[[Transport], None],
    ) -> tuple[Transport, dict[str, Any]]:
        """Make a WebRtcTransport where placement says; elsewhere if it is refused there.

        Args:
            room_id: The room.
            direction: What it is for.
            force_tcp: Without UDP.
            claim: Called before an agent is asked, so that the transport is closed whatever happens.
            give_up: Called with a claimed transport that was not made, or of which that is not known (`in_doubt`).
        """
        deadline = self._deadline()
        exclude: list[str] = []
        for _ in range(MAX_PLACES):
            asked = {"roomId": room_id, "direction": direction, "exclude": exclude}
            place = await self._asker.ask("placement", "room.place", asked, deadline)
            transport = Transport(new_id(), place["nodeId"], place["routerId"], direction)
            try:
                await self._leases.hold(transport.node_id, deadline)
            except ELSEWHERE as error:
                refusal: TureenError = error
            else:
                claim(transport)
                made = await self._create(transport, place.get("grant"), force_tcp, deadline, give_up)
                if not isinstance(made, TureenError):
                    return transport, made
                refusal = made
            log.info("worker %s refused a transport of room %s: %s", place["workerId"], room_id, refusal)
            if deadline.left() == 0:
                break
            if isinstance(refusal, ELSEWHERE):
                exclude.append(place["workerId"])
            else:
                await asyncio.sleep(_PAUSE)
        raise refusal

    async def of_transport(self, transport: Transport, method: str, **data: Any) -> dict[str, Any]:
        """Call a method of a transport."""
        return await self._on_node(transport, f"transport.{method}", {"transportId": transport.id, **data})

    async def of_producer(self, transport: Transport, method: str, producer_id: str) -> dict[str, Any]:
        """Call a method of a producer on a transport."""
        return await self._on_node(transport, f"producer.{method}", {"producerId": producer_id})

    async def of_consumer(self, transport: Transport, method: str, consumer_id: str, **data: Any) -> dict[str, Any]:
        """Call a method of a consumer on a transport."""
        return await self._on_node(transport, f"consumer.{method}", {"consumerId": consumer_id, **data})

    async def _create(
        self,
        transport: Transport,
        grant: Any,
        force_tcp: bool,
        deadline: Deadline,
        give_up: Callable[[Transport], None],
    ) -> dict[str, Any] | TureenError:
        """Return what the agent made, or why it is to be asked elsewhere or again."""
        options: dict[str, Any] = {
            "routerId": transport.router_id,
            "id": transport.id,
            "enableUdp": not force_tcp,
            "enableTcp": True,
            "preferUdp": True,
            "initialAvailableOutgoingBitrate": self._settings.initial_available_outgoing_bitrate,
            "ownerId": self._leases.owner_id,
            "grant": grant,
        }

        def doubt() -> None:
            transport.in_doubt = True

        try:
            return await self._asker.ask(
                "node", "router.createWebRtcTransport", options, deadline, transport.node_id, on_timeout=doubt
            )
        except (*ELSEWHERE, *ANEW) as error:
            give_up(transport)
            if error.details.get("ownerId") == self._leases.owner_id:
                self._leases.doubt(transport.node_id)
            return error
        except BaseException as error:
            transport.in_doubt |= not (isinstance(error, TureenError) and error.nothing_done)
            give_up(transport)
            raise

    async def _on_node(self, transport: Transport, name: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return await self._asker.ask("node", name, data, self._deadline(), transport.node_id)

    def _deadline(self) -> Deadline:
        return Deadline.after(self._settings.request_timeout)
