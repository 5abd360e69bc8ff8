"""What holds for the permissions of every user, whoever it is."""

from __future__ import annotations

import pytest

from tureen.contract import permissions, subjects
from tureen.contract.errors import InvalidType
from tureen.contract.permissions import User
from tureen.contract.registry import Audience, all_commands

SERVICES = [
    permissions.placement(),
    permissions.signaling(),
    permissions.metrics(),
    permissions.node_agent("n1"),
]
TENANTS = [permissions.tenant(name) for name in ("a", "b", "default")]
USERS = [*SERVICES, *TENANTS, permissions.operator(), permissions.local()]


@pytest.mark.parametrize("user", USERS, ids=lambda user: user.name)
def test_a_user_hears_its_own_inbox_and_no_other(user: User) -> None:
    """The inbox that a user's connections are made with is open to it; what covers inboxes of others is not."""
    heard = [subject for subject in user.may.subscribe if ".inbox." in subject]
    assert f"{user.inbox_prefix}.>" in heard
    assert all(subject.endswith(f".inbox.{user.name}.>") for subject in heard)
    assert ">" not in user.may.subscribe
    assert ">" not in user.may.publish


def test_the_common_inbox_is_one_tenants() -> None:
    """Only tenant `default`, and who runs a cluster on his own machine, hear `_INBOX`."""
    assert {user.name for user in USERS if "_INBOX.>" in user.may.subscribe} == {"tenant-default", "local"}


@pytest.mark.parametrize("user", TENANTS, ids=lambda user: user.name)
def test_a_tenant_stays_below_its_own_name(user: User) -> None:
    """Whatever a tenant publishes or hears begins with its name, but for the common inbox."""
    own = f"tureen.v1.{user.tenant}."
    assert all(subject.startswith((own, "_INBOX.")) for subject in (*user.may.publish, *user.may.subscribe))


def test_a_tenant_may_send_every_command_that_is_for_tenants() -> None:
    """The registry's commands are within what a tenant may publish."""
    allowed = {subject.removesuffix(">") for subject in permissions.tenant("a").may.publish}
    for command in all_commands():
        if command.audience is Audience.TENANT and command.service != "node":
            subject = subjects.service_command("a", command.service, command.object, command.method)
            assert any(subject.startswith(prefix) for prefix in allowed)


@pytest.mark.parametrize("user", SERVICES, ids=lambda user: user.name)
def test_services_answer_at_inboxes(user: User) -> None:
    """Every service may answer at every inbox."""
    assert set(subjects.INBOXES) <= set(user.may.publish)


def test_only_placement_has_the_store() -> None:
    """JetStream and the bucket are placement's; nobody may delete a stream."""
    stored = {user.name for user in USERS if any(each.startswith(("$JS", "$KV")) for each in user.may.publish)}
    assert stored == {"placement"}
    assert not any("STREAM.DELETE" in subject or "PURGE" in subject for subject in permissions.placement().may.publish)


def test_who_runs_a_cluster_is_operator_and_default_tenant() -> None:
    """The local user may do what these two may, and no more."""
    one, both = permissions.local().may, (permissions.operator("local").may, permissions.tenant("default", "local").may)
    assert set(one.publish) == {subject for may in both for subject in may.publish}
    assert set(one.subscribe) == {subject for may in both for subject in may.subscribe}


@pytest.mark.parametrize("name", ["system", "", "a.b", "*", ">", "a b", "x" * 129])
def test_what_is_no_tenant(name: str) -> None:
    """`system` is the operator, and a name with more than an id's characters could reach beyond its place."""
    with pytest.raises(InvalidType):
        permissions.tenant(name)


@pytest.mark.parametrize("name", ["", "a.b", "*", ">"])
def test_what_is_no_node(name: str) -> None:
    """A node's name is an id."""
    with pytest.raises(InvalidType):
        permissions.node_agent(name)
