"""The service runtime on NATS: requests, events, services, buckets.

`Bus` is a process's connection, `Service` answers commands, `Bucket` keeps records. Everything that a caller can run
into is raised as one of `tureen.contract.errors`. This is not nats.micro, which runs one handler at a time, tells
callers what broke inside and loses requests when it stops; on the wire it is the same (ADR-32).
"""

from __future__ import annotations

from tureen.bus.admission import ServiceLimits
from tureen.bus.bucket import Bucket
from tureen.bus.bus import Bus
from tureen.bus.call import Call, Handler, Result
from tureen.bus.connection import Subscription
from tureen.bus.jetstream import StoreLost
from tureen.bus.mirror import Mirror
from tureen.bus.records import Entry
from tureen.bus.running import run, spare_what_started, stop_requested
from tureen.bus.service import Service
from tureen.bus.settings import BusSettings

__all__ = [
    "Bucket",
    "Bus",
    "BusSettings",
    "Call",
    "Entry",
    "Handler",
    "Mirror",
    "Result",
    "Service",
    "ServiceLimits",
    "StoreLost",
    "Subscription",
    "run",
    "spare_what_started",
    "stop_requested",
]
