"""How a service listens for HTTP and WebSockets: uvicorn, run inside the service's own loop."""

from __future__ import annotations

from tureen.http.server import HttpServer, listen

__all__ = ["HttpServer", "listen"]
