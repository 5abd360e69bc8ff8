"""What an operator may set on the signaling service."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from tureen.bus import BusSettings
from tureen.config import Settings
from tureen.contract.ids import Id
from tureen.contract.rooms import RoomPolicy
from tureen.contract.subjects import DEFAULT_TENANT
from tureen.signaling.admission import is_loopback_host
from tureen.signaling.room import Limits

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class SignalingSettings(Settings):
    """The signaling service's settings.

    Attributes:
        nats: The bus.
        host: The address to listen on.
        port: The port to listen on; 0 is a free one.
        tenant: Whose rooms these are.
        allowed_origins: Origins whose pages may connect, as `https://example.org`; `*` is any.
        loopback_origins: Whether pages served from this machine may connect; unset is yes where `host` is loopback.
        room_policy: The policy of the rooms that browsers open.
        empty_room_grace: Seconds that a room stays after its last peer left.
        join_timeout: Seconds within which a browser must join; a permission prompt may sit in between.
        request_timeout: Seconds for a browser's request; protoo-client itself waits about 22.
        attempt_timeout: Seconds for one command before the same agent is asked again.
        lease_ttl: Seconds after which node agents close what this process made there, once they hear nothing of it.
        answer_timeout: Seconds that a browser has to take a consumer.
        ping_interval: Seconds between WebSocket pings; a browser that does not answer one in time is gone.
        stop_timeout: Seconds for closing what browsers leave behind when the service stops.
        initial_available_outgoing_bitrate: mediasoup's option of the same name, bits a second.
        max_message_bytes: Largest message of a browser.
        max_message_rate: Messages a second that a browser may send in the long run.
        max_message_burst: Messages that it may send at once.
        max_requests_under_way: Requests of one browser that are served at a time.
        max_connections: Browsers on this replica.
        max_rooms: Rooms with peers on this replica.
        max_peers_per_room: Peers of a room on this replica.
        max_transports_per_peer: Transports that a peer may have.
        max_producers_per_peer: Producers that a peer may have.
    """

    nats: BusSettings = Field(default_factory=lambda: BusSettings(name="signaling"))
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 3000
    tenant: Id = DEFAULT_TENANT
    allowed_origins: list[str] = Field(default_factory=list)
    loopback_origins: bool | None = None
    room_policy: RoomPolicy = Field(default_factory=RoomPolicy)
    empty_room_grace: Annotated[float, Field(ge=0)] = 10.0
    join_timeout: Seconds = 120.0
    request_timeout: Seconds = 12.0
    attempt_timeout: Seconds = 5.0
    lease_ttl: Annotated[float, Field(ge=1, le=3600)] = 30.0
    answer_timeout: Seconds = 30.0
    ping_interval: Seconds = 10.0
    stop_timeout: Seconds = 5.0
    initial_available_outgoing_bitrate: Annotated[int, Field(ge=0, lt=2**32)] = 1_000_000
    max_message_bytes: Annotated[int, Field(ge=4096, le=16 * 1024 * 1024)] = 256 * 1024
    max_message_rate: Annotated[float, Field(gt=0)] = 50.0
    max_message_burst: Count = 200
    max_requests_under_way: Count = 32
    max_connections: Count = 10_000
    max_rooms: Count = 5000
    max_peers_per_room: Count = 200
    max_transports_per_peer: Count = 8
    max_producers_per_peer: Count = 16
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def allows_loopback_origins(self) -> bool:
        """Whether pages served from this machine may connect."""
        return is_loopback_host(self.host) if self.loopback_origins is None else self.loopback_origins

    @property
    def limits(self) -> Limits:
        """The limits within a room."""
        return Limits(self.max_peers_per_room, self.max_transports_per_peer, self.max_producers_per_peer)
