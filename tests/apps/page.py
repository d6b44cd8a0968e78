"""A small SMART app, served from an origin of its own; what it is made with is the npm package fhirclient, as its users do it."""

import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Thread

from tests.npm import Package, packed

FOLDER = Path(__file__).parent / "app"
LEFT_OUT = "NO SMART APP IN A BROWSER"
FHIRCLIENT = Package(
    name="fhirclient",
    version="2.6.3",
    sha256="e78e721b55faaea51a660e442c3d107081d3ab89e3f69ab428cbe6cddc32ea3c",
    named="FHIRCLIENT_PACKAGE",
    mark=LEFT_OUT,
    lost="no SMART app signed in",
)
SCRIPT = "package/build/fhir-client.pure.min.js"


def script(folder: Path) -> bytes:
    """The library as a page loads it. Skips the test, loudly, where it cannot be had."""
    with tarfile.open(fileobj=BytesIO(packed(FHIRCLIENT, folder))) as archive:
        file = archive.extractfile(SCRIPT)
        assert file is not None
        return file.read()


class App(ThreadingHTTPServer):
    """The app's own web server, on a free port."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Page)
        self.files: dict[str, tuple[str, bytes]] = {
            f"/{path.name}": ("text/html; charset=utf-8", path.read_bytes()) for path in FOLDER.glob("*.html")
        }

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add_script(self, library: bytes) -> None:
        self.files["/fhir-client.js"] = ("text/javascript", library)


class _Page(BaseHTTPRequestHandler):
    server: App

    def do_GET(self) -> None:
        kind, body = self.server.files.get(self.path.partition("?")[0], ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind or "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def serving_app() -> Iterator[App]:
    """The app at its origin, until the block ends."""
    with App() as app:
        thread = Thread(target=app.serve_forever)
        thread.start()
        try:
            yield app
        finally:
            app.shutdown()
            thread.join()
