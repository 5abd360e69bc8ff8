"""mediasoup with logical workers, each of which is many: ``scale="node"`` and ``scale="cluster"``."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from tureen.client.connection import Connection
from tureen.client.errors import named
from tureen.client.scaled.rooms import Rooms
from tureen.client.scaled.worker import LogicalWorker, check_log_settings
from tureen.client.session import Session
from tureen.client.worker import Worker
from tureen.contract.errors import TureenError, Unavailable
from tureen.contract.rooms import RoomPolicy
from tureen.mediasoup.entity import check_app_data, check_number
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.types import AppData, WorkerLogLevel, WorkerLogTag

log = logging.getLogger("tureen.client")

NO_NODE = "node_id is for one node: with scale='cluster' give room_policy={'firstNodeId': …}, or scale='node' with it"
"""What is said to who names a node and wants the cluster."""


class ScaledMediasoup(Connection):
    """What the module ``tureen.mediasoup`` offers, with workers of any size. Made by ``connect(scale=...)``.

    Attributes:
        observer: Emits ``newworker`` with each new logical worker of this client.
        version: The version of mediasoup.
    """

    def __init__(
        self,
        session: Session,
        node_id: str | None,
        scale: Literal["node", "cluster"],
        policy: Mapping[str, Any],
    ) -> None:
        """Use a connection; apps call ``connect()``."""
        super().__init__(session, node_id)
        self._scale = scale
        self._policy = policy
        self._logical: set[LogicalWorker] = set()

    async def create_worker(
        self,
        *,
        log_level: WorkerLogLevel = "error",
        log_tags: Sequence[WorkerLogTag] = (),
        rtc_min_port: int | None = None,
        rtc_max_port: int | None = None,
        dtls_certificate_file: str | os.PathLike[str] | None = None,
        dtls_private_key_file: str | os.PathLike[str] | None = None,
        worker_bin: str | os.PathLike[str] | None = None,
        libwebrtc_field_trials: str | None = None,
        app_data: AppData | None = None,
        node_id: str | None = None,
    ) -> LogicalWorker:
        """Return a worker that is all the workers of a node, or of the cluster. Nothing is started.

        Args:
            log_level: Without effect, as the next three: how workers run is their nodes' to say.
            log_tags: Without effect.
            rtc_min_port: Without effect.
            rtc_max_port: Without effect.
            dtls_certificate_file: Refused, as the next three: the workers run already.
            dtls_private_key_file: Refused.
            worker_bin: Refused.
            libwebrtc_field_trials: Refused.
            app_data: What the app attaches. It stays here; nodes never see it.
            node_id: With ``scale="node"``: the node. Default: the one that ``connect()`` was given, else the one that
                placement names.

        Raises:
            TypeError: A setting is wrong, or a node is named with ``scale="cluster"``.
            UnsupportedError: A setting is for a worker that is started.
            NoCapacity: No node takes anything; a MediasoupError.
            Unavailable: There is no connection, no placement, or no such node; a MediasoupError.
        """
        check_app_data(app_data)
        refused = {
            "dtls_certificate_file": dtls_certificate_file,
            "dtls_private_key_file": dtls_private_key_file,
            "worker_bin": worker_bin,
            "libwebrtc_field_trials": libwebrtc_field_trials,
        }
        for name, value in refused.items():
            if value is not None:
                raise UnsupportedError(f"{name}: the workers run already, their nodes have started them")
        check_log_settings(None if log_level == "error" else log_level, log_tags)
        _check_ports(rtc_min_port, rtc_max_port)
        if node_id is not None and self._scale == "cluster":
            raise TypeError(NO_NODE)
        named_node = node_id or self._node_id
        async with self._session.in_time():
            rooms = Rooms(self._session, await self._node(named_node), self._policy)
            if named_node is not None and not await rooms.any_workers():
                raise named(Unavailable(f"there is no node {named_node}, or it has no worker"))
        worker = LogicalWorker(
            rooms,
            self._attach_at,
            app_data,
            node_named=self._scale == "node" and named_node is not None,
        )
        self._logical.add(worker)
        worker.observer.on("close", lambda: self._logical.discard(worker))
        self.observer.safe_emit("newworker", worker)
        return worker

    async def _node(self, named_node: str | None) -> str | None:
        """Return the node to which everything goes, if there is one."""
        if self._scale == "cluster":
            return None
        try:
            return named_node or await self._place()
        except TureenError as error:
            raise named(error) from None

    async def _attach_at(self, worker_id: str, node_id: str) -> Worker:
        return await self.attach_worker(worker_id, node_id=node_id)

    def _look(self) -> None:
        super()._look()
        for worker in self._logical:
            self._catch_up(f"logical {id(worker)}", worker.look())

    async def close(self) -> None:
        """Close the rooms of this client, and leave."""
        for worker in list(self._logical):
            worker.close()
        await super().close()


def _check_ports(lowest: int | None, highest: int | None) -> None:
    """Check a range of ports that is for nodes to say.

    Raises:
        TypeError: It is none.
    """
    if lowest is None and highest is None:
        return
    low, high = 0 if lowest is None else lowest, 65535 if highest is None else highest
    check_number(low, "rtc_min_port")
    check_number(high, "rtc_max_port")
    if not 0 <= low <= high <= 65535:
        raise TypeError("rtc_min_port to rtc_max_port must be a range within 0 to 65535")
    log.info("ports are the nodes' to say: rtc_min_port and rtc_max_port are without effect with scale=")


def checked_policy(room_policy: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a policy for rooms as it goes on the wire.

    Raises:
        TypeError: Something in it is wrong.
    """
    if not isinstance(room_policy, Mapping | None):
        raise TypeError("room_policy must be a mapping, as {'limit': 'queue'}")
    try:
        RoomPolicy.parse(dict(room_policy or {}))
    except TureenError as error:
        raise named(error) from None
    return dict(room_policy or {})
