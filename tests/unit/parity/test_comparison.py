from __future__ import annotations

from pathlib import Path

import pytest

from parity.comparison import Reason, Reasons, Result, compare, read_reasons
from parity.facts import Fact, Kind, snake_case
from parity.report import render
from parity.shapes import NONE, TEXT, Plain, Shape, one_of

NUMBER = Plain("number")


def fact(path: str, kind: Kind = "method", *traits: str, shape: Shape | None = None) -> Fact:
    """Make a fact."""
    return Fact(path, kind, path, frozenset(traits), shape)


def failures(theirs: list[Fact], ours: list[Fact], reasons: Reasons | None = None) -> list[str]:
    """Return what a comparison complains of."""
    return compare(theirs, ours, reasons or Reasons()).failures


def test_what_agrees_is_no_failure() -> None:
    """The same facts on both sides agree; an option that may be left out may be None."""
    optional = fact("a(b)", "option", "optional", shape=one_of([TEXT, NONE]))
    assert failures([fact("a"), fact("a(b)", "option", "optional", shape=TEXT)], [fact("a"), optional]) == []


@pytest.mark.parametrize(
    ("theirs", "ours", "complaint"),
    [
        ([fact("a")], [], "missing: method a"),
        ([], [fact("a")], "extra: method a"),
        ([fact("a")], [fact("a", "property")], "missing: method a"),
        ([fact("a", "method", "awaited")], [fact("a")], "different: method a"),
        ([fact("a", shape=TEXT)], [fact("a", shape=NUMBER)], "different: method a"),
        ([fact("a", shape=TEXT)], [fact("a")], "different: method a"),
        ([Fact("a b", "event", "b", arguments=(TEXT,))], [Fact("a b", "event", "b")], "different: event a b"),
    ],
)
def test_every_difference_is_a_failure(theirs: list[Fact], ours: list[Fact], complaint: str) -> None:
    """What only one side has, and what differs in kind, type or arguments, is told."""
    assert any(failure.startswith(complaint) for failure in failures(theirs, ours))


def test_reasons_excuse_differences() -> None:
    """What is missing, extra or different for a reason is no failure, but is remembered."""
    reasons = Reasons(
        missing=(Reason("method a", "because"),),
        extra=(Reason("method b*", "because"),),
        different=(Reason("method c", "because", theirs="text", ours="number"),),
    )
    result = compare([fact("a"), fact("c", shape=TEXT)], [fact("b1"), fact("b2"), fact("c", shape=NUMBER)], reasons)
    assert result.failures == []
    assert [excused.path for excused, _ in result.excused] == ["a", "c", "b1", "b2"]


def test_reasons_do_not_excuse_other_differences() -> None:
    """A reason for a difference names both sides, so that another difference is told."""
    reasons = Reasons(different=(Reason("method c", "because", theirs="text", ours="boolean"),))
    complaints = failures([fact("c", shape=TEXT)], [fact("c", shape=NUMBER)], reasons)
    assert any(complaint.startswith("different: method c") for complaint in complaints)


def test_needless_reasons_are_failures() -> None:
    """A reason for what does not differ any more is told, so that the list stays short."""
    reasons = Reasons(missing=(Reason("method gone", "because"),))
    assert failures([], [], reasons) == ["needless: method gone has a reason, but nothing to excuse"]


def test_reasons_are_read_from_a_file(tmp_path: Path) -> None:
    """Reasons come from a TOML file."""
    path = tmp_path / "reasons.toml"
    path.write_text('[[extra]]\nname = "method a"\nwhy = "because"\n', encoding="utf-8")
    assert read_reasons(path) == Reasons(extra=(Reason("method a", "because"),))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("createWebRtcTransport", "create_webrtc_transport"),
        ("webRtcServer", "webrtc_server"),
        ("workerBin", "worker_bin"),
        ("rtpCapabilities", "rtp_capabilities"),
        ("dump", "dump"),
    ],
)
def test_names_are_put_in_snake_case(name: str, expected: str) -> None:
    """Mediasoup's names become Python's; WebRtc is one word."""
    assert snake_case(name) == expected


def test_the_page_lists_what_both_have_and_what_differs() -> None:
    """The page has a table for each class, and the reasons."""
    reason = Reason("method B.gone", "It is of no use.")
    result = Result(
        pairs=[
            (fact("B", "class"), fact("B", "class")),
            (
                Fact("B.do_it", "method", "doIt", frozenset({"awaited"})),
                Fact("B.do_it", "method", "do_it", frozenset({"awaited"})),
            ),
            (
                Fact("B.do_it(so_well)", "option", "soWell", frozenset({"optional"})),
                Fact("B.do_it(so_well)", "option", "so_well", frozenset({"optional"})),
            ),
        ],
        excused=[(fact("B.gone"), reason)],
    )
    page = render("1.2.3", result)
    assert "| `await doIt(soWell?)` | `await B.do_it(so_well?)` |" in page
    assert "| `method B.gone` | It is of no use. |" in page
