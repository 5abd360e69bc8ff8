from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import nkeys
import pytest
from pydantic import SecretStr
from tests.integration.conftest import Connect
from tests.support.certificates import certificates
from tests.support.nats_server import NatsServer, free_port, nats_cluster

from tureen.bus import Bus, BusSettings
from tureen.contract.errors import Unauthorized, Unavailable

pytestmark = pytest.mark.each_loop

ONE_USER = "authorization {{ users: [ {{ user: {}, password: pw }} ] }}"


async def test_says_where_nobody_answers() -> None:
    """A first connection to nowhere fails with a sentence that names the server, without the password."""
    settings = BusSettings(servers=[f"nats://me:secret@127.0.0.1:{free_port()}"], connect_patience=0)
    with pytest.raises(Unavailable, match=r"no NATS server answers at nats://127\.0\.0\.1:.*start one") as raised:
        await Bus.connect(settings)
    assert "secret" not in str(raised.value)


async def test_waits_for_a_server_that_is_being_started(tmp_path: Path) -> None:
    """A server that comes up a little later than its clients is waited for."""
    server = NatsServer(tmp_path)
    connecting = asyncio.create_task(Bus.connect(BusSettings(servers=[server.url])))
    await asyncio.sleep(0.3)
    assert not connecting.done()
    server.start()
    try:
        bus = await connecting
        assert bus.connected
        await bus.close()
    finally:
        server.stop()


