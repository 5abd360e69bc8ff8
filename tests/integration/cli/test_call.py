"""`tureen call`, run as people and scripts run it."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from pathlib import Path

import pytest
from tests.integration.cli.conftest import until_listed
from tests.integration.node_agent.conftest import Run
from tests.integration.permissions.conftest import SignIn
from tests.integration.placement.conftest import StartReplica
from tests.support.nats_server import NatsServer
from tests.support.terminal import WIDTH, on_terminal, terminal, tureen

from tureen.bus import Bus
from tureen.contract import subjects

pytestmark = pytest.mark.timeout(180)


async def test_a_script_gets_lines_of_json(run_node: Run, nats_server: NatsServer) -> None:
    """What is made, looked at and closed is answered with one line of JSON each, and status 0."""
    node = await run_node()
    url = nats_server.url
    payload = json.dumps({"workerId": node.worker_ids[0], "id": "router"})
    made = await tureen("call", "worker.createRouter", payload, "--node", node.id, url=url)
    assert (made.status, made.err, made.out.count("\n")) == (0, "", 1)
    assert json.loads(made.out)["id"] == "router"
    dumped = await tureen("call", "router.dump", '{"routerId": "router"}', "--node", node.id, url=url)
    assert json.loads(dumped.out)["dump"]["id"] == "router"
    closed = await tureen("call", "router.close", '{"routerId": "router"}', "--node", node.id, url=url)
    assert closed.out == "{}\n"
    assert node.held() == {}


async def test_a_person_gets_colours_and_columns(run_node: Run, nats_server: NatsServer) -> None:
    """On a terminal the answer is coloured JSON, aligned, no wider than the terminal, that can be copied."""
    node = await run_node()
    await node.router(id="router")
    payload = '{"routerId": "router", "listenInfo": {"protocol": "udp", "ip": "default"}, "id": "transport"}'
    made = await on_terminal("call", "router.createPlainTransport", payload, url=nats_server.url)
    assert made.status == 0
    assert "\x1b[" in made.out
    assert json.loads(made.plain)["id"] == "transport"
    assert max(map(len, made.plain.splitlines())) <= WIDTH, made.plain
    assert '\n  "id":     "transport",\n' in made.plain
    done = await on_terminal("call", "transport.close", '{"transportId": "transport"}', url=nats_server.url)
    assert "✓ transport.close" in done.plain


async def test_payloads_come_from_anywhere(run_node: Run, nats_server: NatsServer, tmp_path: Path) -> None:
    """A payload may be in a file or on standard input, and bytes in it are base64."""
    node = await run_node()
    await node.router(id="router")
    await node.ask("router.createDirectTransport", routerId="router", id="direct")
    await node.produce("direct", id="producer")
    file = tmp_path / "payload.json"
    packet = base64.b64encode(bytes([0x80, 100, *bytes(10), 1])).decode()
    file.write_text(json.dumps({"producerId": "producer", "rtpPacket": packet}))
    sent, paused = await asyncio.gather(
        tureen("call", "producer.send", f"@{file}", url=nats_server.url),
        tureen("call", "producer.pause", "-", url=nats_server.url, stdin='{"producerId": "producer"}'),
    )
    assert (sent.status, sent.out) == (0, "{}\n")
    assert (paused.status, paused.out) == (0, "{}\n")
    dump = (await node.ask("producer.dump", producerId="producer"))["dump"]
    assert dump["paused"] is True


async def test_what_is_refused(run_node: Run, nats_server: NatsServer) -> None:
    """A wrong field is named with the error's code, type and trace id, to scripts and to people; the status is 1."""
    await run_node()
    arguments = ("call", "router.createPlainTransport", '{"routerId": "r", "listenInfos": []}')
    told, shown = await asyncio.gather(
        tureen(*arguments, url=nats_server.url), on_terminal(*arguments, url=nats_server.url)
    )
    error = json.loads(told.err)
    assert (told.status, told.out) == (1, "")
    assert (error["code"], error["type"]) == (400, "TypeError")
    assert error["details"] == {"path": "listenInfo"}
    assert re.fullmatch("[0-9a-f]{32}", error["traceId"])
    assert shown.status == 1
    assert "✗ 400 TypeError  missing field listenInfo" in shown.plain
    assert re.search(r"path +listenInfo +\n +trace +[0-9a-f]{32} *\n +to do +`tureen call \S+ --fields`", shown.plain)


