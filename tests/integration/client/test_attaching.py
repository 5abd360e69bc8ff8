"""A second client gets at every object, whoever made it: it is the same object, and stays so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from tests.conformance.helpers import comes, happens, hear, record
from tests.conformance.samples import AUDIO, DEVICE
from tests.integration.client.conftest import Client
from tests.integration.client.everything import ATTACHING, HAPPENINGS, Everything, all_of, attach, shown
from tests.support.remote_node import RemoteNode

from tureen.client import connect
from tureen.contract.errors import Conflict, Unauthorized
from tureen.mediasoup import Producer
from tureen.mediasoup.errors import NotFoundError

NAMES = list(ATTACHING)


@given(st.lists(st.sampled_from(sorted(HAPPENINGS)), max_size=12))
@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_same(made: Everything, node: RemoteNode, happened: list[str]) -> None:
    """Whatever has happened, all public properties are those that the maker sees."""
    for name in happened:
        await HAPPENINGS[name](made)
    async with connect(node.url) as other:
        there = await all_of(other, made, node.id)
        for name, each in made.objects.items():
            assert type(there[name]) is type(each)
            assert shown(there[name]) == shown(each), name


async def test_once(made: Everything, client: Client, node: RemoteNode) -> None:
    """An object is one here, however often and by how many it is asked for, and the maker gets what it has."""
    other = await client()
    first, second = await asyncio.gather(all_of(other, made, node.id), all_of(other, made, node.id))
    for name in NAMES:
        assert first[name] is second[name]
    maker = made.router._link
    assert await attach(other, "audio", made.one("audio").id, node.id) is first["audio"]
    assert maker.session is not first["audio"]._link.session


@pytest.mark.parametrize("name", NAMES)
async def test_closes(made: Everything, client: Client, node: RemoteNode, name: str) -> None:
    """Whoever closes an object, the other one sees it closed, once."""
    here, there = made.one(name), await attach(await client(), name, made.one(name).id, node.id)
    ended, ended_there = record(here.observer, "close"), record(there.observer, "close")
    here.close()
    await happens(lambda: there.closed)
    assert ended_there == [("close",)]
    with pytest.raises(NotFoundError):
        await there.dump()
    again = await Everything.made_by(await client())
    here, there = again.one(name), await attach(await client(), name, again.one(name).id, node.id)
    ended = record(here.observer, "close")
    there.close()
    await happens(lambda: here.closed)
    assert ended == [("close",)]


@pytest.mark.parametrize("name", ["audio", "video", "heard", "seen", "chat", "file", "chatting", "fetching", "levels"])
async def test_pauses(made: Everything, client: Client, node: RemoteNode, name: str) -> None:
    """Whoever pauses or resumes an object, both see it paused or resumed."""
    here, there = made.one(name), await attach(await client(), name, made.one(name).id, node.id)
    for one, other in ((here, there), (there, here)):
        for _ in range(2):
            wanted = not one.paused
            await (one.pause() if wanted else one.resume())
            assert one.paused is wanted
            await happens(lambda: other.paused is wanted)  # noqa: B023


@pytest.mark.parametrize("asked_here", [True, False], ids=["by the maker", "by who got at it"])
async def test_what_mediasoup_tells_nobody(
    made: Everything, client: Client, node: RemoteNode, asked_here: bool
) -> None:
    """Whoever sets a property of which mediasoup has no event, both see it."""
    there = await all_of(await client(), made, node.id)
    asking = Everything(made.router)
    asking.objects = made.objects if asked_here else there
    for name in (
        *("priority is set", "layers are chosen", "subchannels are set", "a subchannel is added", "ICE is restarted"),
        *("DTLS is agreed on", "the plain one is connected", "the pipe is connected"),
    ):
        await HAPPENINGS[name](asking)
    await happens(lambda: all(shown(there[name]) == shown(each) for name, each in made.objects.items()))
    assert there["seen"].priority == 7
    assert there["plain"].tuple["remotePort"] == made.one("plain").tuple["remotePort"] == 9
    assert there["browser"].dtls_parameters["role"] != "auto"


async def test_connected_by_another(made: Everything, client: Client, node: RemoteNode) -> None:
    """Connecting anew what another client has connected succeeds with the same parameters, and not with others."""
    there = await attach(await client(), "plain", made.plain.id, node.id)
    await made.plain.connect(ip="127.0.0.1", port=9)
    await there.connect(ip="127.0.0.1", port=9)
    third = await attach(await client(), "plain", made.plain.id, node.id)
    with pytest.raises(Conflict):
        await third.connect(ip="127.0.0.1", port=10)


async def test_what_depends_on_it(made: Everything, client: Client, node: RemoteNode) -> None:
    """What ends because something else does says so to who has got at it, as it does to its maker."""
    there = await all_of(await client(), made, node.id)
    told = {
        "seen": record(there["seen"], "producerclose"),
        "fetching": record(there["fetching"], "dataproducerclose"),
        "heard": record(there["heard"], "transportclose"),
        "browser": record(there["browser"], "listenserverclose"),
        "levels": record(there["levels"], "routerclose"),
    }
    made.one("video").close()
    made.one("chat").close()
    await happens(lambda: there["seen"].closed and there["fetching"].closed)
    made.one("server").close()
    await happens(lambda: there["browser"].closed and there["heard"].closed)
    made.router.close()
    await happens(lambda: there["levels"].closed)
    assert {name: [event for event, *_ in events] for name, events in told.items()} == {
        "seen": ["producerclose"],
        "fetching": ["dataproducerclose"],
        "heard": ["transportclose"],
        "browser": ["listenserverclose"],
        "levels": ["routerclose"],
    }


async def test_events(made: Everything, client: Client, node: RemoteNode) -> None:
    """Events of media, of states and of messages reach who has got at an object."""
    there = await all_of(await client(), made, node.id)
    told = [
        *(record(there["audio"], "score"), record(there["seen"], "score", "layerschange")),
        *(record(there["browser"], "icestatechange", "dtlsstatechange", "sctpstatechange"),),
        *(record(there["chatting"], "message"), record(there["levels"], "volumes", "silence")),
    ]
    for name in ("the producer has a score", "the consumer has a score", "other layers come"):
        await HAPPENINGS[name](made)
    for name in ("ICE connects", "DTLS connects", "SCTP connects"):
        await HAPPENINGS[name](made)
    await hear(made.one("levels"), "AUDIOLEVELOBSERVER_VOLUMES", {"volumes": [loud(made.one("audio"))]})
    made.one("chat").send("hello", subchannels=[1])
    await happens(lambda: all(told) and len(told[2]) == 3)
    assert told[3] == [("message", b"hello", 51)]
    assert told[4] == [("volumes", [{"producer": there["audio"], "volume": -20}])]
    assert there["browser"].dtls_remote_cert == "PEM"


def loud(producer: Any) -> dict[str, Any]:
    """Return how loud a producer is, as a worker tells it."""
    return {"producerId": producer.id, "volume": -20}


async def test_asking(made: Everything, client: Client, node: RemoteNode) -> None:
    """What is asked of an object is done, whoever asks: statistics, settings, sending, and what is made on it."""
    there = await all_of(await client(), made, node.id)
    heard = record(made.one("chatting"), "message")
    there["chat"].send("hello", subchannels=[2])
    await happens(lambda: heard == [("message", b"hello", 51)])
    for name in NAMES:
        if hasattr(there[name], "get_stats"):
            assert isinstance(await there[name].get_stats(), list)
        assert (await there[name].dump())["id"] == made.one(name).id
    await there["seen"].set_priority(9)
    await there["browser"].set_max_incoming_bitrate(500_000)
    assert (await made.one("seen").dump())["priority"] == 9
    assert made.router.can_consume(producer_id=made.one("audio").id, rtp_capabilities=DEVICE)
    consumer = await there["browser"].consume(producer_id=there["audio"].id, rtp_capabilities=DEVICE)
    made.one("audio").close()
    await happens(lambda: consumer.closed and there["heard"].closed)


async def test_an_observer_of_somebody_else(made: Everything, client: Client, node: RemoteNode) -> None:
    """An observer's events are about producers that others let it hear, too, as soon as they are known here."""
    there = await all_of(await client(), made, node.id)
    theirs: Producer = await there["direct"].produce(kind="audio", rtp_parameters={**AUDIO, "mid": "THEIRS"})
    added = record(made.one("levels").observer, "addproducer")
    await there["levels"].add_producer(producer_id=theirs.id)
    await happens(lambda: bool(added))
    assert added[0][1].id == theirs.id
    volumes = record(made.one("levels"), "volumes")
    await hear(made.one("levels"), "AUDIOLEVELOBSERVER_VOLUMES", {"volumes": [loud(theirs)]})
    await happens(lambda: bool(volumes))
    assert volumes[0][1] == [{"producer": added[0][1], "volume": -20}]


