"""What an interface offers, as a flat list: mediasoup's and ours take the same form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from parity.shapes import Shape, show

Kind = Literal[
    "class",
    "property",
    "method",
    "option",
    "event",
    "observer event",
    "function",
    "constant",
    "structure",
    "field",
    "union",
    "value",
    "error",
]


@dataclass(frozen=True)
class Fact:
    """One thing that an interface offers.

    Attributes:
        path: Its name in Python, such as `Router.create_webrtc_transport(enable_udp)`.
        kind: What it is.
        source: How its own side spells it, for the table.
        traits: What must agree word by word, such as `optional` or `awaited`.
        shape: Its type: of a property, an option or a field, or what a method returns. `None` where there is none.
        arguments: Types of what listeners of an event get.
    """

    path: str
    kind: Kind
    source: str
    traits: frozenset[str] = frozenset()
    shape: Shape | None = None
    arguments: tuple[Shape, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What it is compared by: a property and an event may have the same name."""
        return (self.kind, self.path)

    def describe(self) -> str:
        """Say what it is like."""
        parts = sorted(self.traits)
        if self.shape is not None:
            parts.append(show(self.shape))
        if self.kind in ("event", "observer event"):
            parts.append("(" + ", ".join(map(show, self.arguments)) + ")")
        return " ".join(parts)


def snake_case(name: str) -> str:
    """Return mediasoup's name as it is in Python; WebRtc counts as one word."""
    joined = name.replace("WebRtc", "Webrtc").replace("webRtc", "webrtc")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", joined).lower()
