"""mediasoup for Python: the whole server-side API of mediasoup 3 over the real mediasoup-worker.

::

    from tureen import mediasoup

    worker = await mediasoup.create_worker()
    router = await worker.create_router(media_codecs=[{"mimeType": "audio/opus", "clockRate": 48000, "channels": 2}])
    transport = await router.create_webrtc_transport(listen_infos=[{"protocol": "udp", "ip": "127.0.0.1"}])

Names are mediasoup's in snake_case, structures have mediasoup's own camelCase keys (``mediasoup.types``), so that
https://mediasoup.org/documentation/v3/mediasoup/api/ is the documentation of this, too. What mediasoup answers at once
is a plain method or property here, what it awaits is a coroutine. A coroutine writes its request before it first waits,
so that tasks that are started in some order are heard by the worker in that order. Structures that are returned are
shared, not copied: do not change them.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tureen.mediasoup import errors, extras, ortc, types
from tureen.mediasoup.active_speaker_observer import ActiveSpeakerObserver
from tureen.mediasoup.audio_level_observer import AudioLevelObserver
from tureen.mediasoup.consumer import Consumer
from tureen.mediasoup.data_consumer import DataConsumer
from tureen.mediasoup.data_producer import DataProducer
from tureen.mediasoup.direct_transport import DirectTransport
from tureen.mediasoup.logs import set_log_event_listeners
from tureen.mediasoup.mediasoup import create_worker, get_worker_bin, observer, version
from tureen.mediasoup.pipe_transport import PipeTransport
from tureen.mediasoup.plain_transport import PlainTransport
from tureen.mediasoup.producer import Producer
from tureen.mediasoup.router import Router
from tureen.mediasoup.rtp_observer import RtpObserver
from tureen.mediasoup.scalability_modes import parse_scalability_mode
from tureen.mediasoup.supported_rtp_capabilities import get_supported_rtp_capabilities
from tureen.mediasoup.transport import Transport
from tureen.mediasoup.webrtc_server import WebRtcServer
from tureen.mediasoup.webrtc_transport import WebRtcTransport
from tureen.mediasoup.worker import Worker

if TYPE_CHECKING:
    worker_bin: Path
    """Where the mediasoup-worker binary lies. Reading it raises BundleMissingError if there is none."""

__all__ = [
    "ActiveSpeakerObserver",
    "AudioLevelObserver",
    "Consumer",
    "DataConsumer",
    "DataProducer",
    "DirectTransport",
    "PipeTransport",
    "PlainTransport",
    "Producer",
    "Router",
    "RtpObserver",
    "Transport",
    "WebRtcServer",
    "WebRtcTransport",
    "Worker",
    "create_worker",
    "errors",
    "extras",
    "get_supported_rtp_capabilities",
    "observer",
    "ortc",
    "parse_scalability_mode",
    "set_log_event_listeners",
    "types",
    "version",
    "worker_bin",
]


def __getattr__(name: str) -> Any:
    if name == "worker_bin":
        return get_worker_bin()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
