"""The one list of commands: what each takes, answers and may fail with, and who may ask.

Dispatch, clients, ADR-32 answers, schemas and the reference are made from it, so that they cannot disagree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from tureen.contract import cluster, data, leases, media, observers, pipes, rooms, transports, workers
from tureen.contract.model import Command as Payload
from tureen.contract.model import Empty, Reply


class Audience(StrEnum):
    """Who may ask: a tenant (the operator too), or the operator's own services alone."""

    TENANT = "tenant"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Command:
    """One command.

    Attributes:
        service: `node` (a node agent), `placement`, `signaling` or `metrics`.
        object: The object's class in mediasoup's spelling, such as `router`.
        method: mediasoup's method, such as `createWebRtcTransport`.
        request: The payload's model.
        reply: The answer's model.
        target: The field (as on the wire) that names the object it is called on; empty where there is none.
        audience: Who may ask.
        retry: Whether asking again with the same payload is safe.
    """

    service: str
    object: str
    method: str
    request: type[Payload]
    reply: type[Reply]
    target: str = ""
    audience: Audience = Audience.TENANT
    retry: bool = True

    @property
    def name(self) -> str:
        """`<object>.<method>`, as on the wire."""
        return f"{self.object}.{self.method}"

    @property
    def endpoint(self) -> str:
        """The name of its ADR-32 endpoint."""
        return f"{self.object}_{self.method}"


def _node(name: str, request: type[Payload], reply: type[Reply] = Empty, target: str = "") -> Command:
    object_, method = name.split(".")
    return Command("node", object_, method, request, reply, target)


def _sending(name: str, request: type[Payload], reply: type[Reply], target: str) -> Command:
    """RTP, RTCP or a message: sent twice it arrives twice."""
    object_, method = name.split(".")
    return Command("node", object_, method, request, reply, target, retry=False)


def _between(name: str, request: type[Payload], reply: type[Reply] = Empty, target: str = "") -> Command:
    object_, method = name.split(".")
    return Command("node", object_, method, request, reply, target, Audience.SYSTEM)


def _placement(
    name: str, request: type[Payload], reply: type[Reply] = Empty, audience: Audience = Audience.TENANT
) -> Command:
    object_, method = name.split(".")
    return Command("placement", object_, method, request, reply, audience=audience)


