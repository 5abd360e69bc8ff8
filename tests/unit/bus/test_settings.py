from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from tureen.bus import BusSettings
from tureen.bus.settings import without_credentials


@pytest.mark.parametrize(
    ("given", "servers"),
    [
        ("nats://a", ["nats://a:4222"]),
        ("a:1,tls://b", ["nats://a:1", "tls://b:4222"]),
        (["nats://me:pw@[::1]:4223"], ["nats://me:pw@[::1]:4223"]),
        ("a/", ["nats://a:4222"]),
    ],
)
def test_servers(given: Any, servers: list[str]) -> None:
    """Servers are URLs; scheme and port may be left out, and one or several may stand in one string."""
    assert BusSettings(servers=given).servers == servers


@pytest.mark.parametrize("server", ["ws://a", "http://a", "nats://", "nats://a:99999", ""])
def test_what_is_no_server(server: str) -> None:
    """A URL that cannot work is refused with what would."""
    with pytest.raises(ValidationError, match="server's"):
        BusSettings(servers=[server])


def test_a_certificate_needs_its_key() -> None:
    """Half a client certificate is refused."""
    with pytest.raises(ValidationError, match="belong together"):
        BusSettings(tls_certificate=Path("/x.pem"))


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ({}, "tureen.v1.system.inbox.tureen"),
        ({"tenant": "acme", "user": "app"}, "tureen.v1.acme.inbox.app"),
        ({"servers": ["nats://node-1:pw@h"]}, "tureen.v1.system.inbox.node-1"),
        ({"servers": ["nats://node-1:pw@h"], "inbox_user": "x"}, "tureen.v1.system.inbox.x"),
        ({"user": "a.b"}, "tureen.v1.system.inbox.user"),
    ],
)
def test_inbox_prefix(settings: dict[str, Any], prefix: str) -> None:
    """The inbox is that of the tenant's user."""
    assert BusSettings(**settings).inbox_prefix == prefix


def test_secrets_are_not_shown() -> None:
    """Neither the settings' text nor a URL for people holds a password."""
    assert "pw" not in repr(BusSettings(user="a", password=SecretStr("pw"), token=SecretStr("pw")))
    assert without_credentials("nats://me:pw@h:1") == "nats://h:1"
