"""Decisions of placement's, for people."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from tureen.cli.show.json_text import printable
from tureen.contract.decisions import Decided, DecidedEvent, RoomWhyAnswer, TransportPlace
from tureen.contract.rooms import Candidate

_RULES = {
    "pack": "the fullest worker that holds the room and is below the watermark",
    "first": "the room's first worker: the lightest that was looked at",
    "spill-worker": "the room's workers are full: another worker of the same host",
    "spill-node": "the room's hosts are full: another host of the region",
    "spill-group": "the region is full: a region of the same group",
    "spill-region": "the region is full: another region",
    "spill": "nothing is left below the watermark; the room's policy goes past it, up to the hard limit",
    "degrade": "nothing is left below the watermark; the room's policy goes on with the lowest layers",
    "last-resort": "only nodes are left that failed within the last minute",
    "": "no worker takes it",
}
_REFUSALS = {
    "watermark": "would be filled past the watermark",
    "hard-limit": "would be above the hard limit",
    "max-transports": "holds the room's share of transports",
    "max-consumers": "holds the room's share of consumers",
    "excluded": "the caller left it out: it refused already",
    "draining": "the node drains",
    "suspect": "the node has fallen silent",
    "failed": "the node failed within the last minute",
    "no-ports": "the node has no free media port",
    "no-files": "the node has nearly as many files open as it may",
    "network": "the node's network is nearly full",
    "packets": "the node handles nearly as many packets as it is meant to",
    "mediasoup-version": "the node runs another version of mediasoup than the room",
    "region": "the room's policy does not allow the region",
    "unknown-node": "there is no such node",
}


def why_report(name: str, answer: RoomWhyAnswer) -> Group:
    """Return what is known of a room or of a transport: a paragraph for each decision, the newest first."""
    parts: list[RenderableType] = []
    if answer.transport is not None:
        parts.append(_transport(answer.transport))
    for each in answer.decisions:
        parts += [*([Text("")] if parts else []), *_decision(each)]
    if not answer.decisions:
        if parts:
            parts.append(Text(""))
        parts.append(Text(_nothing(name, answer.transport), "yellow"))
    return Group(*parts)


def _nothing(name: str, transport: TransportPlace | None) -> str:
    if transport is not None and transport.grant_id is None:
        return "It was made without asking placement: whoever made it chose the place."
    if transport is not None:
        return "The decision is too old to be kept; placement's log has it."
    return f"Nothing was decided for {printable(name)} lately."


def _transport(place: TransportPlace) -> Text:
    text = Text.assemble("transport ", (printable(place.transport_id), "bold"))
    if place.room_id is not None:
        text.append(f" of room {printable(place.room_id)}")
    text.append(f" is on worker {printable(place.worker_id)[:8]} of {printable(place.node_id)}", "cyan")
    held = f"; {place.consumers} consumer{'s' if place.consumers != 1 else ''}"
    return text.append(f"{held}, {place.reserve:.1f} % of a core kept for growth")


def _decision(each: Decided) -> Iterator[RenderableType]:
    event, why = each.decision, each.decision.why
    yield _head(event)
    style = "green" if event.grant_id is not None else "red"
    yield Text.assemble("  ", (why.rule or "no place", f"bold {style}"), ": ", _RULES.get(why.rule, ""))
    cost = f"  expected to take {event.cost:.2f} % of a core now"
    yield Text(f"{cost}, and up to {event.reserve:.2f} % more" if event.reserve else cost, "dim")
    if why.candidates:
        yield _candidates(why.candidates, chosen=event.worker_id)
    if why.refusals:
        yield _refusals(why.refusals.items())
    told = f"  inputs {why.inputs_digest[:12]}  replica {printable(event.replica_id)[:8]}"
    yield Text(f"{told}  trace {printable(event.trace_id)}" if event.trace_id else told, "dim")


def _head(event: DecidedEvent) -> Text:
    at = datetime.datetime.fromtimestamp(event.decided_at / 1000, datetime.UTC)
    text = Text.assemble((f"{at:%Y-%m-%d %H:%M:%S}.{event.decided_at % 1000:03d} UTC", "dim"), "  ")
    text.append(f"{printable(event.room_id)}", "bold")
    text.append(f"  a transport to {_DIRECTIONS.get(event.direction, printable(event.direction))}")
    if event.worker_id is not None and event.node_id is not None:
        text.append(f" → worker {printable(event.worker_id)[:8]} of {printable(event.node_id)}", "cyan")
    return text


_DIRECTIONS = {"send": "send", "recv": "receive", "both": "send and receive"}


def _candidates(candidates: Iterable[Candidate], *, chosen: str | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading, justify in (("    worker", "left"), ("node", "left"), ("load", "right"), ("", "left")):
        table.add_column(heading, justify=justify, no_wrap=True)  # type: ignore[arg-type]
    for each in candidates:
        mark = "→" if each.worker_id == chosen else " "
        verdict = Text("taken", "green") if each.worker_id == chosen else Text("would do", "dim")
        if each.refusal is not None:
            verdict = Text(_REFUSALS.get(each.refusal, printable(each.refusal)), "yellow")
        worker = Text.assemble(f"  {mark} ", (printable(each.worker_id)[:8], "cyan"))
        table.add_row(worker, printable(each.node_id), f"{each.score:.1f} %", verdict)
    return table


def _refusals(refusals: Iterable[tuple[str, int]]) -> Text:
    told = (f"{workers} {printable(cause)}" for cause, workers in sorted(refusals, key=lambda each: -each[1]))
    return Text(f"  refused: {', '.join(told)}", "yellow")
