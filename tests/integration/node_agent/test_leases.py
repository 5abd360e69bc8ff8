"""What an owner made is closed when its lease ends, and only then."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import Any

import pytest
from tests.integration.node_agent.conftest import Events, Node, Run, room_record
from tests.support.hostile import CAPABILITIES
from tests.support.nats_server import NatsServer
from tests.support.rtp import MEDIA_CODECS

from tureen.contract.errors import Conflict, InvalidType, NoCapacity, NotFound
from tureen.contract.subjects import DEFAULT_TENANT

TTL = 1000


async def own_transport(node: Node, router_id: str, owner_id: str | None = "owner", **options: Any) -> dict[str, Any]:
    """Make a WebRtcTransport that depends on a lease."""
    return await node.ask("router.createWebRtcTransport", routerId=router_id, ownerId=owner_id, **options)


async def test_what_an_owner_made_is_closed_when_its_lease_ends(run_node: Run, events: Events) -> None:
    """Its transport goes with all that is on it, with ordinary events; what has no owner, or another one, stays."""
    node = await run_node()
    await node.ask("lease.renew", ownerId="stays", ttlMs=60_000)
    await node.ask("lease.renew", ownerId="owner", ttlMs=TTL)
    router = (await node.router())["id"]
    owned = await own_transport(node, router)
    producer = await node.produce(owned["id"])
    others = [await own_transport(node, router, "stays"), await node.sending_transport(router)]
    consumer = await node.ask(
        "transport.consume", transportId=others[0]["id"], producerId=producer["id"], rtpCapabilities=CAPABILITIES
    )
    await events.first(owned["id"], "close")
    await events.first(producer["id"], "transportclose")
    await events.first(consumer["id"], "producerclose")
    assert node.held() == {"routers": 1, "transports": 2}
    with pytest.raises(Conflict, match="a moment ago"):
        await own_transport(node, router, "stays", id=owned["id"])


async def test_a_lease_lasts_while_it_is_renewed(run_node: Run, events: Events) -> None:
    """Renewed again and again a lease stays the same one; afterwards it ends, and the next is another one."""
    node = await run_node()
    first = await node.ask("lease.renew", ownerId="owner", ttlMs=TTL)
    transport = await own_transport(node, (await node.router())["id"])
    ends = asyncio.get_running_loop().time() + 2.5 * TTL / 1000
    while asyncio.get_running_loop().time() < ends:
        await asyncio.sleep(TTL / 10_000)
        assert await node.ask("lease.renew", ownerId="owner", ttlMs=TTL) == first
    assert node.held()["transports"] == 1
    await events.first(transport["id"], "close")
    assert (await node.ask("lease.renew", ownerId="owner"))["leaseId"] != first["leaseId"]


async def test_every_kind_of_object_may_be_owned(run_node: Run) -> None:
    """Whatever is made with an owner, a worker of its own and a data consumer alike, goes with `lease.end`."""
    node = await run_node()
    await node.ask("lease.renew", ownerId="owner", ttlMs=60_000)
    mine: dict[str, Any] = {"ownerId": "owner"}
    udp = {"protocol": "udp", "ip": "default"}
    worker = (await node.ask("mediasoup.createWorker", **mine))["id"]
    await node.ask("worker.createWebRtcServer", workerId=worker, listenInfos=[udp], **mine)
    own_router = (await node.ask("worker.createRouter", workerId=worker, mediaCodecs=MEDIA_CODECS, **mine))["id"]
    await node.ask("router.createDirectTransport", routerId=own_router, **mine)
    router = (await node.router())["id"]
    plain = (await node.ask("router.createPlainTransport", routerId=router, listenInfo=udp, comedia=True))["id"]
    direct = (await node.ask("router.createDirectTransport", routerId=router))["id"]
    await node.ask("router.createPipeTransport", routerId=router, listenInfo=udp, **mine)
    await node.ask("router.createAudioLevelObserver", routerId=router, **mine)
    await node.ask("router.createActiveSpeakerObserver", routerId=router, **mine)
    producer = (await node.produce(plain, **mine))["id"]
    await node.ask("transport.consume", transportId=direct, producerId=producer, rtpCapabilities=CAPABILITIES, **mine)
    chat = (await node.ask("transport.produceData", transportId=direct, **mine))["id"]
    await node.ask("transport.consumeData", transportId=direct, dataProducerId=chat, **mine)
    await node.ask("lease.end", ownerId="owner")
    assert node.held() == {"routers": 1, "transports": 2}
    assert len(node.agent.state.objects.workers) == len(node.worker_ids)
    await node.ask("lease.end", ownerId="owner")


async def test_without_a_lease_nothing_is_owned(run_node: Run) -> None:
    """A create that names an owner without a lease is refused and can be sent again once there is one."""
    node = await run_node()
    router = (await node.router())["id"]
    with pytest.raises(NotFound, match=r"send lease\.renew first") as refused:
        await own_transport(node, router, id="mine")
    assert refused.value.details == {"ownerId": "owner"}
    assert node.held() == {"routers": 1}
    await node.ask("lease.renew", ownerId="owner")
    transport = await own_transport(node, router, id="mine")
    assert transport == await own_transport(node, router, id="mine")
    await node.ask("lease.renew", ownerId="other")
    with pytest.raises(Conflict, match="other options"):
        await own_transport(node, router, "other", id="mine")


async def test_a_lease_is_its_tenants(run_node: Run) -> None:
    """A tenant neither uses nor ends another's lease."""
    node = await run_node()
    await node.ask("lease.renew", ownerId="owner")
    transport = await own_transport(node, (await node.router())["id"])
    with pytest.raises(NotFound):
        await node.ask("worker.createRouter", "acme", workerId=node.worker_ids[0], ownerId="owner")
    await node.ask("lease.end", "acme", ownerId="owner")
    await node.ask("lease.renew", "acme", ownerId="owner", ttlMs=TTL)
    assert (await node.ask("transport.dump", transportId=transport["id"]))["dump"]["id"] == transport["id"]


