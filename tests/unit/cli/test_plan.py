from __future__ import annotations

import pytest

from tureen.cli.local.plan import FIRST_PORT, MOST_NODES, ClusterOptions, services, users

TENANTS = ("tenant-a", "tenant-b")


def plans(**options: object) -> dict[str, dict[str, str]]:
    """Return each process's settings by its name."""
    chosen = ClusterOptions(**options)  # type: ignore[arg-type]
    return {plan.name: dict(plan.environment) for plan in services(chosen, "nats://127.0.0.1:4222")}


def test_every_service_is_there_in_the_order_of_its_start() -> None:
    """Placement comes before the nodes, and what browsers reach comes last."""
    assert list(plans(nodes=2)) == ["placement", "node-1", "node-2", "signaling", "metrics"]


def test_every_service_knows_the_bus() -> None:
    """Each process gets the server's URL in its own settings."""
    for settings in plans().values():
        assert "nats://127.0.0.1:4222" in settings.values()


@pytest.mark.parametrize("nodes", [1, 3, MOST_NODES])
def test_nodes_share_no_port(nodes: int) -> None:
    """The port ranges of the nodes do not overlap and stay below the range the kernel gives to outgoing connections."""
    ranges = [
        range(int(settings["TUREEN_NODE_AGENT_MIN_PORT"]), int(settings["TUREEN_NODE_AGENT_MAX_PORT"]) + 1)
        for name, settings in plans(nodes=nodes).items()
        if name.startswith("node-")
    ]
    ports = [port for span in ranges for port in span]
    assert len(ports) == len(set(ports)) == nodes * 1000
    assert min(ports) >= FIRST_PORT
    assert max(ports) < 32768


def test_workers_are_one_a_core_unless_told() -> None:
    """Without a number the agents decide; with one each gets it."""
    assert "TUREEN_NODE_AGENT_WORKERS" not in plans()["node-1"]
    assert plans(workers=3)["node-1"]["TUREEN_NODE_AGENT_WORKERS"] == "3"


def test_every_service_signs_in_as_itself() -> None:
    """Each process gets the name and the password of its own user, and of no other."""
    options = ClusterOptions(nodes=2, tenants=("a", "b"))
    passwords = {user.name: f"password of {user.name}" for user in users(options)}
    assert list(passwords) == ["local", "placement", "node-node-1", "node-node-2", "signaling", "metrics", *TENANTS]
    for plan in services(options, "nats://127.0.0.1:4222", passwords):
        given = {key.rpartition("__")[2]: value for key, value in plan.environment.items() if "NATS__" in key}
        own = f"node-{plan.name}" if plan.name.startswith("node-") else plan.name
        assert given == {"SERVERS": "nats://127.0.0.1:4222", "USER": own, "PASSWORD": passwords[own]}
        assert "password of" not in repr(plan)
