"""The page, its files and the service's health share the port with the WebSocket."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.integration.signaling.conftest import RunningService, Serve
from tests.integration.signaling.scripted import ScriptedCluster
from tests.support.nats_server import NatsServer
from tests.support.protoo_client import protoo_client

from tureen.bus import Bus
from tureen.signaling import page


@pytest.fixture
def built_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Build a page of a few lines where the real one would be."""
    dist = tmp_path / "dist"
    dist.mkdir()
    (dist / "index.html").write_text("<!doctype html><title>Soup</title>")
    (dist / "page.0123abcd.js").write_text("1")
    (tmp_path / "secret.txt").write_text("secret")
    monkeypatch.setattr(page, "locate", lambda: dist)
    return dist


async def test_the_page_is_served(built_page: Path, signaling: Serve) -> None:
    """`GET /` is the page, with headers that keep foreign code and frames out; its hashed files may be kept."""
    async with httpx.AsyncClient(base_url=await signaling()) as client:
        index = await client.get("/?room=soup")
        assert (index.status_code, "Soup" in index.text) == (200, True)
        assert index.headers["cache-control"] == "no-cache"
        assert "default-src 'self'" in index.headers["content-security-policy"]
        assert index.headers["x-content-type-options"] == "nosniff"
        script = await client.get("/page.0123abcd.js")
        assert "javascript" in script.headers["content-type"]
        assert "immutable" in script.headers["cache-control"]


@pytest.mark.parametrize("path", ["/nothing.js", "/..%2Fsecret.txt", "/%2e%2e/secret.txt", "/a/b", "/" + "a" * 9000])
async def test_nothing_else_is_served(built_page: Path, signaling: Serve, path: str) -> None:
    """Only files of the page's folder are."""
    async with httpx.AsyncClient(base_url=await signaling()) as client:
        assert (await client.get(path)).status_code == 404


async def test_a_missing_page_says_how_to_get_it(signaling: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the page everything else works, and one sentence says what to do."""

    def locate() -> Path:
        raise page.PageNotBuiltError("not built")

    monkeypatch.setattr(page, "locate", locate)
    async with httpx.AsyncClient(base_url=await signaling()) as client:
        answer = await client.get("/")
    assert answer.status_code == 503
    assert "tureen.signaling.page.build" in answer.text


async def test_health_is_told(cluster: ScriptedCluster, signaling: Serve, nats_server: NatsServer) -> None:
    """Healthy is who has the bus."""
    url = await signaling()
    async with httpx.AsyncClient(base_url=url) as client, protoo_client(url, "soup", "alice") as alice:
        await alice.request("getRouterRtpCapabilities")
        health = await client.get("/health")
        assert health.json() == {"connected": True, "connections": 1, "rooms": 1, "closing": 0}
        nats_server.stop()
        async with asyncio.timeout(10):
            while (await client.get("/health")).status_code != 503:
                await asyncio.sleep(0.01)
        nats_server.start()


async def test_operators_find_the_service(bus: Bus, signaling: Serve) -> None:
    """It answers `$SRV.PING` by its name."""
    await signaling()
    delivery = await bus.exchange("$SRV.PING.signaling", b"", {}, timeout=5)
    assert json.loads(delivery.body)["name"] == "signaling"


async def test_a_port_that_is_taken_is_told(running: Callable[..., RunningService]) -> None:
    """A second service on the same port fails at once, and leaves nothing running."""
    url = await running().url()
    other = running(port=int(url.rsplit(":", 1)[1]))
    with pytest.raises(OSError, match="in use"):
        await other.url()
    other.forget()


async def test_it_runs_as_a_process(nats_server: NatsServer) -> None:
    """`python -m tureen.signaling` tells on TUREEN_READY_FD where it is, and ends in order at SIGTERM."""
    reading, writing = os.pipe()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tureen.signaling", "--port", "0"),
        env={**os.environ, "TUREEN_READY_FD": str(writing), "TUREEN_SIGNALING_NATS__SERVERS": nats_server.url},
        pass_fds=[writing],
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writing)
    with os.fdopen(reading) as ready:
        line = await asyncio.to_thread(ready.readline)
    url = json.loads(line)["url"]
    async with httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/health")).json()["connected"] is True
    process.send_signal(signal.SIGTERM)
    _, log = await process.communicate()
    assert process.returncode == 0, log


@pytest.mark.parametrize(
    ("arguments", "environment", "sentence"),
    [
        (["--port", "0"], {"TUREEN_SIGNALING_PROT": "1"}, "unknown setting"),
        (["--port", "70000"], {}, "port (from the command line)"),
        (["--port", "0", "--config", "/nowhere.toml"], {}, "cannot read the settings file /nowhere.toml"),
    ],
)
async def test_wrong_settings_are_one_sentence(
    arguments: list[str], environment: dict[str, str], sentence: str
) -> None:
    """A process that cannot run says why, without a traceback."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tureen.signaling", *arguments),
        env={**os.environ, **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    _, log = await process.communicate()
    assert process.returncode == 1
    assert sentence in log.decode()
    assert "Traceback" not in log.decode()
