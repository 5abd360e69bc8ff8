"""Become a mediasoup-worker that dies with its parent.

Run as a script, by an isolated interpreter: it is in nobody's way there, where a fork of a process with threads (which
is what ``preexec_fn`` takes) could inherit a lock that nobody will ever release. Arguments: the parent's process id,
the descriptors that become 3 and 4, the binary, and the binary's own arguments.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
_CANNOT_EXECUTE = 127


def main(parent: int, worker_reads: int, worker_writes: int, command: list[str]) -> None:
    """Ask the kernel for SIGKILL when the parent ends, arrange the descriptors, and become the worker."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    # The parent may have died before the kernel was asked.
    if os.getppid() != parent:
        raise ProcessLookupError("the parent is gone")
    # Either descriptor may stand where the other one has to go.
    moved = [fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 5) for descriptor in (worker_reads, worker_writes)]
    for descriptor in {worker_reads, worker_writes} - {3, 4}:
        os.close(descriptor)
    os.dup2(moved[0], 3)
    os.dup2(moved[1], 4)
    os.execv(command[0], command)  # noqa: S606 (no shell is wanted)


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
    except OSError as error:
        sys.stderr.write(f"cannot run {sys.argv[4]}: {error}\n")
        sys.exit(_CANNOT_EXECUTE)
