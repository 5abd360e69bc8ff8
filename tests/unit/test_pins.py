"""What set-up installs is pinned, and no pin says where from: that is each machine's own configuration."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]


def names(requirements: list[str]) -> set[str]:
    """Return the names of requirements as PyPI compares them, extras and versions left out."""
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def test_every_dependency_is_pinned() -> None:
    """Each package that pyproject.toml asks for has an exact version in constraints.txt."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = names([*project["dependencies"], *extras["server"], *extras["dev"]]) - {"tureen"}
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9._+!-]+", pin) for pin in pins)
    assert wanted - names(pins) == set()


def test_no_lock_file_names_a_registry() -> None:
    """Neither the constraints nor npm's lock files hold an address to fetch from."""
    npms = (lock for folder in ("services", "examples") for lock in (ROOT / folder).rglob("package-lock.json"))
    locks = [ROOT / "constraints.txt", *(lock for lock in npms if "node_modules" not in lock.parts)]
    assert len(locks) >= 3
    for lock in locks:
        assert '"resolved"' not in lock.read_text()
        assert "index-url" not in lock.read_text()
