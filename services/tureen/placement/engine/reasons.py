"""Why a transport goes where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from tureen.contract.rooms import PlacementReason
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
        chosen: The worker that was chosen, if one was.
        refused: Why each worker that was weighed was refused, or None, in the order of `inputs.workers`.
        refusals: How many workers were refused, by cause.
    """

    rule: str
    inputs: Inputs
    chosen: str | None
    refused: tuple[str | None, ...]
    refusals: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 over the inputs, hexadecimal."""
        return self.inputs.digest

    @property
    def weighed(self) -> list[Weighed]:
        """What was weighed: the chosen one, those that would do, those refused; each by its load."""
        looked = zip(self.inputs.workers, self.refused, strict=False)
        weighed = [Weighed(worker.node_id, worker.worker_id, worker.load, refusal) for worker, refusal in looked]
        weighed.sort(key=lambda entry: (entry.worker_id != self.chosen, entry.refusal is not None, entry.score))
        return weighed

    def to_contract(self) -> PlacementReason:
        """Return the reason as it travels; made in one step, which takes a third of the time of nine."""
        candidates = [
            {"node_id": node_id, "worker_id": worker_id, "score": round(score, 3), "refusal": refusal}
            for node_id, worker_id, score, refusal in self.weighed[:SHOWN]
        ]
        return PlacementReason.model_validate(
            {
                "rule": self.rule,
                "inputs_digest": self.digest,
                "candidates": candidates,
                "refusals": self.refusals,
            }
        )
