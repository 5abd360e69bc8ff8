"""The node agent's handlers, one module an object, each a plain function of the agent's state and the command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from tureen.bus import Call, Handler, Result
from tureen.contract.model import Reply
from tureen.contract.paging import FIRST, Pageable, splitting
from tureen.contract.registry import commands_of
from tureen.mediasoup.turns import in_turns
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
from tureen.node_agent.state import AgentFunction, AgentState, Handlers


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
    pageable = {name for name, command in commands_of("node").items() if issubclass(command.request, Pageable)}
    return {
        name: partial(_in_pages, state, function) if name in pageable else partial(function, state)
        for name, function in functions.items()
    }


async def _in_pages(state: AgentState, function: AgentFunction, call: Call, command: Pageable) -> Result:
    """Answer whole, or with the page that is asked for."""
    if command.page in {None, FIRST}:
        reply = await function(state, call, command)
        if command.page is None or reply is None or isinstance(reply, bytes):
            return reply
        whole = reply.to_wire() if isinstance(reply, Reply) else {**reply}
        parts = await in_turns(splitting(whole))
        return await in_turns(state.pages.keep(call.tenant, call.command.name, parts, state.now()))
    return state.pages.named(call.tenant, call.command.name, command.page, state.now())
