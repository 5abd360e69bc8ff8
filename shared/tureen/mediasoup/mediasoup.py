"""What mediasoup offers before there is a worker."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tureen.bundle import MEDIASOUP_VERSION, locate
from tureen.mediasoup.channel import REQUEST_TIMEOUT
from tureen.mediasoup.codec import Codec
from tureen.mediasoup.entity import check_app_data
from tureen.mediasoup.events import EnhancedEventEmitter
from tureen.mediasoup.process import spawn_worker, worker_arguments
from tureen.mediasoup.types import AppData, WorkerLogLevel, WorkerLogTag
from tureen.mediasoup.worker import Worker

version = MEDIASOUP_VERSION
"""The version of mediasoup."""

observer = EnhancedEventEmitter()
"""Emits ``newworker`` with each new Worker."""

OBSERVER_EVENTS: Mapping[str, str] = {"newworker": "worker: Worker"}
"""The events of ``observer``: name to what listeners get."""


def get_worker_bin() -> Path:
    """Return where the mediasoup-worker binary lies.

    Raises:
        BundleMissingError: There is none; the message says how to get it.
    """
    return locate().worker


async def create_worker(
    *,
    log_level: WorkerLogLevel = "error",
    log_tags: Sequence[WorkerLogTag] = (),
    rtc_min_port: int = 10000,
    rtc_max_port: int = 59999,
    dtls_certificate_file: str | os.PathLike[str] | None = None,
    dtls_private_key_file: str | os.PathLike[str] | None = None,
    worker_bin: str | os.PathLike[str] | None = None,
    libwebrtc_field_trials: str | None = None,
    request_timeout: float = REQUEST_TIMEOUT,
    app_data: AppData | None = None,
) -> Worker:
    """Start a mediasoup-worker process.

    Args:
        log_level: How much it logs.
        log_tags: What it logs about at level ``debug`` and, in part, ``warn``.
        rtc_min_port: Lowest port for media. Former way; better give ``portRange`` in listen infos.
        rtc_max_port: Highest port for media. Former way, too.
        dtls_certificate_file: The certificate for DTLS, as PEM. Default: one is made.
        dtls_private_key_file: Its private key, as PEM. Default: one is made.
        worker_bin: The binary, which has to be of the version of the worker bundle. Default: the bundle's.
        libwebrtc_field_trials: Field trials for libwebrtc, for those who know; a wrong value lets the worker crash.
            Default: the worker's own.
        request_timeout: How long any request to the worker may take, in seconds; it fails with RequestTimeoutError
            then.
        app_data: What the app attaches.

    Raises:
        TypeError: A setting is wrong.
        BundleMissingError: There is no worker bundle; the message says how to get it.
        MediasoupError: The worker cannot be started.
    """
    check_app_data(app_data)
    if not isinstance(request_timeout, int | float) or not request_timeout > 0:
        raise TypeError("request_timeout must be a number of seconds above 0")
    bundle = locate()
    process = await spawn_worker(
        bundle.worker if worker_bin is None else Path(worker_bin),
        Codec.load(bundle.schemas),
        version=bundle.version,
        arguments=worker_arguments(
            log_level=log_level,
            log_tags=log_tags,
            rtc_min_port=rtc_min_port,
            rtc_max_port=rtc_max_port,
            dtls_certificate_file=None if dtls_certificate_file is None else os.fsdecode(dtls_certificate_file),
            dtls_private_key_file=None if dtls_private_key_file is None else os.fsdecode(dtls_private_key_file),
            libwebrtc_field_trials=libwebrtc_field_trials,
        ),
        request_timeout=request_timeout,
    )
    worker = Worker(process, app_data)
    observer.safe_emit("newworker", worker)
    return worker
