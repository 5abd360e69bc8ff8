"""What an operator may set on the metrics service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tureen.bus import BusSettings
from tureen.config import Settings


class MetricsSettings(Settings):
    """The metrics service's settings.

    Attributes:
        nats: The bus.
        host: The address to listen on.
        port: The port to listen on; 0 is a free one.
        stale_after: Seconds without a heartbeat after which a node is shown no more.
    """

    nats: BusSettings = Field(default_factory=lambda: BusSettings(name="metrics"))
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    stale_after: Annotated[float, Field(gt=0)] = 10.0
    log_level: Literal["debug", "info", "warning", "error"] = "info"
