"""Placement and node agents by script, on a real bus, for what real ones cannot be made to do on demand.

They answer as the contract says, remember what they were asked, and fail, hang or refuse where a test tells them to.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

from tureen.bus import Bus, Call, Service
from tureen.contract import subjects
from tureen.contract.errors import NoCapacity, NotFound
from tureen.contract.registry import commands_of
from tureen.mediasoup import ortc

PATIENCE = 15.0
ROOM_CODECS: list[Any] = [
    {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
    {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000},
]
Twist = Callable[[], Awaitable[None]]


class ScriptedCluster:
    """One placement service and some node agents with a worker and a router each.

    Attributes:
        asked: Every command that came: (node or `placement`, command's name, payload).
        transports: Transports that are open, by id: the node.
        rooms: Rooms that exist.
        leases: The lease that there is on each node, by node.
        dumps: What `consumer.dump` shows, by id.
        twists: What happens before a command is carried out, by name, once each: it may raise, or wait.
    """

    def __init__(self, bus: Bus, nodes: list[str]) -> None:
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.transports: dict[str, str] = {}
        self.rooms: set[str] = set()
        self.twists: dict[str, deque[Twist]] = defaultdict(deque)
        self.dumps: dict[str, dict[str, Any]] = {}
        self.leases = {node: f"lease-{node}" for node in nodes}
        self.capabilities: Any = ortc.generate_router_rtp_capabilities(ROOM_CODECS)
        self._bus = bus
        self._nodes = list(nodes)
        self._next = 0
        self._producers: dict[str, dict[str, Any]] = {}
        self._stack = AsyncExitStack()
        self._changed = asyncio.Condition()

    async def start(self) -> None:
        """Begin to answer."""
        commands = commands_of("placement")
        await self._serve("placement", commands, subjects.service_commands("placement"))
        for node in list(self._nodes):
            await self._serve(node, commands_of("node"), subjects.node_commands(node))

    async def stop(self) -> None:
        """Answer no more."""
        await self._stack.aclose()

    def twist(self, name: str, *twists: Twist | BaseException) -> None:
        """Have the next commands of a name go wrong, one after the other."""
        for twist in twists:
            self.twists[name].append(twist if callable(twist) else _raiser(twist))

    def lose(self, node: str) -> None:
        """Drop a node's router from the rooms' records, as placement does with a node that is gone."""
        self._nodes.remove(node)

    def names(self, who: str | None = None) -> list[str]:
        """Return the names of what was asked, of one or of all."""
        return [name for node, name, _ in self.asked if who in (None, node)]

    def payloads(self, name: str) -> list[dict[str, Any]]:
        """Return the payloads of a command, in order."""
        return [payload for _, asked, payload in self.asked if asked == name]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so, looking before and after every command is carried out."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(is_so)

    async def until_asked(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """Wait until a command has come this often, and return its payloads."""
        await self.until(lambda: len(self.payloads(name)) >= count)
        return self.payloads(name)

    def publish(self, room_id: str, object_: str, object_id: str, event: str, data: Any = None) -> None:
        """Publish an event of an object."""
        body = {"startId": "run", "seq": 1} | ({} if data is None else {"data": data})
        self._bus.publish(subjects.event("default", room_id, "router", object_, object_id, event), body)

    async def _serve(self, who: str, commands: Any, subject: str) -> None:
        def handler(name: str) -> Any:
            async def handle(call: Call, command: Any) -> Any:
                return await self._carry_out(who, name, command.to_wire())

            return handle

        handlers = {name: handler(name) for name in commands}
        name = "placement" if who == "placement" else "node-agent"
        service = Service(self._bus, name=name, version="0.0.1", commands=commands, handlers=handlers, subject=subject)
        await service.start()
        self._stack.push_async_callback(service.drain, 0.1)

    async def _carry_out(self, who: str, name: str, payload: dict[str, Any]) -> Any:
        self.asked.append((who, name, payload))
        await self._tell()
        if self.twists[name]:
            await self.twists[name].popleft()()
        method = getattr(self, "_" + name.replace(".", "_"), None)
        try:
            return {} if method is None else method(who, payload)
        finally:
            await self._tell()

    async def _tell(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    def _room_create(self, _who: str, payload: dict[str, Any]) -> Any:
        self.rooms.add(payload["roomId"])
        return self._room_get(_who, payload)

    def _room_get(self, _who: str, payload: dict[str, Any]) -> Any:
        if payload["roomId"] not in self.rooms:
            raise NotFound(f"room {payload['roomId']} not found")
        return {
            "roomId": payload["roomId"],
            "incarnation": 1,
            "generation": 1,
            "mediasoupVersion": "3.27.1",
            "mediaCodecs": ROOM_CODECS,
            "rtpCapabilities": self.capabilities,
            "policy": {},
            "routers": [{"routerId": f"r-{n}", "nodeId": n, "workerId": f"w-{n}"} for n in self._nodes],
        }

    def _room_close(self, _who: str, payload: dict[str, Any]) -> Any:
        self.rooms.discard(payload["roomId"])
        return {}

    def _room_place(self, _who: str, payload: dict[str, Any]) -> Any:
        free = [node for node in self._nodes if f"w-{node}" not in payload.get("exclude", [])]
        if not free:
            raise NoCapacity("no worker has room for another transport")
        node = free[self._next % len(free)]
        self._next += 1
        grant = {"grantId": f"g{self._next}", "workerId": f"w-{node}", "roomId": payload["roomId"], "expiresAt": 1}
        return {"nodeId": node, "workerId": f"w-{node}", "routerId": f"r-{node}", "grant": grant}

    def _router_createWebRtcTransport(self, who: str, payload: dict[str, Any]) -> Any:  # noqa: N802 # mediasoup's.
        self.transports[payload["id"]] = who
        return {
            "id": payload["id"],
            "iceRole": "controlled",
            "iceParameters": {"usernameFragment": "u", "password": "p", "iceLite": True},
            "iceCandidates": [],
            "dtlsParameters": {"role": "auto", "fingerprints": []},
            "served": self._served(who),
        }

    def _lease_renew(self, who: str, payload: dict[str, Any]) -> Any:
        return {"ownerId": payload["ownerId"], "leaseId": self.leases[who], "ttlMs": payload["ttlMs"]}

    def _transport_close(self, _who: str, payload: dict[str, Any]) -> Any:
        self.transports.pop(payload["transportId"], None)
        return {}

    def _transport_restartIce(self, _who: str, _payload: dict[str, Any]) -> Any:  # noqa: N802 # mediasoup's.
        return {"iceParameters": {"usernameFragment": "new", "password": "p", "iceLite": True}}

    def _transport_getStats(self, _who: str, _payload: dict[str, Any]) -> Any:  # noqa: N802 # mediasoup's.
        return {"stats": [{"type": "webrtc-transport"}]}

    def _transport_produce(self, who: str, payload: dict[str, Any]) -> Any:
        kind = payload["kind"]
        params = ortc.validate_and_normalize_rtp_parameters(payload["rtpParameters"])
        mapped = ortc.get_producer_rtp_parameters_mapping(params, self.capabilities)
        consumable = ortc.get_consumable_rtp_parameters(
            kind, mapped.rtp_parameters, self.capabilities, mapped.rtp_mapping
        )
        self._producers[payload["id"]] = {"kind": kind, "served": self._served(who)}
        return {
            "id": payload["id"],
            "kind": kind,
            "type": "simple",
            "paused": False,
            "rtpParameters": params,
            "consumableRtpParameters": consumable,
            "served": self._served(who),
        }

    def _transport_consume(self, who: str, payload: dict[str, Any]) -> Any:
        producer = self._producers.get(payload["producerId"])
        if producer is None:
            raise NotFound(f"producer {payload['producerId']} not found")
        return {
            "id": payload["id"],
            "producerId": payload["producerId"],
            "kind": producer["kind"],
            "type": "simple",
            "rtpParameters": {"codecs": []},
            "paused": True,
            "producerPaused": False,
            "score": {"score": 10, "producerScore": 10, "producerScores": [10]},
            "served": self._served(who),
            "source": producer["served"],
        }

    def _consumer_dump(self, _who: str, payload: dict[str, Any]) -> Any:
        return {"dump": self.dumps.get(payload["consumerId"], {"producerPaused": False})}

    def _served(self, node: str) -> dict[str, Any]:
        return {"nodeId": node, "workerId": f"w-{node}", "workerIndex": 0, "routerId": f"r-{node}"}


def _raiser(error: BaseException) -> Twist:
    async def twist() -> None:
        raise error

    return twist


async def hang() -> None:
    """Never answer; the caller's timeout ends it."""
    await asyncio.Event().wait()
