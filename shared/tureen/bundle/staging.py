"""A bundle is put together in a folder beside its place and moved there whole: no half bundle is ever seen."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tureen.bundle.errors import BundleError
from tureen.bundle.location import MANIFEST_NAME
from tureen.bundle.progress import Reporter


def check_replaceable(target: Path) -> None:
    """Check that `target` is free, empty or a bundle, so that nothing else is ever replaced.

    Raises:
        BundleError: Something else is there.
    """
    if not target.exists() or (target / MANIFEST_NAME).is_file():
        return
    if not target.is_dir() or any(target.iterdir()):
        raise BundleError(f"{target} is no worker bundle: remove it, or have TUREEN_WORKER_BUNDLE name another folder.")


@contextlib.contextmanager
def only_installation(target: Path, reporter: Reporter) -> Iterator[None]:
    """Hold the lock on `target`, waiting for another installation to end; the lock ends with its process."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with (target.parent / f".{target.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            reporter.say("Another installation of the worker is running: waiting for it to end.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def staging_folder(target: Path) -> Iterator[Path]:
    """Make a folder beside `target`, and remove it at the end; the lock on `target` must be held."""
    prefix = f".{target.name}-"
    for stale in target.parent.glob(f"{prefix}*"):
        # Left by an installation that was killed: whoever holds the lock is the only one.
        shutil.rmtree(stale, ignore_errors=True)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def publish(bundle: Path, target: Path, staging: Path) -> None:
    """Move the whole `bundle` to `target`; what was there goes into `staging`, which is removed."""
    if target.exists():
        target.rename(staging / "replaced")
    bundle.rename(target)