_ALL: tuple[Command, ...] = (
    _node("mediasoup.createWorker", workers.MediasoupCreateWorker, workers.WorkerCreated),
    _node(
        "mediasoup.getSupportedRtpCapabilities", workers.MediasoupGetSupportedRtpCapabilities, media.RouterCapabilities
    ),
    _node("worker.createRouter", media.WorkerCreateRouter, media.RouterCreated, "workerId"),
    _node("worker.getResourceUsage", media.WorkerRef, media.ResourceUsage, "workerId"),
    _node("worker.createWebRtcServer", workers.WorkerCreateWebRtcServer, workers.WebRtcServerCreated, "workerId"),
    _node("worker.updateSettings", workers.WorkerUpdateSettings, Empty, "workerId"),
    _node("worker.dump", media.WorkerRef, media.Dumped, "workerId"),
    _node("worker.close", media.WorkerRef, Empty, "workerId"),
    _node("webRtcServer.dump", workers.WebRtcServerRef, media.Dumped, "webRtcServerId"),
    _node("webRtcServer.close", workers.WebRtcServerRef, Empty, "webRtcServerId"),
    _node("router.getRtpCapabilities", media.RouterRef, media.RouterCapabilities, "routerId"),
    _node("router.canConsume", media.RouterCanConsume, media.CanConsume, "routerId"),
    _node("router.dump", media.RouterRef, media.Dumped, "routerId"),
    _node("router.close", media.RouterClose, Empty, "routerId"),
    _node("router.createWebRtcTransport", media.RouterCreateWebRtcTransport, media.WebRtcTransportCreated, "routerId"),
    _node("router.createPlainTransport", media.RouterCreatePlainTransport, media.PlainTransportCreated, "routerId"),
    _node(
        "router.createPipeTransport", transports.RouterCreatePipeTransport, transports.PipeTransportCreated, "routerId"
    ),
    _node(
        "router.createDirectTransport",
        transports.RouterCreateDirectTransport,
        transports.DirectTransportCreated,
        "routerId",
    ),
    _node(
        "router.createActiveSpeakerObserver",
        observers.RouterCreateActiveSpeakerObserver,
        observers.RtpObserverCreated,
        "routerId",
    ),
    _node(
        "router.createAudioLevelObserver",
        observers.RouterCreateAudioLevelObserver,
        observers.RtpObserverCreated,
        "routerId",
    ),
    _node("router.pipeToRouter", transports.RouterPipeToRouter, transports.PipedToRouter, "routerId"),
    _node("router.updateMediaCodecs", transports.RouterUpdateMediaCodecs, media.RouterCapabilities, "routerId"),
    _node("transport.connect", media.TransportConnect, Empty, "transportId"),
    _node("transport.restartIce", media.TransportRef, media.IceRestarted, "transportId"),
    _node("transport.setMaxIncomingBitrate", media.TransportSetBitrate, Empty, "transportId"),
    _node("transport.setMaxOutgoingBitrate", media.TransportSetBitrate, Empty, "transportId"),
    _node("transport.setMinOutgoingBitrate", media.TransportSetBitrate, Empty, "transportId"),
    _node("transport.produce", media.TransportProduce, media.ProducerCreated, "transportId"),
    _node("transport.consume", media.TransportConsume, media.ConsumerCreated, "transportId"),
    _node("transport.produceData", data.TransportProduceData, data.DataProducerCreated, "transportId"),
    _node("transport.consumeData", data.TransportConsumeData, data.DataConsumerCreated, "transportId"),
    _node("transport.enableTraceEvent", transports.TransportEnableTraceEvent, Empty, "transportId"),
    _sending("transport.sendRtcp", transports.TransportSendRtcp, Empty, "transportId"),
    _node("transport.dump", media.TransportRef, media.Dumped, "transportId"),
    _node("transport.getStats", media.TransportRef, media.Stats, "transportId"),
    _node("transport.close", media.TransportRef, Empty, "transportId"),
    _node("producer.pause", media.ProducerRef, Empty, "producerId"),
    _node("producer.resume", media.ProducerRef, Empty, "producerId"),
    _node("producer.enableTraceEvent", transports.ProducerEnableTraceEvent, Empty, "producerId"),
    _sending("producer.send", transports.ProducerSend, Empty, "producerId"),
    _node("producer.dump", media.ProducerRef, media.Dumped, "producerId"),
    _node("producer.getStats", media.ProducerRef, media.Stats, "producerId"),
    _node("producer.close", media.ProducerRef, Empty, "producerId"),
    _node("consumer.pause", media.ConsumerRef, Empty, "consumerId"),
    _node("consumer.resume", media.ConsumerRef, Empty, "consumerId"),
    _node("consumer.requestKeyFrame", media.ConsumerRef, Empty, "consumerId"),
    _node("consumer.setPreferredLayers", media.ConsumerSetPreferredLayers, Empty, "consumerId"),
    _node("consumer.setPriority", media.ConsumerSetPriority, Empty, "consumerId"),
    _node("consumer.unsetPriority", media.ConsumerRef, Empty, "consumerId"),
    _node("consumer.enableTraceEvent", transports.ConsumerEnableTraceEvent, Empty, "consumerId"),
    _node("consumer.dump", media.ConsumerRef, media.Dumped, "consumerId"),
    _node("consumer.getStats", media.ConsumerRef, media.Stats, "consumerId"),
    _node("consumer.close", media.ConsumerRef, Empty, "consumerId"),
    _node("dataProducer.pause", data.DataProducerRef, Empty, "dataProducerId"),
    _node("dataProducer.resume", data.DataProducerRef, Empty, "dataProducerId"),
    _sending("dataProducer.send", data.DataProducerSend, Empty, "dataProducerId"),
    _node("dataProducer.dump", data.DataProducerRef, media.Dumped, "dataProducerId"),
    _node("dataProducer.getStats", data.DataProducerRef, media.Stats, "dataProducerId"),
    _node("dataProducer.close", data.DataProducerRef, Empty, "dataProducerId"),
    _node("dataConsumer.pause", data.DataConsumerRef, Empty, "dataConsumerId"),
    _node("dataConsumer.resume", data.DataConsumerRef, Empty, "dataConsumerId"),
    _sending("dataConsumer.send", data.DataConsumerSend, data.BufferedAmount, "dataConsumerId"),
    _node("dataConsumer.setBufferedAmountLowThreshold", data.DataConsumerSetThreshold, Empty, "dataConsumerId"),
    _node("dataConsumer.getBufferedAmount", data.DataConsumerRef, data.BufferedAmount, "dataConsumerId"),
    _node("dataConsumer.setSubchannels", data.DataConsumerSetSubchannels, data.Subchannels, "dataConsumerId"),
    _node("dataConsumer.addSubchannel", data.DataConsumerSubchannel, data.Subchannels, "dataConsumerId"),
    _node("dataConsumer.removeSubchannel", data.DataConsumerSubchannel, data.Subchannels, "dataConsumerId"),
    _node("dataConsumer.dump", data.DataConsumerRef, media.Dumped, "dataConsumerId"),
    _node("dataConsumer.getStats", data.DataConsumerRef, media.Stats, "dataConsumerId"),
    _node("dataConsumer.close", data.DataConsumerRef, Empty, "dataConsumerId"),
    _node("rtpObserver.pause", observers.RtpObserverRef, Empty, "rtpObserverId"),
    _node("rtpObserver.resume", observers.RtpObserverRef, Empty, "rtpObserverId"),
    _node("rtpObserver.addProducer", observers.RtpObserverProducer, Empty, "rtpObserverId"),
    _node("rtpObserver.removeProducer", observers.RtpObserverProducer, Empty, "rtpObserverId"),
    _node("rtpObserver.close", observers.RtpObserverRef, Empty, "rtpObserverId"),
    _node("lease.renew", leases.LeaseRenew, leases.LeaseHeld, "ownerId"),
    _node("lease.end", leases.LeaseEnd, Empty, "ownerId"),
    _between("room.update", rooms.RoomRecord),
    _between("inventory.get", cluster.InventoryGet),
    _between("pipe.pull", pipes.PipePull, pipes.PipePulled, "routerId"),
    _between("pipe.serve", pipes.PipeServe, pipes.PipeServed, "routerId"),
    _between("pipe.state", pipes.PipeState),
    _between("pipe.messages", pipes.PipeMessages),
    _between("pipe.release", pipes.PipeRelease),
    _between("pipe.list", pipes.PipeList, pipes.PipePage),
    _between("pipe.find", pipes.PipeFind, pipes.PipeFound),
    _placement("room.create", rooms.RoomCreate, rooms.RoomInfo),
    _placement("room.get", rooms.RoomRef, rooms.RoomInfo),
    _placement("room.list", rooms.RoomList, rooms.RoomPage),
    _placement("room.update", rooms.RoomUpdate, rooms.RoomInfo),
    _placement("room.close", rooms.RoomRef),
    _placement("room.place", rooms.RoomPlace, rooms.RoomPlaced),
    _placement("room.route", rooms.RoomRoute, rooms.RoomPath),
    _placement("worker.place", rooms.WorkerPlace, rooms.WorkerPlaced),
    _placement("node.list", cluster.NodeList, cluster.NodePage, Audience.SYSTEM),
    _placement("node.drain", cluster.NodeRef, Empty, Audience.SYSTEM),
    _placement("node.undrain", cluster.NodeRef, Empty, Audience.SYSTEM),
)


def commands_of(service: str) -> Mapping[str, Command]:
    """Return a service's commands by `<object>.<method>`."""
    return {command.name: command for command in _ALL if command.service == service}


def all_commands() -> Iterable[Command]:
    """Return every command."""
    return _ALL
