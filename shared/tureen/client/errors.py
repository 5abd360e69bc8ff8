"""What can go wrong, under mediasoup's names and under the contract's at once.

Whatever a node answers is raised as a class that is both: ``NotFoundError`` of ``tureen.mediasoup.errors`` and
``NotFound`` of ``tureen.contract.errors``, say. What mediasoup has no name for (``Unavailable``, ``NoCapacity``,
``Busy``, …) is a ``MediasoupError`` as well; so a program that was written for ``tureen.mediasoup`` catches all that it
did, and one that knows of the network can tell more: ``code``, ``details`` and ``trace_id`` are there.
"""

from __future__ import annotations

from collections.abc import Mapping

from tureen.contract import errors as coded
from tureen.mediasoup import errors as plain

_NAMES: Mapping[type[coded.TureenError], type[Exception]] = {
    coded.Malformed: TypeError,
    coded.UnknownField: TypeError,
    coded.InvalidType: TypeError,
    coded.NotFound: plain.NotFoundError,
    coded.Unsupported: plain.UnsupportedError,
    coded.WorkerClosed: plain.WorkerClosedError,
    coded.Timeout: plain.RequestTimeoutError,
}

_BOTH: Mapping[type[coded.TureenError], type[coded.TureenError]] = {
    error: type(
        _NAMES.get(error, error).__name__, (error, _NAMES.get(error, plain.MediasoupError)), {"__doc__": error.__doc__}
    )
    for error in coded.BY_TYPE.values()
}


def named(error: coded.TureenError) -> coded.TureenError:
    """Return a coded error as one that has mediasoup's name, too."""
    return _BOTH[type(error)](error.message, details=error.details, trace_id=error.trace_id)
