"""Installing the worker bundle from a stand-in for mediasoup's release page, with whatever can go wrong."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from tureen.bundle import BundleError, MissingPackagesError, WorkerBundle, cache_folder, locate
from tureen.bundle.install import install

if TYPE_CHECKING:
    from tests.integration.bundle.conftest import ReleasePage

FetchPackage = Callable[[Path, Mapping[str, str]], Path]
Install = Callable[..., WorkerBundle]


class Messages:
    """Remember what an installation said."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.waiting = Event()

    def say(self, message: str) -> None:
        self.said.append(message)
        if message.startswith("Another installation"):
            self.waiting.set()

    def advance(self, task: str, done: int, total: int) -> None:
        raise AssertionError("nothing is built here")


@pytest.fixture
def environ(tmp_path: Path, release_page: ReleasePage) -> dict[str, str]:
    """An environment with a cache of its own, the stand-in, and no compiler: a source build cannot begin."""
    (tmp_path / "no-programs").mkdir()
    return {
        "PATH": str(tmp_path / "no-programs"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL": release_page.url,
    }


@pytest.fixture
def run(environ: dict[str, str], fetch_package: FetchPackage) -> Install:
    """Install in that environment."""

    def run_install(**options: object) -> WorkerBundle:
        return install(**{"environ": environ, "fetch_package": fetch_package, **options})  # type: ignore[arg-type]

    return run_install


def left_behind(environ: Mapping[str, str]) -> list[str]:
    """Return what lies beside the lock in the cache."""
    return sorted(path.name for path in cache_folder(environ).parent.iterdir() if not path.name.endswith(".lock"))


def test_a_good_download_is_installed(
    run: Install, environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """The official binary becomes the bundle's worker, under the name and address that mediasoup's installer uses."""
    release_page.serve(worker_archive)
    bundle = run()
    assert bundle.source == "prebuilt"
    assert bundle.sha256 == locate().sha256
    assert bundle == locate(environ)
    assert len(release_page.paths) == 1
    assert release_page.paths[0].startswith("/releases/download/3.27.1/mediasoup-worker-3.27.1-linux-")
    assert left_behind(environ) == ["3.27.1"]
    assert (bundle.schemas / "worker.fbs").is_file()
    assert (bundle.declarations / "index.d.ts").is_file()


def test_an_installed_bundle_is_kept(run: Install, release_page: ReleasePage, worker_archive: bytes) -> None:
    """A second installation does nothing; with force it installs anew."""
    release_page.serve(worker_archive)
    first = run()
    assert run() == first
    assert len(release_page.paths) == 1
    assert run(force=True) == first
    assert len(release_page.paths) == 2


def test_a_custom_binary_is_taken(run: Install, environ: dict[str, str], release_page: ReleasePage) -> None:
    """MEDIASOUP_WORKER_BIN is installed without asking the network; one that is no worker is refused."""
    with pytest.raises(BundleError, match="MEDIASOUP_WORKER_BIN"):
        run(environ={**environ, "MEDIASOUP_WORKER_BIN": "/bin/true"})
    bundle = run(environ={**environ, "MEDIASOUP_WORKER_BIN": str(locate().worker)})
    assert bundle.source == "custom"
    assert release_page.paths == []


Fault = Callable[["ReleasePage", bytes], None]

FAULTS: dict[str, tuple[Fault, str]] = {
    "not found": (
        lambda page, archive: setattr(page, "respond", lambda request: request.send_error(404)),
        "there is no official binary for this machine",
    ),
    "server error": (
        lambda page, archive: setattr(page, "respond", lambda request: request.send_error(503)),
        "answered 503",
    ),
    "truncated": (lambda page, archive: page.serve(archive[:99_999], announced=len(archive)), "broke off after"),
    "truncated before": (lambda page, archive: page.serve(archive[:99_999]), "the archive is broken"),
    "wrong content": (lambda page, archive: page.serve(b"<html>Please sign in</html>"), "the archive is broken"),
    "wrong archive": (lambda page, archive: page.serve_archive(b"hello", "README"), "holds no mediasoup-worker"),
    "other machine": (
        lambda page, archive: page.serve_archive(b"\x7fELF\x02\x01\x01" + bytes(57)),
        "does not start here: Exec format error",
    ),
    "newer libraries": (
        lambda page, archive: page.serve_archive(b"#!/bin/sh\necho 'GLIBC_2.99 not found' >&2\nexit 1\n"),
        "does not start here: GLIBC_2.99 not found",
    ),
}


@pytest.mark.parametrize(("fault", "reason"), FAULTS.values(), ids=FAULTS.keys())
def test_an_unusable_download_leads_to_a_source_build(
    run: Install,
    environ: dict[str, str],
    release_page: ReleasePage,
    worker_archive: bytes,
    fault: Fault,
    reason: str,
) -> None:
    """The reason is told, the source build is tried, and as it lacks a compiler here nothing is left behind."""
    fault(release_page, worker_archive)
    messages = Messages()
    with pytest.raises(MissingPackagesError, match=r"sudo apt-get install .*g\+\+ ninja-build") as caught:
        run(reporter=messages)
    assert set(caught.value.packages) >= {"g++", "ninja-build", "pkg-config", "libuv1-dev"}
    assert reason in messages.said[-1]
    assert left_behind(environ) == []


def test_an_unreachable_page_leads_to_a_source_build(run: Install, environ: dict[str, str]) -> None:
    """Nobody listens at the address."""
    messages = Messages()
    unreachable = {**environ, "MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL": "http://127.0.0.1:1/releases"}
    with pytest.raises(MissingPackagesError):
        run(environ=unreachable, reporter=messages)
    assert "cannot be reached" in messages.said[-1]


@pytest.mark.parametrize("options", [{"from_source": True}, {"skip": True}])
def test_a_source_build_can_be_asked_for(
    run: Install, environ: dict[str, str], release_page: ReleasePage, options: dict[str, bool]
) -> None:
    """By option or by mediasoup's variable, nothing is downloaded."""
    if options.pop("skip", False):
        environ["MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD"] = "1"
    with pytest.raises(MissingPackagesError):
        run(**options)
    assert release_page.paths == []


def test_a_failure_leaves_the_present_bundle(
    run: Install, environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """An installation with force that fails leaves the bundle that was there."""
    release_page.serve(worker_archive)
    before = run()
    release_page.respond = lambda request: request.send_error(404)
    with pytest.raises(MissingPackagesError):
        run(force=True)
    assert locate(environ) == before


@pytest.fixture
def full_disk(environ: dict[str, str], tmp_path: Path) -> Iterator[None]:
    """Let the cache lie on a disk of 1 MiB; where that takes more rights, let no file grow above that."""
    cache = Path(environ["XDG_CACHE_HOME"])
    cache.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(cache)]
    if os.geteuid() == 0 and subprocess.run(mount, check=False, capture_output=True).returncode == 0:
        yield
        subprocess.run(["umount", str(cache)], check=True)
        return
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024 * 1024, limit[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limit)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_and_leaves_nothing(
    run: Install, environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """A disk that fills up during the download is the user's to free: no source build is tried."""
    release_page.serve(worker_archive)
    with pytest.raises(BundleError, match=r"The disk is full: .* free some space"):
        run()
    assert left_behind(environ) == []


def test_two_installations_at_once_make_one_bundle(
    run: Install, environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """The second waits for the first, says so, and finds its bundle."""
    messages, started = Messages(), Event()
    release_page.serve(worker_archive)
    answer = release_page.respond

    def answer_when_the_other_waits(request: BaseHTTPRequestHandler) -> None:
        started.set()
        assert messages.waiting.wait(30)
        answer(request)

    release_page.respond = answer_when_the_other_waits
    with ThreadPoolExecutor() as pool:
        first = pool.submit(run)
        assert started.wait(30)
        second = pool.submit(run, reporter=messages)
        assert first.result() == second.result() == locate(environ)
    assert len(release_page.paths) == 1


def test_what_a_killed_installation_left_is_removed(
    run: Install, environ: dict[str, str], release_page: ReleasePage, worker_archive: bytes
) -> None:
    """A staging folder without its installation is removed by the next one."""
    stale = cache_folder(environ).parent / ".3.27.1-stale"
    stale.mkdir(parents=True)
    (stale / "half").touch()
    release_page.serve(worker_archive)
    run()
    assert left_behind(environ) == ["3.27.1"]


def test_a_folder_of_someone_elses_is_not_replaced(run: Install, environ: dict[str, str], tmp_path: Path) -> None:
    """TUREEN_WORKER_BUNDLE that names a folder with other things in it is refused, even with force."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "diary.txt").touch()
    with pytest.raises(BundleError, match="is no worker bundle"):
        run(environ={**environ, "TUREEN_WORKER_BUNDLE": str(own)}, force=True)
    assert [path.name for path in own.iterdir()] == ["diary.txt"]


def test_a_place_that_cannot_be_written_is_told(run: Install, environ: dict[str, str], tmp_path: Path) -> None:
    """A cache folder that is a file is told in one sentence."""
    (tmp_path / "file").touch()
    with pytest.raises(BundleError, match="cannot be installed into"):
        run(environ={**environ, "XDG_CACHE_HOME": str(tmp_path / "file")})
