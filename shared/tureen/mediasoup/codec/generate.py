"""Make functions from generated source, as dataclasses and attrs do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def make_function(name: str, arguments: str, lines: Sequence[str], namespace: Mapping[str, Any]) -> Any:
    """Return a function whose body is ``lines`` and whose globals are ``namespace``.

    The lines are made of the codec's own fragments and of field names that the schema's parser has accepted (words);
    nothing that comes over a wire gets into them.
    """
    source = "\n".join([f"def {name}({arguments}):", *(f"    {line}" for line in lines)])
    made: dict[str, Any] = dict(namespace)
    exec(compile(source, f"<tureen.mediasoup.codec {name}>", "exec"), made)  # noqa: S102
    return made[name]
