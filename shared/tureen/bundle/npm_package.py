"""mediasoup's npm package: where the schemas, the declarations and the worker's source come from."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from tureen.bundle.errors import BundleError
from tureen.bundle.location import DECLARATIONS_NAME, MEDIASOUP_VERSION, SCHEMAS_NAME
from tureen.bundle.processes import ToolError, run_tool

PACKAGE_INTEGRITY = "sha512-unjG0ihJFZmCXxtS5ay6iPp+ov1Rg/BhJuP1gGfw4ElX/K5Z0it3PCC7rKecWMK2FgbQ52kKmDgZBPm/ewYO6A=="
"""What npm publishes as the package's `dist.integrity`; a registry cannot slip in another package."""


def npm_pack(folder: Path, environ: Mapping[str, str] = os.environ) -> Path:
    """Fetch mediasoup's npm package into `folder`, run none of its scripts, and return the archive's path.

    Raises:
        BundleError: npm is missing or fails, or what it brought is not the expected package.
    """
    npm = shutil.which("npm", path=environ.get("PATH"))
    if npm is None:
        raise BundleError("npm is needed to fetch mediasoup's package: install it, with `sudo apt install npm` say.")
    package = f"mediasoup@{MEDIASOUP_VERSION}"
    command = [npm, "pack", "--ignore-scripts", "--loglevel=error", "--no-update-notifier", package]
    try:
        output = run_tool(command, cwd=folder, environ=environ)
    except ToolError as error:
        reason = "\n".join(("", *error.tail))
        raise BundleError(f"npm could not fetch {package}: check the network, then try again.{reason}") from error
    archive = folder / f"mediasoup-{MEDIASOUP_VERSION}.tgz"
    if not archive.is_file():
        raise BundleError(f"npm pack wrote no {archive.name}; it said: {' '.join(output)}")
    check_integrity(archive)
    return archive


def check_integrity(archive: Path) -> None:
    """Check that `archive` is the package that was published.

    Raises:
        BundleError: It is not.
    """
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha512").digest()
    if f"sha512-{base64.b64encode(digest).decode()}" != PACKAGE_INTEGRITY:
        raise BundleError(
            f"npm brought another package than the mediasoup {MEDIASOUP_VERSION} that was published "
            "(its checksum differs): clear npm's cache with `npm cache clean --force` and try again."
        )


def copy_interface(package: Path, bundle: Path) -> None:
    """Copy the schemas, the declarations and the license from the unpacked package into the bundle.

    Raises:
        BundleError: The package does not hold them.
    """
    for source, name, suffix in (
        (package / "worker" / "fbs", SCHEMAS_NAME, ".fbs"),
        (package / "node" / "lib", DECLARATIONS_NAME, ".d.ts"),
    ):
        files = sorted(source.glob(f"*{suffix}"))
        if not files:
            raise BundleError(f"mediasoup's npm package holds no {source.name}/*{suffix} files.")
        (bundle / name).mkdir(parents=True)
        for file in files:
            shutil.copyfile(file, bundle / name / file.name)
    shutil.copyfile(package / "LICENSE", bundle / "LICENSE")
