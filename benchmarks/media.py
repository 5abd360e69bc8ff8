"""What a hop between two workers costs, and what viewers who join over hops ask of the source.

One room, one stream of 1,100-byte packets, and so many viewers, each on a transport of its own. All of them on the
worker where the stream comes in; or on another worker of the same host, over a pipe; or on another host's agent, over
a pipe with SRTP. Compared is the processor time of all workers for each packet that a viewer gets, the same stream
going to one of these rooms after the other. Then viewers join one after the other two hops away from a simulcast
source, and what is counted are the key frames that it is asked for, and how long each viewer waits for its first one.

usage: python benchmarks/media.py [--viewers 10,40,100] [--rounds 5] [--seconds 2] [--rate 250] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import os
import platform
import secrets
import socket
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import uvloop

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(1, str(Path(__file__).parents[1]))
from rows import Row, row, show
from tests.support.rtp import RtpSocket, audio_parameters, is_key_frame, rtp_socket, video_parameters, vp8_packet

from tureen.bundle import MEDIASOUP_VERSION
from tureen.bus import Bus, BusSettings

SSRC, LAYERS = 1000, (11, 12, 13)
PAYLOAD = 1100 - 12
SETTLE = 0.5
"""Seconds of media before it is measured."""
ENVIRONMENT = {
    "TUREEN_NODE_AGENT_HARD_LIMIT": "100",
    # So narrow that a third router takes a stream from the second: two hops.
    "TUREEN_NODE_AGENT_MAX_PIPE_FAN_OUT": "1",
    "TUREEN_PLACEMENT_MAX_PIPE_FAN_OUT": "1",
}
POLICY = {"watermark": 100, "hardLimit": 100, "limit": "spill"}
"""All that is asked for goes where it is asked for, however much it is."""
UDP = {"protocol": "udp", "ip": "default"}
Place = tuple[str, str]
"""A node and a worker on it."""
PLACES = {"one worker": 0, "two workers, RTP pipe": 1, "two hosts, SRTP pipe": 2}


@dataclass(slots=True)
class Cluster:
    """A running `tureen up`."""

    bus: Bus
    places: list[Place]
    """The first worker of the first node, its second one, and the first of the second node."""
    workers: list[psutil.Process]
    capabilities: dict[str, Any] = field(default_factory=dict)

    async def ask(self, name: str, node_id: str | None = None, **payload: Any) -> dict[str, Any]:
        """Send placement, or a node's agent, a command."""
        service = "placement" if node_id is None else "node"
        return await self.bus.command(service, name, payload, tenant="default", node_id=node_id, timeout=30)

    def cpu(self) -> float:
        """Return the processor time of all workers, in seconds."""
        times = [worker.cpu_times() for worker in self.workers]
        return sum(time.user + time.system for time in times)

    async def room(self, room_id: str) -> None:
        """Make a room."""
        made = await self.ask("room.create", roomId=room_id, policy=POLICY)
        self.capabilities = made["rtpCapabilities"]

    async def transport(self, room_id: str, place: Place, **options: Any) -> dict[str, Any]:
        """Make a plain transport of a room on a worker."""
        others = [worker for _, worker in self.places if worker != place[1]]
        placed = await self.ask(
            "room.place", roomId=room_id, nodeId=place[0], exclude=others, direction="recv", expectedConsumers=1
        )
        return await self.ask(
            "router.createPlainTransport",
            place[0],
            routerId=placed["routerId"],
            grant=placed["grant"],
            listenInfo=UDP,
            **options,
        )

    async def view(self, room_id: str, place: Place, producer_id: str, port: int, *, srtp: bool) -> dict[str, Any]:
        """Have a viewer's packets sent to a port."""
        transport = await self.transport(room_id, place, enableSrtp=srtp)
        key: dict[str, Any] = {}
        if srtp:
            secret = base64.b64encode(secrets.token_bytes(30)).decode()
            key = {"srtpParameters": {"cryptoSuite": "AES_CM_128_HMAC_SHA1_80", "keyBase64": secret}}
        await self.ask("transport.connect", place[0], transportId=transport["id"], ip="127.0.0.1", port=port, **key)
        return await self.ask(
            "transport.consume",
            place[0],
            transportId=transport["id"],
            producerId=producer_id,
            rtpCapabilities=self.capabilities,
        )


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Run two nodes with two workers each."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from tureen.cli.main import main; main()", "up", "--json", "--port", "0"),
        *("--nodes", "2", "--workers", "2", "--log-level", "warning"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, **ENVIRONMENT, "NO_COLOR": "1"},
    )
    try:
        assert process.stdout is not None
        line = await process.stdout.readline()
        if not line:
            raise SystemExit("the cluster did not start")
        bus = await Bus.connect(BusSettings(servers=[json.loads(line)["natsUrl"]], name="benchmark"))
        try:
            nodes = (await bus.command("placement", "node.list", {}, tenant="system"))["nodes"]
            workers = {node["nodeId"]: sorted(node["workers"], key=lambda worker: worker["index"]) for node in nodes}
            first, second = sorted(workers)
            places = [(first, workers[first][0]), (first, workers[first][1]), (second, workers[second][0])]
            processes = [psutil.Process(worker["pid"]) for found in workers.values() for worker in found]
            yield Cluster(bus, [(node, worker["workerId"]) for node, worker in places], processes)
        finally:
            await bus.close()
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


