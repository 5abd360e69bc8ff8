from __future__ import annotations

import pytest

from tureen.cli.wire import connecting
from tureen.config import SettingsError


@pytest.mark.parametrize(
    ("url", "tenant", "inbox"),
    [
        (None, "default", "tureen.v1.system.inbox.tureen-cli"),
        ("nats://local:x@host", "default", "tureen.v1.system.inbox.local"),
        ("nats://tenant-acme:x@host", "acme", "tureen.v1.acme.inbox.tenant-acme"),
    ],
)
def test_who_it_is(url: str | None, tenant: str, inbox: str) -> None:
    """The user's name says whose it is: a tenant's user speaks for its tenant, all others for `default`."""
    settings = connecting.settings(url, {})
    assert connecting.speaks_for(settings, None) == tenant
    assert settings.inbox_prefix == inbox


def test_what_the_environment_says() -> None:
    """Variables have all settings of a connection, and the URL beats the servers in them."""
    environ = {"TUREEN_CLI_NATS__SERVERS": "nats://a", "TUREEN_CLI_NATS__TENANT": "acme", "OTHER": "x"}
    assert connecting.settings(None, environ).servers == ["nats://a:4222"]
    assert connecting.settings("nats://b", environ).servers == ["nats://b:4222"]
    assert connecting.speaks_for(connecting.settings(None, environ), None) == "acme"
    assert connecting.speaks_for(connecting.settings(None, environ), "other") == "other"


@pytest.mark.parametrize("url", ["http://user:secret@host", "nats://user:secret@host:x", "nats://"])
def test_a_wrong_url(url: str) -> None:
    """It is refused in a sentence that does not show the password."""
    with pytest.raises(SettingsError) as refused:
        connecting.settings(url, {})
    assert "secret" not in str(refused.value)


def test_a_tenant_that_none_can_be() -> None:
    """A name that would make another subject is refused."""
    with pytest.raises(SettingsError, match="no tenant's name"):
        connecting.speaks_for(connecting.settings(None, {}), "a.b")
