"""The tables of `benchmarks/placement.py`, a module each."""

from __future__ import annotations

from typing import NamedTuple

TABLES = {
    "decisions": "Decisions; the peer is the goal",
    "heartbeats": "Hearing the nodes; the peer is the goal",
    "plans": "",
}
"""Each table's module, and its title; none where it prints tables of its own."""


class Options(NamedTuple):
    """What a table is told.

    Attributes:
        rounds: How often everything is measured.
    """

    rounds: int
