"""mediasoup for Python on the nodes of a cluster: the interface of `tureen.mediasoup`, over NATS.

::

    from tureen.client import connect

    async with connect("nats://127.0.0.1:4222") as mediasoup:
        worker = await mediasoup.create_worker()
        router = await worker.create_router()

Classes, methods, properties, events and errors are those of `tureen.mediasoup`, of which the classes here are
subclasses: a program that has its types from there needs no other change than this import.
"""

from __future__ import annotations

from tureen.client.connecting import connect
from tureen.client.mediasoup import Mediasoup
from tureen.client.observers import ActiveSpeakerObserver, AudioLevelObserver, RtpObserver
from tureen.client.router import Router
from tureen.client.scaled import LogicalWebRtcServer, LogicalWorker, Room, ScaledMediasoup
from tureen.client.streams import Consumer, DataConsumer, DataProducer, Producer
from tureen.client.transports import DirectTransport, PipeTransport, PlainTransport, Transport, WebRtcTransport
from tureen.client.worker import WebRtcServer, Worker

__all__ = [
    "ActiveSpeakerObserver",
    "AudioLevelObserver",
    "Consumer",
    "DataConsumer",
    "DataProducer",
    "DirectTransport",
    "LogicalWebRtcServer",
    "LogicalWorker",
    "Mediasoup",
    "PipeTransport",
    "PlainTransport",
    "Producer",
    "Room",
    "Router",
    "RtpObserver",
    "ScaledMediasoup",
    "Transport",
    "WebRtcServer",
    "WebRtcTransport",
    "Worker",
    "connect",
]
