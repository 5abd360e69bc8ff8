"""A whole cluster with tenants: what each can do works, and nothing of it reaches the other."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.support.local_cluster import LocalCluster, local_cluster

from tureen.bus import Bus, BusSettings, payload
from tureen.bus.parser import Delivery
from tureen.contract import subjects
from tureen.contract.errors import NotFound, Timeout, TureenError, Unauthorized, Unavailable

pytestmark = pytest.mark.timeout(120)

NODE = "node-1"
FORGED = (
    "$JS.API.STREAM.DELETE.KV_tureen-rooms",
    "$KV.tureen-rooms.b.room",
    "tureen.v1.system.heartbeat.node-1",
    "tureen.v1.system.event.nodeGone",
    "tureen.v1.b.event.room.router.producer.p.score",
    "tureen.v1.b.node.node-1.router.close",
    "tureen.v1.system.placement.node.drain",
    "tureen.v1.b.inbox.tenant-b.x",
    "_INBOX.x",
    "tureen.v1.a.inbox.*",
)
"""Where a service must not answer tenant `a`."""
SERVICES = {
    "node-agent": subjects.node_command("a", NODE, "router", "dump"),
    "placement": subjects.service_command("a", "placement", "room", "get"),
    "signaling": subjects.service_command("a", "signaling", "room", "get"),
    "metrics": subjects.service_command("a", "metrics", "room", "get"),
}


@dataclass(frozen=True, slots=True)
class Tenants:
    """A cluster, and connections to its bus: of two tenants, and of who runs it."""

    cluster: LocalCluster
    a: Bus
    b: Bus
    local: Bus


@asynccontextmanager
async def tenants(log: Path) -> AsyncIterator[Tenants]:
    """Run a cluster with the tenants `a` and `b`."""
    async with AsyncExitStack() as stack:
        cluster = await stack.enter_async_context(local_cluster("--workers", "1", "--tenants", "a,b", log=log))
        urls = {facts["tenant"]: facts["natsUrl"] for facts in cluster.facts["tenants"]}
        buses = []
        for tenant, url in (*urls.items(), ("system", cluster.facts["natsUrl"])):
            buses.append(await Bus.connect(BusSettings(servers=[url], tenant=tenant)))
            stack.push_async_callback(buses[-1].close)
        yield Tenants(cluster, *buses)


async def test_tenants_do_not_see_each_other(tmp_path: Path) -> None:
    """A tenant opens a room and a transport in it; to another tenant neither exists, and it hears of neither."""
    async with tenants(tmp_path / "log") as run:
        heard: dict[str, list[str]] = {"a": [], "b": []}
        closed = asyncio.Event()

        def on_event(subject: str, _: Any) -> None:
            heard["a"].append(subject)
            if subject.endswith(".close") and ".transport." in subject:
                closed.set()

        await run.a.subscribe(subjects.tenants_events("a"), on_event)
        await run.b.subscribe(subjects.tenants_events("b"), lambda subject, _: heard["b"].append(subject))
        place, transport = await open_transport(run.a, "a")
        await nothing_is_seen(run.b, place, transport)
        await run.a.command("node", "transport.close", {"transportId": transport}, tenant="a", node_id=NODE)
        async with asyncio.timeout(5):
            await closed.wait()
        await run.b.barrier()
        assert heard["a"]
        assert heard["b"] == []


async def test_no_service_answers_where_it_must_not(tmp_path: Path) -> None:
    """Every service drops, and counts, requests that want their answer to be something else; nothing comes of them."""
    async with tenants(tmp_path / "log") as run:
        heard: list[Delivery] = []
        await run.b.listen("tureen.v1.b.inbox.tenant-b.x", heard.append)
        await run.b.listen("tureen.v1.b.event.>", heard.append)
        room = await run.a.command("placement", "room.create", {"roomId": "room"}, tenant="a")
        gone: list[str] = []
        await run.local.subscribe(subjects.SYSTEM_EVENTS, lambda subject, _: gone.append(subject))
        for name, subject in SERVICES.items():
            before = await dropped(run.local, name)
            forge(run.a, subject, FORGED)
            # What was sent before this is behind the service when it answers.
            with pytest.raises(TureenError):
                await run.a.request(subject, {"roomId": "none", "routerId": "none"})
            assert await dropped(run.local, name) == before + len(FORGED), name
        await run.b.barrier()
        assert heard == []
        assert not any(subject.endswith("nodeGone") for subject in gone)
        assert await run.a.command("placement", "room.get", {"roomId": "room"}, tenant="a") == room


async def test_a_tenant_commands_nobody_else(tmp_path: Path) -> None:
    """Other tenants' subjects, the operator's and the services' own are closed to a tenant, at once."""
    async with tenants(tmp_path / "log") as run:
        for subject in (
            subjects.service_command("b", "placement", "room", "list"),
            subjects.service_command("default", "placement", "room", "list"),
            subjects.service_command("system", "placement", "node", "list"),
            subjects.node_command("system", NODE, "pipe", "list"),
            "$SRV.PING",
        ):
            with pytest.raises(Unauthorized, match="NATS denies"):
                await run.a.request(subject, {}, timeout=60)
        # What is the operator's is so by the service's own judgement as well.
        with pytest.raises(Unauthorized, match="operator's own"):
            await run.a.request(subjects.service_command("a", "placement", "node", "list"), {})
        listed = await run.local.command("placement", "node.list", {}, tenant="system")
        assert [node["nodeId"] for node in listed["nodes"]] == [NODE]


