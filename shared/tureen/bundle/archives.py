"""Reading the two archives an installation meets: mediasoup's npm package, and the prebuilt worker."""

from __future__ import annotations

import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from tureen.bundle.errors import BundleError
from tureen.bundle.location import WORKER_NAME

_MAX_WORKER_BYTES = 512 * 1024 * 1024

# A broken gzip stream shows itself as one of these, whichever layer meets it first; gzip.BadGzipFile is an OSError and
# tells itself from a full disk by having no errno.
_BROKEN = (tarfile.TarError, EOFError, zlib.error)


class ArchiveError(BundleError):
    """An archive is broken, or does not hold what it should."""


def unpack_package(archive: Path, folder: Path) -> Path:
    """Unpack an npm package into `folder` and return the package's own folder.

    Only plain files inside the package's folder are written. (tarfile's own filters are missing from some of the
    Python versions that Tureen runs on.)

    Raises:
        ArchiveError: It is no whole npm package.
    """
    root = folder / "package"
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                if member.isreg():
                    _write_member(tar, member, folder / _inside_package(member.name))
    except _BROKEN as error:
        raise ArchiveError(f"mediasoup's npm package is broken ({error})") from error
    except OSError as error:
        _raise_if_broken_gzip(error, "mediasoup's npm package")
        raise
    return root


def unpack_worker(archive: Path, target: Path) -> None:
    """Write the worker binary that a prebuilt archive holds to `target`, executable.

    Raises:
        ArchiveError: The archive is broken or holds no worker.
    """
    try:
        with tarfile.open(archive, "r:gz") as tar:
            _write_member(tar, _worker_member(tar), target)
            # What follows the binary is read too: only the end of the stream has the checksum.
            for _ in tar:
                pass
    except _BROKEN as error:
        raise ArchiveError(f"the archive is broken ({error})") from error
    except OSError as error:
        _raise_if_broken_gzip(error, "the archive")
        raise
    target.chmod(0o755)


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


def _raise_if_broken_gzip(error: OSError, what: str) -> None:
    if error.errno is None:
        raise ArchiveError(f"{what} is broken ({error})") from error
