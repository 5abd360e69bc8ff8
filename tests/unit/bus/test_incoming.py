from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tureen.bus.incoming import Refused, Target, Targets
from tureen.bus.parser import Delivery
from tureen.contract.errors import Malformed, NotFound, TureenError, Unauthorized
from tureen.contract.registry import commands_of

COMMANDS = commands_of("node")


def target(subject: str, reply: str = "tureen.v1.acme.inbox.me.1.2") -> Target | TureenError:
    """Return what a message to a node agent is."""
    return Targets(COMMANDS).of(Delivery(subject, reply, b"", b""))


def test_a_command() -> None:
    """A command's subject says who asks whom for what."""
    found = target("tureen.v1.acme.node.n1.router.close")
    assert found == Target("acme", "n1", COMMANDS["router.close"])


@pytest.mark.parametrize(
    "reply",
    [
        "tureen.v1.other.inbox.me.1",
        "tureen.v1.acme.event.r.r.router.x.close",
        "tureen.v1.system.heartbeat.n1",
        "$JS.API.STREAM.DELETE.KV_tureen-rooms",
        "_INBOX.abc",
        "tureen.v1.acme.inboxes.me",
        "tureen.v1.acme.inbox.*",
        "tureen.v1.acme.inbox.>",
        "tureen.v1.acme.inbox.a b",
        "tureen.v1.acme.inbox.a\r\nPUB x 0",
        "tureen.v1.acme.inbox.é",
    ],
)
def test_forged_reply_subjects(reply: str) -> None:
    """An answer goes to an inbox of the tenant, or nowhere."""
    with pytest.raises(Refused) as refused:
        target("tureen.v1.acme.node.n1.router.close", reply)
    assert refused.value.cause == "foreign_reply_subject"


def test_no_reply_subject() -> None:
    """What nobody waits for is not carried out."""
    with pytest.raises(Refused) as refused:
        target("tureen.v1.acme.node.n1.router.close", "")
    assert refused.value.cause == "no_reply_subject"


@pytest.mark.parametrize("reply", ["tureen.v1.system.inbox.me.1", "_R_.abc.def"])
def test_inboxes_of_the_system(reply: str) -> None:
    """The operator's inboxes, and those that the server rewrote, are answered for every tenant."""
    assert isinstance(target("tureen.v1.acme.node.n1.router.close", reply), Target)


def test_the_default_tenant_has_nats_own_inbox() -> None:
    """`_INBOX` is for tenant `default`."""
    assert isinstance(target("tureen.v1.default.node.n1.router.close", "_INBOX.x.y"), Target)


def test_the_operators_commands() -> None:
    """A tenant may not send what node agents send each other."""
    assert isinstance(target("tureen.v1.acme.node.n1.pipe.pull"), Unauthorized)
    assert isinstance(target("tureen.v1.system.node.n1.pipe.pull", "tureen.v1.system.inbox.n2.1"), Target)


def test_unknown_commands() -> None:
    """A wrong name is answered with those that exist."""
    error = target("tureen.v1.acme.node.n1.router.creatWebRtcTransport")
    assert isinstance(error, NotFound)
    assert "did you mean router.createWebRtcTransport?" in error.message
    assert "router.close" in error.details["commands"]
    assert "consumer.close" not in error.details["commands"]
    assert "consumer.close" in (target("tureen.v1.acme.node.n1.what.ever")).details["commands"]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "subject", ["tureen.v1.acme.node.n1.router", "tureen.v1.acme.node.n1.router.close.now", "tureen.v1.acme.x"]
)
def test_malformed_subjects(subject: str) -> None:
    """A subject that is no command's is answered so."""
    assert isinstance(target(subject), Malformed)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_subjects(subject: str, reply: str) -> None:
    """Whatever the subjects are, there is a target, an error or a refusal."""
    try:
        found = target(f"tureen.v1.acme.node.n1.{subject}", reply)
    except Refused:
        return
    assert isinstance(found, Target | TureenError)
