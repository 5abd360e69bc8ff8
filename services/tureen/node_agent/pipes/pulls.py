"""One producer that is brought to a router of this agent's."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from tureen.contract.pipes import PipePull, PipeState
from tureen.node_agent.objects import HeldProducer, RouterEntry
from tureen.node_agent.pipes.ends import End
from tureen.node_agent.pipes.incoming import IncomingPipe


@dataclass(slots=True, eq=False)
class Pull:
    """One producer brought to a router of this agent's.

    Attributes:
        pipe: What it comes by; None where the agents carry its messages.
        end: Where carried messages enter the router.
        start_id: The run of the source's agent.
        taken: How many messages came so far, of those that are carried.
    """

    pull_id: str
    router: RouterEntry
    source: PipePull
    pipe: IncomingPipe | None = None
    end: End | None = None
    held: HeldProducer | None = None
    state: PipeState | None = None
    start_id: str = ""
    taken: int = 0
    applying: asyncio.Lock = field(default_factory=asyncio.Lock)
    linger: asyncio.TimerHandle | None = None

    @property
    def producer_id(self) -> str:
        """What is pulled."""
        return self.source.producer_id

    @property
    def closed_by_source(self) -> bool:
        """Whether the source said that it is over."""
        return self.state is not None and self.state.closed
