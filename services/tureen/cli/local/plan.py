"""Which processes make a local cluster, and how each is configured: pure."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit

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
        environment: What is added to this process's own environment.
        announces: Whether it writes a line of JSON to `TUREEN_READY_FD` when it is ready.
    """

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
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
    """

    nodes: int = 1
    workers: int | None = None
    port: int = 0
    metrics_port: int = 0
    log_level: str = "info"


def node_names(count: int) -> list[str]:
    """Return the nodes' ids, `node-1` and so on."""
    return [f"node-{number}" for number in range(1, count + 1)]


def services(options: ClusterOptions, nats_url: str) -> list[ProcessPlan]:
    """Return every service in the order in which it is started; it is stopped in the opposite one."""
    nodes = [_node(options, index, name, nats_url) for index, name in enumerate(node_names(options.nodes))]
    return [
        _service("placement", options, nats_url),
        *nodes,
        _service("signaling", options, nats_url, {"PORT": str(options.port)}),
        _service("metrics", options, nats_url, {"PORT": str(options.metrics_port)}),
    ]


def with_port_of(plan: ProcessPlan, url: str | None) -> ProcessPlan:
    """Return the plan of a service that has once listened at a URL: it is to listen there again."""
    if url is None:
        return plan
    ports = {key: str(urlsplit(url).port) for key in plan.environment if key.endswith("_PORT")}
    return replace(plan, environment={**plan.environment, **ports})


def _node(options: ClusterOptions, index: int, name: str, nats_url: str) -> ProcessPlan:
    first = FIRST_PORT + index * PORTS_PER_NODE
    settings = {"NODE_ID": name, "MIN_PORT": str(first), "MAX_PORT": str(first + PORTS_PER_NODE - 1)}
    if options.workers is not None:
        settings["WORKERS"] = str(options.workers)
    return _service("node_agent", options, nats_url, settings, name=name)


def _service(
    module: str,
    options: ClusterOptions,
    nats_url: str,
    settings: Mapping[str, str] | None = None,
    *,
    name: str | None = None,
) -> ProcessPlan:
    prefix = f"TUREEN_{module.upper()}_"
    given = {"LOG_LEVEL": options.log_level, **(settings or {})}
    environment = {f"{prefix}{key}": value for key, value in given.items()}
    environment[f"{prefix}NATS__SERVERS"] = nats_url
    return ProcessPlan(name or module, (sys.executable, "-m", f"tureen.{module}"), environment)
