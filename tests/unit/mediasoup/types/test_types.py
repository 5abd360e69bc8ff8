from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import get_args, is_typeddict

import pytest

from tureen.mediasoup import types

MODULES = [path for path in Path(inspect.getfile(types)).parent.glob("*.py") if path.name != "__init__.py"]


def definitions() -> Iterator[ast.ClassDef | ast.Assign]:
    """Yield the public classes and aliases of all modules."""
    for module in MODULES:
        for node in ast.parse(module.read_text()).body:
            if isinstance(node, (ast.ClassDef, ast.Assign)) and not name_of(node).startswith("_"):
                yield node


def name_of(node: ast.ClassDef | ast.Assign) -> str:
    """Return the name that a class or an assignment defines."""
    return node.name if isinstance(node, ast.ClassDef) else ast.unparse(node.targets[0])


def test_the_package_exports_every_structure() -> None:
    """Every public name of every module can be imported from the package."""
    assert set(types.__all__) == {name_of(node) for node in definitions()} | {"AppData"}
    assert all(hasattr(types, name) for name in types.__all__)


@pytest.mark.parametrize("node", [node for node in definitions() if isinstance(node, ast.ClassDef)], ids=name_of)
def test_every_field_is_documented(node: ast.ClassDef) -> None:
    """A structure has a docstring with a line for each field that it adds to its base."""
    assert is_typeddict(getattr(types, node.name))
    attributes = (ast.get_docstring(node) or "").partition("Attributes:")[2]
    documented = {line.strip().partition(":")[0] for line in attributes.splitlines()}
    fields = {ast.unparse(field.target) for field in node.body if isinstance(field, ast.AnnAssign)}
    assert fields <= documented


def test_unions_of_strings_have_no_duplicates() -> None:
    """Literal types list each value once."""
    for name in types.__all__:
        values = get_args(getattr(types, name))
        if values and all(isinstance(value, str) for value in values):
            assert len(set(values)) == len(values)
