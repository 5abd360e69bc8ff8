"""Compare what mediasoup's declarations list with what `tureen.mediasoup` offers."""

from __future__ import annotations

import argparse
import sys
import typing
from pathlib import Path

from parity.comparison import Result, compare, read_reasons
from parity.program import Program
from parity.report import render
from parity.theirs import Mediasoup
from parity.tokens import DeclarationError

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "mediasoup-parity.md"


def main() -> int:
    """Compare; return 0 if nothing differs without a reason and the page is up to date."""
    arguments = _arguments()
    try:
        version, result = _compare(arguments.declarations)
    except DeclarationError as error:
        print(f"mediasoup's declarations: {error}", file=sys.stderr)
        return 1
    for failure in result.failures:
        print(failure, file=sys.stderr)
    page = render(version, result)
    if arguments.write and not result.failures:
        PAGE.write_text(page, encoding="utf-8")
    stale = not PAGE.is_file() or PAGE.read_text(encoding="utf-8") != page
    if stale and not result.failures:
        print(f"{PAGE.name} is out of date: run scripts/mediasoup_parity.py --write", file=sys.stderr)
    print(f"mediasoup {version}: {len(result.pairs)} alike, {len(result.excused)} for a reason, ", end="")
    print(f"{len(result.failures)} without")
    return 1 if result.failures or stale else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    parser.add_argument("--declarations", type=Path, help="folder of *.d.ts (default: those of the worker bundle)")
    return parser.parse_args()


def _compare(declarations: Path | None) -> tuple[str, Result]:
    # What is looked at is imported late: declarations that are not understood are told even if it is broken.
    from parity.ours import Tureen
    from tureen import bundle
    from tureen.mediasoup import types

    program = Program(declarations or bundle.locate().declarations)
    mediasoup = Mediasoup(program, lambda name: _is_structure(name, getattr(types, name, None)))
    theirs = list(mediasoup.facts())
    structures = {fact.path for fact in theirs if fact.kind == "structure"}
    ours = Tureen(lambda name: name in structures)
    return bundle.MEDIASOUP_VERSION, compare(theirs, ours.facts(), read_reasons(HERE / "reasons.toml"))


def _is_structure(name: str, value: object) -> bool:
    """Tell whether a value is a structure, and not another name for one."""
    return typing.is_typeddict(value) and getattr(value, "__name__", None) == name
