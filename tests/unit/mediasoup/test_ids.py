from __future__ import annotations

import subprocess
import sys
import uuid

from tureen.mediasoup.ids import new_id

_FORK = """
import os
from tureen.mediasoup.ids import new_id
new_id()
child = os.fork()
if child:
    os.waitpid(child, 0)
os.write(1, f"{new_id()} ".encode())
"""


def test_new_id() -> None:
    """Ids are random UUIDs as the standard spells them, all different."""
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    for id_ in ids:
        parsed = uuid.UUID(id_)
        assert (str(parsed), parsed.version, parsed.variant) == (id_, 4, uuid.RFC_4122)
    assert {id_[19] for id_ in ids} == set("89ab")


def test_ids_of_a_fork() -> None:
    """A forked process makes other ids than the one that it was forked from."""
    done = subprocess.run([sys.executable, "-c", _FORK], capture_output=True, text=True, check=True)
    assert len(set(done.stdout.split())) == 2
