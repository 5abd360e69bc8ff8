"""Rooms that look like routers: ``connect(scale="node")`` and ``connect(scale="cluster")``.

A `LogicalWorker` is all the workers of a node's pool, or of the cluster. Its routers are `Room`s: each is as many real
routers, its `Member`s, as placement finds it needs. Transports, producers and consumers are those of `tureen.client`;
they live on a member, and agents pull what lives on another one.
"""

from __future__ import annotations

from tureen.client.scaled.mediasoup import ScaledMediasoup
from tureen.client.scaled.room import Room
from tureen.client.scaled.webrtc_server import LogicalWebRtcServer
from tureen.client.scaled.worker import LogicalWorker

__all__ = ["LogicalWebRtcServer", "LogicalWorker", "Room", "ScaledMediasoup"]
