"""Writes the comparison down as a page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from parity.comparison import Result
from parity.facts import Fact, Kind

Pair = tuple[Fact, Fact]

_PLURALS: Final[dict[Kind, str]] = {
    "class": "classes",
    "property": "properties",
    "method": "methods",
    "option": "options and arguments",
    "event": "events",
    "observer event": "observer events",
    "function": "functions",
    "constant": "constants",
    "structure": "structures",
    "field": "fields",
    "union": "unions of strings",
    "value": "values of those",
    "error": "errors",
}


def render(version: str, result: Result) -> str:
    """Return the page, as Markdown."""
    lines = [
        f"# mediasoup {version} and `tureen.mediasoup`",
        "",
        "Written by `scripts/mediasoup_parity.py --write` from the declarations in mediasoup's npm package.",
        "`make check` fails when the two differ in anything but what the last section lists, and when this page is",
        "out of date.",
        "",
        "Top-level options are keyword arguments; `?` marks what may be left out. Structures keep mediasoup's keys.",
        "",
        *_summary(result),
        "",
        *_classes(result),
        *_functions(result),
        *_structures(result),
        *_unions(result),
        *_reasons(result),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _summary(result: Result) -> Iterator[str]:
    yield "| | in both |"
    yield "| --- | ---: |"
    counts = Counter(theirs.kind for theirs, _ in result.pairs)
    for kind, plural in _PLURALS.items():
        yield f"| {plural} | {counts[kind]} |"


def _classes(result: Result) -> Iterator[str]:
    yield "## Classes"
    for theirs, _ in _of_kind(result, "class"):
        owner = theirs.path
        yield from ("", f"### {owner}", "", "| mediasoup | Tureen |", "| --- | --- |")
        for pair in result.pairs:
            is_member = pair[0].kind in ("property", "method") and pair[0].path.startswith(f"{owner}.")
            if is_member and not pair[0].path.endswith(" ="):
                yield _row(pair, result)
        kinds: tuple[Kind, ...] = ("event", "observer event")
        for kind in kinds:
            names = [mine.source for _, mine in _of_kind(result, kind) if mine.path.startswith(f"{owner} ")]
            if names:
                yield from ("", f"{_PLURALS[kind].capitalize()}: {_code(names)}")


def _functions(result: Result) -> Iterator[str]:
    yield from ("", "## Functions, constants, errors", "", "| mediasoup | Tureen |", "| --- | --- |")
    for pair in result.pairs:
        if pair[0].kind in ("function", "constant", "error"):
            yield _row(pair, result)
    names = [mine.source for _, mine in _of_kind(result, "event") if mine.path.startswith("observer ")]
    yield from ("", f"Events of `observer`: {_code(names)}")


def _structures(result: Result) -> Iterator[str]:
    yield from ("", "## Structures", "", "| structure | fields |", "| --- | --- |")
    for theirs, mine in _of_kind(result, "structure"):
        if " " in theirs.path:
            continue
        fields = [
            field.source + ("?" if "optional" in field.traits else "")
            for _, field in _of_kind(result, "field")
            if field.path.startswith(f"{theirs.path}.")
        ]
        yield f"| `{mine.path}` | {_code(fields) if fields else 'as in mediasoup'} |"


def _unions(result: Result) -> Iterator[str]:
    yield from ("", "## Unions of strings", "", "| union | values |", "| --- | --- |")
    for theirs, mine in _of_kind(result, "union"):
        values = [value.source for value, _ in _of_kind(result, "value") if value.path.startswith(f"{theirs.path} '")]
        yield f"| `{mine.path}` | {_code(values)} |"


def _reasons(result: Result) -> Iterator[str]:
    yield from ("", "## What differs, and why", "", "| what | why |", "| --- | --- |")
    by_reason: dict[str, list[str]] = {}
    for _, reason in result.excused:
        names = by_reason.setdefault(reason.why, [])
        if reason.name not in names:
            names.append(reason.name)
    for why, names in by_reason.items():
        yield f"| {_code(names)} | {why} |"


def _row(pair: Pair, result: Result) -> str:
    theirs, mine = pair
    if theirs.kind not in ("method", "function"):
        return f"| `{theirs.source}` | `{mine.path}` |"
    options = [
        (option.source + _mark(option), mine_option.source + _mark(mine_option))
        for option, mine_option in _of_kind(result, "option")
        if option.path.startswith(f"{theirs.path}(")
    ]
    awaited = "await " if "awaited" in mine.traits else ""
    their_options = ", ".join(option for option, _ in options)
    my_options = ", ".join(option for _, option in options)
    return f"| `{awaited}{theirs.source}({their_options})` | `{awaited}{mine.path}({my_options})` |"


def _mark(option: Fact) -> str:
    return "?" if "optional" in option.traits else ""


def _of_kind(result: Result, kind: Kind) -> list[Pair]:
    return [pair for pair in result.pairs if pair[0].kind == kind]


def _code(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
