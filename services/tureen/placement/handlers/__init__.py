"""Every command of placement's, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tureen.bus import Call, Handler
from tureen.contract.model import Reply
from tureen.placement.handlers import nodes, place, rooms, route, why, workers
from tureen.placement.handlers.function import Function
from tureen.placement.state import PlacementState

_FUNCTIONS: Mapping[str, Function] = {
    **rooms.HANDLERS,
    **place.HANDLERS,
    **route.HANDLERS,
    **why.HANDLERS,
    **nodes.HANDLERS,
    **workers.HANDLERS,
}


def handlers(state: PlacementState) -> Mapping[str, Handler]:
    """Return the handlers of a replica."""
    return {name: _bound(state, function) for name, function in _FUNCTIONS.items()}


def _bound(state: PlacementState, function: Function) -> Handler:
    async def handler(call: Call, command: Any) -> Reply | None:
        return await function(state, call, command)

    return handler
