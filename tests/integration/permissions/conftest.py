"""A nats-server with every user that permissions are known for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from tests.support.nats_server import NatsServer

from tureen.bus import Bus, BusSettings
from tureen.cli.local import nats_users
from tureen.contract import permissions

SignIn = Callable[[str], Awaitable[Bus]]

USERS = {
    user.name: user
    for user in (
        permissions.operator(),
        permissions.local(),
        permissions.placement(),
        permissions.signaling(),
        permissions.metrics(),
        *map(permissions.node_agent, ("n1", "n2")),
        *map(permissions.tenant, ("a", "b", "default")),
    )
}


@pytest.fixture
def guarded_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NatsServer, dict[str, str]]]:
    """Run a nats-server with the users, and give it with their passwords."""
    passwords = nats_users.new_passwords(USERS.values())
    for name, password in nats_users.environment(passwords).items():
        monkeypatch.setenv(name, password)
    server = NatsServer(tmp_path / "nats", nats_users.configuration(USERS.values()))
    server.start()
    try:
        yield server, passwords
    finally:
        server.stop()


@pytest.fixture
async def sign_in(guarded_server: tuple[NatsServer, dict[str, str]]) -> AsyncIterator[SignIn]:
    """Give a function that connects as one of the users."""
    server, passwords = guarded_server
    buses: list[Bus] = []

    async def sign_in(name: str) -> Bus:
        settings = BusSettings.model_validate(
            {"servers": [server.url], "tenant": USERS[name].tenant, "user": name, "password": passwords[name]}
        )
        buses.append(await Bus.connect(settings))
        return buses[-1]

    yield sign_in
    for bus in buses:
        await bus.close()
