"""A stand-in for mediasoup's release page, and for its npm package, around the real worker binary."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tureen.bundle import locate

Respond = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class ReleasePage:
    """A local HTTP server that answers every GET as its test says, and remembers the paths."""

    url: str = ""
    paths: list[str] = field(default_factory=list)
    respond: Respond = lambda request: request.send_error(404)

    def serve(self, body: bytes, *, announced: int | None = None) -> None:
        """Answer with `body`; a larger `announced` length makes it a download that breaks off."""

        def respond(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            request.send_header("Content-Length", str(len(body) if announced is None else announced))
            request.end_headers()
            request.wfile.write(body)

        self.respond = respond

    def serve_archive(self, content: bytes, name: str = "mediasoup-worker") -> None:
        """Answer with a gzipped tar that holds `content` as the one file called `name`."""
        self.serve(_pack(content, name))


@pytest.fixture
def release_page() -> Iterator[ReleasePage]:
    """Run the stand-in for mediasoup's release page."""
    page = ReleasePage()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page.paths.append(self.path)
            page.respond(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - The base class's name.
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        page.url = f"http://127.0.0.1:{server.server_port}/releases/download"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield page
        server.shutdown()
        thread.join()


@pytest.fixture(scope="session")
def worker_archive() -> bytes:
    """The real worker, packed as mediasoup packs its prebuilt ones."""
    return _pack(locate().worker.read_bytes(), "mediasoup-worker")


@pytest.fixture(scope="session")
def fetch_package(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, Mapping[str, str]], Path]:
    """Stand in for `npm pack`: a package with the present bundle's schemas and declarations, and no source."""
    present, root = locate(), tmp_path_factory.mktemp("package")
    shutil.copytree(present.schemas, root / "package" / "worker" / "fbs")
    shutil.copytree(present.declarations, root / "package" / "node" / "lib")
    (root / "package" / "LICENSE").write_text("ISC\n")
    packed = root / "mediasoup.tgz"
    with tarfile.open(packed, "w:gz", compresslevel=1) as tar:
        tar.add(root / "package", "package")

    def fetch(folder: Path, environ: Mapping[str, str]) -> Path:
        return Path(shutil.copy(packed, folder))

    return fetch


def _pack(content: bytes, name: str) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz", compresslevel=1) as tar:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return packed.getvalue()
