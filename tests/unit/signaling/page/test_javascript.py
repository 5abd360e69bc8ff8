"""The page's own JavaScript, tested where it runs without a browser: by Node's test runner."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda file: file.name.removesuffix(".test.mjs"))
def test_javascript(file: Path) -> None:
    """Every test in the file passes."""
    result = subprocess.run(["node", "--test", str(file)], capture_output=True, text=True, check=False, timeout=60)
    assert result.returncode == 0, result.stdout + result.stderr
