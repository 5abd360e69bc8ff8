"""What an operator may set on placement."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tureen.bus import BusSettings
from tureen.config import Settings
from tureen.contract import subjects
from tureen.contract.ids import Id, new_id


def default_media_codecs() -> list[dict[str, Any]]:
    """Return what browsers commonly speak; start bitrates are for the browsers that honour them (kbit/s)."""
    return [
        {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2},
        _video("VP8"),
        _video("VP9", {"profile-id": 0}),
        _video("H264", {"packetization-mode": 1, "profile-level-id": "4d0032", "level-asymmetry-allowed": 1}),
        _video("H264", {"packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1}),
        _video("AV1"),
    ]


def _video(name: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "kind": "video",
        "mimeType": f"video/{name}",
        "clockRate": 90000,
        "parameters": {**(parameters or {}), "x-google-start-bitrate": 1000},
    }


class PlacementSettings(Settings):
    """Placement's settings.

    Attributes:
        nats: The bus.
        replica_id: This process's name among the replicas; default: a random one.
        bucket: The bucket that holds the rooms' records; replicas of one cluster share it.
        bucket_replicas: On how many NATS servers it is kept, where it is made now.
        media_codecs: The codecs of a room that names none, as mediasoup's `mediaCodecs`.
        create_router_timeout: Seconds that an agent has to make a router before another one is tried.
        max_open_offers_per_tenant: How many places may be on offer to a tenant, by one replica, and not taken yet.
        find_timeout: Seconds that agents have to say whether they hold a producer.
        max_pipe_fan_out: To how many routers one router sends the same producer.
        max_pipe_depth: Over how many hops a producer travels at most.
        region_groups: Regions that are close to each other, group by group: when a room's own region is full, those of
            its group are used before the others.
        rebalance_above: Percent of a core that a worker must be above for it to give up some of its transports.
        rebalance_below: Percent of a core down to which it gives them up.
        rebalance_after: Seconds for which it must have been above.
        rebalance_pause: Seconds between two offers.
        empty_router_after: Seconds after which a router that nobody uses is closed.
        unlisted_after: Seconds after which a router that its room's record does not list is closed.
        vanished_after: Seconds after which a router that its agent does not announce leaves the record.
        listen: Seconds in which every node is heard at least once; a lost store is rebuilt no earlier.
        rebuild_within: Seconds after which a lost store is rebuilt without the nodes that have not announced yet.
        janitor_interval: Seconds between two rounds of tidying up.
        tick: Seconds between two looks at the clock.
    """

    nats: BusSettings = Field(default_factory=lambda: BusSettings(name="placement"))
    replica_id: Id = Field(default_factory=new_id)
    bucket: Id = subjects.ROOMS_BUCKET
    bucket_replicas: Annotated[int, Field(ge=1, le=5)] = 1
    media_codecs: list[dict[str, Any]] = Field(default_factory=default_media_codecs)
    create_router_timeout: Annotated[float, Field(gt=0)] = 3.0
    max_open_offers_per_tenant: Annotated[int, Field(ge=1)] = 2000
    find_timeout: Annotated[float, Field(gt=0)] = 2.0
    max_pipe_fan_out: Annotated[int, Field(ge=1)] = 8
    max_pipe_depth: Annotated[int, Field(ge=1)] = 4
    region_groups: list[list[str]] = Field(default_factory=list)
    rebalance_above: Annotated[float, Field(gt=0, le=100)] = 90.0
    rebalance_below: Annotated[float, Field(gt=0, le=100)] = 70.0
    rebalance_after: Annotated[float, Field(ge=0)] = 10.0
    rebalance_pause: Annotated[float, Field(gt=0)] = 30.0
    empty_router_after: Annotated[float, Field(gt=0)] = 30.0
    unlisted_after: Annotated[float, Field(gt=0)] = 10.0
    vanished_after: Annotated[float, Field(gt=0)] = 10.0
    listen: Annotated[float, Field(gt=0)] = 1.2
    rebuild_within: Annotated[float, Field(gt=0)] = 30.0
    janitor_interval: Annotated[float, Field(gt=0)] = 2.0
    tick: Annotated[float, Field(gt=0)] = 0.25
    log_level: Literal["debug", "info", "warning", "error"] = "info"
