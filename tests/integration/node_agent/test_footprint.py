"""What has ended is free at once, without a search for cycles."""

from __future__ import annotations

import asyncio
import gc
import weakref
from typing import Any

from tests.integration.node_agent.conftest import Node, Run
from tests.support.hostile import CAPABILITIES

PATIENCE = 10.0


def entities(node: Node) -> list[weakref.ref[Any]]:
    """Refer weakly to what the agent holds on its routers."""
    objects = node.agent.state.objects
    return [
        *(weakref.ref(entry.transport) for entry in objects.transports.all()),
        *(weakref.ref(entry.producer) for entry in objects.producers.all()),
        *(weakref.ref(entry.consumer) for entry in objects.consumers.all()),
        *(weakref.ref(entry.data_producer) for entry in objects.data_producers.all()),
        *(weakref.ref(entry.data_consumer) for entry in objects.data_consumers.all()),
        *(weakref.ref(entry.rtp_observer) for entry in objects.rtp_observers.all()),
    ]


async def test_what_has_ended_is_free(run_node: Run) -> None:
    """What was on a router that is closed is not left to the garbage collector, however it ended."""
    node = await run_node()
    router = (await node.router())["id"]
    sender = (await node.sending_transport(router))["id"]
    direct = (await node.ask("router.createDirectTransport", routerId=router))["id"]
    producer = (await node.produce(sender))["id"]
    consume = {"transportId": direct, "producerId": producer, "rtpCapabilities": CAPABILITIES}
    await node.ask("transport.consume", **consume)
    chat = (await node.ask("transport.produceData", transportId=direct))["id"]
    await node.ask("transport.consumeData", transportId=direct, dataProducerId=chat)
    levels = (await node.ask("router.createAudioLevelObserver", routerId=router))["id"]
    await node.ask("rtpObserver.addProducer", rtpObserverId=levels, producerId=producer)
    gc.collect()
    gc.disable()
    try:
        held = entities(node)
        assert len(held) == 7
        await node.ask("router.close", routerId=router)
        async with asyncio.timeout(PATIENCE):
            while any(entity() is not None for entity in held):
                await asyncio.sleep(0.01)
    finally:
        gc.enable()
