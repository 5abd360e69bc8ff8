from __future__ import annotations

import os

from tureen.config.ready import READY_FD, report_ready


def test_a_line_is_written_and_the_descriptor_closed() -> None:
    """The starter reads one line of JSON, then the end; a second report goes nowhere."""
    reading, writing = os.pipe()
    environ = {READY_FD: str(writing)}
    assert report_ready({"url": "http://127.0.0.1:1"}, environ)
    with os.fdopen(reading) as stream:
        assert stream.read() == '{"url":"http://127.0.0.1:1"}\n'
    assert environ == {}
    assert not report_ready({}, environ)


def test_nobody_who_listens_is_no_error() -> None:
    """Without the variable, with nonsense in it, or with a reader that left, nothing happens."""
    assert not report_ready({}, {})
    assert not report_ready({}, {READY_FD: "three"})
    reading, writing = os.pipe()
    os.close(reading)
    assert not report_ready({}, {READY_FD: str(writing)})