async def test_the_node_may_be_left_out_where_there_is_one(
    run_node: Run, start_replica: StartReplica, bus: Bus, nats_server: NatsServer
) -> None:
    """With and without placement one node is found; of two the person has to choose, and is told their ids."""
    capabilities = ("call", "mediasoup.getSupportedRtpCapabilities")
    await run_node("node-1")
    heard = await tureen(*capabilities, url=nats_server.url)
    assert "rtpCapabilities" in json.loads(heard.out)
    await start_replica()
    await until_listed(bus, "node-1")
    asked = await tureen(*capabilities, url=nats_server.url)
    assert asked.out == heard.out
    await run_node("node-2")
    await until_listed(bus, "node-1", "node-2")
    several, room = await asyncio.gather(
        tureen(*capabilities, url=nats_server.url, COLUMNS="200"),
        tureen("call", "room.create", '{"roomId": "room"}', url=nats_server.url),
    )
    assert several.status == 2
    assert "node-1, node-2" in several.err
    assert json.loads(room.out)["roomId"] == "room"


async def test_nobody_and_no_answer(bus: Bus, nats_server: NatsServer) -> None:
    """Where nobody answers the status is 3; where somebody hears and does not answer it is 4; both have a trace id."""
    await bus.listen(subjects.node_commands("silent"), lambda _: None)
    payload = '{"routerId": "r"}'
    nobody, silent, no_server = await asyncio.gather(
        tureen("call", "router.dump", payload, "--node", "none", url=nats_server.url),
        tureen("call", "router.dump", payload, "--node", "silent", "--timeout", "0.2", url=nats_server.url),
        tureen("call", "room.list", url="nats://somebody:hidden@127.0.0.1:1"),
    )
    for ran, status, type_ in ((nobody, 3, "Unavailable"), (silent, 4, "Timeout"), (no_server, 3, "Unavailable")):
        assert (ran.status, json.loads(ran.err)["type"]) == (status, type_), ran.err
    assert all(len(json.loads(ran.err)["traceId"]) == 32 for ran in (nobody, silent))
    assert "hidden" not in no_server.err


async def test_ctrl_c(bus: Bus, nats_server: NatsServer) -> None:
    """Who does not want to wait for an answer any longer presses Ctrl-C: the status is 130, and there is no noise."""
    asked = asyncio.Event()
    await bus.listen(subjects.node_commands("silent"), lambda _: asked.set())
    async with terminal("call", "router.dump", "--node", "silent", "--timeout", "600", url=nats_server.url) as session:
        async with asyncio.timeout(60):
            await asked.wait()
        session.type(b"\x03")
        ran = await session.ended()
    assert (ran.status, ran.plain.strip()) == (130, "^C")


async def test_tenants(guarded_server: tuple[NatsServer, dict[str, str]], sign_in: SignIn) -> None:
    """A tenant's user speaks for its tenant; what it may not do is refused at once, and no password is shown."""
    server, passwords = guarded_server
    agent = await sign_in("node-n1")
    heard: list[str] = []
    await agent.listen(subjects.node_commands("n1"), lambda delivery: heard.append(delivery.subject))
    url = server.url.replace("//", f"//tenant-a:{passwords['tenant-a']}@")
    sent, other, unknown, stranger = await asyncio.gather(
        tureen("call", "router.dump", "--node", "n1", "--timeout", "1", url=url),
        tureen("call", "router.dump", "--node", "n1", "--tenant", "b", url=url),
        tureen("call", "router.dump", url=url, COLUMNS="1000"),
        tureen("call", "router.dump", "--node", "n1", url=server.url.replace("//", "//tenant-a:guessed@")),
    )
    assert (sent.status, set(heard)) == (4, {"tureen.v1.a.node.n1.router.dump"})
    assert (other.status, json.loads(other.err)["type"]) == (1, "Unauthorized")
    assert unknown.status == 2
    assert "name one with --node" in unknown.err
    assert (stranger.status, json.loads(stranger.err)["type"]) == (1, "Unauthorized")
    assert "guessed" not in stranger.err
    assert not any(passwords["tenant-a"] in ran.out + ran.err for ran in (sent, other, unknown))


async def test_the_shell_completes_nodes(run_node: Run, nats_server: NatsServer) -> None:
    """The nodes of the cluster are offered; without a cluster there are none, and no noise."""
    await run_node("node-1")
    asked = {"_TUREEN_COMPLETE": "complete_bash", "COMP_WORDS": "tureen call router.dump --node ", "COMP_CWORD": "4"}
    there, nowhere = await asyncio.gather(
        tureen(url=nats_server.url, **asked), tureen(url="nats://127.0.0.1:1", **asked)
    )
    assert (there.out, there.err) == ("node-1\n", "")
    assert (nowhere.out.strip(), nowhere.err) == ("", "")
