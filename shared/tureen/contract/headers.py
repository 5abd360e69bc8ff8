"""Headers of NATS messages: the names that the contract uses, and what each holds."""

from __future__ import annotations

from collections.abc import Mapping

TRACEPARENT = "traceparent"
TIMEOUT_MS = "Tureen-Timeout-Ms"
LEVEL = "Tureen-Level"
CONTENT_TYPE = "Content-Type"
ERROR = "Nats-Service-Error"
ERROR_CODE = "Nats-Service-Error-Code"

JSON = "application/json"
MSGPACK = "application/msgpack"

OF_REQUESTS: Mapping[str, str] = {
    TRACEPARENT: "W3C's trace context.",
    TIMEOUT_MS: "Milliseconds left when sent: what can no longer be answered in time is not started.",
    CONTENT_TYPE: f"`{JSON}` for a body in JSON, and an answer in JSON; msgpack otherwise.",
}
OF_ANSWERS: Mapping[str, str] = {
    LEVEL: "The contract's minor version that the service speaks.",
    CONTENT_TYPE: f"`{JSON}` where the body is JSON.",
}
OF_ERRORS: Mapping[str, str] = {
    **OF_ANSWERS,
    ERROR_CODE: "The error's number.",
    ERROR: "One sentence for a person.",
}
