"""Which processes make a local cluster, and how each is configured: pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

from tureen.contract import permissions
from tureen.contract.permissions import User

FIRST_PORT = 20000
"""Media ports start below the range from which the kernel takes ports for outgoing connections (32768 and up)."""
PORTS_PER_NODE = 1000
MOST_NODES = 12


@dataclass(frozen=True, slots=True)
class ProcessPlan:
    """One process.

    Attributes:
        name: What its log lines begin with.
        argv: What is run.
        environment: What is added to this process's own environment; passwords are in it and nowhere else.
        announces: Whether it writes a line of JSON to `TUREEN_READY_FD` when it is ready.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    announces: bool = True


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """What the user chose.

    Attributes:
        nodes: How many node agents.
        workers: Workers a node; None is one a core.
        port: The page's port; 0 is any free one.
        metrics_port: As well.
        log_level: Of every service.
        tenants: Who has a user of its own on NATS, beside tenant `default`.
    """

    nodes: int = 1
    workers: int | None = None
    port: int = 0
    metrics_port: int = 0
    log_level: str = "info"
    tenants: tuple[str, ...] = ()


def node_names(count: int) -> list[str]:
    """Return the nodes' ids, `node-1` and so on."""
    return [f"node-{number}" for number in range(1, count + 1)]


def users(options: ClusterOptions) -> list[User]:
    """Return every user of the cluster's NATS server; the first is that of who runs it.

    Raises:
        InvalidType: A tenant has a name that none can have.
    """
    return [
        permissions.local(),
        permissions.placement(),
        *map(permissions.node_agent, node_names(options.nodes)),
        permissions.signaling(),
        permissions.metrics(),
        *map(permissions.tenant, options.tenants),
    ]


def services(options: ClusterOptions, nats_url: str, passwords: Mapping[str, str] | None = None) -> list[ProcessPlan]:
    """Return every service in the order in which it is started; it is stopped in the opposite one.

    Args:
        options: What the user chose.
        nats_url: Where the bus is.
        passwords: Of the bus's users, by name; a service without one connects as nobody.
    """
    plans = [
        _service("placement", options, permissions.placement()),
        *(_node(options, index, name) for index, name in enumerate(node_names(options.nodes))),
        _service("signaling", options, permissions.signaling(), {"PORT": str(options.port)}),
        _service("metrics", options, permissions.metrics(), {"PORT": str(options.metrics_port)}),
    ]
    return [_connected(plan, user, nats_url, passwords or {}) for plan, user in plans]


def with_port_of(plan: ProcessPlan, url: str | None) -> ProcessPlan:
    """Return the plan of a service that has once listened at a URL: it is to listen there again."""
    if url is None:
        return plan
    ports = {key: str(urlsplit(url).port) for key in plan.environment if key.endswith("_PORT")}
    return replace(plan, environment={**plan.environment, **ports})


def _node(options: ClusterOptions, index: int, name: str) -> tuple[ProcessPlan, User]:
    first = FIRST_PORT + index * PORTS_PER_NODE
    settings = {"NODE_ID": name, "MIN_PORT": str(first), "MAX_PORT": str(first + PORTS_PER_NODE - 1)}
    if options.workers is not None:
        settings["WORKERS"] = str(options.workers)
    return _service("node_agent", options, permissions.node_agent(name), settings, name=name)


def _service(
    module: str,
    options: ClusterOptions,
    user: User,
    settings: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
) -> tuple[ProcessPlan, User]:
    given = {"LOG_LEVEL": options.log_level, **(settings or {})}
    environment = {f"{_prefix(module)}{key}": value for key, value in given.items()}
    return ProcessPlan(name or module, (sys.executable, "-m", f"tureen.{module}"), environment), user


def _connected(plan: ProcessPlan, user: User, nats_url: str, passwords: Mapping[str, str]) -> ProcessPlan:
    """Tell a service where the bus is, and who it is there."""
    nats = {"SERVERS": nats_url}
    if user.name in passwords:
        nats |= {"USER": user.name, "PASSWORD": passwords[user.name]}
    prefix = _prefix(plan.argv[-1].removeprefix("tureen."))
    return replace(plan, environment={**plan.environment, **{f"{prefix}NATS__{key}": nats[key] for key in nats}})


def _prefix(module: str) -> str:
    return f"TUREEN_{module.upper()}_"
