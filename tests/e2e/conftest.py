from __future__ import annotations

import re
from pathlib import Path

import pytest

ARTEFACTS = Path(__file__).parents[2] / "artifacts"


@pytest.fixture
def artefacts(request: pytest.FixtureRequest) -> Path:
    """Give the test's own folder for logs and screenshots."""
    folder = ARTEFACTS / re.sub(r"[^A-Za-z0-9_-]+", "-", request.node.name).strip("-")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
