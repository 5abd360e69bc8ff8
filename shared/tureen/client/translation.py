"""From what mediasoup's objects ask their worker to commands of the contract, and from replies to what they expect.

Nearly all follows from the registry: ``PRODUCER_ENABLE_TRACE_EVENT`` is ``producer.enableTraceEvent``, and of what is
asked a command takes the fields that it has. What differs is listed here. Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Set
from functools import cache
from typing import Any, NamedTuple

from tureen.contract import registry
from tureen.contract.registry import Command

Body = Mapping[str, Any]


class Asked(NamedTuple):
    """A command, and its payload."""

    command: Command
    payload: dict[str, Any]


class Packed:
    """What a reply tells of a new transport, or a dump, as if a worker had told it."""

    def __init__(self, told: Body) -> None:
        self._told = told

    def unpack(self, *, brief: bool = False) -> Body:
        """Return it; a reply is brief as it is."""
        del brief
        return self._told

    def unpacking(self) -> Generator[None, None, Body]:
        """Return it as the result of a generator: it is decoded already."""
        yield from ()
        return self._told


_COMMANDS = registry.commands_of("node")
_BY_METHOD = {name.replace(".", "").upper(): command for name, command in _COMMANDS.items()}

# Methods that are named for the parent, or for the class, where the contract names the object.
_RENAMED: Mapping[str, str] = {
    "WORKER_CLOSE_ROUTER": "router.close",
    "WORKER_WEBRTCSERVER_CLOSE": "webRtcServer.close",
    "ROUTER_CLOSE_TRANSPORT": "transport.close",
    "ROUTER_CLOSE_RTPOBSERVER": "rtpObserver.close",
    "ROUTER_CREATE_WEBRTCTRANSPORT_WITH_SERVER": "router.createWebRtcTransport",
    "TRANSPORT_CLOSE_PRODUCER": "producer.close",
    "TRANSPORT_CLOSE_CONSUMER": "consumer.close",
    "TRANSPORT_CLOSE_DATAPRODUCER": "dataProducer.close",
    "TRANSPORT_CLOSE_DATACONSUMER": "dataConsumer.close",
    "WEBRTCTRANSPORT_CONNECT": "transport.connect",
    "PLAINTRANSPORT_CONNECT": "transport.connect",
    "PIPETRANSPORT_CONNECT": "transport.connect",
}

# What the worker takes inside something else lies flat in a command.
_NESTED = ("base", "listen", "options", "preferredLayers")

# Under which key a worker is told the id of what it is to create.
_NEW = (
    ("WORKER_CREATE_ROUTER", "routerId"),
    ("WORKER_CREATE_WEBRTCSERVER", "webRtcServerId"),
    ("ROUTER_CREATE_ACTIVESPEAKEROBSERVER", "rtpObserverId"),
    ("ROUTER_CREATE_AUDIOLEVELOBSERVER", "rtpObserverId"),
    ("ROUTER_CREATE_", "transportId"),
    ("TRANSPORT_PRODUCE_DATA", "dataProducerId"),
    ("TRANSPORT_PRODUCE", "producerId"),
    ("TRANSPORT_CONSUME_DATA", "dataConsumerId"),
    ("TRANSPORT_CONSUME", "consumerId"),
)

_FIELDS: Mapping[str, str] = {
    "events": "types",
    "maxIncomingBitrate": "bitrate",
    "maxOutgoingBitrate": "bitrate",
    "minOutgoingBitrate": "bitrate",
}
_DATA: Mapping[str, str] = {"producer.send": "rtpPacket", "transport.sendRtcp": "rtcpPacket"}


def command_of(method: str) -> Command:
    """Return the command that a worker's method is."""
    renamed = _RENAMED.get(method)
    return _COMMANDS[renamed] if renamed is not None else _BY_METHOD[method.replace("_", "")]


def new_id_key(method: str) -> str | None:
    """Return under which key a method names what it creates; None where it creates nothing."""
    return next((key for prefix, key in _NEW if method.startswith(prefix)), None)


