"""Write deploy/nats/users.conf from tureen.contract.permissions, or check that it is current; print it for a cluster.

usage: python scripts/nats_permissions.py [--write] [--node ID]... [--tenant NAME]...

With nodes or tenants the configuration for them is printed, and nothing is checked or written.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tureen.cli.local import nats_users
from tureen.contract import permissions
from tureen.contract.errors import InvalidType
from tureen.contract.subjects import DEFAULT_TENANT

FILE = Path(__file__).parents[1] / "deploy" / "nats" / "users.conf"
EXAMPLE_NODE = "node-1"
HEAD = """\
# Who may connect, and what each may do; docs/operations.md explains it.
#
# Written by scripts/nats_permissions.py: change tureen.contract.permissions, not this file. With --node and --tenant
# it prints the file for the nodes and tenants of your own cluster.
#
# The passwords are in the environment of nats-server: letters and digits, the first a letter. Without one of
# them the server does not start.

"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Write, check or print the configuration."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the file instead of checking it")
    parser.add_argument("--node", action="append", default=[], metavar="ID", help="a node of your cluster")
    parser.add_argument("--tenant", action="append", default=[], metavar="NAME", help="a tenant of your cluster")
    given = parser.parse_args(arguments)
    try:
        text = configuration(given.node or [EXAMPLE_NODE], given.tenant or [DEFAULT_TENANT])
    except InvalidType as error:
        sys.exit(error.message)
    if given.node or given.tenant:
        sys.stdout.write(text)
    elif given.write:
        FILE.write_text(text)
    elif not FILE.exists() or FILE.read_text() != text:
        sys.exit("deploy/nats/users.conf is stale: run `python scripts/nats_permissions.py --write`")


def configuration(nodes: Sequence[str], tenants: Sequence[str]) -> str:
    """Return the users of a cluster with these nodes and tenants."""
    users = [
        permissions.operator(),
        permissions.placement(),
        permissions.signaling(),
        permissions.metrics(),
        *map(permissions.node_agent, nodes),
        *map(permissions.tenant, tenants),
    ]
    return HEAD + nats_users.configuration(users)


if __name__ == "__main__":
    main()
