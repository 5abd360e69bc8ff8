"""Messages are cut out of the stream wherever it is torn."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.mediasoup.errors import ChannelError
from tureen.mediasoup.framing import MESSAGE_MAX_LENGTH, MessageStream


def framed(body: bytes) -> bytes:
    """Return a message with its length in front."""
    return len(body).to_bytes(4, "little") + body


@given(bodies=st.lists(st.binary(max_size=20), max_size=8), cuts=st.lists(st.integers(0, 150), max_size=8))
def test_the_pieces_do_not_matter(bodies: list[bytes], cuts: list[int]) -> None:
    """However the stream comes in pieces, the same messages come out, as soon as they are complete."""
    data = b"".join(map(framed, bodies))
    ends = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    stream = MessageStream()
    received: list[bytes] = []
    for start, end in itertools.pairwise(ends):
        received += stream.feed(data[start:end])
        complete = sum(len(b"".join(map(framed, bodies[: count + 1]))) <= end for count in range(len(bodies)))
        assert len(received) == complete
    assert received == [framed(body) for body in bodies]


def test_a_length_beyond_the_limit() -> None:
    """A message that is announced as longer than any worker's is refused before it has come."""
    with pytest.raises(ChannelError, match="8388609 bytes"):
        MessageStream().feed((MESSAGE_MAX_LENGTH - 3).to_bytes(4, "little"))
    assert MessageStream().feed((MESSAGE_MAX_LENGTH - 4).to_bytes(4, "little")) == []
