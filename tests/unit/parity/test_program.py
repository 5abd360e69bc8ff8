from __future__ import annotations

import pytest
from tests.unit.parity.conftest import MakeProgram

from parity.program import Program, Scoped
from parity.syntax import Reference
from parity.tokens import DeclarationError

TYPES = """
type Only<T, U> = { [P in keyof T]: T[P]; } & { [P in keyof U]?: never; };
export type Either<T, U> = Only<T, U> | Only<U, T>;
export type Kind = 'a' | Other;
type Other = 'b' | 'c';
"""


def fields(program: Program, name: str, module: str = "a") -> dict[str, bool]:
    """Return the fields of a structure, and whether each is optional."""
    found = program.fields(Scoped(Reference(name), module))
    assert found is not None
    return {key: known.optional for key, known in found.items()}


def test_fields_of_intersections_are_joined(program: MakeProgram) -> None:
    """A structure made of several has the fields of all; the last one decides about a field of two."""
    made = program(a="export type A = { x: string; y?: string } & B; type B = { y: number; z?: number };")
    assert fields(made, "A") == {"x": False, "y": False, "z": True}


def test_fields_of_alternatives_are_optional(program: MakeProgram) -> None:
    """With either, only what all alternatives demand is mandatory, and what one forbids is just absent there."""
    made = program(
        types=TYPES,
        a="""
        import type { Either } from './types';
        export type A = { app?: string } & Either<Either<{ infos: string }, { ips: string; port?: number }>, Server>;
        type Server = { server: string };
        """,
    )
    assert fields(made, "A") == {"app": True, "infos": True, "ips": True, "port": True, "server": True}


def test_pick_and_omit_select_fields(program: MakeProgram) -> None:
    """Pick keeps fields, Omit drops them, also through generic aliases and imported unions of strings."""
    made = program(
        types=TYPES,
        a="""
        import type { Kind } from './types';
        export type All<T> = { a: T; b: T; c?: T; d?: T };
        export type Some = Pick<All<string>, 'a' | 'd'>;
        export type Others<T> = Omit<All<T>, Kind>;
        """,
    )
    assert fields(made, "Some") == {"a": False, "d": True}
    assert fields(made, "Others") == {"d": True}


def test_strings_are_followed_through_names(program: MakeProgram) -> None:
    """A union of strings may be made of others."""
    made = program(types=TYPES)
    assert made.strings(Scoped(Reference("Kind"), "types")) == ["a", "b", "c"]


def test_exports_are_followed_through_files(program: MakeProgram) -> None:
    """What a file exports again, under another name or all of it, is found where it is declared."""
    made = program(
        types=TYPES,
        a="export * from './types'; export { Kind as Sort } from './types'; export * as all from './types';",
    )
    assert set(made.exports("a")) == {"Either", "Kind", "Sort"}
    assert made.exports("a")["Sort"].module == "types"
    assert made.namespaces("a") == {"all": "types"}


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("A", "export type A = Nowhere;"),
        ("A", "import type { A } from './types'; export { A };"),
        ("A", "export * from './missing';"),
        ("A", "export type A = { [P in B]: string }; type B = 'a';"),
        ("A", "export type A = Pick<string, 'a'>;"),
    ],
)
def test_what_cannot_be_followed_is_refused(name: str, source: str, program: MakeProgram) -> None:
    """Names that are declared nowhere, missing files and types of other forms are errors."""
    made = program(types=TYPES, a=source)
    with pytest.raises(DeclarationError):
        made.fields(Scoped(Reference(name), made.exports("a")[name].module))


def test_declaring_a_name_twice_is_refused(program: MakeProgram) -> None:
    """TypeScript merges interfaces of one name; here that would lose one of them."""
    made = program(a="interface A { x: string } interface A { y: string }")
    with pytest.raises(DeclarationError, match="twice"):
        made.module("a")
