from __future__ import annotations

import inspect
from typing import Any

import pytest

import tureen.client
import tureen.mediasoup
from tureen.client.errors import named
from tureen.contract import errors as coded
from tureen.mediasoup import errors as plain


@pytest.mark.parametrize("error", coded.BY_TYPE.values(), ids=lambda error: error.type)
def test_every_error_has_both_names(error: type[coded.TureenError]) -> None:
    """What a node answers is caught by its name in the contract, and as TypeError or MediasoupError."""
    raised = named(error("no", details={"a": 1}, trace_id="t"))
    assert isinstance(raised, error)
    assert isinstance(raised, TypeError | plain.MediasoupError)
    assert (str(raised), raised.details, raised.trace_id, raised.code) == ("no", {"a": 1}, "t", error.code)


def test_mediasoups_names() -> None:
    """What mediasoup has a name for is called so."""
    assert isinstance(named(coded.NotFound("")), plain.NotFoundError)
    assert isinstance(named(coded.WorkerClosed("")), plain.WorkerClosedError)
    assert isinstance(named(coded.Unsupported("")), plain.UnsupportedError)
    assert isinstance(named(coded.Timeout("")), TimeoutError)
    assert type(named(coded.WorkerClosed(""))).__name__ == "WorkerClosedError"


def test_every_class_is_there() -> None:
    """Each class of mediasoup has one of the same name here, which is a subclass of it, and overrides no signature."""
    theirs: Any
    for name, theirs in inspect.getmembers(tureen.mediasoup, inspect.isclass):
        if name not in tureen.mediasoup.__all__:
            continue
        ours: Any = getattr(tureen.client, name)
        assert issubclass(ours, theirs)
        assert (ours.EVENTS, ours.OBSERVER_EVENTS) == (theirs.EVENTS, theirs.OBSERVER_EVENTS)


def test_exports() -> None:
    """All that is promised is there."""
    assert all(hasattr(tureen.client, name) for name in tureen.client.__all__)
