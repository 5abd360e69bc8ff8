#!/usr/bin/env python3
"""Compare what mediasoup's declarations list with what `tureen.mediasoup` offers; see `--help`."""

from __future__ import annotations

import sys

from parity.main import main

if __name__ == "__main__":
    sys.exit(main())
