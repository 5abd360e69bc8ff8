"""Say in an error what somebody has given, whatever it is."""

from __future__ import annotations

from reprlib import Repr

_repr = Repr()
_repr.maxstring = _repr.maxother = 50


def describe(value: object) -> str:
    """Return a short text for a value of any kind: deep, endless, huge, or unable to describe itself."""
    try:
        return _repr.repr(value)
    except Exception:
        # An integer of too many digits (sys.set_int_max_str_digits), say.
        return f"a {type(value).__name__}"
