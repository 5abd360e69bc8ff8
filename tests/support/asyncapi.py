"""The official JSON schema of AsyncAPI 3, from npm's package of it."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Any

PACKAGE = "@asyncapi/specs@6.11.1"
SHA512 = "A3WBLqAKGoJ2+6FWFtpjBlCQ1oFCcs4GxF7zsIGvNqp/klGUHjlA3aAcZ9XMMpLGE8zPeYDz2x9FmO6DSuKraQ=="
SCHEMA = "package/schemas/3.0.0.json"


def official_schema(folder: Path) -> dict[str, Any]:
    """Fetch the package into a folder, and return the schema of AsyncAPI 3.0.0."""
    packed = subprocess.run(
        ["npm", "pack", "--silent", "--ignore-scripts", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
    )
    archive = folder / packed.stdout.strip()
    assert base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode() == SHA512
    with tarfile.open(archive) as files:
        file = files.extractfile(SCHEMA)
        assert file is not None
        schema: dict[str, Any] = json.load(file)
    return schema
