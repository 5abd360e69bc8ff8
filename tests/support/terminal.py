"""The `tureen` command as a process of its own, on a terminal or with pipes."""

from __future__ import annotations

import asyncio
import fcntl
import os
import re
import struct
import sys
import termios
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

WIDTH = 120
PATIENCE = 60.0
_COMMAND = (sys.executable, "-c", "import sys; sys.argv[0] = 'tureen'; from tureen.cli.main import main; main()")
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x1b\x07]*(?:\x1b\\|\x07)")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command said, and how it ended; on a terminal all of it is in `out`."""

    status: int
    out: str
    err: str = ""

    @property
    def plain(self) -> str:
        """What a person reads: no colours, lines as they are."""
        return _ESCAPES.sub("", self.out).replace("\r\n", "\n")


async def tureen(*arguments: str, url: str = "", stdin: str = "", **environment: str) -> Ran:
    """Run `tureen` with pipes, as a script does."""
    process = await asyncio.create_subprocess_exec(
        *_COMMAND, *arguments, stdin=-1, stdout=-1, stderr=-1, env=_environment(url, environment)
    )
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate(stdin.encode())
    finally:
        await _end(process)
    return Ran(process.returncode or 0, out.decode(), err.decode())


async def on_terminal(*arguments: str, url: str = "", **environment: str) -> Ran:
    """Run `tureen` on a terminal, to its end."""
    async with terminal(*arguments, url=url, **environment) as session:
        return await session.ended()


class Session:
    """A command that runs on a terminal."""

    def __init__(self, process: asyncio.subprocess.Process, master: int) -> None:
        self.process = process
        self._master = master
        self._seen = b""

    async def shows(self, text: str) -> str:
        """Wait until the terminal shows a text; return all that it has shown."""
        async with asyncio.timeout(PATIENCE):
            while text not in _ESCAPES.sub("", self._seen.decode(errors="replace")):
                if not await self._read():
                    raise AssertionError(f"ended without {text!r}: {self._seen.decode(errors='replace')}")
        return self._seen.decode()

    def type(self, keys: bytes) -> None:
        """Press keys; byte 3 is Ctrl-C."""
        os.write(self._master, keys)

    async def ended(self) -> Ran:
        """Wait for the command's end."""
        async with asyncio.timeout(PATIENCE):
            while await self._read():
                pass
            return Ran(await self.process.wait(), self._seen.decode())

    async def _read(self) -> bool:
        try:
            chunk = await asyncio.to_thread(os.read, self._master, 65536)
        except OSError:
            # Nobody has the other end open any more.
            return False
        self._seen += chunk
        return bool(chunk)


@asynccontextmanager
async def terminal(*arguments: str, url: str = "", **environment: str) -> AsyncIterator[Session]:
    """Run `tureen` on a terminal for as long as the context lasts at most."""
    master, slave = os.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, WIDTH, 0, 0))
    try:
        process = await asyncio.create_subprocess_exec(
            *_COMMAND,
            *arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=_environment(url, {"TERM": "xterm-256color", **environment}),
            preexec_fn=_take_terminal,
        )
    finally:
        os.close(slave)
    try:
        yield Session(process, master)
    finally:
        await _end(process)
        os.close(master)


def _take_terminal() -> None:
    """In the child: make the terminal its own, so that Ctrl-C reaches it."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment(url: str, more: Mapping[str, str]) -> dict[str, str]:
    inherited = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TUREEN_CLI_", "NATS_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"))
    }
    return {**inherited, **({"NATS_URL": url} if url else {}), **more}


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
