from __future__ import annotations

import logging

import pytest

from tureen.bus.failures import LINES_PER_SECOND, FailureLog
from tureen.contract.errors import Busy


def test_no_caller_floods_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond a number of lines a second failures are only counted, and the count is logged."""
    now = 0.0
    failures = FailureLog(lambda: now)
    with caplog.at_level(logging.INFO):
        for _ in range(LINES_PER_SECOND + 10):
            failures.failed("a.b", Busy("too much"), "trace")
        now = 1.0
        failures.dropped("a.b", "why")
    assert caplog.text.count("429 Busy: too much") == LINES_PER_SECOND
    assert "10 more failures were not logged" in caplog.text
    assert "a message on a.b was dropped: why" in caplog.text