async def test_a_client_that_knows_nothing_of_inboxes(tmp_path: Path) -> None:
    """With the cluster's own URL any client finds the services and commands as tenant `default`, at `_INBOX`."""
    async with local_cluster("--workers", "1", log=tmp_path / "log") as cluster:
        found = json.loads((await cluster.client.request("$SRV.PING", timeout=5)).data)
        assert found["type"] == "io.nats.micro.v1.ping_response"
        heard = await cluster.client.subscribe(subjects.HEARTBEATS)
        assert await cluster.placement("room.list") == {"rooms": []}
        assert (await heard.next_msg(5)).subject == subjects.heartbeat(NODE)


async def test_a_restarted_server_knows_everybody(tmp_path: Path) -> None:
    """After nats-server was killed the services and the tenants are let in again as who they are."""
    async with tenants(tmp_path / "log") as run:
        await run.a.command("placement", "room.create", {"roomId": "room"}, tenant="a")
        children = psutil.Process(run.cluster.process.pid).children()
        (server,) = [process for process in children if "nats-server" in process.cmdline()[0]]
        back = asyncio.Event()
        run.a.on_reconnect(back.set)
        server.kill()
        async with asyncio.timeout(30):
            await back.wait()
            while not await is_listed(run.a, "room"):
                await asyncio.sleep(0.1)


async def test_services_are_denied_nothing_and_passwords_stay_hidden(tmp_path: Path) -> None:
    """The services need no more than they may; no password is in a process's arguments or in the log."""
    async with tenants(tmp_path / "log") as run:
        await open_transport(run.a, "a")
        await run.local.command("placement", "node.list", {}, tenant="system")
        arguments = [process.cmdline() for process in psutil.Process(run.cluster.process.pid).children(recursive=True)]
        urls = [run.cluster.facts["natsUrl"], *(facts["natsUrl"] for facts in run.cluster.facts["tenants"])]
        passwords = [url.split(":")[2].split("@")[0] for url in urls]
        assert len(set(passwords)) == 3
        assert all(len(password) >= 23 for password in passwords)
    log = (tmp_path / "log").read_text()
    assert not any(password in f"{arguments}{log}" for password in passwords)
    assert "denies" not in log
    assert "ermissions violation" not in log


async def is_listed(bus: Bus, room: str) -> bool:
    """Tell whether placement answers, and has the room of tenant `a`."""
    try:
        listed = await bus.command("placement", "room.list", {}, tenant="a", timeout=1)
    except (Unavailable, Timeout):
        return False
    return [each["roomId"] for each in listed["rooms"]] == [room]


async def open_transport(bus: Bus, tenant: str) -> tuple[dict[str, Any], str]:
    """Open a room and a transport in it, as a client would; return its place and its id."""
    await bus.command("placement", "room.create", {"roomId": "room"}, tenant=tenant)
    place = await bus.command("placement", "room.place", {"roomId": "room", "direction": "both"}, tenant=tenant)
    command = {"routerId": place["routerId"], "grant": place["grant"]}
    made = await bus.command("node", "router.createWebRtcTransport", command, tenant=tenant, node_id=place["nodeId"])
    assert made["iceCandidates"]
    return place, made["id"]


async def nothing_is_seen(bus: Bus, place: dict[str, Any], transport: str) -> None:
    """Check that neither the room of tenant `a` nor what is in it exists for tenant `b`."""
    assert (await bus.command("placement", "room.list", {}, tenant="b"))["rooms"] == []
    with pytest.raises(NotFound):
        await bus.command("placement", "room.get", {"roomId": "room"}, tenant="b")
    for name, named in (
        ("transport.dump", {"transportId": transport}),
        ("router.dump", {"routerId": place["routerId"]}),
        ("router.createWebRtcTransport", {"routerId": place["routerId"], "grant": place["grant"]}),
    ):
        with pytest.raises(NotFound):
            await bus.command("node", name, named, tenant="b", node_id=place["nodeId"])


def forge(bus: Bus, subject: str, replies: Iterable[str]) -> None:
    """Send requests that want their answers elsewhere."""
    client = bus._connection.client
    assert client is not None
    for reply in replies:
        client.send(subject, reply, b"", payload.encode({}))


async def dropped(bus: Bus, service: str) -> int:
    """Return how many requests a service has dropped because of where they wanted their answer."""
    answer = await bus.exchange(f"$SRV.STATS.{service}", b"", {}, timeout=5)
    counted: dict[str, int] = json.loads(answer.body)["dropped"]
    return counted.get("foreign_reply_subject", 0)
