from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from tureen.cli.show import failures
from tureen.cli.show.failures import Status, status_of
from tureen.cli.wire.commands import find
from tureen.contract import errors

COMMAND = find("router.createPlainTransport", to_node=True)


@pytest.mark.parametrize("error", errors.BY_TYPE.values())
def test_every_error_ends_somehow(error: type[errors.TureenError]) -> None:
    """The status tells whether something may have been done, and else whether asking again is of use."""
    status = status_of(error("x"))
    assert (status is Status.NOT_KNOWN) is not error.nothing_done
    if error.nothing_done:
        assert (status is Status.REFUSED) is issubclass(error, errors.CallerError)


@pytest.mark.parametrize("error", errors.BY_TYPE.values())
def test_every_error_says_what_to_do(error: type[errors.TureenError]) -> None:
    """People are told what to do about each, where the error's own sentence does not say it."""
    assert failures.advice(error("x", details={"path": "listenInfo"}), COMMAND)
    if error not in (errors.Malformed, errors.UnknownField, errors.InvalidType):
        assert failures.advice(error("x"))


def test_a_misspelt_field() -> None:
    """The fields that were probably meant are named."""
    error = errors.UnknownField("unknown field listenInfos", details={"path": "listenInfos"})
    assert failures.advice(error, COMMAND).startswith("did you mean listenInfo")


def test_what_people_and_programs_see() -> None:
    """A terminal gets code, type, message, details, trace and advice, harmless; everything else a line of JSON."""
    error = errors.NotFound("no \x1b[2Jrouter", details={"id": "x", "seen": [1]}, trace_id="ab" * 16)
    terminal, pipe = io.StringIO(), io.StringIO()
    failures.show(Console(file=terminal, force_terminal=True, color_system=None, width=100), error, COMMAND)
    failures.show(Console(file=pipe, width=100), error, COMMAND)
    shown = terminal.getvalue()
    assert "✗ 404 NotFoundError  no \\u001b[2Jrouter" in shown
    for row in ("id     x", "seen   [1]", f"trace  {'ab' * 16}", "to do  check the id"):
        assert row in shown
    assert json.loads(pipe.getvalue()) == error.body()
