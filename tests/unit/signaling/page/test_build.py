"""The build itself, with a stand-in for npm: whatever happens, there is a whole page or none."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tureen.signaling import page
from tureen.signaling.page.build import BuildError, build

GOOD_NPM = """
mkdir -p node_modules/esbuild/bin
echo "require('fs').mkdirSync('dist'); for (const n of ['page.js', 'style.css']) \
require('fs').writeFileSync('dist/' + n, n)" > node_modules/esbuild/bin/esbuild
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "tureen" / "page"


@pytest.fixture
def npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a script of the test's choice on PATH as npm."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")

    def install(script: str) -> None:
        (folder / "npm").write_text(f"#!/bin/sh\n{script}\n")
        (folder / "npm").chmod(0o755)

    return install


def _left(cache: Path) -> list[str]:
    return sorted(path.name for path in cache.iterdir()) if cache.exists() else []


def test_not_built(cache: Path) -> None:
    """Before it is built, whoever looks for the page is told which command builds it."""
    with pytest.raises(page.PageNotBuiltError, match=r"python -m tureen\.signaling\.page\.build"):
        page.locate()


def test_builds_once(cache: Path, npm: Callable[[str], None], tmp_path: Path) -> None:
    """The page is built the first time and found the second; nothing but the page is kept."""
    npm(f"echo ran >> {tmp_path}/runs; {GOOD_NPM}")
    dist = build()
    version = page.inputs_hash()
    names = {path.name for path in dist.iterdir()}
    assert names == {"index.html", "favicon.svg", f"page.{version}.js", f"style.{version}.css"}
    index = (dist / "index.html").read_text()
    assert f'src="page.{version}.js"' in index
    assert f'href="style.{version}.css"' in index
    assert build() == dist == page.locate()
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert _left(cache) == [version]


def test_force_replaces(cache: Path, npm: Callable[[str], None]) -> None:
    """`--force` builds anew and replaces the page whole."""
    npm(GOOD_NPM)
    dist = build()
    (dist / "old").touch()
    assert build(force=True) == dist
    assert not (dist / "old").exists()
    assert _left(cache) == [page.inputs_hash()]


def test_npm_fails(cache: Path, npm: Callable[[str], None]) -> None:
    """A failing npm leaves nothing, and an earlier page as it was."""
    npm("echo 'npm ERR! code EAI_AGAIN' >&2; exit 1")
    with pytest.raises(BuildError, match="cannot reach its package registry"):
        build()
    assert _left(cache) == []
    npm(GOOD_NPM)
    dist = build()
    npm("exit 1")
    with pytest.raises(BuildError):
        build(force=True)
    assert page.locate() == dist


def test_bundling_fails(cache: Path, npm: Callable[[str], None]) -> None:
    """A failing bundler leaves nothing."""
    npm("mkdir -p node_modules/esbuild/bin; echo 'throw 1' > node_modules/esbuild/bin/esbuild")
    with pytest.raises(BuildError, match="esbuild could not bundle the page"):
        build()
    assert _left(cache) == []


def test_no_npm(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without npm one is told how to get it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(BuildError, match="sudo apt-get install npm"):
        build()


def test_old_node(cache: Path, npm: Callable[[str], None], tmp_path: Path) -> None:
    """A Node that is too old is named before anything is fetched."""
    npm("exit 1")
    (tmp_path / "bin" / "node").write_text("#!/bin/sh\necho v16.20.2\n")
    (tmp_path / "bin" / "node").chmod(0o755)
    with pytest.raises(BuildError, match=r"needs Node 18 or newer, and .*/node is v16\.20\.2"):
        build()


def test_cache_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, npm: Callable[[str], None]) -> None:
    """A cache folder that cannot be made is named in one sentence."""
    npm(GOOD_NPM)
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(BuildError, match=r"could not be built: Not a directory \(.*/file"):
        build()


def test_somebody_else_was_first(cache: Path, npm: Callable[[str], None]) -> None:
    """Two builds at once both end well, and the page is whole."""
    version = page.inputs_hash()
    npm(f"{GOOD_NPM}\nmkdir -p {cache}/{version}/dist && touch {cache}/{version}/dist/index.html")
    assert build() == page.locate()
    assert _left(cache) == [version]


def test_old_leftovers_are_swept(cache: Path, npm: Callable[[str], None]) -> None:
    """What a killed build left behind is removed by a later one; what may still be in use is not."""
    npm(GOOD_NPM)
    old, fresh = cache / ".build-old", cache / ".build-fresh"
    old.mkdir(parents=True)
    fresh.mkdir()
    os.utime(old, (time.time() - 7200,) * 2)
    build()
    assert _left(cache) == [".build-fresh", page.inputs_hash()]


def test_interrupted(cache: Path, npm: Callable[[str], None], tmp_path: Path) -> None:
    """A build that is told to stop ends npm, and leaves nothing."""
    os.mkfifo(tmp_path / "pid")
    npm(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    command = [sys.executable, "-m", "tureen.signaling.page.build"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        pid = int((tmp_path / "pid").read_text())
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert _left(cache) == []


def test_command(cache: Path, npm: Callable[[str], None]) -> None:
    """The command says where the page is, and fails with one sentence and status 1."""
    npm("echo 'npm ERR! code ENOSPC' >&2; exit 1")
    command = [sys.executable, "-m", "tureen.signaling.page.build"]
    failed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert failed.returncode == 1
    assert failed.stderr.splitlines()[-1].startswith("No space is left for the demo page in ")
    assert "Traceback" not in failed.stderr
    npm(GOOD_NPM)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.splitlines()[-1] == f"The demo page is ready in {page.locate()}"
