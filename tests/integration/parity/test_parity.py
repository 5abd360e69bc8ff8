"""The parity check, on the declarations of the worker bundle."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tureen import bundle

SCRIPT = Path(__file__).parents[3] / "scripts" / "mediasoup_parity.py"


def check(declarations: Path) -> subprocess.CompletedProcess[str]:
    """Run the check."""
    command = [sys.executable, str(SCRIPT), "--declarations", str(declarations)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def declarations(tmp_path: Path) -> Path:
    """A copy of the declarations that a test may change."""
    return Path(shutil.copytree(bundle.locate().declarations, tmp_path / "declarations"))


def change(path: Path, old: str, new: str) -> None:
    """Change a declaration file."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_mediasoup_and_tureen_offer_the_same(declarations: Path) -> None:
    """Nothing is missing, extra or different without a reason, and the page is up to date."""
    checked = check(declarations)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "complaint"),
    [
        ("RouterTypes", "workerClosed(): void;", "explode(): void;", "missing: method Router.explode"),
        ("RouterTypes", "close(): void;", "close(): Promise<void>;", "different: method Router.close"),
        (
            "RouterTypes",
            "    mediaCodecs?:",
            "    mode?: string; mediaCodecs?:",
            "missing: option Worker.create_router(mode)",
        ),
        ("WorkerTypes", "subprocessclose: [];", "", "extra: event Worker subprocessclose"),
        ("ConsumerTypes", "score: [ConsumerScore];", "score: [];", "different: event Consumer score"),
        ("WorkerTypes", "'none';", "'none' | 'all';", "missing: value WorkerLogLevel 'all'"),
        (
            "ProducerTypes",
            "encodingIdx: number;",
            "encodingIdx?: number;",
            "different: field ProducerScore.encodingIdx",
        ),
        ("RouterTypes", "workerClosed(): void;", "workerClosed(): asserts x is string;", "RouterTypes.d.ts:"),
    ],
)
def test_changes_of_mediasoup_are_told(file: str, old: str, new: str, complaint: str, declarations: Path) -> None:
    """A new member, option, event or value, another type, and what is not understood each fail the check."""
    path = declarations / f"{file}.d.ts"
    if file == "RouterTypes" and "workerClosed" in old:
        # The declaration of what is private is made public.
        change(path, "@private", "")
    change(path, old, new)
    checked = check(declarations)
    assert checked.returncode == 1
    assert complaint in checked.stderr