class Source:
    """Sends packets at a steady rate, from a thread of its own and always from one port, which the transport learns."""

    def __init__(self, address: dict[str, Any], rate: float) -> None:
        self._to = (address["localAddress"], address["localPort"])
        self._rate = rate
        self._out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._head = bytes((0x80, audio_parameters(SSRC)["codecs"][0]["payloadType"]))
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.sent = 0

    def start(self) -> None:
        """Send until stopped."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        """Close the socket."""
        self._out.close()

    def _run(self) -> None:
        body = SSRC.to_bytes(4, "big") + bytes(PAYLOAD)
        started, before = time.perf_counter(), self.sent
        while not self._stopping.is_set():
            number = self.sent + 1
            numbers = (number & 0xFFFF).to_bytes(2, "big") + (number * 960 & 0xFFFFFFFF).to_bytes(4, "big")
            self._out.sendto(self._head + numbers + body, self._to)
            self.sent = number
            time.sleep(max(0.0, started + (number - before) / self._rate - time.perf_counter()))


@dataclass(slots=True)
class Layout:
    """A room whose viewers are all on one worker.

    Attributes:
        consumers: The viewers' consumers, and the node that they are on.
        costs: Processor time of the workers for each packet that a viewer gets, in µs, by round.
    """

    name: str
    source: Source
    node_id: str
    consumers: list[str]
    costs: list[float] = field(default_factory=list)

    async def measure(self, running: Cluster, seconds: float) -> None:
        """Send for a while, and note what it cost."""
        self.source.start()
        await asyncio.sleep(SETTLE)
        before, cpu = await self._delivered(running, self.consumers[0]), running.cpu()
        await asyncio.sleep(seconds)
        spent, packets = running.cpu() - cpu, await self._delivered(running, self.consumers[0]) - before
        self.source.stop()
        self.costs.append(spent / (packets * len(self.consumers)) * 1e6)

    async def check(self, running: Cluster) -> bool:
        """Tell whether all viewers were sent the same; what a busy machine drops on arrival is told and not counted."""
        # What waits in a worker's socket when the source stops is still on its way.
        await asyncio.sleep(SETTLE)
        delivered = [await self._delivered(running, consumer_id) for consumer_id in self.consumers]
        self.source.close()
        if min(delivered) < 0.95 * max(delivered):
            sys.stderr.write(f"{self.name}: viewers got {min(delivered)} to {max(delivered)} packets: not counted\n")
            return False
        if max(delivered) < 0.98 * self.source.sent:
            lost = 1 - max(delivered) / self.source.sent
            sys.stderr.write(f"{self.name}: {lost:.0%} of the packets were lost before the first worker took them\n")
        return True

    async def _delivered(self, running: Cluster, consumer_id: str) -> int:
        """Return how many packets a viewer was sent."""
        stats = (await running.ask("consumer.getStats", self.node_id, consumerId=consumer_id))["stats"]
        return sum(stat["packetCount"] for stat in stats if stat["type"] == "outbound-rtp")


async def hop_costs(running: Cluster, options: argparse.Namespace) -> list[Row]:
    """Compare the layouts, for each number of viewers, without and with SRTP for them."""
    rows: list[Row] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        # Nobody reads it: what the workers have sent is sent.
        sink.bind(("127.0.0.1", 0))
        for viewers in options.viewers:
            for srtp in (False, True):
                sys.stderr.write(f"{viewers} viewers, {'SRTP' if srtp else 'RTP'}\n")
                layouts = await lay_out(running, viewers, sink.getsockname()[1], options.rate, srtp=srtp)
                for number in range(options.rounds):
                    for layout in layouts if number % 2 == 0 else layouts[::-1]:
                        await layout.measure(running, options.seconds)
                name = f"{viewers} viewers, {'SRTP' if srtp else 'RTP'}"
                fair = [await layout.check(running) for layout in layouts]
                for layout in layouts:
                    await running.ask("room.close", roomId=room_of(layout.name))
                rows += [
                    row(f"{name}: {layout.name}", layout.costs, layouts[0].costs, "µs", "lower")
                    for layout in layouts[1:]
                    if all(fair)
                ]
    return rows


def room_of(layout: str) -> str:
    """Return the id of a layout's room."""
    return "".join(letter if letter.isalnum() else "-" for letter in layout)


async def lay_out(running: Cluster, viewers: int, port: int, rate: float, *, srtp: bool) -> list[Layout]:
    """Make a room for each layout."""
    layouts: list[Layout] = []
    for name, index in PLACES.items():
        room_id, place = room_of(name), running.places[index]
        await running.room(room_id)
        source = await running.transport(room_id, running.places[0], comedia=True)
        made = await running.ask(
            "transport.produce",
            running.places[0][0],
            transportId=source["id"],
            kind="audio",
            rtpParameters=audio_parameters(SSRC),
        )
        views = [await running.view(room_id, place, made["id"], port, srtp=srtp) for _ in range(viewers)]
        layouts.append(Layout(name, Source(source["tuple"], rate), place[0], [view["id"] for view in views]))
    return layouts


