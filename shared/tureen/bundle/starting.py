"""Whether a worker binary starts on this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

# mediasoup's own check: started without MEDIASOUP_VERSION, a worker that works here ends with this status.
_STATUS_WITHOUT_ENVIRONMENT = 41
_TIMEOUT_SECONDS = 30.0


def why_not_starting(worker: Path) -> str | None:
    """Start `worker` without its environment; return None if it works here, else why it does not."""
    try:
        finished = subprocess.run(
            [worker],
            env={},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except OSError as error:
        return error.strerror or str(error)
    except subprocess.TimeoutExpired:
        return f"it did not end within {_TIMEOUT_SECONDS:.0f} s"
    if finished.returncode == _STATUS_WITHOUT_ENVIRONMENT:
        return None
    lines = finished.stderr.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else f"it ended with status {finished.returncode}"
