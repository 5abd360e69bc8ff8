"""`python -m tureen.signaling`, configured by TUREEN_SIGNALING_… and flags."""

from __future__ import annotations

from tureen.signaling.main import main

main()
