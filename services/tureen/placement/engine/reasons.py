"""Why a transport goes where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tureen.contract.rooms import Candidate, PlacementReason
from tureen.placement.engine.inputs import Inputs

SHOWN = 8
"""How many candidates a reason names."""


class Weighed(NamedTuple):
    """A worker that was looked at, its load at that moment, and why it was refused, where it was."""

    node_id: str
    worker_id: str
    score: float
    refusal: str | None = None


class Reason(NamedTuple):
    """What a decision was made from; kept as it is, spelled out when somebody asks.

    Attributes:
        rule: The rule that decided; empty where no worker was found.
        inputs: The request, the room and every worker that was looked at, as they were.
        weighed: The workers that were looked at, the chosen one first.
        refusals: How many workers were refused, by cause.
    """

    rule: str
    inputs: Inputs
    weighed: tuple[Weighed, ...]
    refusals: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 over the inputs, hexadecimal."""
        return self.inputs.digest

    def to_contract(self) -> PlacementReason:
        """Return the reason as it travels."""
        candidates = [
            Candidate(
                node_id=entry.node_id,
                worker_id=entry.worker_id,
                score=round(entry.score, 3),
                refusal=entry.refusal,
            )
            for entry in self.weighed[:SHOWN]
        ]
        return PlacementReason(
            rule=self.rule, inputs_digest=self.digest, candidates=candidates, refusals=dict(self.refusals)
        )
