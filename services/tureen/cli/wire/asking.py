"""Commands in JSON, as people write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tureen.bus import Bus, headers, payload
from tureen.contract import errors, subjects
from tureen.contract.registry import Command
from tureen.telemetry import TRACEPARENT, TraceContext


def subject(command: Command, tenant: str, node_id: str | None) -> str:
    """Return the subject of a command, to one node where nodes answer it.

    Raises:
        InvalidType: The tenant or the node has a name that none can have.
    """
    if command.service == "node":
        return subjects.node_command(tenant, node_id or "", command.object, command.method)
    return subjects.service_command(tenant, command.service, command.object, command.method)


def tries(command: Command, body: Mapping[str, Any]) -> int:
    """Return how often a command may be sent while nobody answers: a create without an id makes one each time."""
    anew = command.anew or ("id" in command.request.model_fields and "id" not in body)
    return 3 if command.retry and not anew else 1


async def ask(
    bus: Bus, subject: str, body: Mapping[str, Any], *, timeout: float, trace: TraceContext, tries: int = 1
) -> dict[str, Any]:
    """Send a command in JSON, bytes as base64, and return the answer's body.

    Args:
        bus: The connection.
        subject: Whom to ask.
        body: What to ask.
        timeout: The seconds that all tries have together.
        trace: The span that it belongs to.
        tries: How often it is sent at most while nobody answers.

    Raises:
        TureenError: As of `Bus.request`; it carries the trace id in any case.
    """
    sent = {
        TRACEPARENT: trace.traceparent,
        headers.TIMEOUT_MS: str(int(timeout * 1000)),
        headers.CONTENT_TYPE: headers.JSON,
    }
    try:
        delivery = await bus.exchange(subject, payload.encode_json(body), sent, timeout=timeout, tries=tries)
        answer = _decoded(delivery.body, subject)
        if headers.ERROR_CODE.lower() in headers.parse(delivery.headers):
            raise errors.from_body(answer)
    except errors.TureenError as error:
        error.trace_id = error.trace_id or trace.trace_id
        raise
    return answer


def _decoded(body: bytes, subject: str) -> dict[str, Any]:
    try:
        return payload.decode_json(body)
    except errors.Malformed:
        raise errors.Internal(f"{subject} answered something malformed") from None
