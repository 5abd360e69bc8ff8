"""`tureen worker …`: the mediasoup worker that Tureen runs."""

from __future__ import annotations

import json
import os
import signal
import types
from typing import Annotated, NoReturn

import typer

from tureen.bundle import BundleError, MissingPackagesError, WorkerBundle, locate, verify

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="Install the mediasoup worker, or say which one is installed."
)

_EXIT_FAILED = 1
_EXIT_PACKAGES_MISSING = 3
_EXIT_INTERRUPTED = 130

_SOURCES = {
    "prebuilt": "mediasoup's official binary",
    "built": "built from source on this machine",
    "custom": "your own binary, from MEDIASOUP_WORKER_BIN",
}


@app.command()
def install(
    force: Annotated[bool, typer.Option("--force", help="Install anew even if the worker is there.")] = False,
    from_source: Annotated[
        bool, typer.Option("--from-source", help="Build from source instead of downloading the official binary.")
    ] = False,
) -> None:
    """Install the mediasoup worker, its schemas and declarations into the cache folder.

    The official binary is downloaded where that works and is otherwise built from source. Exit status 3 says that a
    build needs packages that are missing here; `tureen worker packages` lists them.
    """
    # Imported here so that `tureen worker info` starts fast.
    from tureen.bundle.install import install as install_bundle
    from tureen.cli.progress import terminal_reporter

    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _interrupt)
    try:
        with terminal_reporter() as reporter:
            bundle = install_bundle(force=force, from_source=from_source, reporter=reporter)
    except MissingPackagesError as error:
        _fail(str(error), _EXIT_PACKAGES_MISSING)
    except BundleError as error:
        _fail(str(error))
    except KeyboardInterrupt:
        _fail("Interrupted: nothing was installed, and nothing was left behind.", _EXIT_INTERRUPTED)
    typer.echo(f"mediasoup-worker {bundle.version} is ready: {bundle.worker} ({_SOURCES[bundle.source]})")


@app.command()
def info(
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Say which mediasoup worker is installed, where it came from, and its checksum."""
    try:
        bundle = locate()
        verify(bundle)
    except BundleError as error:
        _fail(str(error))
    typer.echo(json.dumps(describe(bundle)) if as_json else _describe_to_person(bundle))


@app.command()
def packages() -> None:
    """List the Debian packages that building the worker needs and that are missing here."""
    from tureen.bundle.toolchain import missing_packages

    for package in missing_packages():
        typer.echo(package)


def describe(bundle: WorkerBundle) -> dict[str, str]:
    """Return what `tureen worker info --json` prints; `path` is the bundle's folder, `sha256` the worker's."""
    return {
        "version": bundle.version,
        "path": str(bundle.path),
        "worker": str(bundle.worker),
        "source": bundle.source,
        "sha256": bundle.sha256,
    }


def _describe_to_person(bundle: WorkerBundle) -> str:
    lines = {**describe(bundle), "source": f"{bundle.source} ({_SOURCES[bundle.source]})"}
    return "\n".join(f"{key:<8} {value}" for key, value in lines.items())


def _fail(message: str, status: int = _EXIT_FAILED) -> NoReturn:
    # NO_COLOR (no-color.org) is not known to click; a stream that is no terminal is.
    typer.secho(message, fg=None if os.environ.get("NO_COLOR") else typer.colors.RED, err=True)
    raise typer.Exit(status)


def _interrupt(signum: int, frame: types.FrameType | None) -> None:
    """End an installation by SIGTERM or SIGHUP as Ctrl-C does, so that it clears up behind itself."""
    raise KeyboardInterrupt