def asked(method: str, target_id: str, body: Body | None) -> Asked:
    """Return what a node is asked.

    Args:
        method: The worker's method.
        target_id: The id of the object that is asked.
        body: What the worker would get.
    """
    command = command_of(method)
    known = _fields_of(command)
    flat = _flat(body or {}, known)
    if (key := new_id_key(method)) is not None:
        flat["id"] = flat.pop(key)
    named = ((_field(command, key), value) for key, value in flat.items())
    payload = {key: _present(value) for key, value in named if key in known and value is not None}
    # The closing of something names it itself, not the parent that the worker is told of.
    payload.setdefault(command.target, target_id)
    return Asked(command, payload)


def told(method: str, body: Body | None, reply: dict[str, Any]) -> Any:
    """Return a reply as what the worker would have answered."""
    command = command_of(method)
    convert = _REPLIES.get(command.name)
    return reply if convert is None else convert(body or {}, reply)


def _flat(body: Body, known: Set[str]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in body.items():
        if key in _NESTED and key not in known and isinstance(value, Mapping):
            flat.update(_flat(value, known))
        else:
            flat[key] = value
    return flat


def _field(command: Command, key: str) -> str:
    return _DATA.get(command.name, "message") if key == "data" else _FIELDS.get(key, key)


@cache
def _fields_of(command: Command) -> frozenset[str]:
    return frozenset(field.alias or name for name, field in command.request.model_fields.items())


def _present(value: Any) -> Any:
    """Leave out of a structure what is None: a worker takes that for absent, a command does not."""
    if isinstance(value, dict):
        return {key: _present(item) for key, item in value.items() if item is not None}
    if isinstance(value, list | tuple):
        return [_present(item) for item in value]
    return bytes(value) if isinstance(value, bytearray | memoryview) else value


def transport(told: Body) -> Packed:
    """Return what is told of a transport as if its worker had: what is not said is as with every new one."""
    sctp = {"sctpParameters": told.get("sctpParameters"), "sctpState": told.get("sctpState", "new")}
    new = {"iceState": "new", "dtlsState": "new", "rtcpTuple": None, "srtpParameters": None, "rtx": False}
    return Packed({"base": sctp, **new, **told})


def _transport(body: Body, reply: dict[str, Any]) -> Packed:
    return transport({"rtx": bool(body["options"].get("enableRtx")), **reply})


def _connected(_: Body, reply: dict[str, Any]) -> Body:
    addresses = {key: reply.get(key) for key in ("tuple", "rtcpTuple", "srtpParameters")}
    return {**addresses, "dtlsLocalRole": reply.get("dtlsParameters", {}).get("role")}


def _data_stream(_: Body, reply: dict[str, Any]) -> Body:
    return {"sctpStreamParameters": None, **reply}


def _dump(_: Body, reply: dict[str, Any]) -> Packed:
    return Packed(reply["dump"])


def _only(key: str) -> Callable[[Body, dict[str, Any]], Any]:
    return lambda _, reply: reply.get(key)


_REPLIES: Mapping[str, Callable[[Body, dict[str, Any]], Any]] = {
    "worker.dump": _dump,
    "worker.getResourceUsage": _only("usage"),
    "webRtcServer.dump": _dump,
    "router.dump": _dump,
    "router.createWebRtcTransport": _transport,
    "router.createPlainTransport": _transport,
    "router.createPipeTransport": _transport,
    "router.createDirectTransport": _transport,
    "transport.connect": _connected,
    "transport.restartIce": _only("iceParameters"),
    "transport.dump": _dump,
    "transport.getStats": _only("stats"),
    "transport.produceData": _data_stream,
    "transport.consumeData": _data_stream,
    "producer.dump": _only("dump"),
    "producer.getStats": _only("stats"),
    "consumer.dump": _only("dump"),
    "consumer.getStats": _only("stats"),
    "consumer.setPriority": lambda body, _: {"priority": body["priority"]},
    "dataProducer.dump": _only("dump"),
    "dataProducer.getStats": _only("stats"),
    "dataConsumer.dump": _only("dump"),
    "dataConsumer.getStats": _only("stats"),
}
