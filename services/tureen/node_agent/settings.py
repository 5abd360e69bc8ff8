"""What an operator may set on a node agent."""

from __future__ import annotations

import os
import re
import socket
from typing import Annotated, Literal

from pydantic import Field, model_validator

from tureen.bus import BusSettings
from tureen.config import Settings
from tureen.contract.ids import Id


def default_node_id() -> str:
    """Return the host's name with what an id cannot hold replaced."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", socket.gethostname())[:128] or "node"


class Address(Settings):
    """An address that this node's transports may listen on.

    Attributes:
        label: The name by which rooms and apps choose it.
        ip: The local address.
        announced: What browsers and other nodes are told instead, where it differs.
    """

    label: Id = "default"
    ip: str = "127.0.0.1"
    announced: str | None = None

    @property
    def reachable(self) -> str:
        """The address to which others send."""
        return self.announced or self.ip


class NodeAgentSettings(Settings):
    """A node agent's settings.

    Attributes:
        nats: The bus.
        node_id: The node's name, unique in the cluster; default: the host's name.
        region: Where the node is, for placement; empty is nowhere in particular.
        workers: How many mediasoup workers to run; default: one a core.
        max_tenant_workers: How many workers tenants may start beside these, all tenants together.
        max_leases_per_tenant: How many leases one tenant may hold on this node.
        addresses: What transports may listen on; the first is for pipes and the default.
        min_port: First media port, inclusive.
        max_port: Last media port, inclusive.
        network_mbps: What the host's network carries each way, Mbit/s; default: the speed of its fastest link, where
            one tells it.
        max_packets: Packets a second, in and out together, near which the host takes nothing new; default: no limit.
        hard_limit: Percent of a core above which a worker takes nothing more; a room's policy may set less.
        max_pipe_fan_out: To how many routers one router sends the same producer.
        max_pipe_depth: Over how many hops a producer travels at most.
        private_link: Whether nobody can listen on the link to other nodes that set this as well. Then messages of data
            producers travel to them over SCTP, which mediasoup does not encrypt on a pipe, and not over the bus.
        request_timeout: Seconds that a worker has for one request.
        worker_log_level: mediasoup's own log level.
    """

    nats: BusSettings = Field(default_factory=BusSettings)
    node_id: Id = Field(default_factory=default_node_id)
    region: str = ""
    workers: Annotated[int, Field(ge=1, le=1024)] = Field(default_factory=lambda: os.cpu_count() or 1)
    max_tenant_workers: Annotated[int, Field(ge=0, le=1024)] = 8
    max_leases_per_tenant: Annotated[int, Field(ge=1)] = 1024
    addresses: Annotated[list[Address], Field(min_length=1)] = Field(default_factory=lambda: [Address()])
    min_port: Annotated[int, Field(ge=1024, le=65535)] = 40000
    max_port: Annotated[int, Field(ge=1024, le=65535)] = 49999
    network_mbps: Annotated[float, Field(gt=0)] | None = None
    max_packets: Annotated[int, Field(gt=0)] | None = None
    hard_limit: Annotated[float, Field(gt=0, le=100)] = 90
    max_pipe_fan_out: Annotated[int, Field(ge=1)] = 8
    max_pipe_depth: Annotated[int, Field(ge=1)] = 4
    private_link: bool = False
    request_timeout: Annotated[float, Field(gt=0)] = 5.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    worker_log_level: Literal["debug", "warn", "error", "none"] = "warn"

    @model_validator(mode="after")
    def _ports_are_a_range(self) -> NodeAgentSettings:
        if self.max_port - self.min_port < self.workers:
            raise ValueError(f"min_port to max_port must hold more than the {self.workers} ports that the workers need")
        return self
