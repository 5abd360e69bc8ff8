"""Installing the worker bundle."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tureen.bundle.archives import unpack_package
from tureen.bundle.errors import BundleError, BundleMissingError, PrebuiltUnavailableError
from tureen.bundle.location import (
    MEDIASOUP_VERSION,
    WORKER_NAME,
    Source,
    WorkerBundle,
    bundle_folder,
    read_bundle,
    write_manifest,
)
from tureen.bundle.npm_package import copy_interface, npm_pack
from tureen.bundle.prebuilt import fetch_prebuilt, is_wanted
from tureen.bundle.processes import ToolError
from tureen.bundle.progress import Reporter, SilentReporter
from tureen.bundle.source_build import build_worker
from tureen.bundle.staging import check_replaceable, only_installation, publish, staging_folder
from tureen.bundle.starting import why_not_starting

FetchPackage = Callable[[Path, Mapping[str, str]], Path]
"""Brings mediasoup's npm package into a folder and returns the archive's path."""

LOG_NAME = "build.log"
"""Where a build that failed leaves its output, beside the bundle's folder."""

_FULL_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL_DISK_WORDS = ("no space left on device", "disk quota exceeded", "file size limit exceeded", "enospc")


def install(
    *,
    force: bool = False,
    from_source: bool = False,
    environ: Mapping[str, str] = os.environ,
    reporter: Reporter | None = None,
    fetch_package: FetchPackage = npm_pack,
) -> WorkerBundle:
    """Install the worker bundle where `locate()` finds it, unless it is there already, and return it.

    The binary is mediasoup's official one where that can be downloaded and starts, else built from source. mediasoup's
    own environment variables are honoured: `MEDIASOUP_WORKER_BIN`, `MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL`,
    `MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD`, `MEDIASOUP_LOCAL_DEV` and `MEDIASOUP_FORCE_WORKER_PREBUILT_DOWNLOAD`.

    Args:
        force: Install anew even where a bundle is there.
        from_source: Build from source, whatever could be downloaded.
        environ: The environment, for the variables above and for the tools that are run.
        reporter: Is told what happens.
        fetch_package: Brings mediasoup's npm package.

    Raises:
        BundleError: It cannot be installed; nothing was left behind, and a bundle that was there still is.
    """
    reporter = reporter or SilentReporter()
    target = bundle_folder(environ).resolve()
    try:
        check_replaceable(target)
        with only_installation(target, reporter):
            present = None if force else _present(target, from_source)
            if present is not None:
                return present
            with staging_folder(target) as staging:
                archive = _fetch(fetch_package, staging, environ, reporter)
                bundle = _assemble(archive, staging, from_source, environ, reporter)
                publish(bundle, target, staging)
    except (OSError, BundleError) as error:
        raise _explain(error, target) from error
    return read_bundle(target)


def _present(target: Path, from_source: bool) -> WorkerBundle | None:
    try:
        bundle = read_bundle(target)
    except BundleMissingError:
        return None
    fits = bundle.version == MEDIASOUP_VERSION and (bundle.source == "built" or not from_source)
    return bundle if fits else None


def _fetch(fetch_package: FetchPackage, staging: Path, environ: Mapping[str, str], reporter: Reporter) -> Path:
    reporter.say(f"Fetching mediasoup {MEDIASOUP_VERSION}'s npm package.")
    return fetch_package(staging, environ)


def _assemble(archive: Path, staging: Path, from_source: bool, environ: Mapping[str, str], reporter: Reporter) -> Path:
    """Put the bundle together in the staging folder; the manifest comes last."""
    package = unpack_package(archive, staging)
    bundle = staging / "bundle"
    bundle.mkdir()
    copy_interface(package, bundle)
    source = _get_worker(package, bundle / WORKER_NAME, staging.parent / LOG_NAME, from_source, environ, reporter)
    write_manifest(bundle, source)
    return bundle


def _get_worker(
    package: Path, target: Path, log: Path, from_source: bool, environ: Mapping[str, str], reporter: Reporter
) -> Source:
    own_binary = environ.get("MEDIASOUP_WORKER_BIN")
    if own_binary and not from_source:
        _copy_own(Path(own_binary), target)
        return "custom"
    if not from_source and is_wanted(environ):
        reporter.say("Downloading mediasoup's official worker binary.")
        try:
            fetch_prebuilt(package, target, environ)
        except PrebuiltUnavailableError as error:
            reporter.say(f"The official worker binary cannot be used: {error}.")
        else:
            return "prebuilt"
    build_worker(package, target, log, environ, reporter)
    return "built"


def _copy_own(binary: Path, target: Path) -> None:
    if not binary.is_file():
        raise BundleError(f"MEDIASOUP_WORKER_BIN names {binary}, which is not a file.")
    shutil.copyfile(binary, target)
    target.chmod(0o755)
    reason = why_not_starting(target)
    if reason is not None:
        raise BundleError(f"{binary}, which MEDIASOUP_WORKER_BIN names, does not start as a worker: {reason}")


def _explain(error: OSError | BundleError, target: Path) -> BundleError:
    """Turn whatever went wrong into one sentence, a full disk above all, which every tool reports in its own way."""
    if _is_full_disk(error):
        return BundleError(
            f"The disk is full: installing the worker into {target.parent} takes about 150 MB while it works; "
            "free some space, or have XDG_CACHE_HOME name a folder elsewhere, then try again."
        )
    if isinstance(error, BundleError):
        return error
    return BundleError(f"The worker bundle cannot be installed into {target}: {error}.")


def _is_full_disk(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno in _FULL_DISK:
            return True
        if isinstance(error, ToolError) and any(_says_full(line) for line in error.tail):
            return True
        error = error.__cause__
    return False


def _says_full(line: str) -> bool:
    return any(words in line.lower() for words in _FULL_DISK_WORDS)
