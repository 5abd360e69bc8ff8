"""`tureen up`: run everything on this machine."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import time
from typing import Annotated

import typer
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from tureen.bus.settings import without_credentials
from tureen.cli.local import nats_users
from tureen.cli.local.logs import PrefixedLog
from tureen.cli.local.nats_server import NatsServerMissingError
from tureen.cli.local.plan import MOST_NODES, ClusterOptions, node_names
from tureen.cli.local.process import ChildFailedError
from tureen.cli.local.supervisor import Cluster, running
from tureen.contract import permissions
from tureen.contract.errors import InvalidType

app = typer.Typer(add_completion=False)

DEFAULT_PORT = 3000


@app.command()
def up(
    nodes: Annotated[int, typer.Option(min=1, max=MOST_NODES, help="How many node agents, as if that many hosts.")] = 1,
    workers: Annotated[
        int | None, typer.Option(min=1, max=64, help="mediasoup workers a node.", show_default="one a core")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="The page's port; 0 is any free one.", show_default="3000 if free"),
    ] = None,
    metrics_port: Annotated[int, typer.Option(min=0, max=65535, help="Of /metrics; 0 is any free one.")] = 0,
    tenants: Annotated[
        str, typer.Option(help="Tenants with a user of their own on NATS, as in a,b.", show_default="default alone")
    ] = "",
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one line of JSON on standard output when everything is ready.")
    ] = False,
) -> None:
    """Run nats-server, placement, node agents, signaling and metrics on this machine, until Ctrl-C."""
    options = ClusterOptions(nodes, workers, _choose_port(port), metrics_port, log_level, _tenants(tenants))
    raise typer.Exit(asyncio.run(_run(options, as_json=as_json)))


async def _run(options: ClusterOptions, *, as_json: bool) -> int:
    started = time.monotonic()
    log = PrefixedLog(max(len(name) for name in ("placement", "signaling", *node_names(options.nodes))))
    main = asyncio.current_task()
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def asked_to_stop() -> None:
        # Before the cluster is ready the start itself must end; afterwards only the waiting.
        if not stop.is_set() and main is not None and not ready:
            main.cancel()
        stop.set()

    ready = False
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(ending, asked_to_stop)
    try:
        async with running(options, log) as cluster:
            ready = True
            _announce(cluster, time.monotonic() - started, as_json=as_json)
            await stop.wait()
            log("tureen", "stopping")
    except asyncio.CancelledError:
        log("tureen", "stopped before everything was ready")
        return 130
    except (ChildFailedError, NatsServerMissingError, TimeoutError) as error:
        log("tureen", str(error))
        return 1
    return 0


def _announce(cluster: Cluster, seconds: float, *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(cluster.to_json()) + "\n")
        sys.stdout.flush()
        return
    console = Console(stderr=True)
    table = Table.grid(padding=(0, 2))
    table.add_row("[bold]page[/]", f"[link={cluster.signaling_url}]{cluster.signaling_url}[/link]")
    table.add_row("[bold]metrics[/]", f"{cluster.metrics_url}/metrics")
    # What is written to a file stays there; a password is for the person at the terminal, and for `--json`.
    shown = str if sys.stderr.isatty() else without_credentials
    table.add_row("[bold]nats[/]", shown(cluster.nats_url))
    for node in cluster.nodes:
        count = len(node["workers"])
        table.add_row("[bold]node[/]", f"{node['nodeId']}, {count} worker{'s' if count != 1 else ''}")
    for tenant in cluster.tenants:
        table.add_row("[bold]tenant[/]", f"{tenant['tenant']}, {shown(tenant['natsUrl'])}")
    title = f"Tureen is ready after {seconds:.1f} s: open the page in two tabs"
    console.print(Panel(table, title=title, subtitle="Ctrl-C stops everything", expand=False, border_style="green"))


def _tenants(names: str) -> tuple[str, ...]:
    """Return the tenants that `--tenants` names, in order, each once."""
    wanted = tuple(dict.fromkeys(name.strip() for name in names.split(",") if name.strip()))
    try:
        nats_users.configuration(map(permissions.tenant, wanted))
    except InvalidType as error:
        raise typer.BadParameter(error.message, param_hint="--tenants") from None
    return wanted


def _choose_port(wanted: int | None) -> int:
    """Return the port that was asked for; else 3000 if it is free, else any."""
    if wanted is not None:
        return wanted
    return DEFAULT_PORT if _is_free(DEFAULT_PORT) else 0


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
