from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.contract import registry, subjects
from tureen.contract.errors import InvalidType
from tureen.contract.ids import PATTERN

IDS = st.from_regex(PATTERN[1:-1], fullmatch=True)
COMMANDS = st.sampled_from(list(registry.all_commands()))


@given(IDS, IDS, COMMANDS)
def test_commands_round_trip(tenant: str, node_id: str, command: registry.Command) -> None:
    """A command's subject says exactly what it was made from, and its answerer's subscription covers it."""
    if command.service == "node":
        subject = subjects.node_command(tenant, node_id, command.object, command.method)
        subscription = subjects.node_commands(node_id)
        expected = subjects.CommandSubject(tenant, "node", node_id, command.object, command.method)
    else:
        subject = subjects.service_command(tenant, command.service, command.object, command.method)
        subscription = subjects.service_commands(command.service)
        expected = subjects.CommandSubject(tenant, command.service, "", command.object, command.method)
    assert subjects.parse_command(subject) == expected
    assert covers(subscription, subject)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "tureen.v1",
        "tureen.v2.a.placement.room.get",
        "xtureen.v1.a.placement.room.get",
        "tureen.v1.a.placement.room",
        "tureen.v1.a.placement.room.get.more",
        "tureen.v1.a.node.n.router",
        "tureen.v1.a.node.n.router.close.more",
    ],
)
def test_what_is_no_command(subject: str) -> None:
    """Any other subject is refused."""
    with pytest.raises(InvalidType, match="not a command's subject"):
        subjects.parse_command(subject)


@pytest.mark.parametrize("bad", ["", "a.b", "*", ">", "a b", "a\r\n", "é", "x" * 129])
def test_tokens_are_ids(bad: str) -> None:
    """Nothing but an id gets into a subject, so that no name can reach beyond its place."""
    makers: list[Callable[[], str]] = [
        lambda: subjects.node_command(bad, "n", "router", "close"),
        lambda: subjects.node_command("t", bad, "router", "close"),
        lambda: subjects.node_commands(bad),
        lambda: subjects.service_command(bad, "placement", "room", "get"),
        lambda: subjects.events(bad),
        lambda: subjects.system_event(bad),
        lambda: subjects.heartbeat(bad),
        lambda: subjects.inventory(bad),
        lambda: subjects.inbox_prefix(bad, "u"),
        lambda: subjects.inbox_prefix("t", bad),
    ]
    for make in makers:
        with pytest.raises(InvalidType):
            make()


def test_events() -> None:
    """An event's subject names room and router, or a dash; the tenant's subscriptions cover it."""
    inside = subjects.event("acme", "room", "router", "producer", "p", "score")
    outside = subjects.event("acme", None, None, "worker", "w", "died")
    assert inside == "tureen.v1.acme.event.room.router.producer.p.score"
    assert outside == "tureen.v1.acme.event.-.-.worker.w.died"
    for subject in (inside, outside):
        assert covers(subjects.events("acme"), subject)
        assert not covers(subjects.events("other"), subject)
    assert covers(subjects.events("acme", "room"), inside)
    assert not covers(subjects.events("acme", "room"), outside)


def test_announcements() -> None:
    """Heartbeats, inventories and system events are covered by their subscriptions and by no other."""
    announced = {
        subjects.heartbeat("n1"): subjects.HEARTBEATS,
        subjects.inventory("n1"): subjects.INVENTORIES,
        subjects.system_event("nodeJoined"): subjects.SYSTEM_EVENTS,
    }
    for subject, own in announced.items():
        for subscription in announced.values():
            assert covers(subscription, subject) == (subscription == own)


@pytest.mark.parametrize(
    ("reply", "tenant", "is_inbox"),
    [
        ("tureen.v1.acme.inbox.me.1.2", "acme", True),
        ("tureen.v1.system.inbox.me.1", "acme", True),
        ("_R_.abc.1", "acme", True),
        ("_INBOX.abc", "default", True),
        ("_INBOX.abc", "acme", False),
        ("_INBOX.abc", "system", False),
        ("tureen.v1.other.inbox.me.1", "acme", False),
        ("tureen.v1.acme.inboxes.me", "acme", False),
        ("tureen.v1.acme.event.r.r.router.r.close", "acme", False),
        ("$JS.API.STREAM.DELETE.KV_tureen-rooms", "acme", False),
        ("", "acme", False),
    ],
)
def test_inboxes(reply: str, tenant: str, is_inbox: bool) -> None:
    """An inbox is the tenant's own or the system's; NATS's own is for tenant `default`."""
    assert reply.startswith(subjects.inboxes_of(tenant)) is is_inbox


def test_an_inbox_prefix_is_an_inbox() -> None:
    """Where users take their answers, services may send them."""
    assert f"{subjects.inbox_prefix('acme', 'app')}.1".startswith(subjects.inboxes_of("acme"))


def covers(subscription: str, subject: str) -> bool:
    """Tell whether NATS would deliver a subject to a subscription."""
    pattern = re.escape(subscription).replace(r"\*", r"[^.]+").replace(re.escape(">"), ".+")
    return re.fullmatch(pattern, subject) is not None
