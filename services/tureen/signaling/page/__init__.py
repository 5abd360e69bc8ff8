"""The demo page: its sources, and where its built form lies.

The page is plain JavaScript, HTML and CSS in this package; what it needs from npm is fetched and bundled at set-up
time, by `python -m tureen.signaling.page.build`, into a cache folder outside the package.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

__all__ = ["BUILD_COMMAND", "PageNotBuiltError", "inputs", "inputs_hash", "locate"]

BUILD_COMMAND = "python -m tureen.signaling.page.build"

_HERE = Path(__file__).parent
_FIXED = (".npmrc", "package.json", "package-lock.json", "index.html", "style.css", "favicon.svg", "build.py")


class PageNotBuiltError(RuntimeError):
    """The demo page has not been built on this machine, or its sources changed since."""


def inputs() -> tuple[Path, ...]:
    """Return every file that the built page depends on, in a fixed order."""
    return (*(_HERE / name for name in _FIXED), *sorted((_HERE / "src").glob("*.js")))


def inputs_hash() -> str:
    """Return 16 hexadecimal digits that change whenever the built page would."""
    digest = hashlib.sha256()
    for path in inputs():
        content = path.read_bytes()
        digest.update(f"{path.relative_to(_HERE)}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Return the folder of all builds of the page: below `$XDG_CACHE_HOME`, else `~/.cache`."""
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "tureen" / "page"


def build_folder() -> Path:
    """Return the folder that holds, or will hold, the page built from the sources as they are."""
    return cache_folder() / inputs_hash()


def locate() -> Path:
    """Return the folder of the built page: `index.html` and the files that it names.

    Raises:
        PageNotBuiltError: It is not there; the message says which command makes it.
    """
    dist = build_folder() / "dist"
    if not (dist / "index.html").is_file():
        raise PageNotBuiltError(f"The demo page is not built yet; build it with: {BUILD_COMMAND}")
    return dist
