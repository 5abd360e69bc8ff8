"""Dumps and statistics that are too large for one message come in pages."""

from __future__ import annotations

import pytest
from tests.integration.node_agent.conftest import Run
from tests.integration.node_agent.crowd import crowd, in_pages
from tests.support.nats_server import NatsServer

from tureen.contract.errors import NotFound, TooLarge
from tureen.contract.paging import merge

CONSUMERS = 3000
LIMIT = 300_000


async def test_a_large_dump_comes_in_pages(run_node: Run, nats_server: NatsServer) -> None:
    """Whole it is TooLarge, which says what to do; its pages together are the dump, of one moment."""
    nats_server.reload(f"max_payload: {LIMIT}")
    node = await run_node(hard_limit=100)
    many = await crowd(node, CONSUMERS)
    router, receiver = many.router, many.receiver
    with pytest.raises(TooLarge, match="page first") as refused:
        await node.ask("router.dump", routerId=router)
    assert refused.value.details["limit"] == LIMIT
    pages = await in_pages(node, "router.dump", routerId=router)
    assert [page["pages"] for page in pages] == [len(pages)] * len(pages)
    assert len(pages) > 1
    dump = merge(page["dump"] for page in pages)
    ((holder, consumers),) = [(entry["key"], entry["values"]) for entry in dump["mapProducerIdConsumerIds"]]
    assert holder == many.producer
    assert len(set(consumers)) == len(consumers) == CONSUMERS
    assert {entry["key"] for entry in dump["mapConsumerIdProducerId"]} == set(consumers)
    assert set(dump["transportIds"]) == {many.sender, receiver}
    worker = node.agent.state.objects.routers.get(router, "default").router
    assert dump.keys() == (await worker.dump()).keys()
    (whole,) = await in_pages(node, "transport.getStats", transportId=receiver)
    assert whole.keys() == (await node.ask("transport.getStats", transportId=receiver)).keys() | {"pages"}


async def test_a_page_is_for_who_asked(run_node: Run) -> None:
    """A page that is not there, or not there any more, is told to be begun anew; what fits has one page."""
    node = await run_node()
    router = (await node.router())["id"]
    (page,) = await in_pages(node, "router.dump", routerId=router)
    assert page == {**await node.ask("router.dump", routerId=router), "pages": 1}
    with pytest.raises(NotFound, match="begin with page first"):
        await node.ask("router.dump", routerId=router, page="another_1")
    with pytest.raises(NotFound):
        await node.ask("router.dump", "acme", routerId=router, page="first")