async def test_something_that_is_no_nats_server() -> None:
    """A port where something else answers, or nothing at all, is told so; nothing hangs."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = BusSettings(servers=[f"nats://127.0.0.1:{port}"], connect_timeout=0.2, connect_patience=0)
        with pytest.raises(Unavailable, match="does not answer"):
            await Bus.connect(settings)

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example.org ESMTP\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as mail:
        port = mail.sockets[0].getsockname()[1]
        with pytest.raises(Unavailable, match="no connection to the NATS server"):
            await Bus.connect(BusSettings(servers=[f"nats://127.0.0.1:{port}"], connect_patience=0))


async def test_wrong_credentials(nats_server: NatsServer, connect: Connect) -> None:
    """Wrong credentials are told at once; right ones work in the settings and in the URL."""
    nats_server.reload(ONE_USER.format("me"))
    started = time.monotonic()
    for settings in ({}, {"user": "me", "password": "wrong"}, {"token": "wrong"}):
        with pytest.raises(Unauthorized, match="refuses these credentials"):
            await connect(**settings)
    assert time.monotonic() - started < 5
    assert (await connect(user="me", password="pw")).connected
    assert (await connect(servers=[nats_server.url.replace("://", "://me:pw@")])).connected


async def test_nkeys(nats_server: NatsServer, connect: Connect, tmp_path: Path) -> None:
    """A user can sign in with the seed of an nkey; a file that is not there is told by its name."""
    seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
    seed_file = tmp_path / "user.nk"
    seed_file.write_bytes(seed)
    public = nkeys.from_seed(bytearray(seed)).public_key.decode()
    nats_server.reload(f"authorization {{ users: [ {{ nkey: {public} }} ] }}")
    assert (await connect(nkey_seed_file=seed_file, inbox_user="node-1")).connected
    with pytest.raises(Unauthorized, match=r"cannot read .*nowhere\.nk"):
        await connect(nkey_seed_file=tmp_path / "nowhere.nk")


async def test_a_client_that_nats_closed_for_good(nats_server: NatsServer, connect: Connect) -> None:
    """A client that the server throws out, as often as it likes, is replaced, and its subscriptions with it."""
    nats_server.reload(ONE_USER.format("me"))
    bus = await connect(user="me", password="pw")
    heard: asyncio.Queue[dict[str, int]] = asyncio.Queue()
    await bus.subscribe("a.*", lambda _, body: heard.put_nowait(body))
    for number in range(3):
        lost, back = asyncio.Event(), asyncio.Event()
        callbacks = [bus.on_disconnect(lost.set), bus.on_reconnect(back.set)]
        # The user is gone, which ends its connections with an error, and is there again.
        nats_server.reload(ONE_USER.format("another"))
        await lost.wait()
        nats_server.reload(ONE_USER.format("me"))
        async with asyncio.timeout(15):
            await back.wait()
        bus.publish("a.b", {"n": number})
        assert await heard.get() == {"n": number}
        for forget in callbacks:
            forget()


async def test_an_error_of_the_protocol(bus: Bus) -> None:
    """After an error that ends the connection the next client is there within moments."""
    back = asyncio.Event()
    bus.on_reconnect(back.set)
    client = bus._connection.client
    assert client is not None
    client._write(b"NONSENSE\r\n")
    async with asyncio.timeout(10):
        await back.wait()
    assert bus._connection.client is not client


async def test_a_silent_server_is_noticed(nats_server: NatsServer, connect: Connect) -> None:
    """A server that says nothing more is given up after the pings, and found again when it is back."""
    bus = await connect(ping_interval=0.1, connect_timeout=0.2)
    lost, back = asyncio.Event(), asyncio.Event()
    bus.on_disconnect(lost.set)
    bus.on_reconnect(back.set)
    nats_server.signal(signal.SIGSTOP)
    async with asyncio.timeout(5):
        await lost.wait()
    assert not bus.connected
    await asyncio.sleep(0.5)
    nats_server.signal(signal.SIGCONT)
    async with asyncio.timeout(10):
        await back.wait()


async def test_a_server_that_does_not_keep_up(nats_server: NatsServer, connect: Connect) -> None:
    """What waits for a slow server is bounded, and giving it up does not wait for what it never read."""
    bus = await connect(ping_interval=0.2, connect_timeout=0.2, outbox_limit=1_000_000)
    lost, back = asyncio.Event(), asyncio.Event()
    bus.on_disconnect(lost.set)
    nats_server.signal(signal.SIGSTOP)
    for _ in range(200):
        bus.publish("a.b", {"x": b"x" * 500_000})
        await asyncio.sleep(0)
    assert bus.dropped["Unavailable"] > 100
    with pytest.raises(Unavailable, match="not keep up"):
        await bus.request("a.b", {})
    async with asyncio.timeout(5):
        await lost.wait()
    bus.on_reconnect(back.set)
    nats_server.signal(signal.SIGCONT)
    async with asyncio.timeout(10):
        await back.wait()


@pytest.mark.parametrize("subject", [b"a.x\x0by", b"a.\xff\xfe", b"a.x\x00y", b"a.x\x0cy"])
async def test_subjects_that_no_client_should_send(nats_server: NatsServer, bus: Bus, subject: bytes) -> None:
    """Bytes in a subject that the server lets through disturb nobody who hears it."""
    heard: list[str] = []
    lost = asyncio.Event()
    bus.on_disconnect(lost.set)
    await bus.subscribe("a.>", lambda name, _: heard.append(name))
    reader, writer = await asyncio.open_connection("127.0.0.1", nats_server.port)
    writer.write(b'CONNECT {"verbose":false}\r\nPUB ' + subject + b" 1\r\n\x80\r\nPING\r\n")
    while b"PONG" not in await reader.readline():
        continue
    writer.close()
    await writer.wait_closed()
    bus.publish("a.z", {})
    async with asyncio.timeout(5):
        while "a.z" not in heard:
            await bus.barrier()
    assert len(heard) == 2
    assert not lost.is_set()


async def test_another_server_of_the_cluster(tmp_path: Path) -> None:
    """Who knows one server of a cluster finds the others, with the same credentials, when it goes."""
    with nats_cluster(tmp_path, 2, ONE_USER.format("me")) as servers:
        bus = await Bus.connect(BusSettings(servers=[servers[0].url.replace("://", "://me:pw@")], reconnect_wait=0.05))
        try:
            back = asyncio.Event()
            bus.on_reconnect(back.set)
            client = bus._connection.client
            assert client is not None
            async with asyncio.timeout(5):
                while len(client.server_info.get("connect_urls") or []) < 2:
                    await asyncio.sleep(0.01)
            servers[0].kill()
            async with asyncio.timeout(10):
                await back.wait()
            await bus.barrier()
        finally:
            await bus.close()


async def test_closing_while_the_server_is_away(nats_server: NatsServer, connect: Connect) -> None:
    """A bus without a connection closes at once; what waits for one gives up."""
    bus = await connect(connect_patience=0.2)
    nats_server.kill()
    while bus.connected:
        await asyncio.sleep(0.01)
    with pytest.raises(Unavailable):
        await bus.subscribe("a.b", lambda *_: None)
    async with asyncio.timeout(2):
        await bus.close()
    with pytest.raises(Unavailable):
        await bus.request("a.b", {})


async def test_closing_while_it_connects_again(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bus that is closed in whatever moment of connecting again is closed at once, and for good."""
    for turns in range(60):
        bus = await connect()
        client = bus._connection.client
        assert client is not None
        monkeypatch.setattr(bus._connection, "_wait", lambda _: 0)
        client._write(b"NONSENSE\r\n")
        while bus.connected:
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await bus.close()
        assert not bus.connected


