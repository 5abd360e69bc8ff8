"""What viewers who join over hops ask of a source."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

from tests.integration.node_agent.test_pulls import filming, produce_video
from tests.integration.pulls.conftest import ROOM, Run
from tests.support.rtp import is_key_frame, rtp_socket

LAYERS = (11, 12, 13)
VIEWERS = 50


async def test_fifty_viewers_two_hops_away(run_cluster: Run) -> None:
    """Fifty who join one after the other ask each layer for a key frame once a second at most; each gets one."""
    narrow = {"max_pipe_fan_out": 1}
    cluster = await run_cluster(3, 1, agents=narrow, **narrow)
    node, router = await cluster.place("node-1")
    sending, producer = await produce_video(node, router, *LAYERS)
    async with filming(sending, *LAYERS) as camera, AsyncExitStack() as stack:
        for name in ("node-2", "node-3"):
            far, at = await cluster.place(name)
            await cluster.watch(far, at, producer["id"])
        answer = await cluster.ask("room.route", roomId=ROOM, routerId=at, producerId=producer["id"])
        assert len(answer["path"]) == 3
        await asyncio.sleep(1.1)
        camera.key_frames_asked.clear()
        began = asyncio.get_running_loop().time()
        first_packets: list[asyncio.Future[bytes]] = []
        for _ in range(VIEWERS):
            viewer = await stack.enter_async_context(rtp_socket())
            first: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
            viewer.on_packet = lambda packet, first=first: first.done() or first.set_result(packet)
            first_packets.append(first)
            await cluster.watch(far, at, producer["id"], viewer.port)
            await asyncio.sleep(0.04)
        async with asyncio.timeout(30):
            assert all(map(is_key_frame, await asyncio.gather(*first_packets)))
        took = asyncio.get_running_loop().time() - began
    asked = Counter(camera.key_frames_asked)
    assert set(asked) == set(LAYERS)
    # One at once, one for those who came within its second, and one for each second that it took.
    assert max(asked.values()) <= 2 + took
