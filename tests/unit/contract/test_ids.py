from __future__ import annotations

import pytest

from tureen.contract.ids import is_id, new_id


@pytest.mark.parametrize("value", ["a", "A-b_9", "x" * 128, "-"])
def test_ids(value: str) -> None:
    """Letters, digits, dash and underscore, up to 128 of them."""
    assert is_id(value)


@pytest.mark.parametrize("value", ["", "a.b", "a b", "a\n", "*", ">", "ä", "x" * 129, "٣"])
def test_what_is_no_id(value: str) -> None:
    """Whatever could end or widen a subject is no id, a line's end included."""
    assert not is_id(value)


def test_new_ids() -> None:
    """New ids are ids, and each is another."""
    ids = {new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(map(is_id, ids))
