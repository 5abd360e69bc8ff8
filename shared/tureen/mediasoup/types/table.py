"""Entries of the tables in dumps. mediasoup declares these in place; here they have names."""

from __future__ import annotations

from typing import TypedDict


class NumberToString(TypedDict):
    """An entry of a table from numbers to ids.

    Attributes:
        key: An SSRC, a stream number or the like.
        value: An id.
    """

    key: int
    value: str


class StringToString(TypedDict):
    """An entry of a table from ids to ids.

    Attributes:
        key: An id.
        value: An id.
    """

    key: str
    value: str


class StringToStrings(TypedDict):
    """An entry of a table from ids to lists of ids.

    Attributes:
        key: An id.
        values: Ids.
    """

    key: str
    values: list[str]