class Camera:
    """A simulcast source that sends key frames when it is asked for them."""

    def __init__(self, out: RtpSocket, address: dict[str, Any]) -> None:
        self._out, self._address = out, address
        self._due = set(LAYERS)
        out.on_request = self._due.add

    async def film(self) -> None:
        """Send 25 frames a second of each layer."""
        sequence = 0
        while True:
            sequence += 1
            for ssrc in LAYERS:
                packet = vp8_packet(ssrc, sequence, key=ssrc in self._due, size=1000)
                self._due.discard(ssrc)
                self._out.send_packet(self._address, packet)
            await asyncio.sleep(0.04)


class Viewer:
    """Waits for its first key frame."""

    def __init__(self, taking: RtpSocket) -> None:
        self.began = time.perf_counter()
        self.waited = float("inf")
        self.done = asyncio.Event()
        taking.on_packet = self._take

    def _take(self, packet: bytes) -> None:
        if not self.done.is_set() and is_key_frame(packet):
            self.waited = time.perf_counter() - self.began
            self.done.set()


async def key_frames(running: Cluster, viewers: int, within: float) -> list[Row]:
    """Have viewers join one after the other two hops away; count requests at the source, and how long each waits."""
    room_id = "key-frames"
    await running.room(room_id)
    here, between, there = running.places[0], running.places[2], running.places[1]
    source = await running.transport(room_id, here, comedia=True)
    made = await running.ask(
        "transport.produce",
        here[0],
        transportId=source["id"],
        kind="video",
        rtpParameters=video_parameters(*LAYERS),
    )
    async with AsyncExitStack() as stack:
        camera = await stack.enter_async_context(rtp_socket())
        filming = asyncio.create_task(Camera(camera, source["tuple"]).film())
        stack.callback(filming.cancel)
        # Somebody watches on the way, so that the tree has its first hop.
        await running.view(room_id, between, made["id"], 9, srtp=False)
        path = await first_of_far(running, room_id, there, made["id"])
        if path != 2:
            raise SystemExit(f"the viewers are {path} hops away, not two")
        await asyncio.sleep(1.5)
        camera.key_frames_asked.clear()
        joined: list[Viewer] = []
        started = time.perf_counter()
        for number in range(viewers):
            taking = await stack.enter_async_context(rtp_socket())
            joined.append(Viewer(taking))
            await running.view(room_id, there, made["id"], taking.port, srtp=False)
            await asyncio.sleep(max(0.0, started + (number + 1) * within / viewers - time.perf_counter()))
        async with asyncio.timeout(30):
            for viewer in joined:
                await viewer.done.wait()
        await asyncio.sleep(1.0)
        asked = max(Counter(camera.key_frames_asked).values())
    waits = sorted(viewer.waited for viewer in joined)
    took = f"{viewers} viewers in {within:g} s, two hops"
    return [
        Row(f"{took}: requests a layer", asked, "", 6, asked / 6, "lower"),
        Row(
            f"{took}: wait for a key frame, median",
            statistics.median(waits),
            "s",
            1.5,
            statistics.median(waits) / 1.5,
            "lower",
        ),
        Row(f"{took}: wait for a key frame, longest", waits[-1], "s", 1.5, waits[-1] / 1.5, "lower"),
    ]


async def first_of_far(running: Cluster, room_id: str, place: Place, producer_id: str) -> int:
    """Have a first viewer where all will be; return how many hops it is away."""
    consumer = await running.view(room_id, place, producer_id, 9, srtp=False)
    router = consumer["served"]["routerId"]
    answer = await running.ask("room.route", roomId=room_id, routerId=router, producerId=producer_id)
    return len(answer["path"]) - 1


async def run(options: argparse.Namespace) -> list[Row]:
    """Measure everything."""
    async with cluster() as running:
        rows = await hop_costs(running, options)
        return rows + await key_frames(running, 50, 5.0)


def numbers(text: str) -> list[int]:
    """Read numbers separated by commas."""
    return [int(number) for number in text.split(",")]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--viewers", type=numbers, default=[10, 40, 100], help="how many, as in 10,40")
    parser.add_argument("--rounds", type=int, default=5, help="how often each room has its turn")
    parser.add_argument("--seconds", type=float, default=2.0, help="how long each turn is measured")
    parser.add_argument("--rate", type=float, default=250.0, help="packets a second")
    parser.add_argument("--json", type=Path, help="write the rows there")
    options = parser.parse_args()
    rows = uvloop.run(run(options))
    title = (
        f"Workers' processor time for a packet that a viewer gets, beside all on one worker; "
        f"{options.rate:g} packets a second, mediasoup {MEDIASOUP_VERSION}, {platform.machine()}"
    )
    show(title, rows, options.json)


if __name__ == "__main__":
    main()
