"""What is in a room, got at by another client of its tenant."""

from __future__ import annotations

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE
from tests.integration.client.scaled import Scaled, place_of, room_of
from tests.support.remote_cluster import RemoteCluster

from tureen.client import connect
from tureen.mediasoup.errors import NotFoundError


async def test_what_is_in_a_room(scaled: Scaled, cluster: RemoteCluster) -> None:
    """Transports and what is on them can be got at on their nodes; what agents made to bring streams over cannot."""
    room = await room_of(scaled)
    tenant = room.session.tenant
    here, there = await room.create_direct_transport(), await room.create_direct_transport()
    producer = await here.produce(kind="audio", rtp_parameters=AUDIO)
    consumer = await there.consume(producer_id=producer.id, rtp_capabilities=DEVICE)
    nodes = {transport.id: place_of(transport)["nodeId"] for transport in (here, there)}
    async with connect(cluster.url, tenant=tenant) as other:
        got = await other.attach_consumer(consumer.id, node_id=nodes[there.id])
        assert (got.producer_id, got.rtp_parameters) == (producer.id, consumer.rtp_parameters)
        source = await other.attach_producer(producer.id, node_id=nodes[here.id])
        paused = record(consumer, "producerpause")
        await source.pause()
        await happens(lambda: got.producer_paused and producer.paused and bool(paused))
        for router in (await room.dump())["routers"]:
            for pipe_id in router["pipeTransportIds"]:
                with pytest.raises(NotFoundError, match="agent's own"):
                    await other.attach_transport(pipe_id, node_id=router["nodeId"])
        (await other.attach_transport(there.id, node_id=nodes[there.id])).close()
        await happens(lambda: there.closed and consumer.closed and got.closed)
