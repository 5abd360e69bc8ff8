"""The documents, as they lie there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md")), *(ROOT / "examples").glob("*.md")]
LEFT_OF_A_MERGE = re.compile(r"^(<{7} |={7}$|>{7} )", re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: str(document.relative_to(ROOT)))
def test_no_merge_is_left_unfinished(document: Path) -> None:
    """No document holds both sides of a conflict; in sources the linters find that."""
    assert not LEFT_OF_A_MERGE.search(document.read_text())
