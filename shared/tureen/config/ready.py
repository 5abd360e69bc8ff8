"""How a service tells the process that started it that it is ready, and where it is found."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from typing import Any

READY_FD = "TUREEN_READY_FD"
"""Names the file descriptor on which the starter listens: one line of JSON, then its end."""


def report_ready(facts: Mapping[str, Any], environ: MutableMapping[str, str] | None = None) -> bool:
    """Write one line of JSON to the file descriptor that `TUREEN_READY_FD` names, and close it.

    The variable is removed, so that neither a second call nor a child writes to whatever has that number then.

    Args:
        facts: What the starter wants to know, such as `{"url": "http://127.0.0.1:3000"}`.
        environ: The environment; default: this process's.

    Returns:
        Whether somebody was told; nobody who listens, or listens no more, is no error.
    """
    variables = os.environ if environ is None else environ
    number = variables.pop(READY_FD, "")
    if not number.isdecimal():
        return False
    try:
        with os.fdopen(int(number), "w", encoding="utf-8") as stream:
            stream.write(json.dumps(facts, separators=(",", ":")) + "\n")
    except OSError:
        return False
    return True
