"""Command mediasoup over NATS with nats-py and msgpack alone: RTP goes into one plain transport and out of another.

    tureen up                                   # in another terminal; it prints the URL of its bus
    export NATS_URL=nats://local:…@127.0.0.1:…  # or a tenant's
    .venv/bin/python examples/wire/rtp.py

docs/wire.md describes every command.
"""

import asyncio
import os
import socket
import struct
from typing import Any
from urllib.parse import urlsplit

import msgpack
import nats
from nats.aio.client import Client

URL = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
USER = urlsplit(URL).username or ""
# Tenant acme has a user tenant-acme; with a user of another name TENANT says whose objects these are.
TENANT = os.environ.get("TENANT", USER.removeprefix("tenant-") if USER.startswith("tenant-") else "default")
# Answers come to an inbox of the tenant's own; to the default one any client may listen.
INBOX = "_INBOX" if TENANT == "default" else f"tureen.v1.{TENANT}.inbox.{USER}"
PACKETS = 50
LISTEN_INFO = {"protocol": "udp", "ip": "127.0.0.1"}
OPUS = {"mimeType": "audio/opus", "clockRate": 48000, "channels": 2}
RTP_PARAMETERS = {"codecs": [{**OPUS, "payloadType": 100}], "encodings": [{"ssrc": 11111111}]}


async def ask(bus: Client, subject: str, **payload: Any) -> dict[str, Any]:
    """Send a command and return the answer, a map in msgpack as the command's payload is."""
    reply = await bus.request(f"tureen.v1.{TENANT}.{subject}", msgpack.packb(payload), timeout=5)
    answer: dict[str, Any] = msgpack.unpackb(reply.data)
    if "Nats-Service-Error-Code" in (reply.headers or {}):
        raise RuntimeError("{code} {type}: {message} (trace {traceId})".format(**answer))
    return answer


async def pass_through(bus: Client, node: str, worker: str) -> list[bytes]:
    """Send RTP into a router of the worker, and return the packets that come out."""
    router = await ask(bus, f"{node}.worker.createRouter", workerId=worker, mediaCodecs=[{"kind": "audio", **OPUS}])
    create: dict[str, Any] = {"routerId": router["id"], "listenInfo": LISTEN_INFO}
    # With comedia a transport takes RTP from whoever sends first; the other one is told where to send to.
    entrance = await ask(bus, f"{node}.router.createPlainTransport", **create, comedia=True)
    way_out = await ask(bus, f"{node}.router.createPlainTransport", **create)
    with socket.socket(type=socket.SOCK_DGRAM) as sender, socket.socket(type=socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        ip, port = receiver.getsockname()
        await ask(bus, f"{node}.transport.connect", transportId=way_out["id"], ip=ip, port=port)
        produce = {"transportId": entrance["id"], "kind": "audio", "rtpParameters": RTP_PARAMETERS}
        producer = await ask(bus, f"{node}.transport.produce", **produce)
        consume = {"producerId": producer["id"], "rtpCapabilities": router["rtpCapabilities"]}
        consumer = await ask(bus, f"{node}.transport.consume", transportId=way_out["id"], **consume)
        for number in range(PACKETS):
            sender.sendto(packet(number), ("127.0.0.1", entrance["tuple"]["localPort"]))
            await asyncio.sleep(0.005)
        ssrc = consumer["rtpParameters"]["encodings"][0]["ssrc"]
        return await asyncio.wait_for(arrived(receiver, ssrc), 10)


def packet(number: int) -> bytes:
    """Return an RTP packet: version 2, payload type, sequence number, timestamp, SSRC, and something to know it by."""
    return struct.pack("!BBHII", 0x80, 100, number, number * 960, 11111111) + b"packet %04d" % number


async def arrived(receiver: socket.socket, ssrc: int) -> list[bytes]:
    """Take so many packets of the consumer's stream; RTCP, which comes to the same port, has other first bytes."""
    receiver.setblocking(False)
    packets: list[bytes] = []
    while len(packets) < PACKETS:
        data = await asyncio.get_running_loop().sock_recv(receiver, 2048)
        if struct.unpack_from("!I", data, 8)[0] == ssrc and not 192 <= data[1] <= 223:
            packets.append(data)
    return packets


async def main() -> None:
    bus = await nats.connect(URL, inbox_prefix=INBOX.encode())
    try:
        place = await ask(bus, "placement.worker.place")
        node = f"node.{place['nodeId']}"
        worker = await ask(bus, f"{node}.mediasoup.createWorker")
        try:
            packets = await pass_through(bus, node, worker["id"])
        finally:
            # With the worker goes everything that was made on it.
            await ask(bus, f"{node}.worker.close", workerId=worker["id"])
    finally:
        await bus.close()
    in_order = [data[-11:] for data in packets] == [b"packet %04d" % number for number in range(PACKETS)]
    print(f"{len(packets)} of {PACKETS} packets came through {place['nodeId']}, {'in' if in_order else 'out of'} order")


asyncio.run(main())
