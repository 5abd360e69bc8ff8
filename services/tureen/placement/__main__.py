"""`python -m tureen.placement`: one replica, configured by TUREEN_PLACEMENT_… and flags."""

from __future__ import annotations

from tureen.placement.main import main

main()
