from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.client.scaled.levels import Levels, Told, Volume

SOURCES = "abcd"


def volume(source: str, number: int, dbov: int) -> Volume:
    """Return how loud a producer is that lives where the source is."""
    return Volume(f"{source}{number}", dbov)


def test_one_router() -> None:
    """What a room's only observer tells is told at once, and silence once."""
    levels = Levels(2, 1000)
    assert levels.silent("a") is None
    for now in range(3):
        assert levels.heard("a", [volume("a", 1, -10)], now) == [volume("a", 1, -10)]
    assert levels.silent("a") == []
    assert levels.silent("a") is None
    assert levels.heard("a", [volume("a", 1, -30)], 9.0) == [volume("a", 1, -30)]


def test_several_routers() -> None:
    """Once everybody who speaks has told, the loudest of all are told, and no more than were asked for."""
    levels = Levels(2, 1000)
    assert levels.heard("a", [volume("a", 1, -20), volume("a", 2, -40)], 0.0) is not None
    assert levels.heard("b", [volume("b", 1, -10)], 0.6) is None
    assert levels.heard("a", [volume("a", 1, -20), volume("a", 2, -40)], 1.0) == [
        volume("b", 1, -10),
        volume("a", 1, -20),
    ]
    assert levels.silent("b") is None
    assert levels.heard("a", [volume("a", 2, -50)], 2.0) == [volume("a", 2, -50)]
    assert levels.silent("a") == []


def test_who_falls_silent_is_not_waited_for() -> None:
    """Those who have told are told of as soon as nobody else is expected to."""
    levels = Levels(5, 1000)
    levels.heard("a", [volume("a", 1, -20)], 0.0)
    levels.heard("b", [volume("b", 1, -10)], 0.6)
    levels.heard("a", [volume("a", 1, -20)], 1.0)
    assert levels.heard("a", [volume("a", 1, -21)], 2.0) is None
    assert levels.silent("b") == [volume("a", 1, -21)]


def test_news_that_is_lost() -> None:
    """Who misses his turn is told of as he was once more, and then taken for silent; he is back when he tells again."""
    levels = Levels(5, 1000)
    a, b = [volume("a", 1, -20)], [volume("b", 1, -10)]
    levels.heard("a", a, 0.0)
    levels.heard("b", b, 0.5)
    assert levels.heard("a", a, 1.0) == [*b, *a]
    assert levels.heard("a", a, 2.0) is None
    assert levels.heard("a", a, 3.0) == [*b, *a]
    assert levels.heard("a", a, 4.0) == a
    assert levels.heard("a", a, 5.0) == a
    assert levels.heard("b", b, 5.5) is None
    assert levels.heard("a", a, 6.0) == [*b, *a]


@pytest.mark.parametrize(("interval", "patience"), [(0, 2.0), (250, 2.0), (1000, 3.0), (60_000, 15.0)])
def test_all_news_is_lost(interval: int, patience: float) -> None:
    """If nobody tells anything for a while, silence is told, once; intervals are taken as mediasoup takes them."""
    levels = Levels(5, interval)
    assert levels.deadline is None
    levels.heard("a", [volume("a", 1, -20)], 7.0)
    assert levels.deadline == 7.0 + patience
    assert levels.expire(7.0 + patience - 0.01) is None
    assert levels.expire(7.0 + patience) == []
    assert levels.deadline is None
    assert levels.expire(99.0) is None


def test_who_is_watched_no_more() -> None:
    """A producer that was taken off is not told of, though its observer had told of it."""
    levels = Levels(5, 1000)
    levels.heard("a", [volume("a", 1, -20)], 0.0)
    levels.heard("b", [volume("b", 1, -10), volume("b", 2, -30)], 0.5)
    levels.removed("b1")
    assert levels.heard("a", [volume("a", 1, -20)], 1.0) == [volume("a", 1, -20), volume("b", 2, -30)]
    levels.removed("a1")
    assert levels.silent("b") is None
    assert levels.silent("a") == []


class Model:
    """What must hold whatever the observers tell, in whatever order."""

    def __init__(self, max_entries: int) -> None:
        self.levels = Levels(max_entries, 1000)
        self.max_entries = max_entries
        self.latest: dict[str, list[Volume]] = {}
        self.told: list[list[Volume]] = []
        self.now = 0.0

    def check(self, told: Told) -> None:
        """Check what is told after something happened."""
        if told is None:
            return
        assert told or (self.told and self.told[-1]), "silence is told once, and not before anything else"
        self.told.append(told)
        assert len(told) <= self.max_entries
        assert [entry.volume for entry in told] == sorted((entry.volume for entry in told), reverse=True)
        assert len({entry.producer_id for entry in told}) == len(told)
        latest = [entry for volumes in self.latest.values() for entry in volumes]
        assert set(told) <= set(latest), "nobody is told of who is silent, gone or of another volume by now"

    def heard(self, source: str, dbovs: list[int]) -> None:
        """A source tells volumes."""
        self.latest[source] = [volume(source, index, dbov) for index, dbov in enumerate(dbovs)]
        self.check(self.levels.heard(source, self.latest[source], self.now))

    def silent(self, source: str) -> None:
        """A source tells silence, or is lost."""
        self.latest.pop(source, None)
        self.check(self.levels.silent(source))

    def removed(self, source: str, index: int) -> None:
        """A producer is watched no more."""
        gone = f"{source}{index}"
        self.latest[source] = [entry for entry in self.latest.get(source, []) if entry.producer_id != gone]
        self.levels.removed(gone)

    def passes(self, seconds: float) -> None:
        """Time passes."""
        self.now += seconds
        self.check(self.levels.expire(self.now))


sources = st.sampled_from(SOURCES)
steps: st.SearchStrategy[Callable[[Model], None]] = st.one_of(
    st.builds(
        lambda source, dbovs: lambda model: model.heard(source, dbovs),
        sources,
        st.lists(st.integers(-127, 0), min_size=1, max_size=4),
    ),
    st.builds(lambda source: lambda model: model.silent(source), sources),
    st.builds(lambda source, index: lambda model: model.removed(source, index), sources, st.integers(0, 3)),
    st.builds(lambda seconds: lambda model: model.passes(seconds), st.floats(0, 5)),
)


@given(st.integers(1, 6), st.lists(steps, max_size=60))
def test_any_history(max_entries: int, history: list[Callable[[Model], None]]) -> None:
    """Told are the latest volumes, sorted, cut and without repetition; and in the end there is silence."""
    model = Model(max_entries)
    for step in history:
        step(model)
    model.passes(100.0)
    assert not model.told or model.told[-1] == []


@given(
    st.integers(1, 5),
    st.dictionaries(sources, st.tuples(st.floats(0, 0.999), st.lists(st.integers(-90, 0), min_size=1, max_size=5))),
)
def test_once_an_interval(max_entries: int, speaking: dict[str, tuple[float, list[int]]]) -> None:
    """With clocks that are not in step everybody who speaks is told of once an interval, the loudest of all first."""
    levels = Levels(max_entries, 1000)
    everybody = sorted((dbov for _, dbovs in speaking.values() for dbov in dbovs), reverse=True)
    turns = sorted((phase, source) for source, (phase, _) in speaking.items())
    for interval in range(5):
        told = []
        for phase, source in turns:
            volumes = [volume(source, index, dbov) for index, dbov in enumerate(speaking[source][1])]
            told.append(levels.heard(source, volumes, interval + phase))
        if interval and turns:
            (only,) = [each for each in told if each is not None]
            assert [entry.volume for entry in only] == everybody[:max_entries]
