from __future__ import annotations

import pytest
from tests.support.nats_server import free_port

from tureen.bus import Bus, BusSettings
from tureen.contract.errors import Unavailable


async def test_says_where_nobody_answers() -> None:
    """A first connection to nowhere fails with a sentence that names the server, without the password."""
    settings = BusSettings(servers=[f"nats://me:secret@127.0.0.1:{free_port()}"], connect_patience=0)
    with pytest.raises(Unavailable, match=r"no NATS server answers at nats://127\.0\.0\.1:.*start one") as raised:
        await Bus.connect(settings)
    assert "secret" not in str(raised.value)
