"""Where a transport goes: pure functions of a picture of the cluster, a request and one random draw."""

from __future__ import annotations

from tureen.placement.engine.costs import COSTS, Costs, Demand, demand
from tureen.placement.engine.inputs import Inputs
from tureen.placement.engine.learning import CostLearner
from tureen.placement.engine.place import Decision, Place, place
from tureen.placement.engine.reasons import Reason
from tureen.placement.engine.regions import Groups
from tureen.placement.engine.replay import replay
from tureen.placement.engine.room import RoomView
from tureen.placement.engine.snapshot import Snapshot
from tureen.placement.engine.workers import place_worker

__all__ = [
    "COSTS",
    "CostLearner",
    "Costs",
    "Decision",
    "Demand",
    "Groups",
    "Inputs",
    "Place",
    "Reason",
    "RoomView",
    "Snapshot",
    "demand",
    "place",
    "place_worker",
    "replay",
]