async def test_leaving(made: Everything, client: Client, node: RemoteNode) -> None:
    """What a client has made on what is others' goes when it leaves; what it has only got at stays."""
    guest = await client()
    there = await all_of(guest, made, node.id)
    before = await made.router.dump()
    router = await guest.attach_router(made.router.id, node_id=node.id)
    await router.create_active_speaker_observer()
    await router.create_direct_transport()
    await there["direct"].produce(kind="audio", rtp_parameters={**AUDIO, "mid": "THEIRS"})
    await there["browser"].consume(producer_id=there["audio"].id, rtp_capabilities=DEVICE)
    await there["direct"].produce_data()
    await there["direct"].consume_data(data_producer_id=there["chat"].id)
    await guest.close()

    async def held() -> Any:
        dump = await made.router.dump()
        return {key: sorted(map(str, value)) for key, value in dump.items() if key != "id"}

    await comes(held, {key: sorted(map(str, value)) for key, value in before.items() if key != "id"})
    assert not any(each.closed for each in made.objects.values())


@pytest.mark.parametrize("name", NAMES)
async def test_another_tenant(made: Everything, node: RemoteNode, name: str) -> None:
    """To another tenant no object exists; nor does one that never was."""
    async with AsyncExitStack() as stack:
        stranger = await stack.enter_async_context(connect(node.url, tenant="stranger"))
        for object_id in (made.one(name).id, "nothing"):
            with pytest.raises(NotFoundError):
                await attach(stranger, name, object_id, node.id)


async def test_the_operators_server(client: Client, node: RemoteNode) -> None:
    """The WebRtcServers of a node's own workers are its operator's."""

    async def server_id(agent: Any) -> str:
        return next(iter(agent.state.objects.webrtc_servers.all())).id  # type: ignore[no-any-return]

    with pytest.raises(Unauthorized):
        await (await client()).attach_webrtc_server(await node.do(server_id), node_id=node.id)


@pytest.fixture(autouse=True)
async def nothing_unknown(caplog: pytest.LogCaptureFixture) -> AsyncIterator[None]:
    """Check that no object is told what it does not understand."""
    yield
    assert not [record for record in caplog.records if "unknown event" in record.getMessage()]
