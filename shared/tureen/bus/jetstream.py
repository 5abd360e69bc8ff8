"""The few requests to JetStream that a bucket needs."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from tureen.bus.bus import Bus
from tureen.bus.parser import Delivery
from tureen.contract.errors import Internal, Timeout, TureenError, Unavailable

STREAM_NOT_FOUND = 10059
MESSAGE_NOT_FOUND = 10037
NAME_IN_USE = 10058
WRONG_LAST_SEQUENCE = frozenset({10071, 10164})
"""The stream's last sequence, or the subject's, is another than was expected."""

_MADE_BY = "tureen.made_by"
_TEMPORARY = frozenset({408, 500, 503})
"""JetStream's own codes for: no leader, no quorum, no resources at this moment."""


class StoreLost(Unavailable):
    """The bucket's stream is gone, or is another one than before: what was in it must be rebuilt."""


class JetStreamError(TureenError):
    """JetStream refused something; `number` is its own error code."""

    type = "Internal"

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"JetStream: {text}", details={"number": number})
        self.number = number


class Stream(NamedTuple):
    """What JetStream says of a stream.

    Attributes:
        created: When it was made, exactly as JetStream writes it: tells one stream from the next of that name.
    """

    created: str
    config: Mapping[str, Any]

    @property
    def created_ms(self) -> int:
        """The wall clock when it was made, in ms since 1970."""
        # Python reads six digits of a second's fraction, JetStream writes up to nine.
        seconds, _, rest = self.created.rstrip("Z").partition(".")
        return int(datetime.fromisoformat(f"{seconds}+00:00").timestamp()) * 1000 + int((rest + "000")[:3] or 0)


async def api(bus: Bus, verb: str, body: Mapping[str, Any] | None = None, *, timeout: float) -> dict[str, Any]:
    """Ask JetStream's API.

    Raises:
        JetStreamError: It refused.
        Unavailable: JetStream is not enabled, has no leader at this moment, or there is no connection.
        Timeout: No answer.
    """
    payload = json.dumps(body).encode() if body is not None else b""
    try:
        delivery = await bus.exchange(f"$JS.API.{verb}", payload, {}, timeout=timeout)
    except Unavailable as error:
        if bus.connected:
            raise Unavailable("JetStream does not answer: is it enabled on the NATS server (jetstream {})?") from None
        raise error
    return parse(delivery)


def parse(delivery: Delivery) -> dict[str, Any]:
    """Return an answer of JetStream's, or raise the error that it is."""
    try:
        answer: dict[str, Any] = json.loads(delivery.body)
        error = answer.get("error")
    except (ValueError, AttributeError):
        raise Internal("JetStream answered something malformed") from None
    if error:
        text, number = str(error.get("description", "")), int(error.get("err_code", 0))
        if error.get("code") in _TEMPORARY:
            raise Unavailable(f"JetStream: {text}")
        raise JetStreamError(number, text)
    return answer


async def stream_info(bus: Bus, name: str, *, timeout: float) -> Stream | None:
    """Return what JetStream says of a stream; None where there is none."""
    try:
        answer = await api(bus, f"STREAM.INFO.{name}", timeout=timeout)
    except JetStreamError as error:
        if error.number == STREAM_NOT_FOUND:
            return None
        raise
    return Stream(answer["created"], answer["config"])


async def stream_subjects(bus: Bus, name: str, pattern: str, *, timeout: float) -> set[str]:
    """Return each subject under which a stream has a message, asking for as many pages as there are.

    Raises:
        StoreLost: The stream does not exist.
    """
    found: set[str] = set()
    while True:
        try:
            request = {"subjects_filter": pattern, "offset": len(found)}
            answer = await api(bus, f"STREAM.INFO.{name}", request, timeout=timeout)
        except JetStreamError as error:
            if error.number == STREAM_NOT_FOUND:
                raise StoreLost(f"the stream {name} does not exist any more") from None
            raise
        page = answer["state"].get("subjects") or {}
        found.update(page)
        if not page or len(found) >= answer.get("total", 0):
            return found


async def create_stream(bus: Bus, config: Mapping[str, Any], *, timeout: float) -> tuple[Stream, bool]:
    """Make a stream unless it is there; return it, and whether it was made here and now."""
    name = config["name"]
    existing = await stream_info(bus, name, timeout=timeout)
    if existing is not None:
        return existing, False
    # JetStream tells everybody who asks at the same moment that he made it; this mark tells who it was.
    mark = {_MADE_BY: secrets.token_hex(8)}
    try:
        answer = await api(bus, f"STREAM.CREATE.{name}", {**config, "metadata": mark}, timeout=timeout)
    except JetStreamError as error:
        existing = await stream_info(bus, name, timeout=timeout) if error.number == NAME_IN_USE else None
        if existing is None:
            raise
        return existing, False
    made = Stream(answer["created"], answer["config"])
    return made, made.config.get("metadata", {}).get(_MADE_BY) == mark[_MADE_BY]


async def store(bus: Bus, subject: str, body: bytes, headers: Mapping[str, str], *, stream: str, timeout: float) -> int:
    """Store a message and return its sequence.

    Raises:
        JetStreamError: JetStream refused it, for instance because of an expected sequence.
        StoreLost: The stream does not exist.
        Unavailable: JetStream does not answer; nothing was stored.
        Timeout: No answer; it may have been stored.
    """
    try:
        delivery = await bus.exchange(subject, body, headers, timeout=timeout)
    except Unavailable:
        # Nobody takes it: the stream is gone, or only its leader is.
        if bus.connected and await _is_gone(bus, stream, timeout=timeout):
            raise StoreLost(f"the stream {stream} does not exist any more") from None
        raise
    answer = parse(delivery)
    if answer.get("stream") != stream:
        raise Internal(f"{subject} was stored in {answer.get('stream')}, not in {stream}")
    return int(answer["seq"])


async def _is_gone(bus: Bus, stream: str, *, timeout: float) -> bool:
    try:
        return await stream_info(bus, stream, timeout=timeout) is None
    except (Unavailable, Timeout):
        return False
