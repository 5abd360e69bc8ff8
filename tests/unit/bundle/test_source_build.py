from __future__ import annotations

from pathlib import Path

import pytest

from tureen.bundle.progress import ninja_step
from tureen.bundle.source_build import jobs, lay_overlay

GIB = 1024**3


@pytest.mark.parametrize(
    ("line", "step"),
    [
        ("[12/260] Compiling C++ object mediasoup-worker.p/src_Worker.cpp.o", (12, 260)),
        ("ninja: Entering directory `build'", None),
        ("warning: [1/2] is not at the start", None),
        ("", None),
    ],
)
def test_ninjas_progress_is_read(line: str, step: tuple[int, int] | None) -> None:
    """Only a line that begins with [n/m] is progress."""
    assert ninja_step(line) == step


@pytest.mark.parametrize(
    ("cores", "memory", "expected"), [(2, 24 * GIB, 2), (64, 16 * GIB, 16), (4, GIB // 2, 1), (1, 0, 1)]
)
def test_compilers_fit_the_cores_and_the_memory(cores: int, memory: int, expected: int) -> None:
    """There is one compiler per core, one at least, and no more than one per GiB of free memory."""
    assert jobs(cores, memory) == expected


def test_the_overlay_replaces_what_would_be_downloaded(tmp_path: Path) -> None:
    """Downloading wraps are gone, the overlay's own one is there, and flatc's folder is filled in."""
    subprojects = tmp_path / "subprojects"
    (subprojects / "packagefiles").mkdir(parents=True)
    (subprojects / "openssl.wrap").touch()
    lay_overlay(subprojects, Path("/opt/flatc"))
    assert [wrap.name for wrap in subprojects.glob("*.wrap")] == ["unordered_dense.wrap"]
    assert (subprojects / "libsrtp3" / "include" / "srtp.h").is_file()
    definition = (subprojects / "flatbuffers" / "meson.build").read_text()
    assert "/opt/flatc/bin/flatc" in definition
    assert "FLATC_ROOT" not in definition
