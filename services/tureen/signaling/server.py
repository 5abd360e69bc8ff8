"""The HTTP side: the WebSocket and the page share `/`; beside them the page's files and `/health`."""

from __future__ import annotations

import logging
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from tureen.signaling.admission import Refused, admit
from tureen.signaling.protoo import SUBPROTOCOL
from tureen.signaling.service import SignalingService
from tureen.telemetry import TraceContext, use_trace

log = logging.getLogger(__name__)

SECURITY_HEADERS = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' data:; media-src 'self' blob: mediastream:; object-src 'none'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), microphone=(self), display-capture=(self), geolocation=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
_FOREVER = "public, max-age=31536000, immutable"
_NO_PAGE = (
    "The demo page is not built: run `python -m tureen.signaling.page.build`, then start this service again.\n"
    "The WebSocket at this address works without it.\n"
)


def application(service: SignalingService, page: Path | None) -> ASGIApp:
    """Return the ASGI application.

    Args:
        service: What answers WebSockets.
        page: The folder of the demo page, where it is built.
    """

    async def websocket(socket: WebSocket) -> None:
        with use_trace(TraceContext.new()):
            await _upgrade(service, socket)

    async def index(_request: Request) -> Response:
        if page is None:
            return PlainTextResponse(_NO_PAGE, status_code=503)
        return FileResponse(page / "index.html", headers={"cache-control": "no-cache"})

    async def asset(request: Request) -> Response:
        name = request.path_params["name"]
        file = None if page is None else page / name
        if file is None or file.parent != page or not _is_file(file):
            return PlainTextResponse("Not found\n", status_code=404)
        # The bundler puts a hash of the contents into the names of what may be kept.
        is_hashed = name.count(".") > 1
        return FileResponse(file, headers={"cache-control": _FOREVER if is_hashed else "no-cache"})

    async def health(_request: Request) -> Response:
        return JSONResponse(service.health(), status_code=200 if service.is_connected else 503)

    routes = [
        WebSocketRoute("/", websocket),
        Route("/", index),
        Route("/health", health),
        Route("/{name:str}", asset),
    ]
    return _with_headers(Starlette(routes=routes))


async def _upgrade(service: SignalingService, socket: WebSocket) -> None:
    """Admit a browser, or refuse the upgrade with a status and a sentence."""
    settings = service.settings
    decision = admit(
        socket.query_params,
        socket.scope.get("subprotocols", []),
        socket.headers.get("origin"),
        allowed_origins=settings.allowed_origins,
        loopback_origins=settings.allows_loopback_origins,
    )
    if not isinstance(decision, Refused) and service.is_full:
        decision = Refused(503, "this server has as many connections as it takes: try again later")
    if isinstance(decision, Refused):
        log.warning("a WebSocket was refused: %d %s", decision.status, decision.reason)
        await socket.send_denial_response(PlainTextResponse(decision.reason + "\n", status_code=decision.status))
        return
    await socket.accept(subprotocol=SUBPROTOCOL)
    await service.attend(socket, decision.room_id, decision.peer_id)


def _is_file(path: Path) -> bool:
    """Tell whether there is a file; a name that no file can have, for its length, is not there either."""
    try:
        return path.is_file()
    except OSError:
        return False


def _with_headers(app: ASGIApp) -> ASGIApp:
    extra = [(name.encode(), value.encode()) for name, value in SECURITY_HEADERS.items()]

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *extra]
            await send(message)

        await app(scope, receive, send_with_headers if scope["type"] == "http" else send)

    return wrapped
