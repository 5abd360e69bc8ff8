from __future__ import annotations

import pytest

from parity.shapes import ANY, NONE, TEXT, Fields, ListOf, Named, Plain, Shape, TableOf, Values, fits, one_of, show

NUMBER = Plain("number")
AB = Values(frozenset({"a", "b"}))
A = Values(frozenset({"a"}))


def test_alternatives_are_flattened() -> None:
    """Strings are collected, duplicates dropped, a single alternative stands for itself, and any swallows all."""
    assert one_of([A, Values(frozenset({"b"}))]) == AB
    assert one_of([NUMBER, NUMBER]) == NUMBER
    assert one_of([one_of([NUMBER, NONE]), TEXT]) == one_of([TEXT, NUMBER, NONE])
    assert one_of([NUMBER, ANY]) == ANY


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (ANY, NUMBER),
        (TEXT, AB),
        (ListOf(TEXT), ListOf(A)),
        (TableOf(ANY), TableOf(TEXT)),
        (one_of([TEXT, NONE]), one_of([A, NONE])),
        (Fields((("a", TEXT, False), ("b", ANY, True))), Fields((("b", TEXT, True), ("a", A, False)))),
    ],
)
def test_the_same_or_more_exact_fits(theirs: Shape, ours: Shape) -> None:
    """Where mediasoup says string we may say which; where it says unknown we may say anything."""
    assert fits(theirs, ours)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (NUMBER, ANY),
        (A, TEXT),
        (AB, A),
        (A, AB),
        (Named("A"), Named("B")),
        (ListOf(TEXT), TEXT),
        (one_of([TEXT, NONE]), TEXT),
        (TEXT, one_of([TEXT, NONE])),
        (Fields((("a", TEXT, False),)), Fields((("a", TEXT, True),))),
        (Fields((("a", TEXT, False),)), Fields((("a", TEXT, False), ("b", TEXT, False)))),
    ],
)
def test_anything_else_does_not_fit(theirs: Shape, ours: Shape) -> None:
    """Less exact types, other values, and fields that are missing, extra or optional on one side differ."""
    assert not fits(theirs, ours)


def test_types_are_written_down_in_one_order() -> None:
    """The same type is always written the same way."""
    assert show(one_of([TEXT, ListOf(AB), NONE])) == "['a' | 'b'] | none | text"
