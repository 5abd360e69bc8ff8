from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tureen.cli.show.event_lines import Heard, as_json, header, line
from tureen.contract import subjects

AT = datetime(2026, 1, 2, 3, 4, 5, 678_900, UTC)
SUBJECT = subjects.event("acme", "room", "0123456789", "producer", "abcdefghij", "score")


def heard(subject: str = SUBJECT, **body: Any) -> Heard:
    """Return a message as it arrives."""
    return Heard(AT, subject, {"startId": "s", "seq": 1, **body})


def test_columns() -> None:
    """Cells stand below their titles; ids are shortened unless the line may be wide."""
    shown = line(heard(data=[1]), 120, wide=False).plain
    titles = header(wide=False).plain
    for title, cell in {
        "TIME": "03:04:05.678",
        "ROOM": "room",
        "ROUTER": "01234567 ",
        "EVENT": "score",
        "DATA": "[1]",
    }.items():
        assert shown[titles.index(title) :].startswith(cell)
    assert "abcdefghij" not in shown
    assert "abcdefghij" in line(heard(), 120, wide=True).plain


def test_bytes_are_counted() -> None:
    """RTP is not poured over the terminal, and is base64 for programs."""
    assert line(heard(data=bytes(172)), 120, wide=False).plain.endswith('"<172 bytes>"')
    assert json.loads(as_json(heard(data=b"\x80")))["data"] == "gA=="


def test_what_the_cluster_tells() -> None:
    """Events of the cluster and heartbeats have no object but their node."""
    event = line(heard(subjects.system_event("nodeJoined"), nodeId="n1"), 120, wide=False).plain
    assert "node n1" in event
    assert "nodeJoined" in event
    assert " heartbeat " in line(heard(subjects.heartbeat("n1"), nodeId="n1"), 120, wide=False).plain


@given(st.text(), st.lists(st.text(min_size=1).filter(lambda token: "." not in token), min_size=7, max_size=7))
def test_whatever_is_heard(data: str, tokens: list[str]) -> None:
    """A line is one line, no wider than the terminal, and holds nothing that could command it; JSON is JSON."""
    message = heard(f"tureen.v1.t.event.{'.'.join(tokens[:5])}", data=data, nodeId=tokens[6])
    shown = line(message, 120, wide=False)
    assert shown.cell_len <= 120
    assert shown.plain.isprintable()
    assert json.loads(as_json(message))["data"] == data
