"""The `tureen worker` commands as a user runs them, with the real npm package."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tureen.bundle import locate
from tureen.bundle.location import file_sha256

if TYPE_CHECKING:
    from tests.integration.bundle.conftest import ReleasePage

TUREEN = Path(sys.executable).with_name("tureen")


@pytest.fixture
def environ(tmp_path: Path, release_page: ReleasePage) -> dict[str, str]:
    """The user's environment, with a cache of its own and the stand-in for mediasoup's release page."""
    own = {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL": release_page.url,
    }
    dropped = {"TUREEN_WORKER_BUNDLE", "MEDIASOUP_WORKER_BIN", "MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD"}
    return {**{name: value for name, value in os.environ.items() if name not in dropped}, **own}


def tureen(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run([TUREEN, *arguments], env=environ, capture_output=True, text=True, timeout=100, check=False)


def test_the_worker_is_installed_and_described(
    environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """`worker install` brings the real npm package and the binary; `worker info --json` describes them."""
    release_page.serve(worker_archive)
    installed = tureen(environ, "worker", "install")
    assert installed.returncode == 0, installed.stderr
    assert "mediasoup-worker 3.27.1 is ready" in installed.stdout
    described = json.loads(tureen(environ, "worker", "info", "--json").stdout)
    bundle = locate(environ)
    assert described == {
        "version": "3.27.1",
        "path": str(bundle.path),
        "worker": str(bundle.worker),
        "source": "prebuilt",
        "sha256": file_sha256(bundle.worker),
    }
    assert {path.name for path in bundle.schemas.iterdir()} >= {"worker.fbs", "webRtcTransport.fbs", "request.fbs"}
    assert (bundle.declarations / "RouterTypes.d.ts").is_file()


def test_a_missing_worker_is_told(environ: dict[str, str]) -> None:
    """`worker info` without a worker names the command that installs one, and fails."""
    missing = tureen(environ, "worker", "info", "--json")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert "run `tureen worker install`" in missing.stderr


def test_missing_packages_have_a_status_of_their_own(environ: dict[str, str], tmp_path: Path) -> None:
    """Without a compiler the status is 3, and `worker packages` lists what to install."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("npm", "node", "sh", "env"):
        found = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
        (programs / name).symlink_to(found)
    bare = {**environ, "PATH": str(programs)}
    failed = tureen(bare, "worker", "install")
    assert failed.returncode == 3, failed.stderr
    assert "g++ ninja-build pkg-config" in failed.stderr
    listed = tureen(bare, "worker", "packages").stdout.split()
    assert listed == ["g++", "ninja-build", "pkg-config", "libabsl-dev", "libsrtp2-dev", "libssl-dev", "libuv1-dev"]


def test_a_missing_npm_is_told(environ: dict[str, str], tmp_path: Path) -> None:
    """Without npm the message says how to get it."""
    failed = tureen({**environ, "PATH": str(tmp_path)}, "worker", "install")
    assert failed.returncode == 1
    assert "sudo apt install npm" in failed.stderr


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_installation_leaves_nothing(
    environ: dict[str, str], release_page: ReleasePage, tmp_path: Path, ending: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM during the download clear up, say so, and end with status 130."""
    asked, over = Event(), Event()

    def never_answer(request: BaseHTTPRequestHandler) -> None:
        asked.set()
        over.wait(60)

    release_page.respond = never_answer
    with subprocess.Popen([TUREEN, "worker", "install"], env=environ, stderr=subprocess.PIPE, text=True) as command:
        assert asked.wait(60)
        command.send_signal(ending)
        _, said = command.communicate(timeout=30)
    over.set()
    assert command.returncode == 130
    assert "nothing was left behind" in said
    assert [path.name for path in (tmp_path / "cache" / "tureen" / "worker").iterdir()] == [".3.27.1.lock"]
