"""What becomes of rooms when the network fails, and of those whose client is killed."""

from __future__ import annotations

import asyncio

import pytest
from tests.conformance.helpers import happens, record
from tests.conformance.samples import AUDIO, DEVICE, MEDIA_CODECS, VIDEO
from tests.integration.client.cutting import cut
from tests.integration.client.scaled import Scaled, gone_transport, happens_there, place_of, room_of
from tests.support.remote_cluster import RemoteCluster, spread

from tureen.contract.errors import Unavailable


async def test_no_connection(scaled: Scaled) -> None:
    """Without a connection a room makes nothing, and nothing of it is closed; later all goes on."""
    client = await scaled()
    room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    transport = await room.create_direct_transport()
    await cut(client)
    with pytest.raises(Unavailable):
        await room.create_direct_transport()
    await happens(lambda: client.connected)
    assert not transport.closed
    await room.create_direct_transport()


async def test_catching_up(scaled: Scaled) -> None:
    """After a loss of its connection a client hears what happened on every worker of its rooms."""
    one, other = [await scaled(tenant="catching-up", room_policy=spread(2)) for _ in range(2)]
    here, there = [
        await (await client.create_worker()).create_router(id="shared", media_codecs=MEDIA_CODECS)
        for client in (one, other)
    ]
    paused, closed = [
        await (await here.create_direct_transport()).produce(kind="audio", rtp_parameters=AUDIO) for _ in range(2)
    ]
    theirs = [await there.create_direct_transport() for _ in range(2)]
    watching = await theirs[0].consume(producer_id=paused.id, rtp_capabilities=DEVICE)
    bereft = await theirs[1].consume(producer_id=closed.id, rtp_capabilities=DEVICE)
    pauses, ends = record(watching, "producerpause"), record(bereft, "producerclose")
    await cut(other)
    await paused.pause()
    closed.close()
    await here.dump()
    await happens(lambda: other.connected and bereft.closed and watching.producer_paused)
    assert (pauses, ends) == ([("producerpause",)], [("producerclose",)])


async def test_closed_meanwhile(scaled: Scaled) -> None:
    """A room that was closed while the client was away is found closed when it is back."""
    one, other = [await scaled(tenant="meanwhile") for _ in range(2)]
    here, there = [
        await (await client.create_worker()).create_router(id="brief", media_codecs=MEDIA_CODECS)
        for client in (one, other)
    ]
    transport = await there.create_direct_transport()
    ended = record(transport, "routerclose")
    await cut(other)
    here.close()
    await happens(lambda: there.closed and other.connected)
    assert ended == [("routerclose",)]


async def test_a_lease(scaled: Scaled, cluster: RemoteCluster) -> None:
    """What a client with a lease has made in rooms goes from every node when it is killed."""
    room = await room_of(scaled, lease=1)
    transports = [await room.create_direct_transport() for _ in range(2)]
    where = [(place_of(transport)["nodeId"], transport.id) for transport in transports]
    # It hears nothing more, and says nothing more.
    await room.session.bus._connection.close()
    await asyncio.gather(
        *(happens_there(cluster, node_id, gone_transport(transport_id)) for node_id, transport_id in where)
    )


async def test_codecs_while_there_is_no_connection(scaled: Scaled) -> None:
    """New codecs that cannot be told at once are told when the connection is back."""
    client = await scaled()
    room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS[:1])
    transport = await room.create_direct_transport()
    await cut(client)
    room.update_media_codecs(MEDIA_CODECS)
    await happens(lambda: client.connected)
    await transport.produce(kind="video", rtp_parameters=VIDEO)


async def test_codecs_of_another_client(scaled: Scaled) -> None:
    """Where another client gives the room other codecs, `produce()` waits no longer than for an answer, and once."""
    one, other = [await scaled(tenant="at-odds", timeout=0.5) for _ in range(2)]
    here, there = [
        await (await client.create_worker()).create_router(id="disputed", media_codecs=MEDIA_CODECS)
        for client in (one, other)
    ]
    transport = await here.create_direct_transport()
    here.update_media_codecs(MEDIA_CODECS[:2])
    updated = here.updated
    assert updated is not None
    await updated
    there.update_media_codecs(MEDIA_CODECS[:1])
    theirs = await there.create_direct_transport()
    await theirs.produce(kind="audio", rtp_parameters=AUDIO)
    await transport.produce(kind="audio", rtp_parameters=AUDIO)
