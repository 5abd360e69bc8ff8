from __future__ import annotations

import pytest

from parity.syntax import (
    Dictionary,
    Function,
    Intersection,
    Items,
    List,
    Mapped,
    Member,
    Number,
    Object,
    Operation,
    Parameter,
    Reference,
    Text,
    Type,
    Union,
)
from parity.tokens import DeclarationError
from parity.type_parser import TypeParser

STRING = Reference("string")
NUMBER = Reference("number")


def parse(source: str) -> Type:
    """Read a type; nothing may follow it."""
    parser = TypeParser(source, "a.d.ts")
    type_ = parser.type()
    assert parser.token.kind == "end"
    return type_


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("string", STRING),
        ("'a' | 'b'", Union((Text("a"), Text("b")))),
        ("| 'a'\n| 'b'", Union((Text("a"), Text("b")))),
        ("A & B | 1", Union((Intersection((Reference("A"), Reference("B"))), Number("1")))),
        ("string[][]", List(List(STRING))),
        ("(string | number)[]", List(Union((STRING, NUMBER)))),
        ("Promise<A<string>, number>", Reference("Promise", (Reference("A", (STRING,)), NUMBER))),
        ("a.b.C", Reference("a.b.C")),
        ("[A, B?]", Items(((Reference("A"), False), (Reference("B"), True)))),
        ("[]", Items(())),
        ("{ [key: string]: number }", Dictionary(STRING, NUMBER)),
        ("{ [P in keyof T]?: never; }", Mapped("P", Operation("keyof", (Reference("T"),)), Reference("never"), True)),
        ("E2[K]", Operation("index", (Reference("E2"), Reference("K")))),
        ("typeof parse", Operation("typeof", (Reference("parse"),))),
        ("(a: string, b?: number) => void", Function(
            (Parameter("a", STRING, False), Parameter("b", NUMBER, True)), Reference("void"))),
        ("<T extends A = A>(...args: T) => void", Function(
            (Parameter("args", Reference("T"), False, rest=True),), Reference("void"), ("T",))),
        ("({ a, b, }: { a: string }) => void", Function(
            (Parameter(None, Object((Member("a", STRING, "field"),)), False),), Reference("void"))),
    ],
)  # fmt: skip
def test_types_are_read(source: str, expected: Type) -> None:
    """Unions, intersections, lists, functions, generic types and objects are read in their order of strength."""
    assert parse(source) == expected


def test_members_are_read() -> None:
    """Fields, quoted fields, accessors, methods and constructors are told apart; comments stay with them."""
    read = parse("{ /** @private */ a?: string; '@b': []; get c(): number; set c(c: number); d<T>(e: T): void; }")
    assert read == Object(
        (
            Member("a", STRING, "field", True, "/** @private */"),
            Member("@b", Items(()), "field"),
            Member("c", NUMBER, "get"),
            Member("c", NUMBER, "set"),
            Member("d", Function((Parameter("e", Reference("T"), False),), Reference("void"), ("T",)), "method"),
        )
    )


def test_get_and_set_may_be_names() -> None:
    """A field or a method may be called get."""
    read = parse("{ get: string; set(a: string): void; }")
    assert isinstance(read, Object)
    assert [(member.name, member.kind) for member in read.members] == [("get", "field"), ("set", "method")]


def test_hidden_members_may_lack_a_type() -> None:
    """Private members have no type in declarations, and count as private."""
    read = parse("{ #private; private a; private readonly b: string; }")
    assert isinstance(read, Object)
    assert [(member.name, "@private" in member.comment) for member in read.members] == [
        ("#private", True),
        ("a", True),
        ("b", False),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "",
        "{",
        "{ a }",
        "[A",
        "(a",
        "A extends B ? C : D",
        "{ a: string; b }",
        "{ [a]: string }",
        "A<",
        "{ 1: A }",
        "(A",
    ],
)
def test_what_is_not_understood_is_refused(source: str) -> None:
    """Anything else is an error, with its place, and never passed over."""
    with pytest.raises((DeclarationError, AssertionError)):
        parse(source)
