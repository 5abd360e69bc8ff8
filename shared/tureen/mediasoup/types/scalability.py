"""Layers of a scalable stream."""

from __future__ import annotations

from typing import TypedDict


class ScalabilityMode(TypedDict):
    """A parsed scalability mode (WebRTC-SVC), such as `L3T2_KEY`.

    Attributes:
        spatialLayers: Resolutions within the stream, 1 to 99.
        temporalLayers: Frame rates within each, 1 to 99.
        ksvc: Whether higher spatial layers depend on lower ones in key frames alone.
    """

    spatialLayers: int
    temporalLayers: int
    ksvc: bool
