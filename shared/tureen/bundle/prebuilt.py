"""mediasoup's official prebuilt worker, fetched as mediasoup's own installer does."""

from __future__ import annotations

import http.client
import platform
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Protocol, cast
from urllib.parse import urlsplit

from tureen.bundle.archives import ArchiveError, unpack_worker
from tureen.bundle.errors import PrebuiltUnavailableError
from tureen.bundle.location import MEDIASOUP_VERSION
from tureen.bundle.starting import why_not_starting

_RELEASES = "https://github.com/versatica/mediasoup/releases/download"
_TIMEOUT_SECONDS = 30.0
_CHUNK_BYTES = 256 * 1024
_MAX_ARCHIVE_BYTES = 256 * 1024 * 1024

# Node's names for the architectures, which the archives are called by.
_NODE_ARCHITECTURES = {"x86_64": "x64", "aarch64": "arm64", "armv7l": "arm", "i686": "ia32", "ppc64le": "ppc64"}


class _Response(Protocol):
    length: int | None

    def read(self, amount: int) -> bytes: ...


def archive_name(system: str, machine: str, kernel: str) -> str:
    """Return the prebuilt archive's name for an operating system, a machine and a kernel, as uname gives them."""
    name = f"mediasoup-worker-{MEDIASOUP_VERSION}-{system.lower()}-{_NODE_ARCHITECTURES.get(machine, machine)}"
    if system.lower() == "linux":
        name += f"-kernel{kernel.partition('.')[0]}"
    return f"{name}.tgz"


def archive_url(environ: Mapping[str, str]) -> str:
    """Return the address of the prebuilt archive for this machine.

    `$MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL` replaces the address of mediasoup's releases.
    """
    base = environ.get("MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL") or _RELEASES
    name = archive_name(platform.system(), platform.machine(), platform.release())
    return f"{base.rstrip('/')}/{MEDIASOUP_VERSION}/{name}"


def is_wanted(environ: Mapping[str, str]) -> bool:
    """Return whether mediasoup's own environment variables leave the download on."""
    if environ.get("MEDIASOUP_FORCE_WORKER_PREBUILT_DOWNLOAD"):
        return True
    return not (environ.get("MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD") or environ.get("MEDIASOUP_LOCAL_DEV"))


def fetch_prebuilt(folder: Path, target: Path, environ: Mapping[str, str]) -> None:
    """Download the prebuilt worker through `folder` to `target`, and check that it starts here.

    Raises:
        PrebuiltUnavailableError: It could not be had, or does not start; `target` does not exist then.
        OSError: This machine's disk is at fault.
    """
    url = archive_url(environ)
    archive = folder / "prebuilt.tgz"
    _download(url, archive)
    try:
        unpack_worker(archive, target)
    except ArchiveError as error:
        target.unlink(missing_ok=True)
        raise PrebuiltUnavailableError(f"{url}: {error}") from error
    reason = why_not_starting(target)
    if reason is not None:
        target.unlink()
        raise PrebuiltUnavailableError(f"the official binary does not start here: {reason}")


def _download(url: str, target: Path) -> None:
    if urlsplit(url).scheme not in ("http", "https"):
        raise PrebuiltUnavailableError(f"{url} is no http or https address")
    try:
        response = urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS)  # noqa: S310 - The scheme was checked.
    except urllib.error.HTTPError as error:
        with error:
            raise PrebuiltUnavailableError(_explain_status(url, error.code, error.reason)) from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise PrebuiltUnavailableError(f"{url} cannot be reached ({getattr(error, 'reason', error)})") from error
    with response, target.open("wb") as file:
        _copy(cast("_Response", response), file, url)


def _copy(response: _Response, file: IO[bytes], url: str) -> None:
    """Copy the whole body; a failure to read is the other side's, a failure to write is ours."""
    expected, received = response.length, 0
    while True:
        try:
            chunk = response.read(_CHUNK_BYTES)
        except (OSError, http.client.HTTPException) as error:
            raise PrebuiltUnavailableError(f"{url} broke off ({error})") from error
        if not chunk:
            break
        received += len(chunk)
        if received > _MAX_ARCHIVE_BYTES:
            raise PrebuiltUnavailableError(f"{url} is larger than {_MAX_ARCHIVE_BYTES} bytes")
        file.write(chunk)
    if expected is not None and received < expected:
        raise PrebuiltUnavailableError(f"{url} broke off after {received} of {expected} bytes")


def _explain_status(url: str, status: int, reason: str) -> str:
    if status == http.client.NOT_FOUND:
        return f"there is no official binary for this machine ({url} is not there)"
    return f"{url} answered {status} {reason}"
