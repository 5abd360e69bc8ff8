"""Where a transport goes: pure functions of a picture of the cluster, a request and one random draw."""

from __future__ import annotations

from tureen.placement.engine.costs import COSTS, Costs, Demand
from tureen.placement.engine.place import Decision, Place, place
from tureen.placement.engine.reasons import Reason
from tureen.placement.engine.room import RoomView
from tureen.placement.engine.workers import place_worker

__all__ = ["COSTS", "Costs", "Decision", "Demand", "Place", "Reason", "RoomView", "place", "place_worker"]
