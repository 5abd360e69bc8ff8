"""`python -m tureen.metrics`, configured by TUREEN_METRICS_… and flags."""

from __future__ import annotations

from tureen.metrics.main import main

main()
