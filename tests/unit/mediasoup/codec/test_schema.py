"""Schemas are understood, or refused."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tureen.bundle import WorkerBundle
from tureen.mediasoup.codec import Codec, SchemaError
from tureen.mediasoup.codec.model import BOOL, SCALARS, STRING, Field, Table, Union, Vector, build_model
from tureen.mediasoup.codec.schema import read_schemas

EXAMPLE = """
// A comment; with signs { } that mean nothing.
include "other.fbs";
namespace A.B;
/* Another one. */
enum Color: uint8 { RED = 1, GREEN, BLUE = 7 }
union Any { Leaf, Other: B.Leaf }
table Leaf { name: string (required); }
table Tree {
    flag: bool = true;
    size: int32 = null;
    color: Color = GREEN;
    old: uint8 (deprecated);
    leaves: [Leaf] (required);
    any_leaf: Any;
    after: ulong = 5;
    ratio: float;
}
root_type Tree;
"""


def test_everything_that_mediasoup_uses(tmp_path: Path) -> None:
    """Tables, enums, unions, vectors, defaults and attributes become what they mean."""
    (tmp_path / "a.fbs").write_text(EXAMPLE)
    model = build_model(read_schemas(tmp_path))
    color = model.enums["A.B.Color"]
    assert color.values == {"red": 1, "green": 2, "blue": 7}
    assert model.tables["A.B.Tree"].fields == (
        Field("flag", 0, BOOL, False, True),
        Field("size", 1, SCALARS["int32"], False, None),
        Field("color", 2, color, False, "green"),
        Field("leaves", 4, Vector(Table("A.B.Leaf")), True),
        Field("anyLeaf", 5, Union("A.B.Any", {"Leaf": (1, Table("A.B.Leaf")), "Other": (2, Table("A.B.Leaf"))}), False),
        Field("after", 7, SCALARS["uint64"], False, 5),
        Field("ratio", 8, SCALARS["float32"], False, 0.0),
    )
    assert model.tables["A.B.Leaf"].fields == (Field("name", 0, STRING, True),)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("struct Point { x: int32; }", "unsupported statement 'struct'"),
        ("table T { a: Missing; }", "unknown type Missing"),
        ("table T { a: int32 (id: 3); }", "unsupported field attribute"),
        ("table T { a: int32", "unexpected end of file"),
        ("table T { a int32; }", "expected ':', found 'int32'"),
        ("table T { a: int32; } ?", "unexpected character"),
        ("table T { a_b: int32; aB: int32; }", "two fields of table T have the same public name"),
        ("union U { L } table L { } table T { a: [U]; }", "vectors of unions"),
    ],
)
def test_the_rest_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """What is not understood is refused, not guessed at."""
    (tmp_path / "a.fbs").write_text(text)
    with pytest.raises(SchemaError, match=problem.replace("(", r"\(")):
        build_model(read_schemas(tmp_path))


def test_a_folder_without_schemas(tmp_path: Path) -> None:
    """A folder without schemas is named."""
    with pytest.raises(SchemaError, match=str(tmp_path)):
        Codec.load(tmp_path)


def test_loading_is_quick_and_done_once(worker_bundle: WorkerBundle) -> None:
    """The worker's schemas are read within 100 ms, and once per path."""
    start = time.process_time()
    codec = Codec(build_model(read_schemas(worker_bundle.schemas)))
    assert time.process_time() - start < 0.1
    assert len(codec.model.tables) > 100
    assert Codec.load(worker_bundle.schemas) is Codec.load(Path(f"{worker_bundle.schemas}/../fbs"))
