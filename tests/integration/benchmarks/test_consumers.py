"""The benchmark of an agent with very many consumers, on a small number and with bounds ten times looser."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).parents[3] / "benchmarks" / "consumers.py"


@pytest.mark.timeout(180)
def test_an_agent_with_many_consumers(tmp_path: Path) -> None:
    """Each takes less than 60 KB, half of the commands take less than 100 ms, and inventories fit a message."""
    file = tmp_path / "rows.json"
    arguments = ("--consumers", "400", "--few", "100", "--seconds", "0.5", "--json", str(file))
    subprocess.run([sys.executable, str(SCRIPT), *arguments], check=True, capture_output=True, timeout=170)
    rows: dict[str, dict[str, Any]] = {row["name"]: row for row in json.loads(file.read_text())}
    assert 0 < rows["memory of a consumer"]["value"] < 60 * 1024
    medians = {name: row["value"] for name, row in rows.items() if name.endswith("p50")}
    assert len(medians) == 4
    assert max(medians.values()) < 100, medians
    assert 0 < rows["the largest page of an inventory"]["value"] < 256
