"""What placement knows of the cluster, from heartbeats, inventories, events and grants: no input or output here."""

from __future__ import annotations

from tureen.placement.picture.cluster import Cluster, Joined, Replaced
from tureen.placement.picture.holdings import HeldRouter, Holdings
from tureen.placement.picture.nodes import Node, Worker
from tureen.placement.picture.picture import Picture

__all__ = ["Cluster", "HeldRouter", "Holdings", "Joined", "Node", "Picture", "Replaced", "Worker"]
