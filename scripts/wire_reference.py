"""Write the reference of the wire from the registry, or check that it is current.

usage: python scripts/wire_reference.py [--write]

It is the AsyncAPI document that services answer `schema.get` from, and docs/wire.md with the pages in docs/wire/.
"""

from __future__ import annotations

import sys

from reference.main import main

if __name__ == "__main__":
    sys.exit(main())
