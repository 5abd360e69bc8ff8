from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import tureen.mediasoup
from tureen.client.translation import asked, command_of, new_id_key, told
from tureen.contract import registry

SOURCES = sorted(Path(tureen.mediasoup.__file__).parent.glob("*.py"))
NOTIFICATIONS = re.compile(r'case ((?:"[A-Z_]+"(?: \| )?)+):|event [!=]= "([A-Z_]+)"')
CLASSES = "WORKER|ROUTER|TRANSPORT|PRODUCER|CONSUMER|DATAPRODUCER|DATACONSUMER|RTPOBSERVER|WEBRTCSERVER"
METHODS = re.compile(rf'"((?:{CLASSES}|WEBRTCTRANSPORT|PLAINTRANSPORT|PIPETRANSPORT)_[A-Z_]+)"')
PROCESS = {"WORKER_CLOSE", "WORKER_RUNNING"}


def methods() -> list[str]:
    """Return all that mediasoup's objects ask their worker."""
    found: set[str] = set()
    for source in SOURCES:
        text = source.read_text()
        heard = {name for match in NOTIFICATIONS.finditer(text) for name in re.findall("[A-Z_]{4,}", match[0])}
        found |= set(METHODS.findall(text)) - heard
    return sorted(found - PROCESS)


@pytest.mark.parametrize("method", methods())
def test_every_method_is_a_command(method: str) -> None:
    """Whatever an object asks its worker, there is a command for it."""
    assert command_of(method).service == "node"


def test_every_command_is_asked() -> None:
    """Every command on mediasoup's objects is asked by one of their methods, but for those that follow from others."""
    asked_for = {command_of(method).name for method in methods()} | {"worker.close", "router.updateMediaCodecs"}
    # What this process does itself or by other commands, and what is Tureen's own.
    others = {
        "transport.find",
        "router.canConsume",
        "router.pipeToRouter",
        "consumer.unsetPriority",
        "router.getRtpCapabilities",
        "rtpObserver.dump",
    }
    ours = {"mediasoup", "lease", "schema", "room", "inventory", "pipe"}
    commands = {name for name, command in registry.commands_of("node").items() if command.object not in ours}
    assert commands - others == asked_for | {"transport.getStats"}


def test_what_lies_in_something_else_lies_flat() -> None:
    """A command has side by side what a worker takes inside options, bases and unions, and no more than it knows."""
    body = {
        "transportId": "t",
        "options": {
            "base": {"enableSctp": True, "isDataChannel": True},
            "listenType": "ListenServer",
            "listen": {"webRtcServerId": "s"},
            "enableUdp": True,
        },
    }
    command, payload = asked("ROUTER_CREATE_WEBRTCTRANSPORT_WITH_SERVER", "r", body)
    assert command.name == "router.createWebRtcTransport"
    assert payload == {"id": "t", "routerId": "r", "enableSctp": True, "webRtcServerId": "s", "enableUdp": True}


def test_layers_stay_a_structure_where_the_command_has_one() -> None:
    """Preferred layers are a field of `consume`, and the fields themselves of `setPreferredLayers`."""
    layers = {"spatialLayer": 1, "temporalLayer": None}
    consume = asked("TRANSPORT_CONSUME", "t", {"consumerId": "c", "producerId": "p", "preferredLayers": layers})
    assert consume.payload["preferredLayers"] == {"spatialLayer": 1}
    chosen = asked("CONSUMER_SET_PREFERRED_LAYERS", "c", {"preferredLayers": layers})
    assert chosen.payload == {"consumerId": "c", "spatialLayer": 1}


@pytest.mark.parametrize(
    ("method", "body", "payload"),
    [
        ("PRODUCER_ENABLE_TRACE_EVENT", {"events": ["rtp"]}, {"producerId": "x", "types": ["rtp"]}),
        ("TRANSPORT_SET_MIN_OUTGOING_BITRATE", {"minOutgoingBitrate": 5}, {"transportId": "x", "bitrate": 5}),
        ("PRODUCER_SEND", {"data": bytearray(b"a")}, {"producerId": "x", "rtpPacket": b"a"}),
        ("TRANSPORT_SEND_RTCP", {"data": b"a"}, {"transportId": "x", "rtcpPacket": b"a"}),
        ("DATAPRODUCER_SEND", {"data": b"a", "ppid": 53}, {"dataProducerId": "x", "message": b"a", "ppid": 53}),
        ("TRANSPORT_CLOSE_PRODUCER", {"producerId": "p"}, {"producerId": "p"}),
        ("WORKER_CLOSE_ROUTER", {"routerId": "r"}, {"routerId": "r"}),
    ],
)
def test_fields(method: str, body: dict[str, Any], payload: dict[str, Any]) -> None:
    """Fields have the contract's names; what closes something names that, not its parent."""
    assert asked(method, "x", body).payload == payload


def test_ids_of_what_is_new() -> None:
    """What is created is named as each method names it."""
    assert new_id_key("ROUTER_CREATE_AUDIOLEVELOBSERVER") == "rtpObserverId"
    assert new_id_key("ROUTER_CREATE_PIPETRANSPORT") == "transportId"
    assert new_id_key("TRANSPORT_PRODUCE_DATA") == "dataProducerId"
    assert new_id_key("PRODUCER_PAUSE") is None


def test_replies() -> None:
    """A reply is as what the worker would have said: bare, or with what a new object has."""
    assert told("WORKER_GET_RESOURCE_USAGE", None, {"usage": {"ru_utime": 1}}) == {"ru_utime": 1}
    assert told("CONSUMER_SET_PRIORITY", {"priority": 3}, {}) == {"priority": 3}
    connected = told("WEBRTCTRANSPORT_CONNECT", {}, {"dtlsParameters": {"role": "client"}})
    assert connected["dtlsLocalRole"] == "client"
    new = told("ROUTER_CREATE_PIPETRANSPORT", {"options": {"enableRtx": True}}, {"id": "t", "tuple": {}}).unpack()
    assert (new["rtx"], new["srtpParameters"], new["base"]["sctpParameters"]) == (True, None, None)
