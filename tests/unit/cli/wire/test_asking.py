"""How often `tureen call` sends a command."""

from __future__ import annotations

from typing import Any

import pytest

from tureen.cli.wire import asking
from tureen.contract.registry import commands_of


@pytest.mark.parametrize(
    ("name", "body", "tries"),
    [
        ("router.dump", {"routerId": "r"}, 3),
        ("worker.createRouter", {"workerId": "w", "id": "r"}, 3),
        ("worker.createRouter", {"workerId": "w"}, 1),
        ("transport.restartIce", {"transportId": "t"}, 1),
        ("dataProducer.send", {"dataProducerId": "d"}, 1),
    ],
)
def test_tries(name: str, body: dict[str, Any], tries: int) -> None:
    """Sent again is what makes nothing twice: what sends, and what makes something without an id, does."""
    assert asking.tries(commands_of("node")[name], body) == tries
