from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Run
from tests.support.rtp import MEDIA_CODECS

from tureen.contract import subjects
from tureen.contract.errors import Conflict, InvalidType, NoCapacity, NotFound, Unauthorized
from tureen.contract.subjects import SYSTEM, system_event
from tureen.mediasoup import get_supported_rtp_capabilities


async def test_what_mediasoup_supports(run_node: Run) -> None:
    """The supported capabilities are mediasoup's own."""
    node = await run_node()
    answer = await node.ask("mediasoup.getSupportedRtpCapabilities")
    assert answer["rtpCapabilities"] == get_supported_rtp_capabilities()


async def test_a_worker_of_ones_own(run_node: Run, events: Events) -> None:
    """A tenant's own worker has routers, usage, a dump and settings; its owner closes it, and all in it is gone."""
    node = await run_node()
    worker = await node.ask("mediasoup.createWorker", id="own", logLevel="warn", logTags=["rtp"])
    assert worker == await node.ask("mediasoup.createWorker", id="own", logLevel="warn", logTags=["rtp"])
    assert worker["nodeId"] == node.id
    router = await node.ask("worker.createRouter", workerId="own", mediaCodecs=MEDIA_CODECS)
    assert (await node.ask("worker.dump", workerId="own"))["dump"]["routerIds"] == [router["id"]]
    assert (await node.ask("worker.getResourceUsage", workerId="own"))["usage"]["ru_maxrss"] > 0
    await node.ask("worker.updateSettings", workerId="own", logLevel="error", logTags=[])
    await node.ask("worker.close", workerId="own")
    assert (await events.first(router["id"], "workerclose"))["seq"] == 1
    assert (await events.first("own", "close"))["startId"] == node.agent.state.start_id
    await events.first("own", "subprocessclose")
    assert node.held() == {}
    with pytest.raises(Conflict):
        await node.ask("mediasoup.createWorker", id="own", logLevel="warn", logTags=["rtp"])
    await node.ask("worker.close", workerId="own")
    with pytest.raises(ProcessLookupError):
        os.kill(worker["pid"], 0)


async def test_own_workers_have_a_limit(run_node: Run) -> None:
    """A node runs so many workers of tenants' own and no more, also when they are asked for at the same time."""
    node = await run_node(max_tenant_workers=2)
    results = await asyncio.gather(*(node.ask("mediasoup.createWorker") for _ in range(3)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, BaseException)]
    assert [type(error) for error in refused] == [NoCapacity]
    made: list[Any] = [result for result in results if isinstance(result, dict)]
    await node.ask("worker.close", workerId=made[0]["id"])
    assert await node.ask("mediasoup.createWorker")


async def test_an_own_worker_is_its_owners(run_node: Run) -> None:
    """To another tenant a tenant's own worker does not exist; heartbeats tell whose it is."""
    node = await run_node()
    worker_id = (await node.ask("mediasoup.createWorker"))["id"]
    for name in ("worker.dump", "worker.createRouter", "worker.getResourceUsage", "worker.updateSettings"):
        with pytest.raises(NotFound):
            await node.ask(name, "stranger", workerId=worker_id)
    await node.ask("worker.close", "stranger", workerId=worker_id)
    assert await node.ask("worker.dump", workerId=worker_id)
    heard: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await node.bus.subscribe(subjects.heartbeat(node.id), lambda _subject, payload: heard.put_nowait(payload))
    workers = (await asyncio.wait_for(heard.get(), 5))["workers"]
    assert [worker.get("tenant") for worker in workers] == [None, "default"]
    assert [worker["index"] for worker in workers] == [1, 2]


@pytest.mark.parametrize("name", ["worker.close", "worker.dump", "worker.updateSettings", "worker.createWebRtcServer"])
async def test_the_pool_is_the_nodes(run_node: Run, name: str) -> None:
    """A tenant may make routers on a pool's worker and read its usage, and nothing else."""
    node = await run_node()
    options: dict[str, Any] = {"listenInfos": [{"protocol": "udp", "ip": "default"}]} if name.endswith("Server") else {}
    with pytest.raises(Unauthorized):
        await node.ask(name, workerId=node.worker_ids[0], **options)
    assert await node.ask("worker.getResourceUsage", workerId=node.worker_ids[0])


