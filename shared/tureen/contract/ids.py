"""What an id may look like, and where new ones come from."""

from __future__ import annotations

import re
import uuid
from typing import Annotated

from pydantic import StringConstraints

PATTERN = r"^[A-Za-z0-9_-]{1,128}$"
"""Ids are tokens of a subject and keys of a bucket, so neither dots nor blanks nor wildcards."""

_MATCH = re.compile(PATTERN[1:-1]).fullmatch

Id = Annotated[str, StringConstraints(pattern=PATTERN)]


def is_id(value: str) -> bool:
    """Tell whether a string may be an id."""
    return _MATCH(value) is not None


def new_id() -> str:
    """Return a random UUID, the recommended form of every id."""
    return str(uuid.uuid4())
