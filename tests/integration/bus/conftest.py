from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import pytest
from tests.support.echo import COMMANDS, SUBJECT, EchoSaid, EchoSay

from tureen.bus import Bus, Call, Handler, Service

Serve = Callable[..., Awaitable[Service]]


async def echo(call: Call, command: EchoSay) -> EchoSaid:
    """Answer with what was said."""
    return EchoSaid(text=command.text, number=command.number, data=command.data)


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Give a function that starts an echo on a bus, with handlers of the test's own where it has any."""
    services: list[Service] = []

    async def serve(bus: Bus, handlers: Mapping[str, Handler] | None = None, **options: Any) -> Service:
        service = Service(
            bus,
            name="echo",
            version="0.1.0",
            commands=COMMANDS,
            handlers=handlers or {"echo.say": echo},
            subject=SUBJECT,
            **options,
        )
        await service.start()
        services.append(service)
        return service

    yield serve
    for service in services:
        await service.drain()
