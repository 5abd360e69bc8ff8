"""A WebRTC endpoint in Chromium: mediasoup-client, on a page whose questions the test answers.

There is no server: Playwright brings the page, and calls the router's own transports.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, Route

from tureen.mediasoup import Consumer, DataConsumer, DataProducer, Producer, Router, WebRtcTransport
from tureen.mediasoup.types import RtpCapabilities, TransportListenInfo
from tureen.signaling import page as demo_page

LISTEN_INFO: TransportListenInfo = {"protocol": "udp", "ip": "127.0.0.1"}
# A secure context, for which the browser gives a page its camera.
ORIGIN = "http://localhost"
INDEX = """<!doctype html>
<title>peer</title>
<link rel="icon" href="data:,">
<body><script type="module" src="client.js"></script>
"""

Message = str | bytes


class BrowserPeer:
    """An endpoint that sends on one transport of a router, and receives on another.

    Attributes:
        page: Where it lives.
        transports: The router's transports, the one on which it sends first.
    """

    def __init__(self, page: Page, router: Router) -> None:
        self.page = page
        self.transports: list[WebRtcTransport] = []
        self._router = router
        self._capabilities: RtpCapabilities = {}
        self._producers: dict[str, Producer] = {}
        self._data_producers: dict[str, DataProducer] = {}

    async def answer(self, method: str, data: dict[str, Any]) -> Mapping[str, Any]:
        """Answer what the page asks."""
        transport = next((each for each in self.transports if each.id == data.get("transportId")), None)
        match method, transport:
            case "open", _:
                return await self._open()
            case "connect", WebRtcTransport():
                await transport.connect(dtls_parameters=data["dtlsParameters"])
                return {}
            case "produce", WebRtcTransport():
                producer = await transport.produce(kind=data["kind"], rtp_parameters=data["rtpParameters"])
                self._producers[producer.id] = producer
                return {"id": producer.id}
            case "produceData", WebRtcTransport():
                data_producer = await transport.produce_data(
                    sctp_stream_parameters=data["sctpStreamParameters"], label=data["label"], protocol=data["protocol"]
                )
                self._data_producers[data_producer.id] = data_producer
                return {"id": data_producer.id}
        raise ValueError(f"{method} on transport {data.get('transportId')}")

    async def _open(self) -> Mapping[str, Any]:
        transport = await self._router.create_webrtc_transport(
            listen_infos=[LISTEN_INFO], enable_sctp=True, initial_available_outgoing_bitrate=2_000_000
        )
        self.transports.append(transport)
        return {
            "id": transport.id,
            "iceParameters": transport.ice_parameters,
            "iceCandidates": transport.ice_candidates,
            "dtlsParameters": transport.dtls_parameters,
            "sctpParameters": transport.sctp_parameters,
        }

    async def join(self) -> None:
        """Tell the page what the router can carry, and have it open both transports."""
        self._capabilities = await self._call("join", self._router.rtp_capabilities)

    async def leave(self) -> None:
        """Close the router's transports."""
        for transport in self.transports:
            transport.close()

    async def can_send(self, mime_type: str) -> bool:
        """Whether the browser has a codec."""
        return bool(await self._call("canSend", mime_type))

    async def produce(self, mime_type: str, **options: Any) -> Producer:
        """Send the fake camera or microphone; return the router's producer."""
        return self._producers[await self._call("produce", mime_type, options)]

    async def consume(self, producer: Producer) -> Consumer:
        """Receive and play a producer; return the router's consumer."""
        _, receiving = self.transports
        consumer = await receiving.consume(producer_id=producer.id, rtp_capabilities=self._capabilities, paused=True)
        options = {"id": consumer.id, "producerId": producer.id, "kind": consumer.kind}
        await self._call("consume", {**options, "rtpParameters": consumer.rtp_parameters})
        await consumer.resume()
        return consumer

    async def sent(self, producer: Producer) -> list[dict[str, Any]]:
        """Return the browser's statistics of a producer: a stream for each encoding."""
        streams: list[dict[str, Any]] = await self._call("sent", producer.id)
        return streams

    async def received(self, consumer: Consumer) -> dict[str, Any]:
        """Return the browser's statistics of a consumer; empty as long as there are none."""
        streams: list[dict[str, Any]] = await self._call("received", consumer.id)
        return streams[0] if streams else {}

    async def produce_data(self, **options: Any) -> DataProducer:
        """Open a data channel to the router; return the router's data producer."""
        return self._data_producers[await self._call("produceData", options)]

    async def consume_data(self, producer: DataProducer) -> DataConsumer:
        """Open a data channel from the router; return the router's data consumer."""
        _, receiving = self.transports
        consumer = await receiving.consume_data(data_producer_id=producer.id)
        options = {"id": consumer.id, "dataProducerId": producer.id, "label": consumer.label}
        stream = {"protocol": consumer.protocol, "sctpStreamParameters": consumer.sctp_stream_parameters}
        await self._call("consumeData", {**options, **stream})
        return consumer

    async def say(self, producer: DataProducer, message: Message) -> None:
        """Send a message."""
        await self._call("say", producer.id, message if isinstance(message, str) else list(message))

    async def heard(self, consumer: DataConsumer) -> list[Message]:
        """Return the messages that have arrived."""
        messages: list[str | list[int]] = await self._call("heard", consumer.id)
        return [message if isinstance(message, str) else bytes(message) for message in messages]

    async def _call(self, function: str, *arguments: Any) -> Any:
        return await self.page.evaluate("([name, args]) => window.peer[name](...args)", [function, list(arguments)])


@asynccontextmanager
async def browser_peer(browser: Browser, router: Router, client: Path, artefact: Path) -> AsyncIterator[BrowserPeer]:
    """Give a router an endpoint, which has joined; it leaves at the end.

    Args:
        browser: Where it lives.
        router: What it joins.
        client: The page's script.
        artefact: Where to keep what the page's console says.
    """
    files = {"client.js": client, "mediasoup-client.js": demo_page.locate() / "mediasoup-client.js"}

    async def bring(route: Route) -> None:
        name = route.request.url.removeprefix(f"{ORIGIN}/")
        await (
            route.fulfill(path=files[name]) if name in files else route.fulfill(body=INDEX, content_type="text/html")
        )

    context = await browser.new_context(permissions=["camera", "microphone"])
    await context.route(f"{ORIGIN}/**", bring)
    page = await context.new_page()
    lines: list[str] = []
    page.on("console", lambda message: lines.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: lines.append(f"error: {error}"))
    peer = BrowserPeer(page, router)
    await page.expose_function("ask", peer.answer)
    try:
        await page.goto(ORIGIN)
        await peer.join()
        yield peer
    finally:
        artefact.with_suffix(".log").write_text("\n".join(lines))
        await peer.leave()
        await context.close()
