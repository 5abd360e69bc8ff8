"""A program that was written for one host, on two that share no address: its room is on both."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tests.conformance.helpers import record
from tests.conformance.samples import MEDIA_CODECS
from tests.integration.client.speaking import Speaker, in_turn, speaker, talk, until
from tests.integration.pulls.hosts import NODE_IDS, host_cluster, rtp_on
from tests.support.network_namespaces import Host, why_not
from tests.support.rtp import audio_parameters

from tureen.bus import Bus, BusSettings
from tureen.client import Room, connect
from tureen.client.scaled.member import Member
from tureen.mediasoup import PlainTransport, Transport, WebRtcServer, WebRtcTransport
from tureen.mediasoup.errors import UnsupportedError

pytestmark = [pytest.mark.timeout(120), pytest.mark.skipif(bool(why_not()), reason=why_not() or "not skipped")]

ANNOUNCED = "203.0.113.9"
"""What the program tells browsers, of the host that it was written for."""

ANYWHERE: Any = {"protocol": "udp", "ip": "0.0.0.0", "announcedAddress": ANNOUNCED}
ELSEWHERE: Any = {
    "protocol": "udp",
    "ip": "192.0.2.7",
    "announcedAddress": ANNOUNCED,
    "portRange": {"min": 1, "max": 9},
}
LABELLED: Any = {"protocol": "udp", "ip": "media"}


@pytest.fixture
async def url(hosts: tuple[Host, Host], tmp_path: Path) -> AsyncIterator[str]:
    """Run a cluster of two hosts, with one worker each."""
    async with host_cluster(hosts, tmp_path) as url:
        yield url


def node_of(transport: Transport) -> str:
    """Return the node on which a transport is."""
    member = transport._router
    assert isinstance(member, Member)
    return member.place["nodeId"]


class Made(NamedTuple):
    """What is on one host."""

    webs: list[WebRtcTransport]
    plain: PlainTransport
    speaker: Speaker


async def spread(room: Room, server: WebRtcServer) -> dict[str, Made]:
    """Make what fills both hosts, as a program does that knows of one."""
    made: dict[str, Made] = {}
    for infos in ([ANYWHERE], [ELSEWHERE, LABELLED]):
        plain = await room.create_plain_transport(listen_info=infos[0], comedia=not made)
        web = await room.create_webrtc_transport(listen_infos=infos)
        served = await room.create_webrtc_transport(webrtc_server=server)
        somebody = await speaker(room)
        assert len({node_of(each) for each in (plain, web, served, somebody.producer._transport)}) == 1
        made[node_of(plain)] = Made([web, served], plain, somebody)
    assert made.keys() == set(NODE_IDS)
    return made


async def dumps(bus: Bus, room: Room) -> dict[str, str]:
    """Return all that the nodes tell of a room's transports, those of agents' pipes included, by node."""
    found = {}
    for member in room.members:
        node_id = member.place["nodeId"]
        ids = (await member.dump())["transportIds"]
        told = [
            await bus.command("node", "transport.dump", {"transportId": id_}, tenant="default", node_id=node_id)
            for id_ in ids
        ]
        assert [each["dump"].get("tuple") is not None for each in told].count(True) >= 2
        found[node_id] = json.dumps(told)
    return found


async def test_no_address_of_one_host_is_handed_to_another(hosts: tuple[Host, Host], url: str) -> None:
    """Whatever addresses a program names, transports have their own host's; media goes from one host to the other."""
    addresses = dict(zip(NODE_IDS, (host.address for host in hosts), strict=True))
    async with connect(url, scale="cluster", room_policy={"maxTransportsPerWorker": 4}) as client:
        worker = await client.create_worker()
        room = await worker.create_router(media_codecs=MEDIA_CODECS)
        made = await spread(room, await worker.create_webrtc_server(listen_infos=[ANYWHERE]))
        for node_id, (webs, plain, _) in made.items():
            for web in webs:
                assert {candidate["address"] for candidate in web.ice_candidates} == {addresses[node_id]}
            assert plain.tuple["localAddress"] == addresses[node_id]
            assert 40_000 <= plain.tuple["localPort"] <= 40_050, "of the agent's ports"
        await media_crosses(dict(zip(NODE_IDS, hosts, strict=True)), {key: each.plain for key, each in made.items()})
        await both_are_heard(room, [each.speaker for each in made.values()])
        bus = await Bus.connect(BusSettings(servers=[url], name="test"))
        try:
            for node_id, told in (await dumps(bus, room)).items():
                (other,) = set(NODE_IDS) - {node_id}
                assert ANNOUNCED not in told
                assert f'"localAddress": "{addresses[node_id]}"' in told
                assert f'"localAddress": "{addresses[other]}"' not in told
                assert f'"address": "{addresses[other]}"' not in told
        finally:
            await bus.close()


async def media_crosses(hosts: dict[str, Host], transports: dict[str, PlainTransport]) -> None:
    """Send RTP to one host, and find every packet at the other."""
    (here, sending), (there, receiving) = transports.items()
    producer = await sending.produce(kind="audio", rtp_parameters=audio_parameters(7))  # type: ignore[arg-type]
    capabilities = receiving._router.rtp_capabilities
    async with rtp_on(hosts[here]) as sender, rtp_on(hosts[there]) as receiver:
        await receiving.connect(ip=hosts[there].address, port=receiver.port)
        await receiving.consume(producer_id=producer.id, rtp_capabilities=capabilities)
        for sequence in range(1, 101):
            sender.send(dict(sending.tuple), sequence, 7, b"what was said")
            await asyncio.sleep(0.002)
        await receiver.taken(100)
    (numbers,) = receiver.sequence_numbers.values()
    assert numbers == list(range(numbers[0], numbers[0] + 100))


async def both_are_heard(room: Room, speakers: list[Speaker]) -> None:
    """See that a room's observers hear those who speak on either host."""
    loud = await room.create_audio_level_observer(max_entries=2, interval=500)
    dominant = await room.create_active_speaker_observer(interval=200)
    events, volumes = record(dominant, "dominantspeaker"), record(loud, "volumes")
    for each in speakers:
        await dominant.add_producer(producer_id=each.producer.id)
        await loud.add_producer(producer_id=each.producer.id)
    await in_turn(events, *speakers, speakers[0])
    first, second = speakers
    first.volume, second.volume = -20, -10
    async with talk(*speakers):
        wanted = [{"producer": second.producer, "volume": -10}, {"producer": first.producer, "volume": -20}]
        await until(lambda: volumes and volumes[-1] == ("volumes", wanted))


async def test_a_fixed_port_needs_a_node(url: str) -> None:
    """In a cluster nobody can say on which host a port would be; nothing is made."""
    async with connect(url, scale="cluster") as client:
        worker = await client.create_worker()
        room = await worker.create_router(media_codecs=MEDIA_CODECS)
        for port in ({"port": 40_007}, {"portRange": {"min": 40_007, "max": 40_007}}):
            info: Any = {**ANYWHERE, **port}
            with pytest.raises(UnsupportedError, match="a fixed port needs a node"):
                await room.create_plain_transport(listen_info=info)
            with pytest.raises(UnsupportedError, match="a fixed port needs a node"):
                await room.create_webrtc_transport(listen_infos=[info])
            with pytest.raises(UnsupportedError):
                await worker.create_webrtc_server(listen_infos=[info])
        assert (await room.dump())["transportIds"] == []
