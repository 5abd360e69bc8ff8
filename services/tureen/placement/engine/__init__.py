"""Where a transport goes: pure functions of a picture of the cluster, a request and one random draw."""

from __future__ import annotations

from tureen.placement.engine.costs import COSTS, Costs, Demand, demand
from tureen.placement.engine.place import Decision, Place, place
from tureen.placement.engine.reasons import Reason
from tureen.placement.engine.room import RoomView
from tureen.placement.engine.workers import place_worker

__all__ = ["COSTS", "Costs", "Decision", "Demand", "Place", "Reason", "RoomView", "demand", "place", "place_worker"]
