"""Why a transport goes where it goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from tureen.contract.rooms import PlacementReason
from tureen.placement.engine.inputs import Inputs, Looked

SHOWN = 8
"""How many candidates a reason names."""


class Reason(Struct, frozen=True):
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
    refused: Sequence[str | None]
    refusals: Mapping[str, int]

    @property
    def digest(self) -> str:
        """SHA-256 over the inputs, hexadecimal."""
        return self.inputs.digest

    @property
    def ranked(self) -> list[tuple[Looked, str | None]]:
        """What was weighed, and why it was refused: the chosen one, those that would do, the others; each by load."""
        weighed = zip(self.inputs.workers, self.refused, strict=False)
        return sorted(weighed, key=self._rank)

    def _rank(self, weighed: tuple[Looked, str | None]) -> tuple[bool, bool, float]:
        looked, refusal = weighed
        return looked.worker_id != self.chosen, refusal is not None, looked.load

    def to_wire(self) -> dict[str, Any]:
        """Return the reason as it travels: the values of a `PlacementReason`, by their names on the wire."""
        return {
            "rule": self.rule,
            "inputsDigest": self.digest,
            "candidates": [_candidate(looked, refusal) for looked, refusal in self.ranked[:SHOWN]],
            "refusals": dict(self.refusals),
        }

    def to_contract(self) -> PlacementReason:
        """Return the reason as a message."""
        return PlacementReason.model_validate(self.to_wire())


def _candidate(looked: Looked, refusal: str | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "nodeId": looked.node_id,
        "workerId": looked.worker_id,
        "score": round(looked.load, 3),
    }
    if refusal is not None:
        shown["refusal"] = refusal
    return shown
