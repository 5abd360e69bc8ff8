"""The list of what is told: every event of an object, every event of the cluster, heartbeats and inventories."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tureen.contract import cluster, decisions, events, subjects
from tureen.contract.model import Announcement


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that is told.

    Attributes:
        subject: Where it is published, with names in angle brackets for what differs.
        message: The payload's model.
        about: When it is published, and what it means.
        object: Whose event it is; empty where it is not an object's.
        name: The event's name, or `heartbeat` or `inventory`.
        service: Which service publishes it.
    """

    subject: str
    message: type[Announcement]
    about: str
    object: str
    name: str
    service: str = "node"


def _event(object_: str, name: str, about: str, message: type[events.ObjectEvent] = events.ObjectEvent) -> Told:
    subject = f"{subjects.PREFIX}.<tenant>.event.<roomId>.<routerId>.{object_}.<{object_}Id>.{name}"
    return Told(subject, message, about, object_, name)


def _system(name: str, about: str, message: type[Announcement], service: str = "node") -> Told:
    return Told(subjects.system_event(name), message, about, "", name, service)


OBJECT_EVENTS: tuple[Told, ...] = (
    _event("worker", "died", "The worker's process ended by itself.", events.WorkerDied),
    _event("worker", "subprocessclose", "The worker's process has ended."),
    _event("worker", "close", "It is closed, whoever closed it."),
    _event("webRtcServer", "workerclose", "Its worker was closed."),
    _event("webRtcServer", "close", "It is closed, whoever closed it."),
    _event("router", "workerclose", "Its worker was closed."),
    _event("router", "close", "It is closed, whoever closed it."),
    _event("transport", "routerclose", "Its router was closed."),
    _event("transport", "listenserverclose", "The WebRtcServer that it listens on was closed."),
    _event("transport", "close", "It is closed, whoever closed it."),
    _event("transport", "icestatechange", "A WebRtcTransport's ICE state.", events.IceStateChange),
    _event("transport", "iceselectedtuplechange", "The addresses that ICE has chosen.", events.TupleEvent),
    _event("transport", "dtlsstatechange", "A WebRtcTransport's DTLS state.", events.DtlsStateChange),
    _event("transport", "dtlsremotecert", "The endpoint's certificate is known.", events.DtlsRemoteCert),
    _event(
        "transport",
        "sctpnegotiatedcapabilities",
        "Both ends of the SCTP association have agreed.",
        events.SctpNegotiatedCapabilities,
    ),
    _event(
        "transport", "connect", "Somebody has connected it; `data` tells what that has settled.", events.ConnectEvent
    ),
    _event("transport", "iceparameterschange", "Somebody has restarted ICE.", events.IceParametersChange),
    _event("transport", "sctpstatechange", "The state of the SCTP association.", events.SctpStateChange),
    _event("transport", "tuple", "A PlainTransport with `comedia` heard the other end's RTP.", events.TupleEvent),
    _event("transport", "rtcptuple", "A PlainTransport with `comedia` heard the other end's RTCP.", events.TupleEvent),
    _event("transport", "rtcp", "An RTCP packet for the app, on a DirectTransport.", events.Packet),
    _event("transport", "trace", "What `transport.enableTraceEvent` asked for.", events.TransportTraceEvent),
    _event("producer", "transportclose", "Its transport was closed."),
    _event("producer", "close", "It is closed, whoever closed it."),
    _event("producer", "pause", "It was paused.", events.PausedEvent),
    _event("producer", "resume", "It was resumed.", events.PausedEvent),
    _event("producer", "score", "The quality of its streams changed.", events.ProducerScoreEvent),
    _event("producer", "videoorientationchange", "The video is turned otherwise.", events.VideoOrientationChange),
    _event("producer", "trace", "What `producer.enableTraceEvent` asked for.", events.ProducerTraceEvent),
    _event("consumer", "transportclose", "Its transport was closed."),
    _event("consumer", "producerclose", "Its producer was closed, and so is it."),
    _event("consumer", "producerpause", "Its producer was paused."),
    _event("consumer", "producerresume", "Its producer was resumed."),
    _event("consumer", "close", "It is closed, whoever closed it."),
    _event("consumer", "pause", "It, or its producer, was paused: `data` tells which.", events.PausedEvent),
    _event("consumer", "resume", "It, or its producer, was resumed: `data` tells which.", events.PausedEvent),
    _event("consumer", "score", "The quality of its stream, or of its producer's, changed.", events.ConsumerScoreEvent),
    _event("consumer", "layerschange", "Other layers are sent; without `data`, none.", events.LayersChange),
    _event(
        "consumer", "preferredlayerschange", "Somebody has chosen the layers to send.", events.PreferredLayersChange
    ),
    _event("consumer", "prioritychange", "Somebody has set its priority.", events.PriorityChange),
    _event("consumer", "trace", "What `consumer.enableTraceEvent` asked for.", events.ConsumerTraceEvent),
    _event("consumer", "rtp", "An RTP packet for the app, on a DirectTransport.", events.Packet),
    _event("dataProducer", "transportclose", "Its transport was closed."),
    _event("dataProducer", "close", "It is closed, whoever closed it."),
    _event("dataProducer", "pause", "It was paused.", events.PausedEvent),
    _event("dataProducer", "resume", "It was resumed.", events.PausedEvent),
    _event("dataConsumer", "transportclose", "Its transport was closed."),
    _event("dataConsumer", "dataproducerclose", "Its data producer was closed, and so is it."),
    _event("dataConsumer", "dataproducerpause", "Its data producer was paused."),
    _event("dataConsumer", "dataproducerresume", "Its data producer was resumed."),
    _event("dataConsumer", "close", "It is closed, whoever closed it."),
    _event("dataConsumer", "pause", "It, or its data producer, was paused: `data` tells which.", events.PausedEvent),
    _event("dataConsumer", "resume", "It, or its data producer, was resumed: `data` tells which.", events.PausedEvent),
    _event(
        "dataConsumer",
        "subchannelschange",
        "Somebody has chosen the subchannels that it listens to.",
        events.SubchannelsChange,
    ),
    _event("dataConsumer", "message", "A message for the app, on a DirectTransport.", events.DataMessageEvent),
    _event("dataConsumer", "sctpsendbufferfull", "A message was lost: too much waits to be sent."),
    _event("dataConsumer", "bufferedamountlow", "Few bytes wait to be sent.", events.BufferedAmountLow),
    _event("rtpObserver", "routerclose", "Its router was closed."),
    _event("rtpObserver", "close", "It is closed, whoever closed it."),
    _event("rtpObserver", "pause", "It was paused.", events.PausedEvent),
    _event("rtpObserver", "resume", "It was resumed.", events.PausedEvent),
    _event("rtpObserver", "addproducer", "It hears this producer.", events.ProducerNamedEvent),
    _event(
        "rtpObserver",
        "removeproducer",
        "It hears this producer no more: it was removed, or the way to it is lost, if it lives on another router.",
        events.ProducerNamedEvent,
    ),
    _event("rtpObserver", "volumes", "How loud the loudest are (AudioLevelObserver).", events.Volumes),
    _event("rtpObserver", "silence", "Nobody is louder than the threshold any more (AudioLevelObserver)."),
    _event("rtpObserver", "dominantspeaker", "Who speaks (ActiveSpeakerObserver).", events.ProducerNamedEvent),
)

