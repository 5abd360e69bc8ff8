"""What every handler looks like."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tureen.bus import Call
from tureen.contract.model import Reply
from tureen.placement.state import PlacementState

Function = Callable[[PlacementState, Call, Any], Awaitable[Reply | None]]
"""Carries out a command: gets the replica, the call and the command's model."""
