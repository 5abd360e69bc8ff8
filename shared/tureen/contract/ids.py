"""What an id may look like, and where new ones come from."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import StringConstraints

from tureen.mediasoup.ids import new_id

__all__ = ["PATTERN", "Id", "check_id", "is_id", "new_id"]

PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
"""Ids are tokens of a subject and keys of a bucket, so neither dots nor blanks nor wildcards."""

_MATCH = re.compile(PATTERN[1:-1]).fullmatch

Id = Annotated[str, StringConstraints(pattern=PATTERN)]


def is_id(value: str) -> bool:
    """Tell whether a string may be an id."""
    return _MATCH(value) is not None


def check_id(value: str, name: str = "id") -> None:
    """Check an id that somebody has chosen.

    Raises:
        TypeError: It may not be one.
    """
    if not is_id(value):
        raise TypeError(f"{name}: an id is up to 128 of the characters A-Z a-z 0-9 _ -")
