"""What a service counts, and what it says of itself by NATS's service convention (ADR-32)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tureen.contract.cluster import LEVEL
from tureen.contract.errors import TureenError
from tureen.contract.registry import Command

_TYPE = "io.nats.micro.v1.{}_response"


@dataclass(slots=True)
class EndpointStatistics:
    """What one command has seen.

    Attributes:
        requests: Answered, errors included.
        errors: Answered with an error.
        processing_ns: Time from start to answer, in ns, summed up.
        last_error: Number and type of the last error, nothing that a caller sent.
        by_type: Errors by type.
    """

    requests: int = 0
    errors: int = 0
    processing_ns: int = 0
    last_error: str = ""
    by_type: Counter[str] = field(default_factory=Counter)

    def count(self, elapsed_ns: int, error: TureenError | None) -> None:
        """Count one answer."""
        self.requests += 1
        self.processing_ns += elapsed_ns
        if error is not None:
            self.errors += 1
            self.by_type[error.type] += 1
            self.last_error = f"{error.code} {error.type}"


@dataclass(slots=True)
class ServiceStatistics:
    """What a service has seen.

    Attributes:
        endpoints: By `<object>.<method>`.
        refused: What was answered with an error before a command was found, by type.
        dropped: What was not answered at all, by cause: `no_reply_subject`, `foreign_reply_subject`, `answer_lost`.
    """

    endpoints: dict[str, EndpointStatistics]
    refused: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a service is, by ADR-32."""

    name: str
    id: str
    version: str
    metadata: Mapping[str, str]
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def _base(self, kind: str) -> dict[str, Any]:
        return {
            "type": _TYPE.format(kind),
            "name": self.name,
            "id": self.id,
            "version": self.version,
            "metadata": {"level": str(LEVEL), **self.metadata},
        }

    def ping(self) -> dict[str, Any]:
        """Return the answer to `$SRV.PING`."""
        return self._base("ping")

    def info(self, commands: Iterable[Command], subject: str, queue: str) -> dict[str, Any]:
        """Return the answer to `$SRV.INFO`."""
        endpoints = [
            {
                "name": command.endpoint,
                "subject": _endpoint_subject(subject, command),
                "queue_group": queue,
                "metadata": {"audience": command.audience.value, "retry": str(command.retry).lower()},
            }
            for command in commands
        ]
        return self._base("info") | {"description": "", "endpoints": endpoints}

    def stats(
        self, commands: Iterable[Command], subject: str, queue: str, statistics: ServiceStatistics
    ) -> dict[str, Any]:
        """Return the answer to `$SRV.STATS`."""
        endpoints = []
        for command in commands:
            seen = statistics.endpoints[command.name]
            endpoints.append(
                {
                    "name": command.endpoint,
                    "subject": _endpoint_subject(subject, command),
                    "queue_group": queue,
                    "num_requests": seen.requests,
                    "num_errors": seen.errors,
                    "last_error": seen.last_error,
                    "processing_time": seen.processing_ns,
                    "average_processing_time": seen.processing_ns // seen.requests if seen.requests else 0,
                    "data": {"errors": dict(seen.by_type)},
                }
            )
        started = self.started.isoformat(timespec="microseconds").replace("+00:00", "Z")
        lost = {"dropped": dict(statistics.dropped), "refused": dict(statistics.refused)}
        return self._base("stats") | {"started": started, "endpoints": endpoints, **lost}


def _endpoint_subject(subject: str, command: Command) -> str:
    """Return a command's own subject within its service's one subscription."""
    return f"{subject.removesuffix('>')}{command.name}"