async def test_limits(run_node: Run) -> None:
    """A tenant has so many leases a node, of a second to an hour."""
    node = await run_node(max_leases_per_tenant=2)
    for owner_id in ("a", "b", "a"):
        await node.ask("lease.renew", ownerId=owner_id)
    with pytest.raises(NoCapacity):
        await node.ask("lease.renew", ownerId="c")
    await node.ask("lease.renew", "acme", ownerId="c")
    for ttl in (999, 3_600_001):
        with pytest.raises(InvalidType, match="ttlMs"):
            await node.ask("lease.renew", ownerId="a", ttlMs=ttl)


async def test_a_rooms_router_has_no_owner(run_node: Run) -> None:
    """No lease ends the router of a room."""
    node = await run_node()
    await node.between("lease.renew", ownerId="owner")
    record = room_record(("in-room", node, 0))
    with pytest.raises(InvalidType, match="ownerId"):
        await node.between(
            "worker.createRouter", workerId=node.worker_ids[0], id="in-room", record=record, ownerId="owner"
        )
    assert node.held() == {}


async def test_what_is_made_while_its_lease_ends_is_closed(run_node: Run) -> None:
    """A create under way when its lease ends fails, and leaves nothing."""
    node = await run_node()
    await node.ask("lease.renew", ownerId="owner")
    router = (await node.router())["id"]
    pid = next(iter(node.agent.state.objects.workers.all())).worker.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        making = asyncio.ensure_future(own_transport(node, router, id="mine"))
        async with asyncio.timeout(5):
            while not node.agent.state.creates.is_under_way("mine", DEFAULT_TENANT):
                await asyncio.sleep(0.01)
        await node.ask("lease.end", ownerId="owner")
    finally:
        os.kill(pid, signal.SIGCONT)
    with pytest.raises(NotFound, match="ended while it was made"):
        await making
    assert node.held() == {"routers": 1}


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "silent"])
async def test_nothing_ends_while_the_bus_is_away(run_node: Run, nats_server: NatsServer, how: signal.Signals) -> None:
    """NATS gone, or silent, for longer than a lease lasts: nothing is closed, and the time begins anew afterwards."""
    node = await run_node()
    await node.ask("lease.renew", ownerId="owner", ttlMs=TTL)
    transport = await own_transport(node, (await node.router())["id"])
    lost, back = asyncio.Event(), asyncio.Event()
    node.agent_bus.on_disconnect(lost.set)
    node.agent_bus.on_reconnect(back.set)
    if how is signal.SIGKILL:
        nats_server.kill()
    else:
        nats_server.signal(how)
    async with asyncio.timeout(20):
        await lost.wait()
    await asyncio.sleep(2 * TTL / 1000)
    assert node.held()["transports"] == 1
    if how is signal.SIGKILL:
        nats_server.start()
    else:
        nats_server.signal(signal.SIGCONT)
    async with asyncio.timeout(20):
        await back.wait()
    assert node.held()["transports"] == 1
    held = node.agent.state.leases.get(DEFAULT_TENANT, "owner")
    assert held.ends_at > asyncio.get_running_loop().time()
    async with asyncio.timeout(20):
        while "transports" in node.held():
            await asyncio.sleep(0.05)
    assert transport["id"] not in {entry.id for entry in node.agent.state.objects.transports.all()}
