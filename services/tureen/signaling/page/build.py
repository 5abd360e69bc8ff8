"""Builds the demo page: npm brings its packages, esbuild makes one script of them and of ours.

    python -m tureen.signaling.page.build [--force]

Beside the page it makes `mediasoup-client.js`, a module that other pages can import; those of `examples/` do. The
result lies in `$XDG_CACHE_HOME/tureen/page/<hash of the sources>/dist` (`~/.cache` where XDG_CACHE_HOME is unset);
a second run finds it there. It is made in a temporary folder beside its place and moved there whole, so that no run,
however it ends, leaves half a page. No package's install script is run.
"""

from __future__ import annotations

import argparse
import contextlib
import errno
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tureen.bundle.processes import signals_held
from tureen.signaling.page import build_folder, inputs
from tureen.signaling.page.explain import (
    OLDEST_NODE,
    explain_esbuild,
    explain_npm,
    explain_os,
    no_space,
    node_major,
    old_node,
)

Progress = Callable[[str], None]
Explain = Callable[[str, Path], str]

_STALE_SECONDS = 3600.0
_NEEDED_BYTES = 20 * 1024 * 1024
_TICK_SECONDS = 0.25

_NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--engine-strict",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=3000",
)
_ESBUILD = (
    "node_modules/esbuild/bin/esbuild",
    "page=src/main.js",
    "mediasoup-client=src/mediasoup-client.js",
    "style=style.css",
    "--bundle",
    "--minify",
    "--format=esm",
    # What the page itself uses of CSS and JavaScript asks for these; mediasoup-client asks for less.
    "--target=es2022,chrome111,edge111,firefox113,safari16.4",
    "--log-level=warning",
    "--outdir=dist",
)


class BuildError(RuntimeError):
    """The page could not be built; the message is one sentence that says what to do."""


def build(*, force: bool = False, progress: Progress = lambda _: None) -> Path:
    """Build the page unless it is built, and return the folder to serve.

    Args:
        force: Build even if the page is there, and replace it.
        progress: Called with a line on what is being done, again and again while it lasts.

    Raises:
        BuildError: It cannot be built; nothing of the attempt is left behind.
    """
    target = build_folder()
    if (target / "dist" / "index.html").is_file() and not force:
        return target / "dist"
    npm, node = _tools()
    try:
        with _workshop(target) as workshop:
            _fill(workshop)
            _run([npm, *_NPM_CI], workshop, "Fetching the page's packages", progress, explain_npm)
            _run([node, *_ESBUILD], workshop, "Bundling the page", progress, explain_esbuild)
            _finish(workshop, target.name)
            _move(workshop, target)
    except OSError as error:
        raise BuildError(explain_os(error, target.parent)) from error
    return target / "dist"


def _tools() -> tuple[str, str]:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        missing = "npm" if npm is None else "node"
        raise BuildError(f"The demo page needs {missing}, which is not on PATH; on Debian: sudo apt-get install npm")
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    if node_major(version) < OLDEST_NODE:
        raise BuildError(old_node(node, version))
    return npm, node


@contextlib.contextmanager
def _workshop(target: Path) -> Iterator[Path]:
    """Make a temporary folder beside `target`, on the same file system; it is gone afterwards, however that came."""
    target.parent.mkdir(parents=True, exist_ok=True)
    _sweep(target.parent)
    folder = Path(tempfile.mkdtemp(prefix=".build-", dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(cache: Path) -> None:
    """Remove what builds left that were killed, and so could not remove it themselves."""
    for folder in cache.glob(".build-*"):
        with contextlib.suppress(OSError):
            if time.time() - folder.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(folder)


def _fill(workshop: Path) -> None:
    (workshop / "src").mkdir()
    here = Path(__file__).parent
    for path in inputs():
        shutil.copyfile(path, workshop / path.relative_to(here))


def _run(command: Sequence[str], folder: Path, what: str, progress: Progress, explain: Explain) -> None:
    """Run a command to its end, telling how long it has been at it; end it if we are interrupted."""
    started = time.monotonic()
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        process: subprocess.Popen[bytes] | None = None
        try:
            with signals_held():
                process = subprocess.Popen(
                    command, cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
                )
            while process.poll() is None:
                progress(f"{what} ({time.monotonic() - started:.0f} s)")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_TICK_SECONDS)
        finally:
            if process is not None:
                _end(process)
        output.seek(0)
        if process.returncode != 0:
            # npm shrugs when a package that is optional to others does not fit, and what needs it then complains.
            is_full = shutil.disk_usage(folder).free < _NEEDED_BYTES
            raise BuildError(no_space(folder.parent) if is_full else explain(output.read(), folder.parent))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what may still run of a command: itself and, since npm has helpers, its whole group."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _finish(workshop: Path, version: str) -> None:
    """Complete `dist`. Names carry the version: a browser may keep the files, and never shows an old page."""
    dist = workshop / "dist"
    index = (workshop / "index.html").read_text(encoding="utf-8")
    for stem, suffix in (("page", "js"), ("style", "css")):
        (dist / f"{stem}.{suffix}").rename(dist / f"{stem}.{version}.{suffix}")
        index = index.replace(f'"{stem}.{suffix}"', f'"{stem}.{version}.{suffix}"')
    (dist / "index.html").write_text(index, encoding="utf-8")
    shutil.copyfile(workshop / "favicon.svg", dist / "favicon.svg")


def _move(workshop: Path, target: Path) -> None:
    """Put the finished `dist` in its place in one step; whoever came first meanwhile has made the same."""
    finished = workshop / "finished"
    finished.mkdir()
    (workshop / "dist").rename(finished / "dist")
    if target.exists():
        target.rename(workshop / "replaced")
    try:
        finished.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
            raise


def _terminal_progress() -> Progress:
    """One line that is written over while the terminal shows it; elsewhere a line a step."""
    if sys.stderr.isatty():
        return lambda text: _write(f"\r\033[2K{text}")
    seen: set[str] = set()

    def once(text: str) -> None:
        step = text.split(" (")[0]
        if step not in seen:
            seen.add(step)
            _write(f"{step} …\n")

    return once


def _write(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tureen.signaling.page.build", description="Build the demo page.")
    parser.add_argument("--force", action="store_true", help="build even if the page is built already")
    options = parser.parse_args(arguments)
    # A plain SIGTERM would leave npm and the temporary folder behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    newline = "\n" if sys.stderr.isatty() else ""
    progress = _terminal_progress()
    told = False

    def tell(text: str) -> None:
        nonlocal told
        told = True
        progress(text)

    try:
        dist = build(force=options.force, progress=tell)
    except BuildError as error:
        _write(f"{newline if told else ''}{error}\n")
        return 1
    except KeyboardInterrupt:
        _write(f"{newline if told else ''}Interrupted; nothing was changed.\n")
        return 130
    _write(f"{newline if told else ''}The demo page is ready in {dist}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
