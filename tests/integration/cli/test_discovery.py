"""Every service of a cluster is found by NATS's service convention (ADR-32), as `nats micro` asks for it.

The requests are those that the tool `nats` sends, at its inbox; the answers are held against what its decoder takes.
"""

from __future__ import annotations

import asyncio
import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field
from tests.support.local_cluster import LocalCluster, local_cluster

PATIENCE = 20.0
EXPECTED = {"placement": 1, "node-agent": 2, "signaling": 1, "metrics": 1}
SEMVER = r"^\d+\.\d+\.\d+"
NAME = r"^[A-Za-z0-9_-]+$"


class Answer(BaseModel):
    """What all answers have."""

    model_config = ConfigDict(strict=True)

    type: str
    name: str = Field(pattern=NAME)
    id: str = Field(pattern=NAME)
    version: str = Field(pattern=SEMVER)
    metadata: dict[str, str]


class Endpoint(BaseModel):
    """An endpoint, as INFO lists it."""

    model_config = ConfigDict(strict=True)

    name: str = Field(pattern=NAME)
    subject: str = Field(pattern=r"^[^\s>]+$")
    queue_group: str
    metadata: dict[str, str]


class Info(Answer):
    """The answer of `nats micro info`."""

    description: str
    endpoints: list[Endpoint] = Field(min_length=1)


class EndpointStats(BaseModel):
    """An endpoint, as STATS counts it; times are ns."""

    model_config = ConfigDict(strict=True)

    name: str
    subject: str
    queue_group: str
    num_requests: int = Field(ge=0)
    num_errors: int = Field(ge=0)
    last_error: str
    processing_time: int = Field(ge=0)
    average_processing_time: int = Field(ge=0)


class Stats(Answer):
    """The answer of `nats micro stats`."""

    started: str
    endpoints: list[EndpointStats] = Field(min_length=1)


async def ask(cluster: LocalCluster, subject: str, count: int) -> list[dict[str, Any]]:
    """Send a request, and return the first answers of as many as are expected."""
    answers: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def take(message: Any) -> None:
        answers.put_nowait(json.loads(message.data))

    inbox = cluster.client.new_inbox()
    subscription = await cluster.client.subscribe(inbox, cb=take)
    await cluster.client.publish(subject, b"", reply=inbox)
    async with asyncio.timeout(PATIENCE):
        found = [await answers.get() for _ in range(count)]
    # What was sent before this would be here by now, if there were more of them.
    await cluster.client.flush()
    assert answers.empty(), answers
    await subscription.unsubscribe()
    return found


@pytest.mark.timeout(120)
async def test_nats_micro_finds_every_service(tmp_path: Path) -> None:
    """`ls`, `info` and `stats` show each process of each service, all together, by name and by id; they count."""
    async with local_cluster("--nodes", "2", "--workers", "1", log=tmp_path / "log") as cluster:
        everybody = sum(EXPECTED.values())
        listed = [Answer(**answer) for answer in await ask(cluster, "$SRV.PING", everybody)]
        names = [answer.name for answer in listed]
        assert {name: names.count(name) for name in names} == EXPECTED
        assert len({answer.id for answer in listed}) == everybody
        assert {answer.type for answer in listed} == {"io.nats.micro.v1.ping_response"}
        assert len(await ask(cluster, "$SRV.INFO", everybody)) == everybody
        assert len(await ask(cluster, "$SRV.STATS", everybody)) == everybody
        for name, count in EXPECTED.items():
            infos = [Info(**answer) for answer in await ask(cluster, f"$SRV.INFO.{name}", count)]
            assert {info.type for info in infos} == {"io.nats.micro.v1.info_response"}
            assert {info.id for info in infos} == {answer.id for answer in listed if answer.name == name}
            for info in infos:
                (stats,) = [Stats(**answer) for answer in await ask(cluster, f"$SRV.STATS.{name}.{info.id}", 1)]
                assert (stats.type, stats.id) == ("io.nats.micro.v1.stats_response", info.id)
                assert datetime.fromisoformat(stats.started).tzinfo is not None
                assert [each.subject for each in stats.endpoints] == [each.subject for each in info.endpoints]
                assert len({each.name for each in info.endpoints}) == len(info.endpoints)
        await commands_are_counted(cluster)


async def commands_are_counted(cluster: LocalCluster) -> None:
    """Check that a command is counted with its time, a failed one with number and type and nothing that was sent."""
    await cluster.node("node-1", "mediasoup.getSupportedRtpCapabilities")
    with pytest.raises(AssertionError):
        await cluster.node("node-1", "router.dump", routerId="secret")
    found = [Stats(**answer) for answer in await ask(cluster, "$SRV.STATS.node-agent", 2)]
    (stats,) = [each for each in found if each.metadata["nodeId"] == "node-1"]
    seen = {endpoint.name: endpoint for endpoint in stats.endpoints}
    good, bad = seen["mediasoup_getSupportedRtpCapabilities"], seen["router_dump"]
    assert (good.num_requests, good.num_errors, good.last_error) == (1, 0, "")
    assert good.average_processing_time == good.processing_time > 0
    assert (bad.num_requests, bad.num_errors, bad.last_error) == (1, 1, "404 NotFoundError")
    assert bad.subject == "tureen.v1.*.node.node-1.router.dump"
