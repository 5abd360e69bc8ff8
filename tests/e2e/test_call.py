"""Two people in two browsers, whose media crosses from one worker to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page
from tests.support.browser import chromium, eventually, page_at, received, screenshot
from tests.support.local_cluster import LocalCluster, local_cluster

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

ROOM = "two-workers"


@asynccontextmanager
async def call(cluster: LocalCluster, artefacts: Path, *queries: str) -> AsyncIterator[list[Page]]:
    """Have a page join the room for each query."""
    address = f"{cluster.url}/?room={ROOM}"
    async with (
        chromium() as browser,
        page_at(browser, address + queries[0], artefacts / "first") as first,
        page_at(browser, address + queries[1], artefacts / "second") as second,
    ):
        yield [first, second]


async def hears_and_sees(page: Page) -> list[dict[str, Any]]:
    """Wait until a page decodes the other's video and receives its audio, then see both grow."""

    def flows(streams: list[dict[str, Any]]) -> bool:
        kinds = {stream["kind"]: stream for stream in streams}
        return (
            kinds.keys() == {"audio", "video"}
            and (kinds["video"].get("framesDecoded") or 0) > 5
            and (kinds["audio"].get("packetsReceived") or 0) > 5
        )

    before = {stream["consumerId"]: stream for stream in await eventually(lambda: received(page), flows, page)}

    def grew(streams: list[dict[str, Any]]) -> bool:
        return all(
            stream["packetsReceived"] > before[stream["consumerId"]]["packetsReceived"]
            and (
                stream["kind"] == "audio" or stream["framesDecoded"] > before[stream["consumerId"]]["framesDecoded"] + 5
            )
            for stream in streams
        )

    return await eventually(lambda: received(page), grew, page)


async def assert_crosses_a_pipe(cluster: LocalCluster, stream: dict[str, Any]) -> None:
    """Follow a stream through the routers' dumps: from where it is produced, over a pipe, to where it is consumed."""
    served, source = stream["served"], stream["source"]
    assert served["workerId"] != source["workerId"]
    there = await dump(cluster, source)
    producer = stream["producerId"]
    pipe_consumers = {
        consumer
        for entry in there["mapProducerIdConsumerIds"]
        if entry["key"] == producer
        for consumer in entry["values"]
    }
    assert len(pipe_consumers) == 1, "the producer's one consumer there is the pipe's"
    sender = await pipe_that_holds(cluster, source, there, "consumerIds", pipe_consumers.pop())
    here = await dump(cluster, served)
    receiver = await pipe_that_holds(cluster, served, here, "producerIds", producer)
    sent = await cluster.node(source["nodeId"], "transport.getStats", transportId=sender)
    taken = await cluster.node(served["nodeId"], "transport.getStats", transportId=receiver)
    assert sent["stats"][0]["type"] == taken["stats"][0]["type"] == "pipe-transport"
    assert sent["stats"][0]["rtpBytesSent"] > 10_000
    assert taken["stats"][0]["rtpBytesReceived"] > 10_000


async def dump(cluster: LocalCluster, place: dict[str, Any]) -> dict[str, Any]:
    """Return the dump of the router at a place."""
    answer = await cluster.node(place["nodeId"], "router.dump", routerId=place["routerId"])
    router: dict[str, Any] = answer["dump"]
    return router


async def pipe_that_holds(
    cluster: LocalCluster, place: dict[str, Any], router: dict[str, Any], field: str, object_id: str
) -> str:
    """Return the id of the router's transport that holds an object."""
    for transport_id in router["transportIds"]:
        answer = await cluster.node(place["nodeId"], "transport.dump", transportId=transport_id)
        if object_id in answer["dump"][field]:
            return str(transport_id)
    raise AssertionError(f"no transport of router {router['id']} holds {object_id} in its {field}")


@pytest.mark.parametrize(
    ("arguments", "queries"),
    [
        pytest.param(("--nodes", "1", "--workers", "2"), ("", ""), id="two workers of one host"),
        pytest.param(("--nodes", "2", "--workers", "1"), ("", "&dialect=typescript"), id="two hosts"),
    ],
)
async def test_two_pages_on_two_workers(arguments: tuple[str, ...], queries: tuple[str, str], artefacts: Path) -> None:
    """Two pages whose transports are on different workers see and hear each other over pipes."""
    async with local_cluster(*arguments, log=artefacts / "cluster.log") as cluster:
        await cluster.placement("room.create", roomId=ROOM, policy={"maxTransportsPerWorker": 2})
        async with call(cluster, artefacts, *queries) as pages:
            for page in pages:
                for stream in await hears_and_sees(page):
                    await assert_crosses_a_pipe(cluster, stream)
            for name, page in zip(("first", "second"), pages, strict=True):
                await screenshot(page, artefacts / name)