async def test_the_operator_may_close_a_worker_of_the_pool(run_node: Run) -> None:
    """The operator looks at a worker of the pool and closes it; another one takes its place."""
    node = await run_node()
    first = node.worker_ids[0]
    assert (await node.ask("worker.dump", SYSTEM, workerId=first))["dump"]["webRtcServerIds"]
    await node.ask("worker.close", SYSTEM, workerId=first)
    async with asyncio.timeout(10):
        while not node.worker_ids:
            await asyncio.sleep(0.02)
    assert node.worker_ids != [first]
    assert await node.router()


async def test_an_own_worker_that_dies_is_not_replaced(run_node: Run, events: Events) -> None:
    """The death of a tenant's own worker is told to its owner and to the cluster; no other one is started."""
    node = await run_node()
    told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    await node.bus.subscribe(system_event("workerDied"), lambda _subject, payload: told.put_nowait(payload))
    worker = await node.ask("mediasoup.createWorker")
    router = await node.ask("worker.createRouter", workerId=worker["id"])
    os.kill(worker["pid"], signal.SIGKILL)
    assert "died" not in events.of(worker["id"])
    assert (await events.first(worker["id"], "died"))["data"]["message"]
    assert (await asyncio.wait_for(told.get(), 5))["routerIds"] == [router["id"]]
    with pytest.raises(NotFound):
        await node.ask("router.dump", routerId=router["id"])
    assert len(node.worker_ids) == 1


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"rtcMinPort": 1}, Unauthorized),
        ({"rtcMaxPort": 65535}, Unauthorized),
        ({"dtlsCertificateFile": "/etc/passwd"}, Unauthorized),
        ({"libwebrtcFieldTrials": "x"}, Unauthorized),
        ({"logLevel": "chatty"}, InvalidType),
        ({"logTags": ["chatty"]}, InvalidType),
    ],
)
async def test_settings_that_are_refused(run_node: Run, options: dict[str, Any], error: type[Exception]) -> None:
    """Ports outside the node's, files of the host and unknown settings are refused, and nothing is started."""
    node = await run_node()
    with pytest.raises(error):
        await node.ask("mediasoup.createWorker", **options)
    assert len(node.worker_ids) == 1


async def test_a_webrtc_server_of_ones_own(run_node: Run, events: Events) -> None:
    """On a worker of its own a tenant binds ports that its transports share; they close with the WebRtcServer."""
    node = await run_node()
    worker = await node.ask("mediasoup.createWorker")
    router = await node.ask("worker.createRouter", workerId=worker["id"], mediaCodecs=MEDIA_CODECS)
    with pytest.raises(InvalidType):
        await node.ask("router.createWebRtcTransport", routerId=router["id"])
    server = await node.ask(
        "worker.createWebRtcServer", workerId=worker["id"], listenInfos=[{"protocol": "udp", "ip": "default"}]
    )
    make: dict[str, Any] = {"routerId": router["id"], "webRtcServerId": server["id"]}
    transport = await node.ask("router.createWebRtcTransport", **make)
    dump = (await node.ask("webRtcServer.dump", webRtcServerId=server["id"]))["dump"]
    assert dump["webRtcTransportIds"] == [transport["id"]]
    ports = {candidate["port"] for candidate in transport["iceCandidates"]}
    assert ports == {socket["port"] for socket in dump["udpSockets"]}
    with pytest.raises(NotFound):
        await node.ask("webRtcServer.dump", "stranger", webRtcServerId=server["id"])
    await node.ask("webRtcServer.close", webRtcServerId=server["id"])
    await events.first(transport["id"], "listenserverclose")
    await events.first(server["id"], "close")
    with pytest.raises(NotFound):
        await node.ask("transport.dump", transportId=transport["id"])
    with pytest.raises(NotFound):
        await node.ask("router.createWebRtcTransport", **make)
    await node.ask("webRtcServer.close", webRtcServerId=server["id"])


async def test_webrtc_servers_of_the_pool_are_the_nodes(run_node: Run) -> None:
    """A tenant may use the WebRtcServer of a pool's worker, and neither look at it nor close it."""
    node = await run_node(workers=2)
    servers = {entry.worker.id: entry.id for entry in node.agent.state.objects.webrtc_servers.all()}
    router = await node.router()
    own, other = servers.pop(node.worker_ids[0]), servers.popitem()[1]
    assert await node.ask("router.createWebRtcTransport", routerId=router["id"], webRtcServerId=own)
    with pytest.raises(Conflict):
        await node.ask("router.createWebRtcTransport", routerId=router["id"], webRtcServerId=other)
    for name in ("webRtcServer.dump", "webRtcServer.close"):
        with pytest.raises(Unauthorized):
            await node.ask(name, webRtcServerId=own)
