"""A simulation drawn as a picture. matplotlib is an extra of its own (`tureen[plot]`): only this module imports it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from tureen.placement.simulator import Result

_INK, _SOFT, _FAINT, _PAPER = "#0f172a", "#475569", "#e2e8f0", "#f8fafc"
_BLUE, _ORANGE, _GREEN, _RED, _VIOLET = "#3b82f6", "#f97316", "#10b981", "#dc2626", "#8b5cf6"
# One colour up to the watermark, another up to the hard limit, a third beyond.
_STOPS = [(0.0, "#f1f5f9"), (0.02, "#dbeafe"), (0.61, _BLUE), (0.611, "#fcd34d"), (0.9, _ORANGE), (0.901, _RED)]
_HEAT = LinearSegmentedColormap.from_list("load", [*_STOPS, (1.0, "#991b1b")], N=512)
_SIZE = (11.0, 8.2)
_DPI = 144


def draw(result: Result, file: Path, title: str) -> None:
    """Write a picture with five panels, one above the other, over the same seconds."""
    settings: Any = {
        "font.family": "DejaVu Sans",
        "font.size": 9,
        "text.color": _INK,
        "axes.edgecolor": _FAINT,
        "axes.labelcolor": _SOFT,
        "xtick.color": _SOFT,
        "ytick.color": _SOFT,
    }
    with mpl.rc_context(settings):
        figure = Figure(figsize=_SIZE, dpi=_DPI, facecolor=_PAPER)
        FigureCanvasAgg(figure)
        grid = figure.add_gridspec(
            4, 2, height_ratios=[3.2, 1.2, 1.2, 1.2], width_ratios=[60, 1], left=0.09, right=0.92, top=0.9, bottom=0.07
        )
        grid.update(hspace=0.5, wspace=0.03)
        heat = figure.add_subplot(grid[0, 0])
        _loads(figure, heat, figure.add_subplot(grid[0, 1]), result)
        _panels([figure.add_subplot(grid[row, 0], sharex=heat) for row in (1, 2, 3)], result)
        figure.text(0.09, 0.955, title.capitalize(), fontsize=15, fontweight="bold", va="center")
        figure.text(0.92, 0.955, _summary(result), fontsize=9, color=_SOFT, ha="right", va="center")
        figure.savefig(file, format="png")


def _summary(result: Result) -> str:
    last, workers = result.samples[-1], len(result.workers)
    refused = f"{last.refusals:,} refused" if last.refusals else "nothing refused"
    return f"{workers:,} workers   ·   {result.decisions:,} decisions   ·   {refused}"


def _loads(figure: Figure, axes: Axes, scale: Axes, result: Result) -> None:
    """Draw a row a worker, coloured by its load."""
    workers, times = result.workers, [sample.at for sample in result.samples]
    cells = [[sample.loads.get(worker, math.nan) for sample in result.samples] for worker in workers]
    end = times[-1] if times[-1] > times[0] else times[0] + 1
    picture = axes.imshow(
        cells,
        cmap=_HEAT,
        vmin=0,
        vmax=100,
        aspect="auto",
        interpolation="nearest",
        extent=(times[0], end, len(workers), 0),
    )
    axes.set_title("Load of each worker, percent of a core", loc="left", fontsize=10, color=_INK)
    if len(workers) <= 32:
        axes.set_yticks([row + 0.5 for row in range(len(workers))], workers, fontsize=min(8.0, 220 / len(workers)))
    else:
        axes.set_ylabel(f"{len(workers):,} workers")
        axes.set_yticks([])
    for row in range(1, len(workers) if len(workers) <= 32 else 0):
        axes.axhline(row, color=_PAPER, linewidth=1.2)
    axes.tick_params(length=0, labelbottom=False)
    _bare(axes)
    bar = figure.colorbar(picture, cax=scale, ticks=[0, 30, 60, 90])
    bar.ax.set_yticklabels(["0", "30", "60 watermark", "90 limit"])
    bar.ax.tick_params(length=0, labelsize=7)
    bar.outline.set_visible(False)


def _panels(panels: list[Axes], result: Result) -> None:
    times = [sample.at for sample in result.samples]
    first, second, third = panels
    _area(first, times, [sample.peers for sample in result.samples], "peers", _GREEN)
    _line(first, times, [sample.rooms for sample in result.samples], "rooms", _INK)
    _name(first, "Who is there")
    _area(second, times, [sample.pipe_consumers for sample in result.samples], "pipe consumers", _ORANGE)
    _line(second, times, [sample.pipes for sample in result.samples], "pipes", _INK)
    hops = second.twinx()
    _line(hops, times, [sample.depth for sample in result.samples], "hops of the longest way (right)", _VIOLET)
    hops.set_ylim(0, max(4, *(sample.depth for sample in result.samples)) + 0.4)
    _quiet(hops)
    _name(second, "Pipes", beside=hops)
    refused = [sample.refusals for sample in result.samples]
    _area(third, times, refused, "refused", _RED)
    _line(third, times, [sample.moves for sample in result.samples], "moved", _BLUE)
    extra = [sample.extra_transports for sample in result.samples]
    _line(third, times, extra, "extra receiving transports", _VIOLET)
    _name(third, "What did not go smoothly, so far")
    third.set_xlabel("seconds")
    for panel in (first, second):
        panel.tick_params(labelbottom=False)


def _area(axes: Axes, times: list[float], values: list[int], name: str, colour: str) -> None:
    axes.fill_between(times, values, step="post", color=colour, alpha=0.16, linewidth=0)
    _line(axes, times, values, name, colour)


def _line(axes: Axes, times: list[float], values: list[int], name: str, colour: str) -> None:
    axes.step(times, values, where="post", color=colour, linewidth=1.6, label=name)


def _name(axes: Axes, title: str, beside: Axes | None = None) -> None:
    axes.set_title(title, loc="left", fontsize=10, color=_INK)
    handles, labels = axes.get_legend_handles_labels()
    if beside is not None:
        more, names = beside.get_legend_handles_labels()
        handles, labels = [*handles, *more], [*labels, *names]
    look: dict[str, Any] = {"frameon": False, "fontsize": 8, "handlelength": 1.2, "borderaxespad": 0.2}
    axes.legend(handles, labels, ncols=len(labels), loc="lower right", bbox_to_anchor=(1.0, 1.0), **look)
    axes.set_ylim(bottom=0, top=max(1.0, axes.get_ylim()[1]))
    axes.grid(axis="y", color=_FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    _quiet(axes)


def _quiet(axes: Axes) -> None:
    axes.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))
    axes.tick_params(length=0)
    _bare(axes)


def _bare(axes: Axes) -> None:
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_facecolor("#ffffff")
