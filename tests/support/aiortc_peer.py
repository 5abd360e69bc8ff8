"""WebRTC endpoints in this process: aiortc, driven by pymediasoup, which is mediasoup-client in Python.

There is no signaling: a peer calls the router's own transports. pymediasoup 1.5 understands the parameters of mediasoup
3.27; on this side, what it makes of an absent value (None) is left out again, because mediasoup refuses it.
"""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from pydantic import BaseModel

from tureen.mediasoup import Consumer, DataConsumer, DataProducer, Producer, Router, WebRtcTransport
from tureen.mediasoup.types import TransportListenInfo

with warnings.catch_warnings():
    # What these libraries do on import is none of our business.
    warnings.simplefilter("ignore")
    from aiortc import MediaStreamTrack
    from pymediasoup import AiortcHandler, Device
    from pymediasoup.models.transport import DtlsParameters
    from pymediasoup.rtp_parameters import RtpCapabilities, RtpParameters
    from pymediasoup.sctp_parameters import SctpStreamParameters

STREAM = {"streamId", "ordered", "maxPacketLifeTime", "maxRetransmits"}
LISTEN_INFO: TransportListenInfo = {"protocol": "udp", "ip": "127.0.0.1"}


def plain(structure: BaseModel) -> Any:
    """Return what mediasoup takes for a structure of pymediasoup."""
    return structure.model_dump(exclude_none=True)


class AiortcPeer:
    """An endpoint that sends on one transport of a router, and receives on another.

    Attributes:
        sending: The router's transport on which the peer sends.
        receiving: The router's transport on which it receives.
    """

    def __init__(self, device: Device, sending: WebRtcTransport, receiving: WebRtcTransport) -> None:
        self.sending = sending
        self.receiving = receiving
        self._device = device
        self._producers: dict[str, Producer] = {}
        self._data_producers: dict[str, DataProducer] = {}
        self._send = self._mirror(device.createSendTransport, sending)
        self._recv = self._mirror(device.createRecvTransport, receiving)

    def _mirror(self, create: Any, ours: WebRtcTransport) -> Any:
        """Make the peer's end of a transport."""
        theirs = create(
            id=ours.id,
            iceParameters=ours.ice_parameters,
            iceCandidates=ours.ice_candidates,
            dtlsParameters=ours.dtls_parameters,
            sctpParameters=ours.sctp_parameters,
        )

        async def connect(dtls_parameters: DtlsParameters) -> None:
            await ours.connect(dtls_parameters=plain(dtls_parameters))

        async def produce(kind: Any, rtp_parameters: RtpParameters, _app_data: Any) -> str:
            producer = await ours.produce(kind=kind, rtp_parameters=plain(rtp_parameters))
            self._producers[producer.id] = producer
            return producer.id

        async def produce_data(**given: Any) -> str:
            # Label and protocol are in there, too, which is not where mediasoup has them.
            stream = given["sctpStreamParameters"].model_dump(include=STREAM, exclude_none=True)
            producer = await ours.produce_data(sctp_stream_parameters=stream, label=given["label"])
            self._data_producers[producer.id] = producer
            return producer.id

        theirs.on("connect", connect)
        theirs.on("produce", produce)
        theirs.on("producedata", produce_data)
        return theirs

    async def leave(self) -> None:
        """Close both ends of both transports."""
        await self._send.close()
        await self._recv.close()
        self.sending.close()
        self.receiving.close()

    async def produce(self, track: MediaStreamTrack) -> Producer:
        """Send a track; return the router's producer."""
        return self._producers[(await self._send.produce(track=track)).id]

    async def consume(self, producer: Producer) -> tuple[Consumer, MediaStreamTrack]:
        """Receive a producer; return the router's consumer, and the track on which it arrives."""
        capabilities = plain(self._device.recvRtpCapabilities)
        consumer = await self.receiving.consume(producer_id=producer.id, rtp_capabilities=capabilities, paused=True)
        theirs = await self._recv.consume(
            id=consumer.id,
            producerId=producer.id,
            kind=consumer.kind,
            rtpParameters=RtpParameters.model_validate(consumer.rtp_parameters),
        )
        await consumer.resume()
        return consumer, theirs.track

    async def produce_data(self, label: str) -> tuple[DataProducer, Any]:
        """Open a data channel to the router; return the router's data producer, and the peer's end."""
        theirs = await self._send.produceData(label=label)
        return self._data_producers[theirs.id], theirs

    async def consume_data(self, producer: DataProducer) -> tuple[DataConsumer, Any]:
        """Open a data channel from the router; return the router's data consumer, and the peer's end."""
        consumer = await self.receiving.consume_data(data_producer_id=producer.id)
        theirs = await self._recv.consumeData(
            id=consumer.id,
            dataProducerId=producer.id,
            sctpStreamParameters=SctpStreamParameters.model_validate(consumer.sctp_stream_parameters),
            label=consumer.label,
        )
        return consumer, theirs


@asynccontextmanager
async def aiortc_peer(router: Router) -> AsyncIterator[AiortcPeer]:
    """Give a router an endpoint, which has learnt what the router can carry; it leaves at the end."""
    device = Device(handlerFactory=AiortcHandler.createFactory())
    await device.load(RtpCapabilities.model_validate(router.rtp_capabilities))
    transports = [await router.create_webrtc_transport(listen_infos=[LISTEN_INFO], enable_sctp=True) for _ in range(2)]
    peer = AiortcPeer(device, *transports)
    try:
        yield peer
    finally:
        await peer.leave()
