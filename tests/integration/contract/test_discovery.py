from __future__ import annotations

import json

import pytest

from tureen.bus import Bus
from tureen.contract.registry import commands_of

NAMES = {"node-agent": "node", "placement": "placement", "signaling": "signaling", "metrics": "metrics"}
"""What services are called by ADR-32, and in subjects."""


@pytest.mark.parametrize("name", NAMES)
async def test_a_service_lists_its_commands(cluster: Bus, name: str) -> None:
    """`$SRV.INFO` and `$SRV.STATS` have every command of the registry, `schema.get` included."""
    commands = commands_of(NAMES[name])
    for verb in ("INFO", "STATS"):
        told = json.loads((await cluster.exchange(f"$SRV.{verb}.{name}", b"", {}, timeout=5.0)).body)
        listed = {endpoint["name"]: endpoint["subject"] for endpoint in told["endpoints"]}
        assert set(listed) == {command.endpoint for command in commands.values()}
        assert listed["schema_get"].endswith(".schema.get")
