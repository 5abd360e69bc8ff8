"""A command's payload, from the command line, a file or standard input."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO


class PayloadError(Exception):
    """There is no payload there; the message says why."""


def read(argument: str, standard_input: TextIO) -> dict[str, Any]:
    """Return the object in a JSON text: the argument itself, what is in `@file`, or `-` for standard input.

    Raises:
        PayloadError: It cannot be read, or is no object in JSON.
    """
    text, origin = _text(argument, standard_input)
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise PayloadError(f"{origin} is not JSON: {error.msg} ({where})") from None
    except RecursionError:
        raise PayloadError(f"{origin} is nested too deeply") from None
    if not isinstance(value, dict):
        raise PayloadError(f"{origin} is not an object: a payload is '{{…}}'")
    return value


def _text(argument: str, standard_input: TextIO) -> tuple[str, str]:
    try:
        if argument == "-":
            return standard_input.read(), "standard input"
        if argument.startswith("@"):
            return Path(argument[1:]).read_text(encoding="utf-8"), argument[1:]
    except OSError as error:
        raise PayloadError(f"cannot read {argument[1:]}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise PayloadError(f"{argument} is not text in UTF-8") from None
    return argument, "the payload"
