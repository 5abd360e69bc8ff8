"""What a signaling service made goes with it, and never because NATS is away."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.integration.signaling.conftest import Enter, RunningService, Serve
from tests.integration.signaling.real import RealCluster, RunCluster
from tests.integration.signaling.scripted import ScriptedCluster
from tests.integration.signaling.steps import CLASSIC, come_in, produce
from tests.support.nats_server import NatsServer
from tests.support.protoo_client import PATIENCE, ProtooClient

from tureen.contract.errors import NotFound, Unavailable

TTL = 2.0

Process = asyncio.subprocess.Process
StartProcess = Callable[[], Awaitable[tuple[Process, str]]]


@pytest.fixture
async def signaling_process(nats_server: NatsServer) -> AsyncIterator[StartProcess]:
    """Give a function that runs a signaling service as a process of its own, and returns it with its origin."""
    started: list[Process] = []

    async def start() -> tuple[Process, str]:
        read_end, write_end = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tureen.signaling"),
            env={
                **os.environ,
                "TUREEN_READY_FD": str(write_end),
                "TUREEN_SIGNALING_NATS__SERVERS": nats_server.url,
                "TUREEN_SIGNALING_PORT": "0",
                "TUREEN_SIGNALING_LEASE_TTL": str(TTL),
            },
            pass_fds=[write_end],
        )
        started.append(process)
        os.close(write_end)
        with os.fdopen(read_end) as stream:
            return process, json.loads(await asyncio.to_thread(stream.readline))["url"]

    yield start
    for process in started:
        if process.returncode is None:
            process.kill()
        await process.wait()


def transports(cluster: RealCluster) -> int:
    """Count the transports that browsers have."""
    return sum(worker.transports for worker in cluster.workers)


async def come_in_and_send(client: ProtooClient) -> str:
    """Join with both transports and send audio; return the sending transport's id."""
    send, _ = await come_in(client)
    await produce(client, send)
    return send


async def test_a_killed_service_leaves_no_transports(
    run_cluster: RunCluster, signaling_process: StartProcess, signaling: Serve, enter: Enter
) -> None:
    """Killed by SIGKILL, what it made on every node goes when its leases end; another service's stays."""
    cluster = await run_cluster(nodes=2, workers=1)
    other = await enter(await signaling(), "bob", "stew")
    await come_in(other)
    process, url = await signaling_process()
    alice = await enter(url, "alice")
    send = await come_in_and_send(alice)
    await cluster.until(lambda: transports(cluster) == 4)
    # It lasts longer than a lease does without being renewed.
    await asyncio.sleep(2 * TTL)
    assert await alice.request("getTransportStats", {"transportId": send})
    assert transports(cluster) == 4
    process.kill()
    await process.wait()
    await cluster.until(lambda: transports(cluster) == 2)
    await produce(other, await come_in_again(other))


async def come_in_again(client: ProtooClient) -> str:
    """Make one more transport to send by."""
    return str((await client.request("createWebRtcTransport", CLASSIC["send"]))["id"])


async def test_an_absent_bus_closes_nothing(
    run_cluster: RunCluster, signaling: Serve, enter: Enter, nats_server: NatsServer
) -> None:
    """NATS is away for longer than the leases last: every transport is still there, and goes on to be."""
    cluster = await run_cluster(nodes=1, workers=1)
    alice = await enter(await signaling(lease_ttl=TTL), "alice")
    send = await come_in_and_send(alice)
    await cluster.until(lambda: transports(cluster) == 2)
    before = cluster.beats["n0"].seq
    nats_server.kill()
    await asyncio.sleep(2 * TTL)
    nats_server.start()
    # So long was it away, and so long again a lease would last that nobody renews.
    await cluster.until(lambda: cluster.beats["n0"].seq >= before + 2 * TTL + 2 * TTL)
    assert transports(cluster) == 2
    assert await alice.request("getTransportStats", {"transportId": send})


async def test_who_was_taken_for_gone_sends_its_browsers_back_in(
    run_cluster: RunCluster, signaling_process: StartProcess, enter: Enter
) -> None:
    """A service that stood still for longer than its leases last disconnects those whose transports are no more."""
    cluster = await run_cluster(nodes=1, workers=1)
    process, url = await signaling_process()
    alice = await enter(url, "alice")
    await come_in_and_send(alice)
    await cluster.until(lambda: transports(cluster) == 2)
    process.send_signal(signal.SIGSTOP)
    await cluster.until(lambda: transports(cluster) == 0)
    process.send_signal(signal.SIGCONT)
    assert (await alice.closed())[0] == 1012
    await come_in_and_send(await enter(url, "alice"))


async def test_a_service_that_ends_in_order_ends_its_leases(
    cluster: ScriptedCluster, running: Callable[..., RunningService], enter: Enter
) -> None:
    """Each node that it used is told at the end; the transports name the same owner, and one lease a node is enough."""
    service = running()
    url = await service.url()
    alice = await enter(url, "alice")
    for _ in range(4):
        await alice.request("createWebRtcTransport", CLASSIC["send"])
    (owner,) = {payload["ownerId"] for payload in cluster.payloads("router.createWebRtcTransport")}
    assert cluster.payloads("lease.renew") == [{"ownerId": owner, "ttlMs": 30_000}] * 2
    await service.stop()
    assert [who for who, name, _ in cluster.asked if name == "lease.end"] == ["n1", "n2"]
    assert cluster.payloads("lease.end") == [{"ownerId": owner}] * 2


async def test_without_a_lease_it_goes_elsewhere(cluster: ScriptedCluster, signaling: Serve, enter: Enter) -> None:
    """A node that gives no lease gets no transport."""
    cluster.twist("lease.renew", Unavailable("gone"))
    alice = await enter(await signaling(), "alice")
    answer = await alice.request("createWebRtcTransport", CLASSIC["send"])
    assert [payload["id"] for payload in cluster.payloads("router.createWebRtcTransport")] == [answer["id"]]
    assert cluster.payloads("room.place")[1]["exclude"] == ["w-n1"]


async def test_a_node_that_was_started_again_gets_a_new_lease(
    cluster: ScriptedCluster, signaling: Serve, enter: Enter
) -> None:
    """It knows of no lease: another is begun, and who had transports in its old run is sent back in."""
    url = await signaling()
    bob = await enter(url, "bob")
    first = await bob.request("createWebRtcTransport", CLASSIC["send"])
    assert first["served"]["nodeId"] == "n1"
    alice = await enter(url, "alice")
    await alice.request("createWebRtcTransport", CLASSIC["send"])
    (owner,) = {payload["ownerId"] for payload in cluster.payloads("lease.renew")}
    cluster.leases["n1"] = "another"
    cluster.twist("router.createWebRtcTransport", NotFound("no lease", details={"ownerId": owner}))
    await alice.request("createWebRtcTransport", CLASSIC["send"])
    assert len(cluster.payloads("router.createWebRtcTransport")) == 4
    await alice.request("createWebRtcTransport", CLASSIC["send"])
    async with asyncio.timeout(PATIENCE):
        assert (await bob.closed())[0] == 1012
