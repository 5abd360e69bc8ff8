"""The NATS server of a local cluster: where it is found, and how it is configured."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path

from tureen.cli.local import nats_users
from tureen.cli.local.plan import ProcessPlan
from tureen.contract.permissions import User

NOT_FOUND = (
    "nats-server was not found: install it with `pip install 'tureen[server]'`, put it on PATH, "
    "or name it in NATS_SERVER_BIN"
)


class NatsServerMissingError(Exception):
    """No nats-server could be found; the message says how to get one."""


def find() -> str:
    """Return the server's path: `NATS_SERVER_BIN`, else the one installed beside this Python, else the one on PATH."""
    named = os.environ.get("NATS_SERVER_BIN")
    found = named or shutil.which("nats-server", path=sysconfig.get_path("scripts")) or shutil.which("nats-server")
    if found is None:
        raise NatsServerMissingError(NOT_FOUND)
    return found


def configuration(folder: Path, port: int, users: Sequence[User]) -> str:
    """Return the server's configuration; port -1 is any free one.

    The pings make a service that was cut off disappear in seconds, so that callers learn
    at once that nobody answers.
    """
    return f"""\
listen: "127.0.0.1:{port}"
ports_file_dir: {json.dumps(str(folder))}
ping_interval: "2s"
ping_max: 2
max_payload: 1MB
jetstream {{ store_dir: {json.dumps(str(folder / "jetstream"))} }}
{nats_users.configuration(users)}"""


def plan(folder: Path, users: Sequence[User], passwords: Mapping[str, str], port: int = -1) -> ProcessPlan:
    """Write the configuration and return the process that runs with it; it gets the passwords in its environment."""
    path = folder / "nats.conf"
    path.write_text(configuration(folder, port, users))
    return ProcessPlan("nats", (find(), "-c", str(path)), nats_users.environment(passwords), announces=False)


async def wait_for_port(folder: Path, pid: int, timeout: float = 15.0) -> int:
    """Return the port that the server listens on, as soon as it does.

    Raises:
        TimeoutError: It did not within `timeout` seconds.
    """
    path = folder / f"nats-server_{pid}.ports"
    async with asyncio.timeout(timeout):
        while True:
            if path.exists():
                try:
                    return _port(path.read_text())
                except ValueError:
                    # The server is still writing the file.
                    pass
            await asyncio.sleep(0.01)


def _port(text: str) -> int:
    urls = json.loads(text)["nats"]
    return int(urls[0].rsplit(":", 1)[1])
