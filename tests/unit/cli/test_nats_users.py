from __future__ import annotations

import re

import pytest

import nats_permissions
from tureen.cli.local import nats_users
from tureen.contract import permissions
from tureen.contract.errors import InvalidType

USERS = [permissions.placement(), permissions.node_agent("host-1"), permissions.tenant("a")]


def test_the_configuration_holds_no_password() -> None:
    """The server takes every password from its environment, and each is in a variable of its own."""
    passwords = nats_users.new_passwords(USERS)
    text = nats_users.configuration(USERS)
    assert not any(password in text for password in passwords.values())
    named = re.findall(r"password: \$(\w+)", text)
    assert named == list(nats_users.environment(passwords))
    assert named == ["NATS_PASSWORD_PLACEMENT", "NATS_PASSWORD_NODE_HOST_1", "NATS_PASSWORD_TENANT_A"]


def test_nobody_may_answer_anywhere() -> None:
    """No user has `allow_responses`, and each has both lists."""
    text = nats_users.configuration(USERS)
    assert "allow_responses" not in text
    assert text.count("publish: {") == text.count("subscribe: {") == len(USERS)


def test_passwords_are_random_words() -> None:
    """Each password is another one, begins with a letter (a number would not be taken for a word) and is long."""
    passwords = nats_users.new_passwords(USERS)
    assert len(set(passwords.values()) | set(nats_users.new_passwords(USERS).values())) == 2 * len(USERS)
    assert all(re.fullmatch(r"[a-z][0-9A-Za-z]{22,}", password) for password in passwords.values())


@pytest.mark.parametrize(("one", "other"), [("a", "a"), ("a-b", "a_b"), ("acme", "ACME")])
def test_names_that_differ_too_little(one: str, other: str) -> None:
    """Users whose passwords would be in the same variable are refused."""
    with pytest.raises(InvalidType, match="too little"):
        nats_users.configuration([permissions.tenant(one), permissions.tenant(other)])


def test_urls_hold_the_credentials() -> None:
    """A user's URL is the server's with name and password inside."""
    url = nats_users.url("nats://127.0.0.1:4222", USERS[2], {"tenant-a": "secret"})
    assert url == "nats://tenant-a:secret@127.0.0.1:4222"


def test_the_committed_file_is_current() -> None:
    """deploy/nats/users.conf is what the permissions say."""
    nats_permissions.main([])


def test_the_file_for_a_cluster_of_ones_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The script prints the users of the nodes and tenants that it is given."""
    nats_permissions.main(["--node", "east-1", "--node", "east-2", "--tenant", "acme"])
    users = re.findall(r'user: "(.+)"', capsys.readouterr().out)
    services = ["operator", "placement", "signaling", "metrics"]
    assert users == [*services, "node-east-1", "node-east-2", "tenant-acme"]


def test_the_script_refuses_what_is_no_name() -> None:
    """A name that could reach beyond its place ends the script with a sentence."""
    with pytest.raises(SystemExit, match="cannot be part of a subject"):
        nats_permissions.main(["--node", "east.*"])
