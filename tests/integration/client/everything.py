"""One object of every class that a second client can get at, and what may happen to them."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

from tests.conformance.helpers import hear
from tests.conformance.samples import AUDIO, DEVICE, DTLS, LISTEN_UDP, MEDIA_CODECS, VIDEO

from tureen.client import Mediasoup, PipeTransport, PlainTransport, Router, WebRtcTransport

ATTACHING: Mapping[str, str] = {
    "server": "attach_webrtc_server",
    "browser": "attach_transport",
    "plain": "attach_transport",
    "rtcp": "attach_transport",
    "pipe": "attach_transport",
    "direct": "attach_transport",
    "audio": "attach_producer",
    "video": "attach_producer",
    "heard": "attach_consumer",
    "seen": "attach_consumer",
    "piped": "attach_consumer",
    "chat": "attach_data_producer",
    "file": "attach_data_producer",
    "chatting": "attach_data_consumer",
    "fetching": "attach_data_consumer",
    "levels": "attach_rtp_observer",
    "speaker": "attach_rtp_observer",
}
"""How a client gets at each."""

_OWN = frozenset({"observer", "app_data", "options"})
"""What is each client's own; `options` are for making others alike, which is not in mediasoup."""


class Everything:
    """Objects of one client, by names, on one router.

    Attributes:
        router: The router.
        objects: All that is on it, and the WebRtcServer.
    """

    def __init__(self, router: Router) -> None:
        self.router = router
        self.objects: dict[str, Any] = {}

    @classmethod
    async def made_by(cls, client: Mediasoup) -> Everything:
        """Make one of each."""
        worker = await client.create_worker()
        router = await worker.create_router(media_codecs=MEDIA_CODECS)
        made = cls(router)
        server = await worker.create_webrtc_server(listen_infos=[LISTEN_UDP])
        made.objects["server"] = server
        await made._transports(server)
        await made._media()
        await made._data()
        await made._observers()
        return made

    async def _transports(self, server: Any) -> None:
        router = self.router
        self.objects |= {
            "browser": await router.create_webrtc_transport(webrtc_server=server, enable_sctp=True),
            "plain": await router.create_plain_transport(listen_info=LISTEN_UDP, enable_sctp=True),
            "rtcp": await router.create_plain_transport(
                listen_info=LISTEN_UDP, rtcp_mux=False, comedia=True, enable_srtp=True
            ),
            "pipe": await router.create_pipe_transport(listen_info=LISTEN_UDP, enable_rtx=True),
            "direct": await router.create_direct_transport(),
        }

    async def _media(self) -> None:
        browser = self.browser
        audio = await self.plain.produce(kind="audio", rtp_parameters=AUDIO)
        video = await browser.produce(kind="video", rtp_parameters=VIDEO, paused=True)
        layers: Any = {"spatialLayer": 2}
        self.objects |= {
            "audio": audio,
            "video": video,
            "heard": await browser.consume(producer_id=audio.id, rtp_capabilities=DEVICE, paused=True),
            "seen": await browser.consume(producer_id=video.id, rtp_capabilities=DEVICE, preferred_layers=layers),
            "piped": await self.pipe.consume(producer_id=video.id),
        }

    async def _data(self) -> None:
        direct, browser = self.one("direct"), self.browser
        chat = await direct.produce_data(label="chat", protocol="words")
        stream: Any = {"streamId": 3, "ordered": False, "maxRetransmits": 2}
        self.objects |= {
            "chat": chat,
            "file": await browser.produce_data(sctp_stream_parameters=stream, label="file", paused=True),
            "chatting": await direct.consume_data(data_producer_id=chat.id, subchannels=[1, 2]),
            "fetching": await browser.consume_data(data_producer_id=chat.id, paused=True),
        }

    async def _observers(self) -> None:
        levels = await self.router.create_audio_level_observer()
        await levels.add_producer(producer_id=self.one("audio").id)
        speaker = await self.router.create_active_speaker_observer()
        await speaker.pause()
        self.objects |= {"levels": levels, "speaker": speaker}

    @property
    def browser(self) -> WebRtcTransport:
        """A WebRtcTransport."""
        return cast("WebRtcTransport", self.objects["browser"])

    @property
    def plain(self) -> PlainTransport:
        """A PlainTransport."""
        return cast("PlainTransport", self.objects["plain"])

    @property
    def pipe(self) -> PipeTransport:
        """A PipeTransport."""
        return cast("PipeTransport", self.objects["pipe"])

    def one(self, name: str) -> Any:
        """Return an object by its name."""
        return self.objects[name]


