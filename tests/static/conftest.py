"""The browser's own modules on a blank page: no app, no Streamlit."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.components.geometry import Geometry

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

STATIC = Path(__file__).resolve().parents[2] / "dashboard" / "static"


class _Static(SimpleHTTPRequestHandler):
    """The static folder, and an empty page at the root."""

    extensions_map = {".js": "text/javascript"}  # noqa: RUF012 -- the class's own, as it is read

    def do_GET(self) -> None:
        if self.path != "/":
            super().do_GET()
            return
        page = b'<!doctype html><link rel="icon" href="data:,"><body></body>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Blank:
    """A blank page on which modules run."""

    def __init__(self, page: "Page") -> None:
        self.page = page

    def run(self, module: str, body: str, given: Any = None) -> Any:
        """What a function's `body` returns, given the `module` of the folder and `given`."""
        code = f"async (given) => {{ const module = await import('/{module}'); {body} }}"
        return self.page.evaluate(code, given)


@pytest.fixture(scope="session")
def static_url() -> Iterator[str]:
    """URL of a server of the static folder."""
    handler = partial(_Static, directory=str(STATIC))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def blank(chromium: "Browser", static_url: str) -> Iterator[Blank]:
    """A blank page; an error in its JavaScript or console fails the module's last test."""
    from tests import drive

    with drive.watched(chromium) as page:
        page.goto(static_url)
        yield Blank(page)


def decoder_data(geometry: Geometry) -> dict[str, Any]:
    """What the decoder in the browser is built from."""
    return {
        "weights": geometry.weights["weights"].tolist(),
        "layers": geometry.layers,
        "blocks": geometry.blocks,
        "likelihood": geometry.likelihood,
        "format": geometry.format,
    }
