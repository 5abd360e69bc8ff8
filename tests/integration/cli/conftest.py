"""What the command line is tried on: real node agents and placement in this process, on a real nats-server."""

from __future__ import annotations

from tests.integration.node_agent.conftest import run_node
from tests.integration.permissions.conftest import guarded_server, sign_in
from tests.integration.placement.conftest import start_replica

__all__ = ["guarded_server", "run_node", "sign_in", "start_replica"]
