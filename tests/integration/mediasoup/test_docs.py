"""What the documentation shows runs as it stands there."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import end

from tureen import mediasoup
from tureen.mediasoup import Worker

PAGE = Path(__file__).parents[3] / "docs" / "mediasoup.md"


async def run(source: str, names: dict[str, Any], where: str) -> None:
    """Run code that may await at its top level, as ``python -m asyncio`` does."""
    outcome = eval(compile(source, where, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
    if inspect.isawaitable(outcome):
        await outcome


async def end_all(names: dict[str, Any]) -> None:
    """Close the workers that code has left open."""
    for value in names.values():
        if isinstance(value, Worker):
            await end(value)


async def test_page() -> None:
    """The pieces of code of the page on mediasoup run one after another."""
    page = PAGE.read_text()
    pieces = list(re.finditer(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert len(pieces) >= 8
    names: dict[str, Any] = {}
    try:
        for piece in pieces:
            line = page[: piece.start()].count("\n") + 1
            await run("\n" * line + piece[1], names, str(PAGE))
    finally:
        await end_all(names)


def test_links() -> None:
    """What the page links to in this repository is there."""
    links = re.findall(r"\]\(([^)#]+)\)", PAGE.read_text())
    local = {link for link in links if "://" not in link}
    assert local
    for link in local:
        assert (PAGE.parent / link).exists(), link


def test_names() -> None:
    """The page's table of errors lists all that there are."""
    public = {name for name, value in vars(mediasoup.errors).items() if inspect.isclass(value)}
    assert public <= set(re.findall(r"^\| `(\w+)` \|", PAGE.read_text(), re.MULTILINE))


async def test_docstring() -> None:
    """The example in the package's docstring runs."""
    text = mediasoup.__doc__ or ""
    example = re.search(r"::\n\n((?: {4}.*\n|\n)+)", text)
    assert example is not None
    names: dict[str, Any] = {}
    try:
        await run(textwrap.dedent(example[1]), names, "docstring")
    finally:
        await end_all(names)
    assert names["transport"].ice_candidates


@pytest.mark.parametrize("name", [name for name in mediasoup.__all__ if name[0].isupper()])
def test_classes_say_what_they_are(name: str) -> None:
    """Every public class, and every public method of it, has a docstring of its own or an inherited one."""
    cls = getattr(mediasoup, name)
    undocumented = [member for member in dir(cls) if member[0] != "_" and not inspect.getdoc(getattr(cls, member))]
    assert (inspect.getdoc(cls), undocumented) != (None, [])
    assert undocumented == []