async def attach(client: Mediasoup, name: str, object_id: str, node_id: str) -> Any:
    """Have a client get at an object."""
    return await getattr(client, ATTACHING[name])(object_id, node_id=node_id)


async def all_of(client: Mediasoup, made: Everything, node_id: str) -> dict[str, Any]:
    """Return all objects as another client has them."""
    found = await asyncio.gather(*(attach(client, name, each.id, node_id) for name, each in made.objects.items()))
    return dict(zip(made.objects, found, strict=True))


def shown(entity: Any) -> dict[str, Any]:
    """Return all public properties of an object that are not its client's own."""
    names = (name for name, _ in inspect.getmembers(type(entity), lambda member: isinstance(member, property)))
    return {name: getattr(entity, name) for name in names if not name.startswith("_") and name not in _OWN}


# What may happen.

Happening = Callable[[Everything], Awaitable[Any]]

_TUPLE = {"localAddress": "127.0.0.1", "localPort": 5, "remoteIp": "127.0.0.2", "remotePort": 6, "protocol": "udp"}


def told(name: str, event: str, body: Mapping[str, Any]) -> Happening:
    """Let a worker tell something of an object."""
    return lambda all_: hear(all_.one(name), event, body)


def asked(name: str, method: str, *arguments: Any, **options: Any) -> Happening:
    """Ask something of an object."""
    return lambda all_: getattr(all_.one(name), method)(*arguments, **options)


_SCORE = {"encodingIdx": 0, "ssrc": 11111111, "rid": None, "score": 7}
_SEEN = {"score": 5, "producerScore": 6, "producerScores": bytes([6, 0, 0, 0])}

HAPPENINGS: Mapping[str, Happening] = {
    **{f"{name} is paused": asked(name, "pause") for name in ("audio", "heard", "seen", "chat", "fetching", "levels")},
    **{f"{name} is resumed": asked(name, "resume") for name in ("video", "heard", "file", "fetching", "speaker")},
    "priority is set": asked("seen", "set_priority", 7),
    "layers are chosen": asked("seen", "set_preferred_layers", spatial_layer=1, temporal_layer=0),
    "subchannels are set": asked("chatting", "set_subchannels", [4]),
    "a subchannel is added": asked("fetching", "add_subchannel", 9),
    "ICE is restarted": asked("browser", "restart_ice"),
    "the producer has a score": told("audio", "PRODUCER_SCORE", {"scores": [_SCORE]}),
    "the consumer has a score": told("seen", "CONSUMER_SCORE", {"score": _SEEN}),
    "other layers come": told("seen", "CONSUMER_LAYERS_CHANGE", {"layers": {"spatialLayer": 1, "temporalLayer": 2}}),
    "no layers come": told("seen", "CONSUMER_LAYERS_CHANGE", {}),
    "ICE connects": told("browser", "WEBRTCTRANSPORT_ICE_STATE_CHANGE", {"iceState": "connected"}),
    "ICE chooses": told("browser", "WEBRTCTRANSPORT_ICE_SELECTED_TUPLE_CHANGE", {"tuple": _TUPLE}),
    "DTLS connects": told(
        "browser", "WEBRTCTRANSPORT_DTLS_STATE_CHANGE", {"dtlsState": "connected", "remoteCert": "PEM"}
    ),
    "SCTP connects": told("browser", "TRANSPORT_SCTP_STATE_CHANGE", {"sctpState": "connected"}),
    "SCTP is negotiated": told(
        "browser",
        "TRANSPORT_SCTP_NEGOTIATED_CAPABILITIES",
        {"negotiatedCapabilities": {"negotiatedMaxOutboundStreams": 9, "negotiatedMaxInboundStreams": 8}},
    ),
    "RTP is heard": told("rtcp", "PLAINTRANSPORT_TUPLE", {"tuple": _TUPLE}),
    "RTCP is heard": told("rtcp", "PLAINTRANSPORT_RTCP_TUPLE", {"tuple": _TUPLE}),
    "DTLS is agreed on": lambda all_: _once(all_.browser.connect(dtls_parameters=DTLS)),
    "the plain one is connected": lambda all_: _once(all_.plain.connect(ip="127.0.0.1", port=9)),
    "the pipe is connected": lambda all_: _once(all_.pipe.connect(ip="127.0.0.1", port=9)),
}


async def _once(connecting: Awaitable[None]) -> None:
    """Connect a transport, unless that was done before."""
    try:
        await connecting
    except Exception as error:
        if "already" not in str(error):
            raise
