"""The demo page, built by the real npm and esbuild."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tureen.signaling import page

COMMAND = [sys.executable, "-m", "tureen.signaling.page.build"]


def test_builds_from_nothing_and_is_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache gets a page that holds all it needs; the second run takes no time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    built = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    dist = page.locate()
    assert dist.is_relative_to(tmp_path)
    named = re.findall(r'(?:src|href)="([^"#:]+\.(?:js|css|svg))"', (dist / "index.html").read_text())
    assert {Path(name).suffix for name in named} == {".js", ".css", ".svg"}
    assert all((dist / name).is_file() for name in named)
    script = next(dist.glob("page.*.js")).read_text()
    # What cannot be imported in a browser, and what the page's own policy forbids.
    assert not re.search(r"\brequire\(|\beval\(|new Function\(|^import\b", script, re.MULTILINE)
    assert re.search(r"export\{\w+ as Device\}", (dist / "mediasoup-client.js").read_text()), "other pages import it"
    started = time.monotonic()
    again = subprocess.run(COMMAND, capture_output=True, text=True, check=False)
    assert again.stderr == f"The demo page is ready in {dist}\n"
    assert time.monotonic() - started < 2, "a second run only looks"
