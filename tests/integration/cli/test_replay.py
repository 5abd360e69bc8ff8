"""What `tureen listen heartbeat` recorded of a real node is replayed by `tureen simulate` and serves `tureen plan`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.integration.node_agent.conftest import Run
from tests.support.nats_server import NatsServer
from tests.support.terminal import tureen

pytestmark = pytest.mark.timeout(180)


async def test_a_recording_of_a_real_node(run_node: Run, nats_server: NatsServer, tmp_path: Path) -> None:
    """The replay has the node's workers, and a place for a new room at every look; the planner takes it as well."""
    node = await run_node()
    recorded = await tureen("listen", "heartbeat", "--count", "3", url=nats_server.url)
    assert recorded.status == 0, recorded.err
    file = tmp_path / "heartbeats.jsonl"
    file.write_text(recorded.out)
    replayed = await tureen("simulate", "--replay", str(file), "--json")
    assert replayed.status == 0, replayed.err
    told = json.loads(replayed.out)
    workers = {load["workerId"] for line in recorded.out.splitlines() for load in json.loads(line)["data"]["workers"]}
    assert workers
    assert workers == set(told["samples"][-1]["loads"])
    assert (told["refusals"], told["samples"][-1]["refusals"]) == ({}, 0)
    assert told["decisions"] == len(told["samples"]) >= 1
    planned = await tureen("plan", "--learn", str(file), "--json")
    assert json.loads(planned.out)["needed"]["hosts"] >= 1
    assert node
