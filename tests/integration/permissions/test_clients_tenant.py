"""For whom a Python client asks, by the user that signs in."""

from __future__ import annotations

import pytest
from tests.integration.permissions.conftest import SignIn
from tests.support.nats_server import NatsServer

from tureen.client import connect
from tureen.contract import subjects
from tureen.contract.errors import Unauthorized
from tureen.contract.registry import commands_of


@pytest.mark.parametrize(("user", "tenant"), [("tenant-a", "a"), ("tenant-default", "default"), ("local", "default")])
async def test_the_users_own(
    guarded_server: tuple[NatsServer, dict[str, str]], sign_in: SignIn, user: str, tenant: str
) -> None:
    """Without a tenant it is the user's own, else `default`; answers come, and another tenant is refused."""
    server, passwords = guarded_server
    url = server.url.replace("//", f"//{user}:{passwords[user]}@")
    agent = await sign_in("node-n1")
    heard: list[str] = []

    def answer(delivery: object) -> None:
        heard.append(delivery.subject)  # type: ignore[attr-defined]
        agent.send(delivery.reply, b"\x80")  # type: ignore[attr-defined]

    await agent.listen(subjects.node_commands("n1"), answer)
    async with connect(url) as client:
        await client._session.ask("n1", commands_of("node")["router.close"], {"routerId": "r"})
    assert heard == [f"tureen.v1.{tenant}.node.n1.router.close"]
    with pytest.raises(Unauthorized):
        async with connect(url, tenant="b"):
            pass
