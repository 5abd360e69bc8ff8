"""`tureen plan`: how many hosts and cores a number of rooms needs."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tureen.cli.show.capacity_report import as_json, capacity_report
from tureen.placement.engine import COSTS, CostLearner, Costs
from tureen.placement.engine.planning.capacity import TooLargeError, Wanted, capacity
from tureen.placement.simulator import WrongRecordingError, read

app = typer.Typer(add_completion=False)

MOST_PEERS = 2_000
MOST_VIEWERS = 200_000

_EPILOG = """\
What things cost is what placement starts with, or what it would have learned from heartbeats:
`tureen listen heartbeat > heartbeats.jsonl`, then --learn heartbeats.jsonl. Exit status: 0 done, 2 the command line is
wrong, 3 no number of hosts carries that."""


class Video(StrEnum):
    """What a camera sends."""

    none = "none"
    p180 = "180p"
    p360 = "360p"
    p540 = "540p"
    p720 = "720p"
    p1080 = "1080p"


@app.command("plan", epilog=_EPILOG)
def plan_command(
    rooms: Annotated[int, typer.Option(metavar="N", min=1, help="Rooms at once.")] = 1,
    peers: Annotated[int, typer.Option(metavar="N", min=1, max=MOST_PEERS, help="Peers of each that send.")] = 4,
    viewers: Annotated[
        int, typer.Option(metavar="N", min=0, max=MOST_VIEWERS, help="Peers of each that only receive.")
    ] = 0,
    video: Annotated[
        Video, typer.Option(metavar="P", help="What a camera sends: none, 180p, 360p, 540p, 720p, 1080p.")
    ] = Video.p720,
    receive: Annotated[
        Video | None, typer.Option(metavar="P", help="What a watcher gets of it.", show_default="all of it")
    ] = None,
    simulcast: Annotated[bool, typer.Option(help="Whether cameras send lower layers as well.")] = True,
    audio: Annotated[bool, typer.Option(help="Whether there are microphones.")] = True,
    watching: Annotated[
        int | None, typer.Option(metavar="N", min=0, help="How many others a peer watches.", show_default="all")
    ] = None,
    receiving: Annotated[
        int, typer.Option(metavar="N", min=1, max=16, help="Receiving transports of a peer: more need fewer pipes.")
    ] = 1,
    cores: Annotated[int, typer.Option(metavar="N", min=1, help="Cores of a host, a worker each.")] = 8,
    network: Annotated[
        float, typer.Option(metavar="MBPS", min=1, help="What a host's network carries, Mbit/s.")
    ] = 1000.0,
    watermark: Annotated[
        float, typer.Option(metavar="PERCENT", min=1, max=100, help="Percent of a core to fill.")
    ] = 60.0,
    spare: Annotated[int, typer.Option(metavar="N", min=0, help="Hosts that may fail.")] = 1,
    learn: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Learn costs from recorded heartbeats.", show_default="none")
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="Print one line of JSON instead of the table.")] = False,
) -> None:
    """Say how many hosts and cores rooms need, with what that rests on."""
    if video is Video.none and (not audio or receive is not None):
        raise typer.BadParameter("without video there must be audio, and nothing to --receive")
    if receive is Video.none:
        raise typer.BadParameter("--receive names a resolution")
    wanted = Wanted(
        rooms=rooms,
        peers=peers,
        viewers=viewers,
        video=None if video is Video.none else str(video),
        receive=None if receive is None else str(receive),
        simulcast=simulcast,
        audio=audio,
        watching=watching,
        receiving=receiving,
        cores=cores,
        network=network,
        watermark=watermark,
        spare=spare,
    )
    costs = _learned(learn) if learn is not None else COSTS
    try:
        needed = capacity(wanted, costs)
    except TooLargeError as error:
        Console(stderr=True).print(
            f"[bold red]✗[/] {error}: try --watching fewer others, or --receive of a lower resolution", soft_wrap=True
        )
        raise typer.Exit(3) from None
    if json_:
        sys.stdout.write(json.dumps(as_json(wanted, needed, costs)) + "\n")
    else:
        Console(highlight=False).print(capacity_report(wanted, needed, costs))


def _learned(file: Path) -> Costs:
    """Return what placement would have learned from a recording."""
    learner = CostLearner()
    try:
        with file.open() as lines:
            for heard in read(lines):
                learner.hear(heard.heartbeat, heard.at)
    except OSError as error:
        raise typer.BadParameter(f"{file}: {error.strerror}") from None
    except (WrongRecordingError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"{file}: {error}") from None
    return learner.costs
