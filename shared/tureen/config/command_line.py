"""The command line that all services have in common."""

from __future__ import annotations

import argparse
from pathlib import Path

from tureen.config.describe import describe
from tureen.config.settings import Settings


def service_parser(name: str, purpose: str, settings: type[Settings], env_prefix: str) -> argparse.ArgumentParser:
    """Return a parser for `python -m tureen.<name>`: it knows `--config`, and `--help` lists every setting."""
    parser = argparse.ArgumentParser(
        prog=f"python -m tureen.{name}",
        description=purpose,
        epilog=describe(settings, env_prefix),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="a TOML file with settings")
    return parser
