"""Where the worker bundle lies, and what is in it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, cast, get_args

from tureen.bundle.errors import BundleError, BundleMissingError

MEDIASOUP_VERSION = "3.27.1"
"""The one version of mediasoup that this version of Tureen is made for."""

WORKER_NAME = "mediasoup-worker"
SCHEMAS_NAME = "fbs"
DECLARATIONS_NAME = "declarations"
MANIFEST_NAME = "bundle.json"

Source = Literal["prebuilt", "built", "custom"]
"""Whether the binary is mediasoup's official one, was built from source here, or is the operator's own."""


@dataclass(frozen=True)
class WorkerBundle:
    """One mediasoup worker with everything needed to talk to it."""

    path: Path
    """The bundle's folder."""
    version: str
    """mediasoup's version."""
    worker: Path
    """The `mediasoup-worker` binary."""
    schemas: Path
    """The folder with the worker's FlatBuffers schemas, `*.fbs`."""
    declarations: Path
    """The folder with mediasoup's TypeScript declarations, `*.d.ts`."""
    source: Source
    sha256: str
    """The binary's SHA-256, as hexadecimal digits."""


def cache_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder that `tureen worker install` fills: `$XDG_CACHE_HOME/tureen/worker/VERSION`."""
    # The XDG base directory specification has relative paths ignored.
    configured = environ.get("XDG_CACHE_HOME", "")
    base = Path(configured) if os.path.isabs(configured) else Path.home() / ".cache"
    return base / "tureen" / "worker" / MEDIASOUP_VERSION


def bundle_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the folder in which the bundle belongs: `$TUREEN_WORKER_BUNDLE`, else the cache folder."""
    configured = environ.get("TUREEN_WORKER_BUNDLE")
    return Path(configured).absolute() if configured else cache_folder(environ)


def locate(environ: Mapping[str, str] = os.environ) -> WorkerBundle:
    """Find the worker bundle, at `$TUREEN_WORKER_BUNDLE` or else in the cache folder.

    `$MEDIASOUP_WORKER_BIN`, which mediasoup itself honours, replaces the bundle's binary.

    Raises:
        BundleMissingError: Nothing usable is there; the message says how to get it.
    """
    bundle = read_bundle(bundle_folder(environ))
    own_binary = environ.get("MEDIASOUP_WORKER_BIN")
    if not own_binary:
        return bundle
    worker = Path(own_binary).absolute()
    if not _is_executable(worker):
        raise BundleMissingError(f"MEDIASOUP_WORKER_BIN names {worker}, which is not an executable file.")
    return replace(bundle, worker=worker, source="custom", sha256=file_sha256(worker))


def read_bundle(folder: Path) -> WorkerBundle:
    """Read the bundle in `folder`.

    Raises:
        BundleMissingError: It is not there, or not whole.
    """
    manifest = _read_manifest(folder)
    bundle = WorkerBundle(
        path=folder,
        version=manifest["version"],
        worker=folder / WORKER_NAME,
        schemas=folder / SCHEMAS_NAME,
        declarations=folder / DECLARATIONS_NAME,
        source=cast("Source", manifest["source"]),
        sha256=manifest["sha256"],
    )
    whole = (
        bundle.source in get_args(Source)
        and _is_executable(bundle.worker)
        and bundle.schemas.is_dir()
        and bundle.declarations.is_dir()
    )
    if not whole:
        raise BundleMissingError(f"The worker bundle in {folder} is not whole: run `tureen worker install --force`.")
    return bundle


def write_manifest(folder: Path, source: Source) -> None:
    """Describe the bundle whose files lie in `folder`; written last, it is what makes a bundle of them."""
    manifest = {"version": MEDIASOUP_VERSION, "source": source, "sha256": file_sha256(folder / WORKER_NAME)}
    (folder / MANIFEST_NAME).write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")


def verify(bundle: WorkerBundle) -> None:
    """Check that the binary is still the one that was installed.

    Raises:
        BundleError: Its checksum differs from the recorded one.
    """
    if file_sha256(bundle.worker) != bundle.sha256:
        raise BundleError(f"{bundle.worker} was changed after it was installed: run `tureen worker install --force`.")


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of the file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(folder: Path) -> dict[str, str]:
    try:
        manifest = json.loads((folder / MANIFEST_NAME).read_text(encoding="utf-8"))
        return {key: str(manifest[key]) for key in ("version", "source", "sha256")}
    except (FileNotFoundError, NotADirectoryError):
        raise BundleMissingError(f"There is no worker bundle in {folder}: run `tureen worker install`.") from None
    except (ValueError, KeyError, TypeError, OSError) as error:
        reason = f"The worker bundle in {folder} cannot be read ({error}): run `tureen worker install --force`."
        raise BundleMissingError(reason) from error


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
