"""A logical worker, what it takes and tells; and what `connect()` takes for it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from tests.conformance.helpers import record
from tests.conformance.samples import MEDIA_CODECS
from tests.integration.client.scaled import Scaled, places, room_of
from tests.support.remote_cluster import RemoteCluster, spread
from tests.support.remote_node import RemoteNode

from tureen.client import connect
from tureen.contract.errors import NoCapacity, Unavailable
from tureen.mediasoup.errors import UnsupportedError


async def test_it_is_no_process(scaled: Scaled) -> None:
    """A logical worker has pid 0 and tells of itself as a worker does."""
    client = await scaled()
    workers = record(client.observer, "newworker")
    worker = await client.create_worker(app_data={"of": "mine"})
    assert workers == [("newworker", worker)]
    assert (worker.pid, worker.closed, worker.died, worker.subprocess_closed) == (0, False, False, False)
    assert worker.app_data == {"of": "mine"}


async def test_usage_and_dump(scaled: Scaled) -> None:
    """What its workers have used is summed up and told of each; the dump tells which room is on which."""
    room = await room_of(scaled)
    worker = room._worker
    usage: Any = await worker.get_resource_usage()
    assert (usage["ru_maxrss"], usage["workers"]) == (0, [])
    for _ in range(3):
        await room.create_direct_transport()
    usage = await worker.get_resource_usage()
    parts = usage.pop("workers")
    assert [(part["nodeId"], part["workerId"]) for part in parts] == places(room)
    assert usage == {key: sum(part["usage"][key] for part in parts) for key in parts[0]["usage"]}
    assert usage["ru_maxrss"] > 0
    dump: Any = await worker.dump()
    assert (dump["pid"], dump["routerIds"]) == (0, [room.id])
    assert [(part["nodeId"], part["workerId"], part["routerIds"]) for part in dump["workers"]] == [
        (node_id, worker_id, [room.id]) for node_id, worker_id in places(room)
    ]


@pytest.mark.parametrize(
    "setting",
    [
        {"dtls_certificate_file": "/a"},
        {"dtls_private_key_file": "/a"},
        {"worker_bin": "/a"},
        {"libwebrtc_field_trials": "a"},
    ],
)
async def test_settings_of_a_process(scaled: Scaled, setting: dict[str, Any]) -> None:
    """What is for a worker that is started is refused: those of nodes run already."""
    client = await scaled()
    with pytest.raises(UnsupportedError, match=next(iter(setting))):
        await client.create_worker(**setting)


async def test_settings_of_nodes(scaled: Scaled, caplog: pytest.LogCaptureFixture) -> None:
    """Log settings and port ranges are taken, and noted in the log to be without effect; nonsense is refused."""
    client = await scaled()
    with caplog.at_level(logging.INFO, "tureen.client"):
        worker = await client.create_worker(log_level="debug", log_tags=["rtp"], rtc_min_port=2000, rtc_max_port=3000)
        await worker.update_settings(log_level="warn")
    assert [record.message.split(":")[0] for record in caplog.records] == [
        "what workers log is their nodes' to say",
        "ports are the nodes' to say",
        "what workers log is their nodes' to say",
    ]
    wrong: Any = "chicken"
    with pytest.raises(TypeError):
        await worker.update_settings(log_level=wrong)
    with pytest.raises(TypeError):
        await client.create_worker(log_level=wrong)


async def test_a_policy(scaled: Scaled) -> None:
    """The rooms have the policy that `connect()` was given, and beyond its limits they are refused."""
    client = await scaled(scale="node", node_id="node-1", room_policy=spread())
    room = await (await client.create_worker()).create_router(media_codecs=MEDIA_CODECS)
    for _ in range(2):
        await room.create_direct_transport()
    with pytest.raises(NoCapacity):
        await room.create_direct_transport()


@pytest.mark.parametrize(
    "options",
    [
        {"scale": "galaxy"},
        {"scale": "worker", "room_policy": {}},
        {"scale": "cluster", "room_policy": {"watermark": 101}},
        {"scale": "node", "room_policy": {"watermarks": 50}},
        {"scale": "node", "room_policy": 50},
        {"scale": "cluster", "node_id": "node-1"},
        {"scale": "cluster", "tenant": "a.b"},
        {"scale": "cluster", "timeout": 0},
        {"scale": "cluster", "lease": 0.5},
        {"scale": "cluster", "lease": 3601},
    ],
)
async def test_wrong_options(cluster: RemoteCluster, options: dict[str, Any]) -> None:
    """Nonsense is a TypeError before anything is connected."""
    with pytest.raises(TypeError):
        connect(cluster.url, **options)


async def test_a_node_that_is_not_there(scaled: Scaled) -> None:
    """A node that nobody has heard of is refused as soon as a worker is to be all of it."""
    client = await scaled(scale="node", node_id="nowhere")
    with pytest.raises(Unavailable, match="there is no node nowhere"):
        await client.create_worker()


async def test_a_node_for_a_worker_that_is_all_nodes(scaled: Scaled) -> None:
    """Who wants the cluster cannot name a node with it: it would be ignored."""
    client = await scaled()
    with pytest.raises(TypeError, match="firstNodeId"):
        await client.create_worker(node_id="node-1")


async def test_without_placement(node: RemoteNode) -> None:
    """Without placement there are no rooms; the error says that nobody answers."""
    async with connect(node.url, scale="cluster", timeout=1) as client:
        worker = await client.create_worker()
        with pytest.raises(Unavailable):
            await worker.create_router()
