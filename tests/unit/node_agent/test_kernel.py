from __future__ import annotations

from pathlib import Path

from tureen.node_agent.kernel import short_buffers


def test_what_is_too_small_is_told(tmp_path: Path) -> None:
    """A limit below what pipes ask for is told with what to do; a larger one, and an unknown one, is not."""
    (tmp_path / "rmem_max").write_text("212992\n")
    (tmp_path / "wmem_max").write_text("8388608\n")
    (told,) = short_buffers(4_194_304, tmp_path)
    assert "receive buffers of 212992 bytes" in told
    assert "net.core.rmem_max=4194304" in told
    (tmp_path / "rmem_max").write_text("8388608\n")
    assert list(short_buffers(4_194_304, tmp_path)) == []
    assert list(short_buffers(4_194_304, tmp_path / "none")) == []
