from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from tureen.cli.show.why_report import why_report
from tureen.contract.decisions import Decided, DecidedEvent, RoomWhyAnswer, TransportPlace
from tureen.contract.rooms import Candidate, PlacementReason

CANDIDATES = [
    Candidate(node_id="n1", worker_id="aaaaaaaaaaaa", score=12.34),
    Candidate(node_id="n1", worker_id="bbbbbbbbbbbb", score=1),
    Candidate(node_id="n2", worker_id="cccccccccccc", score=58, refusal="watermark"),
]
PLACE = TransportPlace(
    transport_id="t", tenant="default", room_id="r", node_id="n1", worker_id="aaaaaaaaaaaa", router_id="x", consumers=1
)


def _decided(rule: str, **fields: Any) -> Decided:
    why = PlacementReason(
        rule=rule, inputs_digest="0123456789abcdef", candidates=CANDIDATES, refusals={"watermark": 3, "new-cause": 9}
    )
    return Decided(
        decision=DecidedEvent(
            replica_id="replica", decided_at=1_000, trace_id="trace", tenant="default", room_id="r", why=why, **fields
        )
    )


def _shown(name: str, answer: RoomWhyAnswer) -> list[str]:
    stream = io.StringIO()
    Console(file=stream, width=160).print(why_report(name, answer))
    return stream.getvalue().splitlines()


def test_a_place() -> None:
    """A decision tells when, what, where and why; the chosen worker is marked, the others have their verdicts."""
    placed = _decided("pack", direction="recv", node_id="n1", worker_id="aaaaaaaaaaaa", grant_id="g", reserve=2.5)
    head, rule, cost, _, *rows, refused, inputs = _shown("r", RoomWhyAnswer(decisions=[placed]))
    assert "1970-01-01 00:00:01.000 UTC  r  a transport to receive → worker aaaaaaaa of n1" in head
    assert "pack: the fullest worker" in rule
    assert "and up to 2.50 % more" in cost
    assert [row.split()[:4] for row in rows] == [
        ["→", "aaaaaaaa", "n1", "12.3"],
        ["bbbbbbbb", "n1", "1.0", "%"],
        ["cccccccc", "n2", "58.0", "%"],
    ]
    assert "would be filled past the watermark" in rows[2]
    assert refused == "  refused: 9 new-cause, 3 watermark"
    assert "inputs 0123456789ab" in inputs


def test_no_place() -> None:
    """That nothing was found is told as plainly."""
    shown = _shown("r", RoomWhyAnswer(decisions=[_decided("", direction="send")]))
    assert "no place: no worker takes it" in shown[1]
    assert "→" not in "".join(shown)


@pytest.mark.parametrize(
    ("transport", "sentence"),
    [
        (None, "Nothing was decided for r lately."),
        (PLACE, "It was made without asking placement"),
        (PLACE.model_copy(update={"grant_id": "g"}), "The decision is too old to be kept"),
    ],
)
def test_nothing_to_tell(transport: TransportPlace | None, sentence: str) -> None:
    """Where no decision is known it is said why."""
    assert sentence in _shown("r", RoomWhyAnswer(decisions=[], transport=transport))[-1]


def test_what_others_named_does_not_steer_the_terminal() -> None:
    """Ids that come from the bus are shown harmless."""
    hostile = PLACE.model_copy(update={"node_id": "n\x1b[31m"})
    assert "\x1b" not in "".join(_shown("r", RoomWhyAnswer(decisions=[], transport=hostile)))
