"""Compares what mediasoup offers with what we do."""

from __future__ import annotations

import fnmatch
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from parity.facts import Fact
from parity.shapes import fits, without_none


@dataclass(frozen=True)
class Reason:
    """Why something is missing, extra or different.

    Attributes:
        name: Kind and path of what it is about, such as `option Router.create_x(y)`; `*` stands for anything.
        why: The reason.
        theirs: What mediasoup's is like, where the two differ.
        ours: What ours is like, where the two differ.
    """

    name: str
    why: str
    theirs: str = ""
    ours: str = ""

    def covers(self, fact: Fact) -> bool:
        """Tell whether this is about a fact."""
        return fnmatch.fnmatchcase(f"{fact.kind} {fact.path}", self.name)


@dataclass(frozen=True)
class Reasons:
    """All reasons that there are."""

    missing: tuple[Reason, ...] = ()
    extra: tuple[Reason, ...] = ()
    different: tuple[Reason, ...] = ()


@dataclass
class Result:
    """What came of a comparison.

    Attributes:
        pairs: What both sides have.
        excused: What differs for a reason, with the reason.
        failures: What differs without one, and reasons for what does not differ.
    """

    pairs: list[tuple[Fact, Fact]] = field(default_factory=list)
    excused: list[tuple[Fact, Reason]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


def read_reasons(path: Path) -> Reasons:
    """Read reasons from a file with the tables `missing`, `extra` and `different`."""
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    read = {name: tuple(Reason(**entry) for entry in entries) for name, entries in tables.items()}
    return Reasons(**read)


def compare(theirs: Iterable[Fact], ours: Iterable[Fact], reasons: Reasons) -> Result:
    """Compare two interfaces, fact by fact."""
    result = Result()
    used: set[Reason] = set()
    mine = {fact.key: fact for fact in ours}
    yours = {fact.key: fact for fact in theirs}
    for key, fact in yours.items():
        if key not in mine:
            _excuse(fact, "missing", reasons.missing, used, result)
        elif difference := _difference(fact, mine[key]):
            _excuse_difference(fact, difference, reasons.different, used, result)
        if key in mine:
            result.pairs.append((fact, mine[key]))
    for key, fact in mine.items():
        if key not in yours:
            _excuse(fact, "extra", reasons.extra, used, result)
    for reason in {*reasons.missing, *reasons.extra, *reasons.different} - used:
        result.failures.append(f"needless: {reason.name} has a reason, but nothing to excuse")
    result.failures.sort()
    return result


def _difference(theirs: Fact, ours: Fact) -> tuple[str, str] | None:
    """Return what both are like if that is not the same."""
    agree = theirs.traits == ours.traits and len(theirs.arguments) == len(ours.arguments)
    agree = agree and all(fits(*pair) for pair in zip(theirs.arguments, ours.arguments, strict=False))
    if agree and theirs.shape is not None and ours.shape is not None:
        # What may be left out is None where it is left out; mediasoup's is undefined.
        shape = without_none(ours.shape) if "optional" in ours.traits else ours.shape
        agree = fits(theirs.shape, shape)
    elif agree:
        agree = theirs.shape is None and ours.shape is None
    return None if agree else (theirs.describe(), ours.describe())


def _excuse(fact: Fact, problem: str, reasons: tuple[Reason, ...], used: set[Reason], result: Result) -> None:
    for reason in reasons:
        if reason.covers(fact):
            used.add(reason)
            result.excused.append((fact, reason))
            return
    result.failures.append(f"{problem}: {fact.kind} {fact.path} ({fact.describe()})")


def _excuse_difference(
    fact: Fact, difference: tuple[str, str], reasons: tuple[Reason, ...], used: set[Reason], result: Result
) -> None:
    for reason in reasons:
        if reason.covers(fact) and (reason.theirs, reason.ours) == difference:
            used.add(reason)
            result.excused.append((fact, reason))
            return
    theirs, ours = difference
    result.failures.append(f"different: {fact.kind} {fact.path}: mediasoup has {theirs!r}, we have {ours!r}")
