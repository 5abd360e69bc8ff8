"""The programs in examples/wire, each run against `tureen up` as its first lines say."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import msgpack
import pytest
from tests.support.local_cluster import LocalCluster, local_cluster

from tureen.contract import subjects

pytestmark = pytest.mark.timeout(180)

WIRE = Path(__file__).parents[3] / "examples" / "wire"
PATIENCE = 60.0


async def run(*command: str | Path, url: str, **environment: str) -> tuple[int, str]:
    """Run a program; return its status, and what it said if it ended well, else what went wrong."""
    variables = {**os.environ, "NATS_URL": url, **environment}
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=-1, env=variables)
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    status = process.returncode or 0
    return status, (err if status else out).decode()


async def workers(cluster: LocalCluster) -> list[str]:
    """Return the ids of the workers that the node's next heartbeat tells of."""
    heard = await cluster.client.subscribe(subjects.HEARTBEATS)
    heartbeat = msgpack.unpackb((await heard.next_msg(PATIENCE)).data)
    await heard.unsubscribe()
    return [worker["workerId"] for worker in heartbeat["workers"]]


def programs(folder: Path) -> list[tuple[str | Path, ...]]:
    """Return the commands that run the examples; the one in JavaScript is in a folder with its packages."""
    return [(sys.executable, WIRE / "rtp.py"), ("node", folder / "rtp.mjs"), (WIRE / "rtp.sh",)]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of the examples with npm's packages."""
    folder = tmp_path_factory.mktemp("examples") / "wire"
    shutil.copytree(WIRE, folder, ignore=shutil.ignore_patterns("node_modules"))
    subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=folder, check=True)
    return folder


async def test_every_language(wire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python, JavaScript and shell each move RTP from one plain transport to another, and leave nothing behind."""
    # Each finds room for one worker of its own: none was left by the one before.
    monkeypatch.setenv("TUREEN_NODE_AGENT_MAX_TENANT_WORKERS", "1")
    async with local_cluster("--workers", "1", log=tmp_path / "log") as cluster:
        before = await workers(cluster)
        for program in programs(wire):
            ran = await run(*program, url=cluster.facts["natsUrl"])
            assert ran == (0, "50 of 50 packets came through node-1, in order\n")
        assert await workers(cluster) == before


async def test_a_tenants_url(wire: Path, tmp_path: Path) -> None:
    """With the URL of a tenant's user each asks for that tenant, and with TENANT for the one that it names."""
    async with local_cluster("--workers", "1", "--tenants", "acme", log=tmp_path / "log") as cluster:
        (tenant,) = [each for each in cluster.facts["tenants"] if each["tenant"] == "acme"]
        for program in programs(wire):
            ran = await run(*program, url=tenant["natsUrl"])
            assert ran == (0, "50 of 50 packets came through node-1, in order\n")
            status, said = await run(*program, url=tenant["natsUrl"], TENANT="globex")
            assert status, said


async def test_what_is_refused(wire: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a command is refused each ends with the coded error, its sentence and its trace."""
    monkeypatch.setenv("TUREEN_NODE_AGENT_MAX_TENANT_WORKERS", "0")
    async with local_cluster("--workers", "1", log=tmp_path / "log") as cluster:
        for program in programs(wire):
            status, said = await run(*program, url=cluster.facts["natsUrl"])
            assert status == 1
            assert "NoCapacity" in said
            assert re.search("[0-9a-f]{32}", said)