SYSTEM_EVENTS: tuple[Told, ...] = (
    _system(
        "nodeJoined", "A node was heard for the first time, or again after it was gone.", cluster.NodeEvent, "placement"
    ),
    _system("nodeSuspect", "A node is silent: it gets nothing new.", cluster.NodeEvent, "placement"),
    _system("nodeGone", "A node was started anew: what its old run held is gone.", cluster.NodeEvent, "placement"),
    _system("roomChanged", "A room's record was written.", cluster.RoomEvent, "placement"),
    _system("granted", "A place was given out.", cluster.GrantedEvent, "placement"),
    _system(
        "decided",
        "It was decided where a transport goes, or that it goes nowhere, and why.",
        decisions.DecidedEvent,
        "placement",
    ),
    _system(
        "moveWanted",
        "A worker has had too much to do for a while: some of a room's transports should move away from it.",
        decisions.MoveWantedEvent,
        "placement",
    ),
    _system(
        "scaleWanted",
        "A worker has had too much to do for a while, and no other takes what it has.",
        decisions.ScaleWantedEvent,
        "placement",
    ),
    _system("workerDied", "A worker ended by itself, and its routers with it.", cluster.WorkerEvent),
    _system("routerOpened", "A router was made.", cluster.RouterEvent),
    _system("routerClosed", "A router was closed.", cluster.RouterEvent),
    _system("producerOpened", "A router has a producer, its own or a pulled one.", cluster.ProducerEvent),
    _system("producerClosed", "A router has a producer no more.", cluster.ProducerEvent),
    _system("pipeOpened", "Two routers of a room are linked.", cluster.PipeEvent),
    _system("pipeClosed", "Two routers of a room are linked no more.", cluster.PipeEvent),
)

REPORTS: tuple[Told, ...] = (
    Told(
        f"{subjects.PREFIX}.{subjects.SYSTEM}.heartbeat.<nodeId>",
        cluster.Heartbeat,
        "How a node and its workers are, once a second.",
        "",
        "heartbeat",
    ),
    Told(
        f"{subjects.PREFIX}.{subjects.SYSTEM}.inventory.<nodeId>",
        cluster.Inventory,
        "What a node holds, in pages under 256 KiB: on start, on reconnect, when asked.",
        "",
        "inventory",
    ),
)

ALL: tuple[Told, ...] = (*OBJECT_EVENTS, *SYSTEM_EVENTS, *REPORTS)

EVENTS_OF_OBJECTS: Mapping[tuple[str, str], Told] = {(told.object, told.name): told for told in OBJECT_EVENTS}
EVENTS_OF_THE_CLUSTER: Mapping[str, Told] = {told.name: told for told in SYSTEM_EVENTS}
