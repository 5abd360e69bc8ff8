"""Starts a local cluster in order, keeps it running, stops it in the opposite order."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tureen.cli.local import nats_server, nats_users
from tureen.cli.local.plan import ClusterOptions, ProcessPlan, services, users, with_port_of
from tureen.cli.local.process import Child, ChildFailedError, LogSink
from tureen.contract.permissions import User

RESTART_DELAY = 1.0
"""Seconds before a process that ended by itself is started again."""


@dataclass(frozen=True, slots=True)
class Cluster:
    """A local cluster that is ready.

    Attributes:
        nats_url: With the credentials of who runs the cluster.
        signaling_url: Where the page is.
        metrics_url: Where the metrics are, at `/metrics`.
        nodes: What each node agent says of itself.
        tenants: For each tenant that was asked for its name, its URL of the bus and its inbox prefix.
    """

    nats_url: str
    signaling_url: str
    metrics_url: str
    nodes: list[dict[str, Any]]
    tenants: list[dict[str, str]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return what `tureen up --json` prints."""
        return {
            "natsUrl": self.nats_url,
            "signalingUrl": self.signaling_url,
            "metricsUrl": self.metrics_url,
            "nodes": self.nodes,
            **({"tenants": self.tenants} if self.tenants else {}),
        }


class Supervisor:
    """Owns every process of a local cluster."""

    def __init__(self, options: ClusterOptions, log: LogSink) -> None:
        self._options = options
        self._log = log
        self._users = users(options)
        self._passwords = nats_users.new_passwords(self._users)
        self._children: list[Child] = []
        self._keepers: list[asyncio.Task[None]] = []

    async def start(self, folder: Path) -> Cluster:
        """Start everything and wait until it is ready.

        Raises:
            ChildFailedError: A process could not be started.
        """
        nats_url = await self._start_nats(folder)
        ready = await self._start_services(services(self._options, nats_url, self._passwords))
        nodes = [facts for facts in ready.values() if "nodeId" in facts]
        cluster = Cluster(
            nats_users.url(nats_url, self._users[0], self._passwords),
            ready["signaling"]["url"],
            ready["metrics"]["url"],
            nodes,
            [self._tenant(user, nats_url) for user in self._users if user.tenant in self._options.tenants],
        )
        self._keepers = [
            asyncio.create_task(self._keep(child), name=f"keep {child.plan.name}") for child in self._children
        ]
        return cluster

    async def stop(self) -> None:
        """Stop everything, last started first; nothing is left."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for group in _stop_order(self._children):
            await asyncio.gather(*(child.stop() for child in group))

    async def _start_nats(self, folder: Path) -> str:
        child = Child(nats_server.plan(folder, self._users, self._passwords), self._log)
        self._children.append(child)
        await child.start()
        ended = asyncio.ensure_future(child.wait())
        listening = asyncio.ensure_future(nats_server.wait_for_port(folder, child.pid))
        await asyncio.wait([ended, listening], return_when=asyncio.FIRST_COMPLETED)
        if not listening.done() or listening.exception() is not None:
            listening.cancel()
            ended.cancel()
            raise ChildFailedError("nats-server did not start; its log says why")
        ended.cancel()
        port = listening.result()
        # A restarted server must listen where the services look for it.
        child.plan = nats_server.plan(folder, self._users, self._passwords, port)
        return f"nats://127.0.0.1:{port}"

    def _tenant(self, user: User, nats_url: str) -> dict[str, str]:
        """Return what a tenant's program needs to connect."""
        url = nats_users.url(nats_url, user, self._passwords)
        return {"tenant": user.tenant, "natsUrl": url, "inboxPrefix": user.inbox_prefix}

    async def _start_services(self, plans: list[ProcessPlan]) -> dict[str, dict[str, Any]]:
        children = [Child(plan, self._log) for plan in plans]
        self._children += children
        results = await asyncio.gather(*(child.start() for child in children), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        ready = {
            child.plan.name: result
            for child, result in zip(children, results, strict=True)
            if not isinstance(result, BaseException)
        }
        for child in children:
            # Open pages come back to where they were, so a restarted service must listen there.
            child.plan = with_port_of(child.plan, ready[child.plan.name].get("url"))
        return ready

    async def _keep(self, child: Child) -> None:
        """Start a child again whenever it ends by itself."""
        while True:
            status = await child.wait()
            self._log(child.plan.name, f"ended with status {status}; it is started again")
            while True:
                await asyncio.sleep(RESTART_DELAY)
                try:
                    await child.start()
                except ChildFailedError as error:
                    self._log(child.plan.name, str(error))
                else:
                    break


def _stop_order(children: list[Child]) -> list[list[Child]]:
    """Return the children in the groups in which they are stopped: browsers' services, agents, placement, the bus."""
    nats, services_ = children[:1], children[1:]
    placement, others = services_[:1], services_[1:]
    agents = [child for child in others if child.plan.argv[-1] == "tureen.node_agent"]
    fronts = [child for child in others if child not in agents]
    return [fronts, agents, placement, nats]


@asynccontextmanager
async def running(options: ClusterOptions, log: LogSink) -> AsyncIterator[Cluster]:
    """Run a local cluster for as long as the context lasts."""
    with tempfile.TemporaryDirectory(prefix="tureen-") as folder:
        supervisor = Supervisor(options, log)
        try:
            yield await supervisor.start(Path(folder))
        finally:
            await supervisor.stop()
