"""Writing the reference, and checking that it is current."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from pathlib import Path

from reference import asyncapi, pages

ROOT = Path(__file__).parents[2]
DOCUMENT = ROOT / "shared" / "tureen" / "contract" / "asyncapi.json"


def main() -> int | str:
    """Write what is stale, or say what is; return the exit status."""
    parser = argparse.ArgumentParser(description="Write the reference of the wire, or check that it is current.")
    parser.add_argument("--write", action="store_true", help="write it instead of checking it")
    write = parser.parse_args().write
    wanted = files()
    stale = [path for path, text in wanted.items() if not path.is_file() or path.read_text() != text]
    left = [path for path in pages.FOLDER.glob("*.md") if path not in wanted]
    if write:
        for path in stale:
            path.write_text(wanted[path])
        for path in left:
            path.unlink()
        return 0
    stale += left
    names = ", ".join(str(path.relative_to(ROOT)) for path in stale)
    return f"stale: {names}; run `python scripts/wire_reference.py --write`" if stale else 0


def files() -> Mapping[Path, str]:
    """Return every generated file, as it should be."""
    return {DOCUMENT: json.dumps(asyncapi.document(), indent=1, ensure_ascii=False) + "\n", **pages.files()}
