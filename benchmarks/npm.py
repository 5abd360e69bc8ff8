"""The Node.js packages of the peers, in the cache folder."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

PEERS = Path(__file__).parent / "peers"


def install_peers() -> Path:
    """Copy the peers into the cache folder and install what they need there; return the folder."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tureen" / "benchmarks" / "peers"
    cache.mkdir(parents=True, exist_ok=True)
    for file in PEERS.iterdir():
        shutil.copy(file, cache)
    wanted: dict[str, str] = json.loads((PEERS / "package.json").read_text())["dependencies"]
    if any(_installed(cache, name) != version for name, version in wanted.items()):
        # Without its own worker: every side runs the bundle's.
        subprocess.run(
            ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=cache, check=True
        )
    return cache


def _installed(cache: Path, name: str) -> str | None:
    file = cache / "node_modules" / name / "package.json"
    return json.loads(file.read_text())["version"] if file.is_file() else None
