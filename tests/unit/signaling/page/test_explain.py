"""Why the page could not be built."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from tureen.signaling.page.explain import explain_esbuild, explain_npm, explain_os, node_major, old_node

FOLDER = Path("/home/ada/.cache/tureen/page")


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "npm ERR! code ENOTFOUND\nnpm ERR! network request failed",
            "npm cannot reach its package registry (ENOTFOUND)",
        ),
        ("npm error code ECONNREFUSED\nnpm error errno -111", "npm cannot reach its package registry (ECONNREFUSED)"),
        ("npm ERR! code ENOSPC\nnpm ERR! syscall write", "No space is left for the demo page in /home/ada"),
        ("npm ERR! code EBADENGINE\nnpm ERR! engine Unsupported", "install Node 18 or newer"),
        ("npm ERR! code EINTEGRITY\nnpm ERR! sha512-…", "not the one the lock file names"),
        ("npm ERR! code E403\nnpm ERR! 403 Forbidden\n", "npm could not install the page's packages: 403 Forbidden."),
        ("npm error code E500\nnpm error Oops.\n", "npm could not install the page's packages: Oops."),
        ("Segmentation fault\n", "npm could not install the page's packages: Segmentation fault."),
        ("", "npm could not install the page's packages: it did not say why."),
    ],
)
def test_npm(output: str, sentence: str) -> None:
    """What npm writes becomes one sentence, whether it is an old npm or a new one."""
    explained = explain_npm(output, FOLDER)
    assert sentence in explained
    assert explained.endswith(".")
    assert "\n" not in explained


def test_esbuild() -> None:
    """What esbuild complains of is passed on; a full disk is told as such."""
    assert "Could not resolve" in explain_esbuild(
        '\n✘ [ERROR] Could not resolve "nothing"\n\n    src/main.js:1', FOLDER
    )
    thrown = "/x/esbuild:170\n      throw new Error(`…`);\n\nError: The package could not be found\n\n    at x:1\n"
    assert explain_esbuild(thrown, FOLDER) == "esbuild could not bundle the page: The package could not be found."
    assert "No space is left" in explain_esbuild("write dist/page.js: no space left on device", FOLDER)


def test_operating_system() -> None:
    """Errors of the operating system name the place."""
    assert "No space is left" in explain_os(OSError(errno.ENOSPC, "No space left on device"), FOLDER)
    denied = explain_os(PermissionError(errno.EACCES, "Permission denied", "/nowhere"), FOLDER)
    assert denied == "The demo page could not be built: Permission denied (/nowhere)."


def test_node() -> None:
    """A Node that is too old, or broken, is told apart from a good one."""
    assert [node_major(text) for text in ("v18.20.4\n", "v24.0.0", "", "node: not found")] == [18, 24, 0, 0]
    assert "is v16.1.0; install" in old_node("/usr/bin/node", "v16.1.0\n")
    assert "one that does not start" in old_node("/usr/bin/node", "")
