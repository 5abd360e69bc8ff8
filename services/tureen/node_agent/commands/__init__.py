"""The node agent's handlers, one module an object, each a plain function of the agent's state and the command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tureen.bus import Handler
from tureen.node_agent.commands import (
    consumer,
    data_consumer,
    data_producer,
    lease,
    mediasoup,
    pipe,
    producer,
    router,
    rtp_observer,
    system,
    transport,
    webrtc_server,
    worker,
)
from tureen.node_agent.state import AgentState, Handlers


def handlers(state: AgentState) -> Mapping[str, Handler]:
    """Return the handler of every command a node agent answers, by `<object>.<method>`."""
    functions: Handlers = {
        **mediasoup.HANDLERS,
        **worker.HANDLERS,
        **webrtc_server.HANDLERS,
        **router.HANDLERS,
        **transport.HANDLERS,
        **producer.HANDLERS,
        **consumer.HANDLERS,
        **data_producer.HANDLERS,
        **data_consumer.HANDLERS,
        **rtp_observer.HANDLERS,
        **pipe.HANDLERS,
        **system.HANDLERS,
        **lease.HANDLERS,
    }
    return {name: partial(function, state) for name, function in functions.items()}