async def test_closing_while_somebody_subscribes(connect: Connect) -> None:
    """A subscription under way when the bus is closed is told that there is no connection."""
    bus = await connect(connect_patience=0.2)
    subscribing = asyncio.create_task(bus.subscribe("a.b", lambda *_: None))
    closing = asyncio.create_task(bus.close())
    await asyncio.sleep(0)
    await closing
    with pytest.raises(Unavailable):
        await bus.subscribe("a.c", lambda *_: None)
    await asyncio.gather(subscribing, return_exceptions=True)


async def test_a_callback_that_waits(bus: Bus) -> None:
    """A callback that takes long delays neither the next loss nor the next return."""
    returns = asyncio.Semaphore(0)

    async def forever() -> None:
        returns.release()
        await asyncio.Event().wait()

    bus.on_reconnect(forever)
    for _ in range(3):
        client = bus._connection.client
        assert client is not None
        client.abort()
        async with asyncio.timeout(10):
            await returns.acquire()


async def test_closing_sends_what_waits(bus: Bus, connect: Connect) -> None:
    """What was published before close() arrives."""
    heard: list[int] = []
    listening = await connect()
    await listening.subscribe("a.b", lambda _, body: heard.append(body["n"]))
    for number in range(1000):
        bus.publish("a.b", {"n": number})
    await bus.close()
    async with asyncio.timeout(5):
        while len(heard) < 1000:
            await asyncio.sleep(0.01)


async def test_tls(tmp_path: Path) -> None:
    """A connection can be encrypted, both sides showing a certificate; tls:// never goes on without."""
    files = certificates(tmp_path)
    paths = f'cert_file: "{files.certificate}", key_file: "{files.key}", ca_file: "{files.authority}"'
    server = NatsServer(tmp_path / "nats", f"tls {{ {paths}, verify: true }}")
    server.start()
    try:
        url = server.url.replace("127.0.0.1", "localhost")
        settings = BusSettings(
            servers=[url], tls_ca=files.authority, tls_certificate=files.certificate, tls_key=files.key
        )
        bus = await Bus.connect(settings)
        await bus.barrier()
        await bus.close()
        with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
            await Bus.connect(BusSettings(servers=[url], connect_patience=0))
    finally:
        server.stop()


async def test_tls_is_insisted_on(nats_server: NatsServer) -> None:
    """A server that offers no encryption gets no password from a client whose URL says tls."""
    url = nats_server.url.replace("nats://", "tls://")
    with pytest.raises(Unavailable, match="offers no TLS"):
        await Bus.connect(BusSettings(servers=[url], user="me", password=SecretStr("pw"), connect_patience=0))
