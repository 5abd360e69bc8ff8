"""The pages of the reference, as they are written."""

from __future__ import annotations

import base64
import functools
import json
import re
from pathlib import Path

import msgpack
import pytest

from reference import examples, pages
from tureen.contract import told
from tureen.contract.registry import all_commands

PAGES = sorted(pages.files())
LINK = re.compile(r"\]\(([^)#\s]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)


@functools.cache
def text_of(page: Path) -> str:
    """Return a page's text."""
    return page.read_text()


@functools.cache
def anchors(page: Path) -> set[str]:
    """Return what a page can be linked to by."""
    return {pages._anchor(heading) for heading in HEADING.findall(text_of(page))}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every link of a page leads to a file, and to a heading in it where it names one."""
    for target, anchor in LINK.findall(text_of(page)):
        if "://" in target:
            continue
        file = (page.parent / target).resolve() if target else page
        assert file.exists(), target
        if anchor:
            assert anchor in anchors(file), f"{target}#{anchor}"


def test_every_command_is_shown() -> None:
    """Each command is on its object's page, with its subject."""
    for command in all_commands():
        assert f"`{pages._subject(command)}`" in text_of(pages.FOLDER / f"{command.object}.md")


def test_what_is_told_is_shown() -> None:
    """Each event of an object is on its page, all else that is told on the cluster's."""
    for each in told.OBJECT_EVENTS:
        assert f"| `{each.name}` |" in text_of(pages.FOLDER / f"{each.object}.md")
    for each in (*told.SYSTEM_EVENTS, *told.REPORTS):
        assert f"`{each.subject}`" in text_of(pages.FOLDER / "cluster.md")


def test_examples_in_msgpack() -> None:
    """What an example shows in msgpack is what it shows in JSON, and is on the page."""
    for example in examples.load():
        body = examples.packed(example.command, example.request)
        assert json.loads(json.dumps(msgpack.unpackb(body), default=base64_text)) == example.request
        # One section shows `schema.get` for all services.
        if example.command.object != "schema":
            assert "\n".join(pages._hexadecimal(body)) in text_of(pages.FOLDER / f"{example.command.object}.md")


def base64_text(value: bytes) -> str:
    """Return bytes as JSON has them."""
    return base64.b64encode(value).decode()


def test_what_fits_stays_on_one_line() -> None:
    """JSON is broken only where it is too wide, and says the same."""
    value = {"short": [1, 2, 3], "long": [{"number": number, "text": "x" * 30} for number in range(5)]}
    text = examples.render(value)
    assert json.loads(text) == value
    assert '"short": [1, 2, 3]' in text
    assert all(len(line) <= examples.WIDTH + 2 for line in text.splitlines())
