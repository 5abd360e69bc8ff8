from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NotRequired, TypedDict, TypeVar

import pytest

from parity.ours import Tureen
from parity.shapes import show

T = TypeVar("T")
Either = TypeVar("Either", int, str)


class Known(TypedDict):
    """A structure that mediasoup has, too."""

    name: str


class Unknown(TypedDict, total=False):
    """A structure that mediasoup declares in place."""

    key: int
    note: NotRequired[str]


@pytest.fixture
def tureen() -> Tureen:
    """The lister, for a mediasoup that has but one structure."""
    return Tureen(lambda name: name == "Known")


@pytest.mark.parametrize(
    ("hint", "shape"),
    [
        (str, "text"),
        (Path, "text"),
        (int | float, "number"),
        (bool, "boolean"),
        (bytes | bytearray | memoryview, "bytes"),
        (Any, "any"),
        (None, "none"),
        (Literal["b", "a"], "'a' | 'b'"),
        (str | None, "none | text"),
        (list[int], "[number]"),
        (Sequence[str], "[text]"),
        (tuple[str, ...], "[text]"),
        (dict[str, int], "{…: number}"),
        (Mapping[str, Any], "{…: any}"),
        (Callable[[str], None], "callable"),
        (ValueError, "Error"),
        (T, "any"),
        (Either, "number | text"),
        (Known, "Known"),
        (Unknown, "{key?: number, note?: text}"),
    ],
)
def test_types_are_put_in_the_common_form(hint: Any, shape: str, tureen: Tureen) -> None:
    """Python's types have the same form as TypeScript's."""
    assert show(tureen.shape(hint)) == shape


@pytest.mark.parametrize("hint", [Awaitable[int], set[str]])
def test_types_that_are_not_foreseen_are_refused(hint: Any, tureen: Tureen) -> None:
    """A type that is not understood is an error."""
    with pytest.raises(TypeError):
        tureen.shape(hint)
