"""What a router's dump tells, for those who hold it against what they know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def object_ids(dump: Mapping[str, Any]) -> list[str]:
    """Return the ids of everything that is on a router, as its dump tells."""
    return [
        *dump["transportIds"],
        *dump["rtpObserverIds"],
        *(entry["key"] for entry in dump["mapProducerIdConsumerIds"]),
        *(entry["key"] for entry in dump["mapConsumerIdProducerId"]),
        *(entry["key"] for entry in dump["mapDataProducerIdDataConsumerIds"]),
        *(entry["key"] for entry in dump["mapDataConsumerIdDataProducerId"]),
    ]
