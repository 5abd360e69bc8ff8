from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from tureen.bundle import BundleError
from tureen.bundle.archives import ArchiveError, unpack_package, unpack_worker
from tureen.bundle.npm_package import check_integrity, copy_interface


def pack(path: Path, files: dict[str, bytes], *, link: str | None = None) -> Path:
    """Write a gzipped tar with `files`, and a symbolic link called `link` if that is given."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link is not None:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(member)
    return path


def test_a_package_is_unpacked(tmp_path: Path) -> None:
    """Plain files are written below the package's folder; links are left out."""
    archive = pack(tmp_path / "a.tgz", {"package/worker/fbs/a.fbs": b"table A {}"}, link="package/link")
    root = unpack_package(archive, tmp_path)
    assert (root / "worker" / "fbs" / "a.fbs").read_bytes() == b"table A {}"
    assert not (root / "link").is_symlink()


@pytest.mark.parametrize("name", ["package/../../evil", "/etc/evil", "other/file"])
def test_a_package_writes_nothing_outside_its_folder(tmp_path: Path, name: str) -> None:
    """A name that leads out of the package's folder is refused."""
    with pytest.raises(ArchiveError, match="unexpected file"):
        unpack_package(pack(tmp_path / "a.tgz", {name: b""}), tmp_path / "into")


def test_a_truncated_package_is_refused(tmp_path: Path) -> None:
    """A package that broke off is told as broken."""
    archive = pack(tmp_path / "a.tgz", {"package/a": bytes(range(256)) * 4096})
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(ArchiveError, match="broken"):
        unpack_package(archive, tmp_path)


def test_the_worker_is_unpacked_executable(tmp_path: Path) -> None:
    """The archive's one member becomes an executable file, whatever its mode was."""
    target = tmp_path / "worker"
    unpack_worker(pack(tmp_path / "a.tgz", {"./mediasoup-worker": b"binary"}), target)
    assert target.read_bytes() == b"binary"
    assert target.stat().st_mode & 0o777 == 0o755


def test_a_damaged_checksum_is_noticed(tmp_path: Path) -> None:
    """A byte that changed on the way is noticed by gzip's checksum, though the archive can be read."""
    archive = pack(tmp_path / "a.tgz", {"mediasoup-worker": b"binary"})
    content = bytearray(archive.read_bytes())
    content[-8] ^= 0xFF
    archive.write_bytes(content)
    with pytest.raises(ArchiveError, match="broken"):
        unpack_worker(archive, tmp_path / "worker")


@pytest.mark.parametrize("link", [None, "mediasoup-worker"])
def test_an_archive_without_a_worker_is_refused(tmp_path: Path, link: str | None) -> None:
    """An archive of something else, or with a link in the worker's place, is refused."""
    archive = pack(tmp_path / "a.tgz", {"README": b"hello"}, link=link)
    with pytest.raises(ArchiveError, match="holds no mediasoup-worker"):
        unpack_worker(archive, tmp_path / "worker")


def test_another_package_is_refused(tmp_path: Path) -> None:
    """A package whose checksum is not the published one is refused, and the message says what to do."""
    with pytest.raises(BundleError, match="npm cache clean"):
        check_integrity(pack(tmp_path / "a.tgz", {"package/a": b""}))


def test_only_the_interface_is_copied(tmp_path: Path) -> None:
    """Schemas, declarations and the license go into the bundle; nothing else, and an empty package is refused."""
    files = dict.fromkeys(
        ["worker/fbs/worker.fbs", "worker/fbs/note.md", "node/lib/Worker.d.ts", "node/lib/Worker.js", "LICENSE"], b"."
    )
    root = unpack_package(pack(tmp_path / "a.tgz", {f"package/{n}": c for n, c in files.items()}), tmp_path)
    bundle = tmp_path / "bundle"
    copy_interface(root, bundle)
    found = {str(path.relative_to(bundle)) for path in bundle.rglob("*") if path.is_file()}
    assert found == {"fbs/worker.fbs", "declarations/Worker.d.ts", "LICENSE"}
    with pytest.raises(BundleError, match=r"no fbs/\*.fbs"):
        copy_interface(tmp_path / "nothing", tmp_path / "other")
