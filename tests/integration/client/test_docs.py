"""What the page on the client shows runs as it stands there, on a cluster with placement."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from tests.integration.mediasoup.test_docs import end_all, run
from tests.support.local_cluster import local_cluster

PAGE = Path(__file__).parents[3] / "docs" / "client.md"


async def test_page(tmp_path: Path) -> None:
    """The pieces of code of the page run one after another, with the NATS of a cluster."""
    page = PAGE.read_text()
    pieces = list(re.finditer(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL))
    assert len(pieces) >= 4
    names: dict[str, Any] = {}
    async with local_cluster("--workers", "1", log=tmp_path / "log") as cluster:
        try:
            for piece in pieces:
                line = page[: piece.start()].count("\n") + 1
                source = piece[1].replace("nats://127.0.0.1:4222", cluster.facts["natsUrl"])
                await run("\n" * line + source, names, str(PAGE))
        finally:
            await end_all(names)
    assert names["router"].closed


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text()))
def test_links(link: str) -> None:
    """What the page links to in this repository is there."""
    assert (PAGE.parent / link).exists()
