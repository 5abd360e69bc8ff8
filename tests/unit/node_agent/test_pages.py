from __future__ import annotations

from typing import Any

import msgpack
import pytest

from tureen.contract.errors import NotFound
from tureen.node_agent.pages import KEPT, MOST, Pages


def answer(count: int) -> list[dict[str, Any]]:
    """Return an answer of so many pages."""
    return [{"ids": [number]} for number in range(count)]


def first(pages: Pages, tenant: str, parts: list[dict[str, Any]], now: float) -> dict[str, Any]:
    """Keep the pages of an answer to `router.dump`, and return the first."""
    work = pages.keep(tenant, "router.dump", parts, now)
    yields = 0
    while True:
        try:
            next(work)
        except StopIteration as end:
            assert yields == len(parts) - 1
            page: dict[str, Any] = msgpack.unpackb(end.value)
            return page
        yields += 1


def named(pages: Pages, tenant: str, token: str, now: float) -> dict[str, Any]:
    """Return a page of an answer to `router.dump`."""
    page: dict[str, Any] = msgpack.unpackb(pages.named(tenant, "router.dump", token, now))
    return page


def test_pages_follow_each_other() -> None:
    """Each page names the next, the last one none; asked for again it is the same."""
    pages = Pages()
    page = first(pages, "a", answer(3), now=0)
    seen = [page]
    while "next" in page:
        token = page["next"]
        page = named(pages, "a", token, now=1)
        assert named(pages, "a", token, now=1) == page
        seen.append(page)
    assert [each["ids"] for each in seen] == [[0], [1], [2]]
    assert {each["pages"] for each in seen} == {3}


def test_one_page_is_not_kept() -> None:
    """What is whole takes no memory."""
    pages = Pages()
    assert first(pages, "a", answer(1), now=0) == {"ids": [0], "pages": 1}
    assert len(pages) == 0


@pytest.mark.parametrize(
    ("tenant", "command", "suffix", "now"),
    [
        ("b", "router.dump", "_1", 1),
        ("a", "worker.dump", "_1", 1),
        ("a", "router.dump", "_1", KEPT),
        ("a", "router.dump", "_0", 1),
        ("a", "router.dump", "_2", 1),
        ("a", "router.dump", "_x", 1),
        ("a", "router.dump", "_\u00b2", 1),
        ("a", "router.dump", "", 1),
    ],
)
def test_what_is_not_there(tenant: str, command: str, suffix: str, now: float) -> None:
    """Another tenant's, another command's, an old or a wrong page is told to be begun anew."""
    pages = Pages()
    token = first(pages, "a", answer(2), now=0)["next"].rpartition("_")[0]
    with pytest.raises(NotFound, match="begin with page first"):
        pages.named(tenant, command, token + suffix, now)


def test_a_tenant_keeps_so_many() -> None:
    """With one answer more the oldest is dropped; those of others stay, and what is over is forgotten."""
    pages = Pages()
    other = first(pages, "b", answer(2), now=0)["next"]
    oldest, *rest = [first(pages, "a", answer(2), now=0)["next"] for _ in range(MOST + 1)]
    with pytest.raises(NotFound):
        named(pages, "a", oldest, now=1)
    for token in rest:
        assert named(pages, "a", token, now=1)["ids"] == [1]
    assert named(pages, "b", other, now=1)["ids"] == [1]
    first(pages, "c", answer(2), now=KEPT)
    assert len(pages) == 1
