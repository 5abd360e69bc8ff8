"""What a router's dump tells, for those who hold it against what they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tureen.mediasoup.codec import Packed

if TYPE_CHECKING:
    from tureen.mediasoup.router import Router

_BY_ID = (
    "mapProducerIdConsumerIds",
    "mapConsumerIdProducerId",
    "mapDataProducerIdDataConsumerIds",
    "mapDataConsumerIdDataProducerId",
)


async def packed_dump(router: Router) -> Packed:
    """Return a router's dump when it arrives, to be decoded by ``in_turns(packed.unpacking())``.

    For those who note what belongs to that moment: others get their turn while the dump is decoded.

    Raises:
        NotFoundError: It is closed.
        WorkerClosedError: The worker is closed.
    """
    packed: Packed = await router._request("ROUTER_DUMP", decode=False)
    return packed


def object_ids(dump: Mapping[str, Any]) -> list[str]:
    """Return the ids of everything that is on a router, as its dump tells."""
    ids = [*dump["transportIds"], *dump["rtpObserverIds"]]
    for of_kind in _BY_ID:
        ids += [entry["key"] for entry in dump[of_kind]]
    return ids
