"""What a handler is given and what it may return."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

from tureen.contract.model import Reply
from tureen.contract.registry import Command
from tureen.telemetry import TraceContext


class Call(NamedTuple):
    """The circumstances of one command.

    Attributes:
        tenant: Who asks; `system` is the operator.
        node_id: The node that is asked; empty where a service is.
        command: Which command it is.
        trace: The span of its execution.
        deadline: When the caller stops waiting, by the loop's clock.
    """

    tenant: str
    node_id: str
    command: Command
    trace: TraceContext
    deadline: float

    def remaining(self) -> float:
        """Return the seconds until the caller stops waiting; 0 where it has."""
        return max(self.deadline - asyncio.get_running_loop().time(), 0.0)


Result = Reply | Mapping[str, Any] | bytes | None
"""What a command is answered with: a model, a map as it goes on the wire, the same in msgpack, or nothing to say."""

Handler = Callable[[Call, Any], Awaitable[Result]]
"""Carries out a command: gets the call and the command's model, returns the answer or raises a coded error."""
