"""Why the page could not be built, in one sentence that says what helps. Pure functions."""

from __future__ import annotations

import errno
import re
from pathlib import Path

OLDEST_NODE = 18
"""The major version of Node that Debian 12's npm brings; package.json and its lock keep to what runs on it."""

_NETWORK = re.compile(
    r"\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT)\b"
)
_FULL = re.compile(r"\b(ENOSPC|EDQUOT)\b|no space left", re.IGNORECASE)
_ERROR_LINE = re.compile(
    r"^npm (?:ERR!|error)\s+(?!code |errno |syscall |A complete log|.*-debug-\d)(\S.*)$", re.MULTILINE
)

# Its own complaints, and what Node says when it throws.
_ESBUILD_LINE = re.compile(r"^(?:\S* ?\[ERROR\]|[A-Za-z]*Error:) (\S.*)$", re.MULTILINE)


def node_major(version: str) -> int:
    """Return the major version in what `node --version` printed, for example 18 for `v18.20.4`; 0 if there is none."""
    found = re.match(r"v(\d+)\.", version.strip())
    return int(found[1]) if found else 0


def old_node(node: str, version: str) -> str:
    """Return the sentence on a Node that is too old, or does not start."""
    have = version.strip() or "one that does not start"
    return f"The demo page needs Node {OLDEST_NODE} or newer, and {node} is {have}; install a newer one."


def explain_npm(output: str, folder: Path) -> str:
    """Explain what npm wrote before it failed; `folder` is where the page is built."""
    if _FULL.search(output):
        return no_space(folder)
    if found := _NETWORK.search(output):
        return (
            f"npm cannot reach its package registry ({found[1]}); check the network, or npm's proxy and registry "
            "settings, and run this again."
        )
    if "EBADENGINE" in output:
        return f"A package needs a newer Node than this one; install Node {OLDEST_NODE} or newer and run this again."
    if "EINTEGRITY" in output:
        return "A downloaded package is not the one the lock file names; run «npm cache verify», then this again."
    return f"npm could not install the page's packages: {_first(_ERROR_LINE.findall(output) or output.splitlines())}."


def explain_esbuild(output: str, folder: Path) -> str:
    """Explain what esbuild wrote before it failed."""
    if _FULL.search(output):
        return no_space(folder)
    lines = _ESBUILD_LINE.findall(output) or output.splitlines()
    return f"esbuild could not bundle the page: {_first(lines)}."


def explain_os(error: OSError, folder: Path) -> str:
    """Explain an error of the operating system."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return no_space(folder)
    return f"The demo page could not be built: {error.strerror or error} ({error.filename or folder})."


def no_space(folder: Path) -> str:
    """Return the sentence on a full disk."""
    return f"No space is left for the demo page in {folder}; free about 50 MB and run this again."


def _first(lines: list[str]) -> str:
    return next((line.strip().rstrip(".") for line in lines if line.strip()), "it did not say why")
