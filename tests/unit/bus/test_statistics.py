from __future__ import annotations

import json
from datetime import UTC, datetime

from tureen.bus.statistics import EndpointStatistics, Identity, ServiceStatistics
from tureen.contract.cluster import LEVEL
from tureen.contract.errors import Conflict
from tureen.contract.registry import commands_of

COMMANDS = commands_of("placement")
SUBJECT = "tureen.v1.*.placement.>"
IDENTITY = Identity("placement", "abc", "1.2.3", {"region": "eu"}, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))


def test_ping_and_info() -> None:
    """INFO names every command as an endpoint with a subject of its own."""
    base = {"name": "placement", "id": "abc", "version": "1.2.3", "metadata": {"level": str(LEVEL), "region": "eu"}}
    assert IDENTITY.ping() == {"type": "io.nats.micro.v1.ping_response", **base}
    info = IDENTITY.info([COMMANDS["room.create"], COMMANDS["node.drain"]], SUBJECT, "placement")
    assert info["type"] == "io.nats.micro.v1.info_response"
    assert info["endpoints"] == [
        {
            "name": "room_create",
            "subject": "tureen.v1.*.placement.room.create",
            "queue_group": "placement",
            "metadata": {"audience": "tenant", "retry": "true"},
        },
        {
            "name": "node_drain",
            "subject": "tureen.v1.*.placement.node.drain",
            "queue_group": "placement",
            "metadata": {"audience": "system", "retry": "true"},
        },
    ]


def test_stats() -> None:
    """STATS counts per endpoint, and tells of errors no more than type and number."""
    seen = EndpointStatistics()
    seen.count(1000, None)
    seen.count(3000, Conflict("room top-secret exists"))
    statistics = ServiceStatistics({"room.create": seen, "room.get": EndpointStatistics()})
    stats = IDENTITY.stats([COMMANDS["room.create"], COMMANDS["room.get"]], SUBJECT, "placement", statistics)
    assert stats["started"] == "2026-01-02T03:04:05.000000Z"
    first, second = stats["endpoints"]
    assert first["num_requests"] == 2
    assert first["num_errors"] == 1
    assert first["last_error"] == "409 Conflict"
    assert first["processing_time"] == 4000
    assert first["average_processing_time"] == 2000
    assert first["data"] == {"errors": {"Conflict": 1}}
    assert second["average_processing_time"] == 0
    assert "secret" not in json.dumps(stats)
