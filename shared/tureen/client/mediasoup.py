"""mediasoup with workers of the client's own, each on a node: ``scale="worker"``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from tureen.client.connection import Connection
from tureen.client.errors import named
from tureen.client.worker import RemoteProcess, Worker
from tureen.contract.errors import TureenError
from tureen.contract.registry import commands_of
from tureen.mediasoup.entity import check_app_data
from tureen.mediasoup.errors import UnsupportedError
from tureen.mediasoup.ids import new_id
from tureen.mediasoup.types import AppData, WorkerLogLevel, WorkerLogTag

_CREATE_WORKER = commands_of("node")["mediasoup.createWorker"]


class Mediasoup(Connection):
    """What the module ``tureen.mediasoup`` offers, on the nodes of a cluster. Made by ``connect()``.

    Attributes:
        observer: Emits ``newworker`` with each new Worker of this client.
        version: The version of mediasoup.
    """

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
    ) -> Worker:
        """Start a mediasoup-worker process of this client's own.

        Args:
            log_level: How much it logs, on its node.
            log_tags: What it logs about at level ``debug`` and, in part, ``warn``.
            rtc_min_port: Lowest port for media where a listen info names none. Default: the node's.
            rtc_max_port: Highest port for media. Default: the node's.
            dtls_certificate_file: A path on the node; for the node's operator alone, as are the next two.
            dtls_private_key_file: A path on the node.
            worker_bin: Refused: which binary it is, is the node's own affair.
            libwebrtc_field_trials: Field trials for libwebrtc, for those who know.
            app_data: What the app attaches. It stays here; nodes never see it.
            node_id: The node. Default: the one that ``connect()`` was given, else the one that placement names.

        Raises:
            TypeError: A setting is wrong.
            UnsupportedError: A binary was given.
            NoCapacity: The node takes no more workers, or no node does; a MediasoupError.
            Unavailable: There is no connection, no such node, or no placement; a MediasoupError.
            Unauthorized: A setting is for the node's operator alone; a MediasoupError.
        """
        check_app_data(app_data)
        if worker_bin is not None:
            raise UnsupportedError("worker_bin: a worker's binary is its node's")
        payload: dict[str, Any] = {
            "id": new_id(),
            "logLevel": log_level,
            "logTags": log_tags if isinstance(log_tags, str) else [*log_tags],
            "rtcMinPort": rtc_min_port,
            "rtcMaxPort": rtc_max_port,
            "dtlsCertificateFile": None if dtls_certificate_file is None else os.fsdecode(dtls_certificate_file),
            "dtlsPrivateKeyFile": None if dtls_private_key_file is None else os.fsdecode(dtls_private_key_file),
            "libwebrtcFieldTrials": libwebrtc_field_trials,
        }
        given = {key: value for key, value in payload.items() if value is not None}
        until = self._session.until()
        try:
            node_id = node_id or self._node_id or await self._place(until)
            worker = await self._create_worker(node_id, given, app_data, until)
        except TureenError as error:
            raise named(error) from None
        self.observer.safe_emit("newworker", worker)
        return worker

    async def _create_worker(
        self, node_id: str, payload: dict[str, Any], app_data: AppData | None, until: float
    ) -> Worker:
        worker_id = str(payload["id"])
        link = self._link(node_id, worker_id)
        link.hear_object("worker", worker_id)
        try:
            reply = await self._session.ask(node_id, _CREATE_WORKER, payload, until)
        except BaseException:
            link.end()
            self._session.tell(node_id, commands_of("node")["worker.close"], {"workerId": worker_id})
            raise
        worker = Worker(RemoteProcess(link, reply["pid"]), app_data)
        self._workers[worker_id] = worker
        worker.observer.on("close", lambda: self._workers.pop(worker_id, None))
        return worker
