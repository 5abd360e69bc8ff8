"""The echo server of echo_server.py with its media on a node of a cluster: the worker is another, the rest the same.

    make up                             (in another terminal; it prints the address of NATS)
    NATS_URL=nats://127.0.0.1:37071 .venv/bin/uvicorn examples.remote_echo_server:app --port 3001

Then open http://127.0.0.1:3001, with headphones on. With SCALE=cluster the worker is all the workers of all nodes, and
its router grows with its visitors; with SCALE=node it keeps to one node.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from examples.echo_server import OPUS, ROUTES, VP8
from starlette.applications import Starlette

from tureen.client import connect


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    url = os.environ.get("NATS_URL", "nats://127.0.0.1:4222")
    scale: Any = os.environ.get("SCALE", "worker")
    async with connect(url, scale=scale, lease=30) as mediasoup:
        worker = await mediasoup.create_worker()
        app.state.router = await worker.create_router(media_codecs=[OPUS, VP8])
        yield


app = Starlette(routes=ROUTES, lifespan=lifespan)
