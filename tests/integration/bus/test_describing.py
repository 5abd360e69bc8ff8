from __future__ import annotations

import json
from collections.abc import AsyncIterator

import pytest
from tests.integration.conftest import Connect

from tureen.bus import Bus, Service
from tureen.contract import document, subjects
from tureen.contract.errors import NotFound
from tureen.contract.registry import commands_of


@pytest.fixture
async def described(connect: Connect) -> AsyncIterator[Service]:
    """Run a service that has nothing but what every service has."""
    service = Service(
        await connect(),
        name="metrics",
        version="0.1.0",
        commands=commands_of("metrics"),
        handlers={},
        subject=subjects.service_commands("metrics"),
        queue="metrics",
    )
    await service.start()
    yield service
    await service.drain()


async def test_a_service_tells_its_contract(described: Service, bus: Bus) -> None:
    """`schema.get` answers with the service's part of the AsyncAPI document, whoever asks."""
    for tenant in ("default", "system"):
        answer = await bus.command("metrics", "schema.get", {}, tenant=tenant)
        assert answer == {"asyncapi": document.part("metrics")}
        assert "metrics.schema.get" in answer["asyncapi"]["operations"]


async def test_one_name_in_json(described: Service, bus: Bus) -> None:
    """A part of it can be asked for, in JSON as well."""
    subject = subjects.service_command("default", "metrics", "schema", "get")
    headers = {"Content-Type": "application/json"}
    delivery = await bus.exchange(subject, b'{"name": "schema.get"}', headers, timeout=5.0)
    assert json.loads(delivery.body)["asyncapi"]["components"]["schemas"]["SchemaGet"]["type"] == "object"


async def test_an_unknown_name(described: Service, bus: Bus) -> None:
    """Who asks for what the service has not is told what it has."""
    with pytest.raises(NotFound, match=r"did you mean schema\.get\?"):
        await bus.command("metrics", "schema.get", {"name": "schema.got"}, tenant="default")


async def test_it_is_listed(described: Service) -> None:
    """INFO and STATS have it as any other command."""
    listed = described.identity.info([commands_of("metrics")["schema.get"]], "tureen.v1.*.metrics.>", "metrics")
    assert [each["name"] for each in listed["endpoints"]] == ["schema_get"]
    assert set(described.stats.endpoints) == {"schema.get"}
