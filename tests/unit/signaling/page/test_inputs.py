"""What the page is built from."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tureen.signaling import page
from tureen.signaling.page.explain import OLDEST_NODE

HERE = Path(page.__file__).parent
PACKAGE: dict[str, Any] = json.loads((HERE / "package.json").read_text())
LOCK: dict[str, Any] = json.loads((HERE / "package-lock.json").read_text())


def test_versions_are_exact() -> None:
    """Package.json names exact versions, because npm would otherwise pick whatever is newest that day."""
    wanted = {**PACKAGE["dependencies"], **PACKAGE["devDependencies"], **PACKAGE["overrides"]}
    assert wanted.keys() >= {"mediasoup-client", "protoo-client", "esbuild"}
    for name, version in wanted.items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name


def test_lock_has_the_versions_of_package_json() -> None:
    """The lock file belongs to this package.json."""
    for name, version in {**PACKAGE["dependencies"], **PACKAGE["devDependencies"], **PACKAGE["overrides"]}.items():
        assert LOCK["packages"][f"node_modules/{name}"]["version"] == version


def test_lock_names_no_host() -> None:
    """The lock file works with anybody's registry, since it has no address in it, and a checksum for every package."""
    assert "://" not in (HERE / "package-lock.json").read_text()
    assert "resolved" not in (HERE / "package-lock.json").read_text()
    for name, package in LOCK["packages"].items():
        assert not name or package["integrity"].startswith("sha512-"), name


def _oldest_allowed(engines: str) -> int:
    """Return the smallest major version in a range such as `>=18` or `^18.17.0 || >=20`."""
    return min(int(found) for found in re.findall(r"(?:>=|\^|~)\s*(\d+)", engines))


def test_every_package_runs_on_the_oldest_node() -> None:
    """No package of the lock asks for a newer Node than Debian 12 has."""
    for name, package in LOCK["packages"].items():
        engines = package.get("engines", {}).get("node")
        assert engines is None or _oldest_allowed(engines) <= OLDEST_NODE, name


def test_esbuild_is_locked_for_the_usual_machines() -> None:
    """The lock file, made on one machine, brings esbuild's program for others too."""
    for machine in ("linux-x64", "linux-arm64", "darwin-arm64"):
        assert LOCK["packages"][f"node_modules/@esbuild/{machine}"]["optional"] is True


def test_all_sources_are_inputs() -> None:
    """Every file that the page is made of counts towards its hash."""
    names = {str(path.relative_to(HERE)) for path in page.inputs()}
    assert {"index.html", "style.css", "favicon.svg", "package-lock.json", "src/main.js"} <= names
    assert {str(path.relative_to(HERE)) for path in HERE.glob("src/*")} <= names


def test_hash_changes_with_any_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A changed file, and a file moved under another name, are another page."""
    for path in page.inputs():
        copy = tmp_path / path.relative_to(HERE)
        copy.parent.mkdir(exist_ok=True)
        copy.write_bytes(path.read_bytes())
    monkeypatch.setattr(page, "_HERE", tmp_path)
    before = page.inputs_hash()
    assert re.fullmatch(r"[0-9a-f]{16}", before)
    with (tmp_path / "style.css").open("a") as style:
        style.write("\n")
    changed = page.inputs_hash()
    (tmp_path / "src" / "dom.js").rename(tmp_path / "src" / "dom2.js")
    assert len({before, changed, page.inputs_hash()}) == 3


def test_nothing_is_loaded_from_elsewhere() -> None:
    """The page names no other host, apart from the namespace of its drawings."""
    for path in page.inputs():
        if path.suffix in {".html", ".css", ".js", ".svg"}:
            text = path.read_text().replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://(?!127\.0\.0\.1|localhost)", text), path.name


def test_no_inline_script_or_style() -> None:
    """The page keeps to its own content security policy."""
    html = (HERE / "index.html").read_text()
    assert "Content-Security-Policy" in html
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)", html)


def test_scripts_find_their_elements() -> None:
    """Every element that a script asks for by its id is in the page, or the page would break at start."""
    ids = set(re.findall(r'\bid="([^"]+)"', (HERE / "index.html").read_text()))
    for path in (HERE / "src").glob("*.js"):
        asked = set(re.findall(r"(?:byId|fromTemplate)\('([^']+)'\)", path.read_text()))
        assert asked <= ids, path.name
