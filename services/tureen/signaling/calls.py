"""The methods that a browser may call, by name; `calls_setup` and `calls_media` hold them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tureen.contract.errors import Conflict, NotFound, Unsupported
from tureen.signaling.hall import Hall
from tureen.signaling.media import Media
from tureen.signaling.room import Peer


@dataclass(frozen=True, slots=True)
class Caller:
    """On whose behalf a method runs."""

    peer: Peer
    hall: Hall
    media: Media

    def check_is_here(self) -> None:
        """Check that the peer did not leave while something was awaited.

        Raises:
            NotFound: It left, and what was made for it is being closed.
        """
        if self.peer.gone:
            raise NotFound("the peer has left")


Handler = Callable[[Caller, dict[str, Any]], Awaitable[Any]]
"""Takes the request's data and returns the answer's."""


@dataclass(frozen=True, slots=True)
class Method:
    """A method.

    Attributes:
        needs_join: Whether only those may call it who have joined.
        either: Whether it may be called by notification too, as the TypeScript dialect does.
    """

    handler: Handler
    needs_join: bool
    either: bool


_METHODS: dict[str, Method] = {}


def method(name: str, *, needs_join: bool = True, either: bool = False) -> Callable[[Handler], Handler]:
    """Enter a handler under a method's name."""

    def enter(handler: Handler) -> Handler:
        _METHODS[name] = Method(handler, needs_join, either)
        return handler

    return enter


def find(name: str, peer: Peer, *, is_notification: bool) -> Handler:
    """Return what serves a method for a peer.

    Raises:
        NotFound: There is no such method.
        Unsupported: It is a request in every dialect.
        Conflict: The peer must join first.
    """
    found = _METHODS.get(name)
    if found is None:
        raise NotFound(f"unknown method {name!r}")
    if is_notification and not found.either:
        raise Unsupported(f"{name} is a request, not a notification")
    if found.needs_join and not peer.joined:
        raise Conflict(f"{name} is for those who have joined: send join first")
    return found.handler
