"""Rooms of known size, the same joined one by one, and the largest rooms; tables of their own, and a row a room."""

from __future__ import annotations

import sys

import placement_plans
from rich.console import Console
from rows import Row

from placement_tables import Options


def rows(_options: Options) -> list[Row]:
    """Print the tables; nothing is measured but the time of the largest, so there is nothing to repeat."""
    return placement_plans.run(Console(width=140 if not sys.stdout.isatty() else None))
