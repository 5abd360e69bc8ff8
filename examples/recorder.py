"""Record what the echo server's visitors send: mediasoup hands it to ffmpeg, as plain RTP.

    .venv/bin/uvicorn examples.recorder:app --port 3001

Then open http://127.0.0.1:3001. In the folder `recordings` each camera and each microphone gets a file, complete when
the page is closed. ffmpeg, which has to be installed, copies what it gets: recording costs next to nothing.
"""

import asyncio
import itertools
import random
import socket
import struct
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
from examples import echo_server
from starlette.applications import Starlette

from tureen.mediasoup import Consumer, Producer, Router
from tureen.mediasoup.types import RtpCapabilities

FOLDER = Path("recordings")
# Each recording takes two ports, RTP and RTCP, below those that mediasoup takes.
PORTS = itertools.count(random.randrange(5000, 9000, 2), 2)
# Who is muted sends nothing, for a day at most.
FFMPEG = (
    "ffmpeg -nostats -loglevel error -protocol_whitelist pipe,rtp,udp -f sdp -listen_timeout 86400 -i pipe:0 -c copy"
)


def understood(router: Router) -> RtpCapabilities:
    """The router's codecs: ffmpeg neither asks for what is lost nor reports how much that is."""
    codecs = [codec for codec in router.rtp_capabilities["codecs"] if not codec["mimeType"].endswith("/rtx")]
    return {"codecs": [{**codec, "rtcpFeedback": []} for codec in codecs], "headerExtensions": []}


def described(consumer: Consumer, port: int) -> bytes:
    """The SDP that tells ffmpeg what comes, and where."""
    codec = consumer.rtp_parameters["codecs"][0]
    number, name, rate = codec["payloadType"], codec["mimeType"].split("/")[1], codec["clockRate"]
    channels = f"/{codec['channels']}" if "channels" in codec else ""
    media = [f"m={consumer.kind} {port} RTP/AVP {number}", f"a=rtpmap:{number} {name}/{rate}{channels}"]
    return "\r\n".join(["v=0", "o=- 0 0 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0", *media, ""]).encode()


def say_bye(ssrc: int, port: int) -> None:
    """Tell by RTCP that a stream has ended. mediasoup does not, and ffmpeg would wait for more."""
    with socket.socket(type=socket.SOCK_DGRAM) as sender:
        report_and_bye = struct.pack("!BBHIBBHI", 0x80, 201, 1, ssrc, 0x81, 203, 1, ssrc)
        sender.sendto(report_and_bye, ("127.0.0.1", port))


async def record(router: Router, producer: Producer) -> None:
    """Record a producer until it is closed."""
    closed, file, port = asyncio.Event(), FOLDER / f"{producer.id}-{producer.kind}.mkv", next(PORTS)
    producer.observer.on("close", closed.set)
    transport = await router.create_plain_transport(listen_info=echo_server.LISTEN_INFO, rtcp_mux=False)
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=understood(router), paused=True)
    ffmpeg = await asyncio.create_subprocess_exec(*FFMPEG.split(), file, stdin=PIPE)
    finished = asyncio.create_task(ffmpeg.communicate(described(consumer, port)))
    while len(psutil.Process(ffmpeg.pid).net_connections("udp")) < 2:
        await asyncio.sleep(0.05)
    await transport.connect(ip="127.0.0.1", port=port, rtcp_port=port + 1)
    await consumer.resume()  # Asks the browser for a whole picture, now that ffmpeg will see it.
    await closed.wait()
    say_bye(consumer.rtp_parameters["encodings"][0]["ssrc"], port + 1)
    await finished
    transport.close()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    """Record whatever is produced while the echo server runs."""
    FOLDER.mkdir(exist_ok=True)
    recordings: list[asyncio.Task[None]] = []
    async with echo_server.lifespan(app):

        def start(producer: Producer) -> None:
            recordings.append(asyncio.create_task(record(app.state.router, producer)))

        app.state.router.observer.on("newtransport", lambda transport: transport.observer.on("newproducer", start))
        yield
    # The worker is closed, and with it every producer, so that every recording comes to its end.
    await asyncio.gather(*recordings)


app = Starlette(routes=echo_server.ROUTES, lifespan=lifespan)
