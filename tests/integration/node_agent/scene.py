"""The objects that fuzzed commands name: made anew where a command closed them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from tests.integration.node_agent.conftest import Node
from tests.support.hostile import CAPABILITIES, VIDEO
from tests.support.rtp import MEDIA_CODECS, audio_parameters

from tureen.contract.errors import NotFound, TureenError
from tureen.contract.subjects import SYSTEM

UDP = {"protocol": "udp", "ip": "default"}

# Each by its name, the command that makes it, what that takes, and what its id is called in commands.
_PLAN: list[tuple[str, str, dict[str, Any]]] = [
    ("own", "mediasoup.createWorker", {}),
    ("server", "worker.createWebRtcServer", {"workerId": "$own", "listenInfos": [UDP]}),
    ("router", "worker.createRouter", {"workerId": "$own", "mediaCodecs": MEDIA_CODECS}),
    ("other", "worker.createRouter", {"workerId": "$worker", "mediaCodecs": MEDIA_CODECS}),
    ("webrtc", "router.createWebRtcTransport", {"routerId": "$router", "webRtcServerId": "$server"}),
    ("plain", "router.createPlainTransport", {"routerId": "$router", "listenInfo": UDP, "comedia": True}),
    ("pipe", "router.createPipeTransport", {"routerId": "$router", "listenInfo": UDP, "enableSctp": True}),
    ("direct", "router.createDirectTransport", {"routerId": "$router"}),
    ("sctp", "router.createPlainTransport", {"routerId": "$router", "listenInfo": UDP, "enableSctp": True}),
    ("audio", "transport.produce", {"transportId": "$direct", "kind": "audio", "rtpParameters": audio_parameters(7)}),
    ("video", "transport.produce", {"transportId": "$plain", "kind": "video", "rtpParameters": VIDEO}),
    ("heard", "transport.consume", {"transportId": "$direct", "producerId": "$audio", "rtpCapabilities": CAPABILITIES}),
    ("seen", "transport.consume", {"transportId": "$webrtc", "producerId": "$video", "rtpCapabilities": CAPABILITIES}),
    ("chat", "transport.produceData", {"transportId": "$direct"}),
    ("stream", "transport.produceData", {"transportId": "$sctp", "sctpStreamParameters": {"streamId": 900}}),
    ("chatHeard", "transport.consumeData", {"transportId": "$direct", "dataProducerId": "$chat"}),
    ("streamHeard", "transport.consumeData", {"transportId": "$sctp", "dataProducerId": "$stream"}),
    ("levels", "router.createAudioLevelObserver", {"routerId": "$router"}),
    ("speaker", "router.createActiveSpeakerObserver", {"routerId": "$router"}),
]


class Scene:
    """One of each object."""

    def __init__(self, node: Node) -> None:
        self._node = node
        self._numbers: Iterator[int] = itertools.count(1)
        self.ids: dict[str, str] = {"worker": node.worker_ids[0], "owner": "owner"}

    @property
    def tables(self) -> dict[str, Any]:
        """What the agent holds, by class, as it says itself."""
        objects = self._node.agent.state.objects
        return {
            "worker": objects.workers,
            "webRtcServer": objects.webrtc_servers,
            "router": objects.routers,
            "transport": objects.transports,
            "producer": objects.producers,
            "consumer": objects.consumers,
            "dataProducer": objects.data_producers,
            "dataConsumer": objects.data_consumers,
            "rtpObserver": objects.rtp_observers,
        }

    def fill_in(self, value: Any) -> Any:
        """Return a payload with the names in it replaced by ids."""
        if isinstance(value, str) and value.startswith("$"):
            return self.ids.get(value[1:], value)
        if isinstance(value, dict):
            return {key: self.fill_in(item) for key, item in value.items()}
        return [self.fill_in(item) for item in value] if isinstance(value, list) else value

    async def set_up(self) -> None:
        """Close what commands have made, and make what they have closed."""
        await self._sweep()
        await self._node.ask("lease.renew", ownerId=self.ids["owner"])
        held = {entry.id for table in self.tables.values() for entry in table.all()}
        for name, command, options in _PLAN:
            if self.ids.get(name) in held:
                continue
            id_ = f"{name}-{next(self._numbers)}"
            self.ids[name] = (await self._node.ask(command, id=id_, **self.fill_in(options)))["id"]

    async def _sweep(self) -> None:
        """Close all that is not of the scene, whoever has it."""
        mine = set(self.ids.values())
        state = self._node.agent.state
        pool = {entry.id for entry in state.objects.workers.all() if entry.tenant == SYSTEM}
        for noun, table in self.tables.items():
            for entry in list(table.all()):
                if entry.id not in mine | pool and not (noun == "webRtcServer" and entry.tenant == SYSTEM):
                    with suppress(NotFound):
                        await self._node.ask(f"{noun}.close", SYSTEM, **{f"{noun}Id": entry.id})
        for pipe in list(state.objects.pipes.all()):
            pipe.transport.close()

    async def unreported(self) -> list[str]:
        """Return what a worker holds on the scene's routers that the agent does not know of."""
        found: list[str] = []
        objects = self._node.agent.state.objects
        for router in list(objects.routers.all()):
            try:
                dump = await router.router.dump()
            except (TureenError, NotFound):
                continue
            known = {entry.id for table in (objects.transports, objects.pipes) for entry in table.all()}
            known |= {entry.id for entry in objects.rtp_observers.all()}
            found.extend(id_ for id_ in (*dump["transportIds"], *dump["rtpObserverIds"]) if id_ not in known)
        return found
