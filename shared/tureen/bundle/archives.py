"""Reading the two archives an installation meets: mediasoup's npm package, and the prebuilt worker."""

from __future__ import annotations

import contextlib
import gzip
import shutil
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from tureen.bundle.errors import BundleError
from tureen.bundle.location import WORKER_NAME

_MAX_WORKER_BYTES = 512 * 1024 * 1024

_CHUNK_BYTES = 1024 * 1024


class ArchiveError(BundleError):
    """An archive is broken, or does not hold what it should."""


def unpack_package(archive: Path, folder: Path) -> Path:
    """Unpack an npm package into `folder` and return the package's own folder.

    Only plain files inside the package's folder are written. (tarfile's own filters are missing from some of the
    Python versions that Tureen runs on.)

    Raises:
        ArchiveError: It is no whole npm package.
    """
    with _open_tar(archive, "mediasoup's npm package") as tar:
        for member in tar:
            if member.isreg():
                _write_member(tar, member, folder / _inside_package(member.name))
    return folder / "package"


def unpack_worker(archive: Path, target: Path) -> None:
    """Write the worker binary that a prebuilt archive holds to `target`, executable.

    Raises:
        ArchiveError: The archive is broken or holds no worker.
    """
    with _open_tar(archive, "the archive") as tar:
        _write_member(tar, _worker_member(tar), target)
    target.chmod(0o755)


@contextlib.contextmanager
def _open_tar(archive: Path, what: str) -> Iterator[tarfile.TarFile]:
    """Open a gzipped tar, and at the end read it out: gzip's checksum comes last."""
    try:
        with gzip.open(archive) as stream:
            with tarfile.open(fileobj=stream, mode="r:") as tar:
                yield tar
            while stream.read(_CHUNK_BYTES):
                pass
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        # Whichever layer meets the damage first.
        raise ArchiveError(f"{what} is broken ({error})") from error


def _worker_member(tar: tarfile.TarFile) -> tarfile.TarInfo:
    for member in tar:
        if member.isreg() and PurePosixPath(member.name) == PurePosixPath(WORKER_NAME):
            if member.size > _MAX_WORKER_BYTES:
                raise ArchiveError(f"the archive's worker is too large ({member.size} bytes)")
            return member
    raise ArchiveError(f"the archive holds no {WORKER_NAME}")


def _inside_package(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or path.parts[:1] != ("package",):
        raise ArchiveError(f"mediasoup's npm package holds an unexpected file ({name})")
    return path


def _write_member(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path) -> None:
    content = tar.extractfile(member)
    if content is None:
        raise ArchiveError(f"{member.name} cannot be read from the archive")
    target.parent.mkdir(parents=True, exist_ok=True)
    with content, target.open("wb") as file:
        shutil.copyfileobj(content, file)
    target.chmod(0o755 if member.mode & 0o100 else 0o644)
