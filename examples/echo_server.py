"""An echo server: whoever opens its page sees and hears themself, through mediasoup.

    .venv/bin/uvicorn examples.echo_server:app --port 3001

Then open http://127.0.0.1:3001, with headphones on. The page, echo.html, sends pairs of a method and its data over a
WebSocket, and waits for each answer. `make install` has bundled the mediasoup-client that it uses.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from tureen import mediasoup
from tureen.mediasoup.types import RouterRtpCodecCapability, TransportListenInfo
from tureen.signaling import page

OPUS: RouterRtpCodecCapability = {"kind": "audio", "mimeType": "audio/opus", "clockRate": 48000, "channels": 2}
VP8: RouterRtpCodecCapability = {"kind": "video", "mimeType": "video/VP8", "clockRate": 90000}
# To be reached from elsewhere, listen on 0.0.0.0, tell the "announcedAddress", and serve the page over HTTPS.
LISTEN_INFO: TransportListenInfo = {"protocol": "udp", "ip": "127.0.0.1"}


async def visit(socket: WebSocket) -> None:
    router: mediasoup.Router = socket.app.state.router
    transports: dict[str, mediasoup.WebRtcTransport] = {}
    consumers: dict[str, mediasoup.Consumer] = {}

    async def answer(method: str, data: Any) -> Any:
        if method == "capabilities":
            return router.rtp_capabilities
        if method == "open":
            made = await router.create_webrtc_transport(listen_infos=[LISTEN_INFO])
            transports[made.id] = made
            ice = {"iceParameters": made.ice_parameters, "iceCandidates": made.ice_candidates}
            return {"id": made.id, "dtlsParameters": made.dtls_parameters, **ice}
        if method == "resume":  # The page is ready for the first picture.
            return await consumers[data["id"]].resume()
        transport = transports[data["on"]]
        if method == "connect":
            return await transport.connect(dtls_parameters=data["dtlsParameters"])
        if method == "produce":
            producer = await transport.produce(kind=data["kind"], rtp_parameters=data["rtpParameters"])
            return {"id": producer.id}
        options = {"producer_id": data["producerId"], "rtp_capabilities": data["rtpCapabilities"]}
        consumer = await transport.consume(**options, paused=True)
        consumers[consumer.id] = consumer
        rtp = {"kind": consumer.kind, "rtpParameters": consumer.rtp_parameters}
        return {"id": consumer.id, "producerId": consumer.producer_id, **rtp}

    await socket.accept()
    try:
        async for method, data in socket.iter_json():
            await socket.send_json(await answer(method, data))
    finally:
        for transport in transports.values():
            transport.close()


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    worker = await mediasoup.create_worker()
    app.state.router = await worker.create_router(media_codecs=[OPUS, VP8])
    yield
    worker.close()
    await worker.wait_closed()


ROUTES = [
    WebSocketRoute("/", visit),
    Route("/", lambda _: FileResponse(Path(__file__).with_name("echo.html"))),
    Route("/mediasoup-client.js", lambda _: FileResponse(page.locate() / "mediasoup-client.js")),
]
app = Starlette(routes=ROUTES, lifespan=lifespan)
