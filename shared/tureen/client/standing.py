"""Standing for objects that somebody else has made, out of what their nodes tell of them in dumps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from tureen.client import translation
from tureen.client.observers import RtpObserver
from tureen.client.router import Router
from tureen.client.streams import Consumer, DataConsumer, DataProducer, Producer
from tureen.client.transports import Transport
from tureen.client.worker import WebRtcServer, Worker
from tureen.mediasoup.codec import SharedTable
from tureen.mediasoup.convert import consumer_layers
from tureen.mediasoup.webrtc_transport import WebRtcTransportOptions

Properties = Mapping[str, Any]
"""`properties` of a dump's answer."""

_TRANSPORTS = {"webrtc": "_WEBRTC_TRANSPORT", "plain": "_PLAIN_TRANSPORT", "pipe": "_PIPE_TRANSPORT"}
_UNTOLD = WebRtcTransportOptions(SharedTable({}), None)
"""Nobody tells what a WebRtcTransport was made with, so that none can be made like it."""
_OBSERVERS = {"activespeaker": "_ACTIVE_SPEAKER_OBSERVER", "audiolevel": "_AUDIO_LEVEL_OBSERVER"}


def enter_transport(router: Router, told: Properties) -> Transport:
    """Stand for a transport of a router."""
    app_data = told.get("appData")
    made: Any
    if told["type"] == "direct":
        made = router._DIRECT_TRANSPORT(id_=told["id"], router=router, app_data=app_data)
    else:
        kind: Any = getattr(router, _TRANSPORTS[told["type"]])
        options = {"options": _UNTOLD} if told["type"] == "webrtc" else {}
        packed = translation.transport(told)
        made = kind(id_=told["id"], router=router, packed=packed, app_data=app_data, **options)
        made.take(told)
        if "iceSelectedTuple" in told:
            made._ice_selected_tuple = told["iceSelectedTuple"]
    router._transports[made.id] = made
    return cast("Transport", made)


def enter_producer(transport: Transport, told: Properties) -> Producer:
    """Stand for a producer of a transport."""
    producer = transport.enter_producer(dict(told), told.get("appData"))
    producer._score = told["score"]
    return producer


def enter_consumer(transport: Transport, told: Properties) -> Consumer:
    """Stand for a consumer of a transport."""
    consumer = transport.enter_consumer(dict(told), told.get("appData"))
    consumer._current_layers = consumer_layers(told.get("currentLayers"))
    consumer._priority = told["priority"]
    return consumer


def enter_data_producer(transport: Transport, told: Properties) -> DataProducer:
    """Stand for a data producer of a transport."""
    return transport.enter_data_producer(dict(told), told.get("appData"))


def enter_data_consumer(transport: Transport, told: Properties) -> DataConsumer:
    """Stand for a data consumer of a transport."""
    return transport.enter_data_consumer({"sctpStreamParameters": None, **told}, told.get("appData"))


def enter_rtp_observer(router: Router, told: Properties) -> RtpObserver:
    """Stand for an RTP observer of a router."""
    kind: Any = getattr(router, _OBSERVERS[told["type"]])
    observer: RtpObserver = kind(id_=told["id"], router=router, app_data=told.get("appData"))
    observer._paused = told["paused"]
    router._rtp_observers[observer.id] = observer
    return observer


def enter_webrtc_server(worker: Worker, told: Properties) -> WebRtcServer:
    """Stand for a WebRtcServer of a worker."""
    server = cast("Any", worker._WEBRTC_SERVER)(id_=told["id"], worker=worker, app_data=told.get("appData"))
    worker._webrtc_servers[server.id] = server
    return cast("WebRtcServer", server)
