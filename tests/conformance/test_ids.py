"""Ids are unique in a worker, whatever kind of object has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.conformance.samples import AUDIO, LISTEN_UDP

from tureen.mediasoup import Router, WebRtcServer, WebRtcTransport, Worker
from tureen.mediasoup.errors import MediasoupError

Make = Callable[[Worker, Router, WebRtcTransport, str], Awaitable[Any]]

MAKERS: dict[str, Make] = {
    "webrtc server": lambda worker, router, transport, id_: worker.create_webrtc_server(
        id=id_, listen_infos=[LISTEN_UDP]
    ),
    "router": lambda worker, router, transport, id_: worker.create_router(id=id_),
    "audio level observer": lambda worker, router, transport, id_: router.create_audio_level_observer(
        id=id_, interval=250
    ),
    "active speaker observer": lambda worker, router, transport, id_: router.create_active_speaker_observer(
        id=id_, interval=100
    ),
    "direct transport": lambda worker, router, transport, id_: router.create_direct_transport(id=id_),
    "plain transport": lambda worker, router, transport, id_: router.create_plain_transport(
        id=id_, listen_info=LISTEN_UDP
    ),
    "producer": lambda worker, router, transport, id_: transport.produce(id=id_, kind="audio", rtp_parameters=AUDIO),
    "data producer": lambda worker, router, transport, id_: transport.produce_data(
        id=id_, sctp_stream_parameters={"streamId": 1}
    ),
}


@pytest.fixture
async def transport(router: Router) -> WebRtcTransport:
    """Give a transport with SCTP."""
    return await router.create_webrtc_transport(listen_infos=[LISTEN_UDP], enable_sctp=True)


@pytest.mark.parametrize("kind", MAKERS)
async def test_taken(worker: Worker, router: Router, transport: WebRtcTransport, kind: str) -> None:
    """An id that another object of the worker has is refused, without harm to the worker."""
    make = MAKERS[kind]
    other = await worker.create_router()
    for taken in (router.id, transport.id, other.id):
        with pytest.raises((TypeError, MediasoupError), match="already exists"):
            await make(worker, router, transport, taken)
    # Longer than the timers of RTP observers, which used to run on for an object that was never made.
    await asyncio.sleep(0.3)
    await worker.dump()
    made = await make(worker, router, transport, "free")
    made.close()
    await make(worker, router, transport, "free")


@pytest.mark.not_for_rooms("placement hears a moment later that the place of a closed transport is free")
async def test_taken_by_a_server(worker: Worker, router: Router) -> None:
    """A transport on a WebRtcServer that is refused for its id is not left with the server."""
    server: WebRtcServer = await worker.create_webrtc_server(listen_infos=[LISTEN_UDP])
    for taken in (router.id, server.id):
        with pytest.raises(MediasoupError, match="already exists"):
            await router.create_webrtc_transport(id=taken, webrtc_server=server)
    for _ in range(20):
        transport = await router.create_webrtc_transport(webrtc_server=server)
        transport.close()
    assert (await server.dump())["webRtcTransportIds"] == []


@pytest.mark.parametrize("wrong", ["", 5, b"x", ["x"], "\ud800"], ids=repr)
@pytest.mark.parametrize("kind", MAKERS)
async def test_wrong(worker: Worker, router: Router, transport: WebRtcTransport, kind: str, wrong: Any) -> None:
    """An id is a string that is not empty."""
    with pytest.raises(TypeError):
        await MAKERS[kind](worker, router, transport, wrong)
    assert (await worker.dump())["routerIds"] == [router.id]
