"""The numbers of SCTP streams."""

from __future__ import annotations

import pytest

from tureen.mediasoup.errors import MediasoupError
from tureen.mediasoup.stream_ids import MAX_STREAMS, StreamIds


def test_one_after_another() -> None:
    """Numbers are counted up; one that is free again is taken when it is its turn."""
    ids = StreamIds()
    assert [ids.take() for _ in range(3)] == [0, 1, 2]
    ids.free(1)
    assert ids.take() == 3


def test_negotiated_limit() -> None:
    """Once fewer streams were negotiated, the lowest free numbers are taken, and others only when there is none."""
    ids = StreamIds()
    for _ in range(5):
        ids.take()
    ids.limit(3)
    ids.free(1)
    assert ids.take() == 1
    assert ids.take() == 5


def test_all_taken() -> None:
    """When all are taken there are no more, until one is free again."""
    ids = StreamIds()
    assert len({ids.take() for _ in range(MAX_STREAMS)}) == MAX_STREAMS
    with pytest.raises(MediasoupError):
        ids.take()
    ids.free(777)
    assert ids.take() == 777
