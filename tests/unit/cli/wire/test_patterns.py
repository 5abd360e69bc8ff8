from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.cli.wire.patterns import PatternError, shorthands, subject
from tureen.contract import subjects


@pytest.mark.parametrize(
    ("pattern", "meant"),
    [
        ("event", "tureen.v1.acme.event.>"),
        ("event.>", "tureen.v1.acme.event.>"),
        ("event.room.*.producer.*.score", "tureen.v1.acme.event.room.*.producer.*.score"),
        ("score", "tureen.v1.acme.event.*.*.*.*.score"),
        ("producer.score", "tureen.v1.acme.event.*.*.producer.*.score"),
        ("transport.*", "tureen.v1.acme.event.*.*.transport.*.*"),
        ("heartbeat", "tureen.v1.system.heartbeat.*"),
        ("inventory.node-1", "tureen.v1.system.inventory.node-1"),
        ("system", "tureen.v1.system.event.>"),
        ("system.nodeGone", "tureen.v1.system.event.nodeGone"),
        ("nodeGone", "tureen.v1.system.event.nodeGone"),
        ("tureen.v1.*.event.>", "tureen.v1.*.event.>"),
    ],
)
def test_what_a_pattern_means(pattern: str, meant: str) -> None:
    """Short names stand for subjects of the tenant's or the cluster's; whole subjects stay as they are."""
    assert subject(pattern, tenant="acme") == meant


def test_one_room() -> None:
    """Events can be those of one room."""
    assert subject("score", tenant="acme", room="r") == "tureen.v1.acme.event.r.*.*.*.score"
    assert subject("event", tenant="acme", room="r") == "tureen.v1.acme.event.r.>"


@pytest.mark.parametrize(
    ("pattern", "hint"),
    [
        ("scor", "did you mean score"),
        ("producr.score", "did you mean producer"),
        ("nodeJoinde", "did you mean nodeJoined"),
        ("producer.volumes", "no event of a producer"),
        ("tureen.v1.>", "would hear commands"),
        ("tureen.v1.acme.node.n.router.close", "would hear commands"),
        ("tureen.v1.acme.*.>", "would hear commands"),
        ("$SRV.PING", "no subject of tureen"),
        ("event..x", "part of it is empty"),
        ("", "no event"),
    ],
)
def test_what_cannot_be_heard(pattern: str, hint: str) -> None:
    """Misspelt names and subjects that commands are sent to are refused, with what to write instead."""
    with pytest.raises(PatternError, match=hint):
        subject(pattern, tenant="acme")


def test_every_shorthand_is_heard() -> None:
    """What completion offers is understood, mediasoup's and its observers' events among it."""
    assert {"score", "rtpObserver.volumes", "close", "producer.pause", "nodeJoined", "heartbeat"} <= set(shorthands())
    for pattern in shorthands():
        assert subject(pattern, tenant="acme").startswith(subjects.PREFIX)


@given(st.text(st.sampled_from("abtureen.v1*>system-$ event\n"), max_size=40))
def test_no_pattern_hears_commands(pattern: str) -> None:
    """Whatever is typed is refused, or a subject where only what is told can come."""
    try:
        tokens = subject(pattern, tenant="acme").split(".")
    except PatternError:
        return
    assert tokens[3] in ("event", "heartbeat", "inventory")
