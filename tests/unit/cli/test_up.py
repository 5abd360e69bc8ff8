from __future__ import annotations

import pytest
import typer

from tureen.cli import up
from tureen.cli.local.supervisor import Cluster

CLUSTER = Cluster(
    nats_url="nats://local:secret@127.0.0.1:4222",
    signaling_url="http://127.0.0.1:3000",
    metrics_url="http://127.0.0.1:9464",
    nodes=[{"nodeId": "node-1", "workers": ["w"]}],
    tenants=[{"tenant": "acme", "natsUrl": "nats://tenant-acme:secret@127.0.0.1:4222", "inboxPrefix": "i"}],
)


def test_tenants_are_listed_once_and_in_order() -> None:
    """Blanks and repetitions in the list do not count."""
    assert up._tenants("") == ()
    assert up._tenants("b, a,,b") == ("b", "a")


@pytest.mark.parametrize("names", ["system", "a.b", "a,>", "a-b,a_b"])
def test_what_is_no_tenant(names: str) -> None:
    """A name that no tenant can have is refused before anything starts."""
    with pytest.raises(typer.BadParameter):
        up._tenants(names)


def test_the_panel_shows_passwords_to_people_only(capsys: pytest.CaptureFixture[str]) -> None:
    """Where standard error is no terminal it may end up in a log: the addresses are shown, the passwords are not."""
    up._announce(CLUSTER, 1.0, as_json=False)
    shown = capsys.readouterr().err
    assert "acme, nats://127.0.0.1:4222" in shown
    assert "secret" not in shown


def test_scripts_get_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """The line of JSON holds the URLs with their credentials, and the tenants only where there are any."""
    up._announce(CLUSTER, 1.0, as_json=True)
    assert capsys.readouterr().out.count("secret") == 2
    assert "tenants" not in Cluster("nats://x", "http://x", "http://x", []).to_json()
