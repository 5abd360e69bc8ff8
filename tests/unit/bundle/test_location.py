from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tureen.bundle import MEDIASOUP_VERSION, BundleError, BundleMissingError, cache_folder, locate, verify
from tureen.bundle.location import file_sha256, write_manifest


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A folder laid out as a bundle, whose worker is a script."""
    folder = tmp_path / "bundle"
    (folder / "fbs").mkdir(parents=True)
    (folder / "declarations").mkdir()
    worker = folder / "mediasoup-worker"
    worker.write_text("#!/bin/sh\nexit 41\n")
    worker.chmod(0o755)
    write_manifest(folder, "built")
    return folder


def test_the_cache_folder_follows_the_xdg_specification() -> None:
    """The cache folder lies in $XDG_CACHE_HOME, or in ~/.cache if that is unset, empty or relative."""
    tail = Path("tureen") / "worker" / MEDIASOUP_VERSION
    assert cache_folder({"XDG_CACHE_HOME": "/somewhere"}) == Path("/somewhere") / tail
    for environ in ({}, {"XDG_CACHE_HOME": ""}, {"XDG_CACHE_HOME": "relative"}):
        assert cache_folder(environ) == Path.home() / ".cache" / tail


def test_a_bundle_is_found_where_the_variable_says(bundle: Path) -> None:
    """TUREEN_WORKER_BUNDLE names the bundle, and its parts are found in it."""
    found = locate({"TUREEN_WORKER_BUNDLE": str(bundle)})
    assert (found.path, found.version, found.source) == (bundle, MEDIASOUP_VERSION, "built")
    assert found.worker == bundle / "mediasoup-worker"
    assert (found.schemas, found.declarations) == (bundle / "fbs", bundle / "declarations")
    assert found.sha256 == file_sha256(found.worker)


def test_a_bundle_is_found_in_the_cache(bundle: Path, tmp_path: Path) -> None:
    """Without TUREEN_WORKER_BUNDLE the cache folder is looked at."""
    environ = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    target = cache_folder(environ)
    target.parent.mkdir(parents=True)
    bundle.rename(target)
    assert locate(environ).path == target


def test_a_relative_bundle_stays_valid_after_a_change_of_folder(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative TUREEN_WORKER_BUNDLE is made absolute at once."""
    monkeypatch.chdir(tmp_path)
    assert locate({"TUREEN_WORKER_BUNDLE": "bundle"}).path == bundle


def test_a_missing_bundle_says_how_to_get_one(tmp_path: Path) -> None:
    """Where nothing is installed, the message names the command that installs."""
    with pytest.raises(BundleMissingError, match="run `tureen worker install`"):
        locate({"TUREEN_WORKER_BUNDLE": str(tmp_path / "nothing")})


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"version": "3.27.1", "source": "stolen", "sha256": "00"}'])
def test_a_broken_manifest_is_told_from_a_missing_one(bundle: Path, manifest: str) -> None:
    """A manifest that cannot be read asks for a new installation."""
    (bundle / "bundle.json").write_text(manifest)
    with pytest.raises(BundleMissingError, match="run `tureen worker install --force`"):
        locate({"TUREEN_WORKER_BUNDLE": str(bundle)})


@pytest.mark.parametrize("part", ["mediasoup-worker", "fbs", "declarations"])
def test_a_bundle_with_a_part_missing_is_no_bundle(bundle: Path, part: str) -> None:
    """Each part is looked for."""
    (bundle / part).rename(bundle / "elsewhere")
    with pytest.raises(BundleMissingError, match="not whole"):
        locate({"TUREEN_WORKER_BUNDLE": str(bundle)})


def test_mediasoups_variable_replaces_the_binary(bundle: Path, tmp_path: Path) -> None:
    """MEDIASOUP_WORKER_BIN names another binary; schemas and declarations stay the bundle's."""
    own = tmp_path / "own-worker"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    found = locate({"TUREEN_WORKER_BUNDLE": str(bundle), "MEDIASOUP_WORKER_BIN": str(own)})
    assert (found.worker, found.source, found.sha256) == (own, "custom", file_sha256(own))
    assert found.schemas == bundle / "fbs"
    own.chmod(0o644)
    with pytest.raises(BundleMissingError, match="MEDIASOUP_WORKER_BIN"):
        locate({"TUREEN_WORKER_BUNDLE": str(bundle), "MEDIASOUP_WORKER_BIN": str(own)})


def test_a_changed_binary_is_noticed(bundle: Path) -> None:
    """The checksum that was recorded at installation is compared with the binary's."""
    found = locate({"TUREEN_WORKER_BUNDLE": str(bundle)})
    verify(found)
    found.worker.write_text("#!/bin/sh\nexit 0\n")
    with pytest.raises(BundleError, match="was changed"):
        verify(found)


def test_the_manifest_holds_what_the_command_prints(bundle: Path) -> None:
    """bundle.json has the version, the source and the checksum."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    assert set(manifest) == {"version", "source", "sha256"}
    assert os.access(bundle / "mediasoup-worker", os.X_OK)
