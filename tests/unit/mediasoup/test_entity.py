"""What all objects have in common."""

from __future__ import annotations

import pytest

from tureen.mediasoup.entity import check_app_data, check_number, check_trace_types


@pytest.mark.parametrize("wrong", [None, "5", 5.0, True])
def test_numbers(wrong: object) -> None:
    """A number is an integer and nothing else."""
    check_number(0, "it")
    with pytest.raises(TypeError, match="it must be an integer"):
        check_number(wrong, "it")


def test_app_data() -> None:
    """What an app attaches is a dict, or nothing."""
    check_app_data(None)
    check_app_data({})
    with pytest.raises(TypeError):
        check_app_data([])  # type: ignore[arg-type]


def test_trace_types() -> None:
    """What to trace is a list of strings, known or not."""
    check_trace_types(["foo"])
    for wrong in ("rtp", 5, [5]):
        with pytest.raises(TypeError):
            check_trace_types(wrong)  # type: ignore[arg-type]
