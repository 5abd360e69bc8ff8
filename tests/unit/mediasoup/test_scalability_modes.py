from __future__ import annotations

import pytest

from tureen.mediasoup.scalability_modes import parse_scalability_mode


@pytest.mark.parametrize(
    ("mode", "spatial", "temporal", "ksvc"),
    [
        ("L1T3", 1, 3, False),
        ("L3T2_KEY", 3, 2, True),
        ("S2T3", 2, 3, False),
        ("L20T3", 20, 3, False),
        ("L4T7_KEY_SHIFT", 4, 7, True),
        ("L2T1h", 2, 1, False),
    ],
)
def test_layers_are_read(mode: str, spatial: int, temporal: int, ksvc: bool) -> None:
    """A mode names its spatial and temporal layers, and whether layers depend on each other in key frames alone."""
    assert parse_scalability_mode(mode) == {"spatialLayers": spatial, "temporalLayers": temporal, "ksvc": ksvc}


@pytest.mark.parametrize("mode", [None, "", "foo", "S0T3", "S1T0", "S200T3", "l1t3", " L1T3"])
def test_anything_else_has_one_layer(mode: str | None) -> None:
    """What is no mode stands for a single layer."""
    assert parse_scalability_mode(mode) == {"spatialLayers": 1, "temporalLayers": 1, "ksvc": False}
