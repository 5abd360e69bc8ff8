from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from parity.program import Program

MakeProgram = Callable[..., Program]


@pytest.fixture
def program(tmp_path: Path) -> MakeProgram:
    """Make a program from the text of each declaration file."""

    def make(**modules: str) -> Program:
        for name, text in modules.items():
            (tmp_path / f"{name}.d.ts").write_text(text, encoding="utf-8")
        return Program(tmp_path)

    return make
