"""What the ASGI application makes of Streamlit's answers: HTML with something to read, and gzip."""

import asyncio
import gzip
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from dashboard import server
from dashboard.compression import Compressed

HTML = b"<html><head></head><body><div id='root'></div></body></html>"
SCRIPT = b"const one = 1;\n" * 1000


@dataclass
class Site:
    """Streamlit's part: a script, nothing, or a page at any other path; and the paths asked for."""

    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        kind, body = (b"text/javascript", SCRIPT) if "." in path else (b"text/html", HTML)
        headers = [(b"content-type", kind), (b"etag", b"x"), (b"content-length", b"%d" % len(body))]
        status = 404 if "missing" in path else 200
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


@dataclass
class Client:
    """Asks the site through both middlewares."""

    site: Site

    def __post_init__(self) -> None:
        heads = {page: server.early_tags(folder) for page, folder in server.PAGES.items()}
        self.app = Compressed(server.EarlyHtml(self.site, heads, "<p>starting</p>"))

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer."""
        asked = {"accept-encoding": "gzip, br"} | headers
        encoded = [(name.encode(), value.encode()) for name, value in asked.items()]
        scope = {"type": "http", "method": "GET", "path": path, "headers": encoded}
        messages: list[Message] = []

        async def receive() -> Any:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            messages.append(message)

        asyncio.run(self.app(scope, receive, send))
        got = {name.decode(): value.decode() for name, value in messages[0]["headers"]}
        body = b"".join(one["body"] for one in messages[1:])
        assert int(got["content-length"]) == len(body)
        return messages[0]["status"], got, body


@pytest.fixture
def client() -> Client:
    """A client of a new site."""
    return Client(Site())


def test_a_script_is_compressed_once(client: Client) -> None:
    for _ in range(2):
        status, headers, body = client.get("/static/js/one.js")
        assert (status, gzip.decompress(body)) == (200, SCRIPT)
        assert (headers["content-encoding"], headers["vary"]) == ("gzip", "accept-encoding")
        assert len(body) < len(SCRIPT) / 20
        assert "etag" not in headers
    assert client.site.asked == ["/static/js/one.js"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/static/js/one.js", {"accept-encoding": "identity"}),
        ("/static/js/one.js", {"range": "bytes=0-9"}),
        ("/static/js/missing.js", {}),
        ("/static/font.woff2", {}),
        ("/app/static/core/plane.js", {}),
    ],
)
def test_what_is_sent_as_it_is(client: Client, path: str, headers: dict[str, str]) -> None:
    for _ in range(2):
        status, got, body = client.get(path, **headers)
        assert status == (404 if "missing" in path else 200)
        assert "content-encoding" not in got
        assert body == SCRIPT
    assert client.site.asked == [path, path]


@pytest.mark.parametrize("page", list(server.PAGES))
def test_a_page_has_something_to_read_and_knows_where_the_server_is(
    client: Client, page: str
) -> None:
    _, headers, body = client.get(f"/base/{page}")
    html = body.decode()
    assert html.endswith("<p>starting</p></body></html>")
    assert "BACKEND_BASE_URL" in html.partition("</head>")[0]
    assert "etag" not in headers
    modules = re.findall(r"modulepreload\" href=\"\./app/(.+?)\"", html)
    assert bool(modules) == (page in ("", "read", "compare"))
    assert all((server.STATIC.parent / one).is_file() for one in modules)


def test_what_is_read_while_the_page_loads_goes_when_there_is_something_else() -> None:
    text = server.STARTING.read_text(encoding="utf-8")
    assert 'role="status"' in text
    assert "loading" in text
    for drawn in (".stMarkdown", ".latent-map", ".stException"):
        assert drawn in text.partition("</style>")[0]
