"""How fast placement decides, what hearing the nodes costs, and how well rooms are spread.

Each table is a module of `placement_tables` with a function `rows(options)`; the peer of a row is its goal.

usage: python benchmarks/placement.py [TABLE ...] [--rounds 5] [--json FILE]
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from placement_tables import TABLES, Options
from rows import Row, show, write


def main() -> None:
    """Make the tables that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"{', '.join(TABLES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=5, help="how often each is measured (default: 5)")
    parser.add_argument("--json", type=Path, help="where to write the rows")
    options = parser.parse_args()
    unknown = set(options.tables) - TABLES.keys()
    if unknown:
        parser.error(f"there is no table {', '.join(sorted(unknown))}; there are {', '.join(TABLES)}")
    rows: list[Row] = []
    for name in options.tables or TABLES:
        module = importlib.import_module(f"placement_tables.{name}")
        made = module.rows(Options(options.rounds))
        if TABLES[name]:
            show(TABLES[name], made, None)
        rows += made
    write(rows, options.json)


if __name__ == "__main__":
    main()
