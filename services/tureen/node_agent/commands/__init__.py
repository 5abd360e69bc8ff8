"""The node agent's handlers, one module an object, each a plain function of the agent's state and the command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tureen.bus import Handler
from tureen.node_agent.commands import consumer, pipe, producer, router, system, transport, worker
from tureen.node_agent.state import AgentState, Handlers


def handlers(state: AgentState) -> Mapping[str, Handler]:
    """Return the handler of every command a node agent answers, by `<object>.<method>`."""
    functions: Handlers = {
        **worker.HANDLERS,
        **router.HANDLERS,
        **transport.HANDLERS,
        **producer.HANDLERS,
        **consumer.HANDLERS,
        **pipe.HANDLERS,
        **system.HANDLERS,
    }
    return {name: partial(function, state) for name, function in functions.items()}
