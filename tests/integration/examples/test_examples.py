"""The programs in examples/, run as their docstrings say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import warnings
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.async_api import Browser, Page
from tests.support.browser import chromium, eventually, page_at
from tests.support.local_cluster import local_cluster

with warnings.catch_warnings():
    # What PyAV does on import is none of our business.
    warnings.simplefilter("ignore")
    import av

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

ROOT = Path(__file__).parents[3]
PATIENCE = 20.0
ECHOES = "This is you, by way of the server."
ENOUGH = 30
PICTURES = "document.querySelector('video').getVideoPlaybackQuality().totalVideoFrames"
# A track that arrives is muted until its first packet.
MUTED = "document.querySelector('video').srcObject.getAudioTracks().map((track) => track.muted)"


@asynccontextmanager
async def running(app: str, folder: Path, **environment: str) -> AsyncIterator[str]:
    """Run an example in a folder, and give where it serves; end it as Ctrl-C does, and see that nothing is left."""
    command = (sys.executable, "-m", "uvicorn", f"examples.{app}:app", "--app-dir", str(ROOT), "--port", "0")
    example = await asyncio.create_subprocess_exec(*command, cwd=folder, stderr=PIPE, env={**os.environ, **environment})
    assert example.stderr is not None
    try:
        async with asyncio.timeout(PATIENCE):
            url = await address(example.stderr)
        yield url
        children = psutil.Process(example.pid).children(recursive=True)
        example.send_signal(signal.SIGINT)
        async with asyncio.timeout(PATIENCE):
            log = (await example.stderr.read()).decode()
        assert "Traceback" not in log, log
        assert await example.wait() == 0, log
        assert not any(child.is_running() for child in children)
    finally:
        await kill(example)


async def kill(example: Process) -> None:
    """End what still runs of an example."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for child in psutil.Process(example.pid).children(recursive=True):
            child.kill()
    with contextlib.suppress(ProcessLookupError):
        example.kill()
    await example.wait()


async def address(log: asyncio.StreamReader) -> str:
    """Read uvicorn's log up to the line that says where it serves."""
    lines = []
    async for line in log:
        lines.append(line.decode())
        if found := re.search(r"http://127\.0\.0\.1:\d+", lines[-1]):
            return found[0]
    raise AssertionError("".join(lines))


@asynccontextmanager
async def visited(browser: Browser, url: str, artefact: Path) -> AsyncIterator[Page]:
    """Open the page, and wait until it sees and hears the echo."""
    async with page_at(browser, url, artefact) as page:
        await eventually(page.locator("#state").inner_text, lambda text: text == ECHOES, page)
        await eventually(lambda: page.evaluate(MUTED), lambda muted: muted == [False], page)
        await sees(page)
        yield page


async def sees(page: Page) -> None:
    """Wait until so many more pictures have come back."""
    before: int = await page.evaluate(PICTURES)
    await eventually(lambda: page.evaluate(PICTURES), lambda pictures: pictures >= before + ENOUGH, page)


async def test_echo_server(tmp_path: Path) -> None:
    """Two people who open the page at the same time see and hear themselves."""
    async with (
        running("echo_server", tmp_path) as url,
        chromium() as browser,
        visited(browser, url, tmp_path / "one"),
        visited(browser, url, tmp_path / "two"),
    ):
        pass


@pytest.mark.parametrize("scale", ["worker", "cluster"])
async def test_remote_echo_server(tmp_path: Path, scale: str) -> None:
    """Whoever opens the page sees and hears themself by way of a node of a cluster, or of a room that spans it."""
    async with (
        local_cluster("--workers", "1", log=tmp_path / "log") as cluster,
        running("remote_echo_server", tmp_path, NATS_URL=cluster.facts["natsUrl"], SCALE=scale) as url,
        chromium() as browser,
        visited(browser, url, tmp_path / "visitor"),
    ):
        pass


async def test_recorder(tmp_path: Path) -> None:
    """A visitor's microphone and camera are recorded until they leave."""

    async def files() -> dict[str, Path]:
        return {file.stem.rsplit("-", 1)[1]: file for file in (tmp_path / "recordings").iterdir()}

    async with (
        running("recorder", tmp_path) as url,
        chromium() as browser,
        visited(browser, url, tmp_path / "visitor") as page,
    ):
        # ffmpeg makes a file when it knows what it gets.
        recorded = await eventually(files, lambda found: found.keys() == {"audio", "video"}, page)
        await sees(page)
    sound, pictures = decode(recorded["audio"]), decode(recorded["video"])
    assert sum(frame.samples for frame in sound) >= 48000 / 2
    assert len(pictures) >= ENOUGH / 2
    # Browsers start with a smaller picture, until they know what the network carries.
    assert {frame.width / frame.height for frame in pictures} == {640 / 480}


def decode(file: Path) -> list[Any]:
    """Decode the one stream of a recording."""
    with av.open(file) as recording:
        return list(recording.decode(recording.streams[0]))
