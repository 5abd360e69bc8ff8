"""What docs/scaling.md says can be run."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tureen.cli.main import app
from tureen.config import Settings
from tureen.contract.rooms import RoomPolicy
from tureen.node_agent.settings import NodeAgentSettings
from tureen.placement.settings import PlacementSettings
from tureen.placement.simulator import parse, simulate
from tureen.signaling.settings import SignalingSettings

PAGE = (Path(__file__).parents[3] / "docs" / "scaling.md").read_text()
SERVICES: dict[str, type[Settings]] = {
    "NODE_AGENT": NodeAgentSettings,
    "PLACEMENT": PlacementSettings,
    "SIGNALING": SignalingSettings,
}


def test_every_setting_exists() -> None:
    """Each variable of the page is a setting of that service, and takes what the page gives it."""
    found = re.findall(r"TUREEN_(NODE_AGENT|PLACEMENT|SIGNALING)_(\w+)=('[^']*'|\S+)", PAGE)
    assert len(found) > 12
    for service, name, value in found:
        settings = SERVICES[service]
        text = value.strip("'")
        read = json.loads(text) if text[0] in "[{" else text
        settings.model_validate({name.lower(): read})


def test_every_policy_is_one() -> None:
    """A policy on the page has names of the contract only."""
    policies = re.findall(r"ROOM_POLICY='([^']*)'", PAGE)
    assert len(policies) == 4
    for policy in policies:
        RoomPolicy.model_validate(json.loads(policy))


@pytest.mark.parametrize(("line", "hosts"), re.findall(r"`tureen (plan [^`]*)`: (\d+) hosts", PAGE))
def test_plans_come_to_what_is_said(line: str, hosts: str) -> None:
    """The answers on the page are the planner's."""
    ran = CliRunner().invoke(app, [*line.split(), "--json"])
    assert ran.exit_code == 0
    assert json.loads(ran.output)["needed"]["hosts"] == int(hosts)


def test_the_workload_runs() -> None:
    """The file that shows every setting is a workload."""
    (text,) = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert simulate(parse(text).model_copy(update={"duration": 20.0})).samples[-1].peers > 0


def test_pictures_are_there() -> None:
    """Every picture of the page exists."""
    pictures = re.findall(r"\]\((scaling/[^)]*)\)", PAGE)
    assert len(pictures) == 5
    for picture in pictures:
        assert os.path.getsize(Path(__file__).parents[3] / "docs" / picture) > 1000
