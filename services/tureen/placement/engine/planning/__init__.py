"""Plans for a room whose size is known beforehand: which worker serves whom, and by which pipes. Pure.

The mathematics. A worker holds consumers, those of pipes included, up to a limit. A producer that is consumed on n
workers needs n - 1 pipe consumers, so what costs is on how many workers each producer is needed. Peers are put into
groups that watch much the same; a group is served by as many workers as one peer may have receiving transports, and
these share the producers out among them: each of them serves some of the producers to all of the group. Then a producer
is needed on one worker a group, however many workers serve it. What the pipes cost their sources is spread over the
workers that hold a producer anyway, by trees; where none of them has room, workers are added that only pass streams on.
"""

from __future__ import annotations

from tureen.placement.engine.planning.bound import Bound, bound, pipe_bound
from tureen.placement.engine.planning.case import Case, Limits, everyone, some, stream
from tureen.placement.engine.planning.check import faults
from tureen.placement.engine.planning.plan import Plan, plan

__all__ = ["Bound", "Case", "Limits", "Plan", "bound", "everyone", "faults", "pipe_bound", "plan", "some", "stream"]
