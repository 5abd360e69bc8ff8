"""Scalability modes: how many layers a stream has."""

from __future__ import annotations

import re
from typing import Final

from tureen.mediasoup.types import ScalabilityMode

_SCALABILITY_MODE: Final = re.compile(r"[LS]([1-9][0-9]?)T([1-9][0-9]?)(_KEY)?")


def parse_scalability_mode(scalability_mode: str | None = None) -> ScalabilityMode:
    """Parse a scalability mode (WebRTC-SVC) such as `L1T3`, `S2T3` or `L3T2_KEY`.

    What follows it (as in `L3T3_KEY_SHIFT` or `L3T3h`) is ignored.

    Args:
        scalability_mode: The mode; `None` or anything else that is none stands for a single layer.
    """
    match = _SCALABILITY_MODE.match(scalability_mode or "")
    if match is None:
        return {"spatialLayers": 1, "temporalLayers": 1, "ksvc": False}
    return {"spatialLayers": int(match[1]), "temporalLayers": int(match[2]), "ksvc": match[3] is not None}
