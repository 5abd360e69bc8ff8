"""Nodes and their workers, as their heartbeats tell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tureen.cli.show.json_text import printable
from tureen.contract.cluster import HEARTBEAT_INTERVAL, Heartbeat, WorkerLoad

_COUNTED = {"routers": "routers", "transports": "transp.", "producers": "prod.", "consumers": "cons.", "pipes": "pipes"}
"""What is counted, and headings with which a row fits into the 80 columns of a plain terminal."""
_BAR = 10
_SILENT = 3 * HEARTBEAT_INTERVAL
_UNITS = ("B", "kB", "MB", "GB", "TB")
_WARM, _HOT = 60, 90
"""Percent: what rooms fill a worker to, and above which it takes nothing more, unless their policies differ."""


def node_report(heartbeats: Iterable[Heartbeat], silent: Mapping[str, float] | None = None) -> Group:
    """Return a paragraph for each node: what it is and how its host does, and a table of its workers.

    Args:
        heartbeats: The last of each node.
        silent: For how many seconds nothing was heard of a node, by id.
    """
    parts: list[RenderableType] = []
    for heartbeat in heartbeats:
        parts += [
            *([Text("")] if parts else []),
            _node(heartbeat, (silent or {}).get(heartbeat.node_id, 0)),
            _workers(heartbeat.workers),
        ]
    return Group(*parts)


def size(number: float) -> str:
    """Return a number of bytes in words."""
    power = min(int(math.log10(max(number, 1)) // 3), len(_UNITS) - 1)
    amount = number / 1000**power
    return f"{amount:.0f} {_UNITS[power]}" if amount >= 10 or not power else f"{amount:.1f} {_UNITS[power]}"


def _node(heartbeat: Heartbeat, silent: float) -> Text:
    host = heartbeat.host
    text = Text.assemble((printable(heartbeat.node_id), "bold"))
    if heartbeat.region:
        text.append(f" in {printable(heartbeat.region)}", "magenta")
    if heartbeat.draining:
        text.append(" draining", "yellow")
    if silent > _SILENT:
        text.append(f" silent for {silent:.0f} s", "red")
    text.append_text(Text.assemble("  cpu ", _bar(host.cpu), f" of {host.cores} cores"))
    text.append(f"  memory {size(host.memory)} of {size(host.memory_total)}")
    text.append(f"  network {size(host.network_in)}/s in, {size(host.network_out)}/s out")
    text.append(f"  media ports {host.free_ports} of {host.ports} free")
    return text.append(f"  mediasoup {printable(heartbeat.mediasoup_version)}", "dim")


def _workers(workers: Iterable[WorkerLoad]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="dim")
    for name, width in (("  worker", 14), ("cpu", _BAR + 6)):
        table.add_column(name, no_wrap=True, min_width=width)
    for name in ("booked", "memory", *_COUNTED.values()):
        table.add_column(name, justify="right", no_wrap=True)
    for worker in sorted(workers, key=lambda each: (each.tenant or "", each.index)):
        table.add_row(*_worker(worker))
    return table


def _worker(worker: WorkerLoad) -> Iterator[Text]:
    whose = f" of {printable(worker.tenant)}" if worker.tenant else f" {worker.index}"
    yield Text.assemble("  ", (worker.worker_id[:8], "cyan"), (whose, "dim"))
    yield _bar(worker.cpu)
    yield Text(f"{worker.booked + worker.reserved:.0f} %", "dim" if not worker.booked + worker.reserved else "")
    yield Text(size(worker.memory))
    for name in _COUNTED:
        number = getattr(worker, name)
        yield Text(str(number), "" if number else "dim")


def _bar(percent: float) -> Text:
    style = "green" if percent < _WARM else "yellow" if percent < _HOT else "red"
    filled = min(round(percent * _BAR / 100), _BAR)
    return Text.assemble(("━" * filled, style), ("━" * (_BAR - filled), "bright_black"), f" {percent:3.0f} %")
