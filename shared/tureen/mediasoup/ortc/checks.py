"""How mediasoup looks at values: JavaScript's idea of types and of what counts as given."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

# A line break after the slash does not count as a subtype.
_MIME_TYPE: Final = re.compile(r"(audio|video)/[^\n\r\u2028\u2029]", re.IGNORECASE | re.ASCII)


def is_given(value: object) -> bool:
    """Tell whether a value counts as given: all but `None`, false, zero and the empty string do."""
    return not (value is None or value is False or value == 0 or value == "")


def is_number(value: object) -> bool:
    """Tell whether a value is a number; booleans are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def media_kind(mime_type: object) -> str:
    """Return `audio` or `video`, the kind of media that a MIME type names.

    Raises:
        TypeError: It is missing, or names another kind.
    """
    if mime_type == "" or not isinstance(mime_type, str):
        raise TypeError("missing codec.mimeType")
    match = _MIME_TYPE.match(mime_type)
    if match is None:
        raise TypeError("invalid codec.mimeType")
    return match[1].lower()


def normalize_all(items: list[T], normalize: Callable[[T], T]) -> list[T]:
    """Normalise each item; return the very list that was given where nothing had to change."""
    normalized = [normalize(item) for item in items]
    return items if all(map(operator.is_, normalized, items)) else normalized
