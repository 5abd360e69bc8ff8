from __future__ import annotations

import pytest

from tureen.signaling.admission import Admitted, Refused, admit, is_allowed_origin, is_loopback_host

QUERY = {"roomId": "soup", "peerId": "alice"}


def ask(
    query: dict[str, str] = QUERY, subprotocols: tuple[str, ...] = ("protoo",), origin: str | None = None
) -> Admitted | Refused:
    """Ask for admission to a service that allows example.org and pages of this machine."""
    return admit(query, subprotocols, origin, allowed_origins=["https://example.org"], loopback_origins=True)


def test_a_complete_request_is_admitted() -> None:
    """Room and peer are taken from the query; what else is in it does not matter."""
    assert ask({**QUERY, "forceH264": "true"}) == Admitted("soup", "alice")


@pytest.mark.parametrize("bad", ["", "a b", "ä", "a.b", "x" * 129, "a/b", "*", ">"])
@pytest.mark.parametrize("name", ["roomId", "peerId"])
def test_a_bad_id_is_refused(name: str, bad: str) -> None:
    """An id that could not be part of a subject is a bad request, and the reason names it."""
    refused = ask({**QUERY, name: bad})
    assert isinstance(refused, Refused)
    assert refused.status == 400
    assert name in refused.reason


@pytest.mark.parametrize("name", ["roomId", "peerId"])
def test_a_missing_id_is_refused(name: str) -> None:
    """Both ids are needed."""
    refused = ask({key: value for key, value in QUERY.items() if key != name})
    assert isinstance(refused, Refused)
    assert refused.status == 400


def test_the_subprotocol_is_required() -> None:
    """Who does not offer protoo is no protoo client."""
    refused = ask(subprotocols=("soap",))
    assert isinstance(refused, Refused)
    assert refused.status == 403


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://127.0.0.1:8443", "http://[::1]:80", "http://app.localhost"]
)
def test_pages_of_this_machine_may_connect(origin: str) -> None:
    """Every loopback origin is accepted where they are allowed, and none where they are not."""
    assert isinstance(ask(origin=origin), Admitted)
    assert not is_allowed_origin(origin, [], loopback_origins=False)


@pytest.mark.parametrize(
    "origin",
    ["https://evil.example", "http://localhost.evil.example", "null", "file://", "http://[::1", "ftp://localhost", ""],
)
def test_foreign_pages_may_not(origin: str) -> None:
    """Other origins are refused with 403."""
    refused = ask(origin=origin)
    assert isinstance(refused, Refused)
    assert refused.status == 403


def test_listed_origins_may() -> None:
    """An operator's list holds, and a star is any."""
    assert isinstance(ask(origin="https://example.org"), Admitted)
    assert is_allowed_origin("https://anything.example", ["*"], loopback_origins=False)


@pytest.mark.parametrize(("host", "loopback"), [("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), ("web", False)])
def test_loopback_hosts_are_told(host: str, loopback: bool) -> None:
    """Only names and addresses that mean this machine count."""
    assert is_loopback_host(host) is loopback
