"""The dashboard as an ASGI application: Streamlit's, with the first page prepared.

`streamlit run dashboard/server.py`, or `regvae dashboard`. (`streamlit run dashboard/app.py` serves
the same pages; the first map then takes longer.)
"""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import streamlit as st
from starlette.formparsers import MultiPartParser
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.compression import Compressed, answer, with_body

STATIC = Path(__file__).with_name("static")
STARTING = STATIC / "starting.html"
"""What is read until Streamlit has drawn the page."""
# Starlette puts uploads over 1 MB into a temporary file; people's codes stay off the disk.
MultiPartParser.spool_max_size = 32 * 1024**2  # above `maxUploadSize`
PAGES = {
    "": "latent_map",
    "read": "latent_map",
    "compare": "comparison",
    "train": None,
    "report": None,
    "figures": None,
}
"""The pages by the end of their address; of those with maps the folder of their component."""

# Streamlit else asks beneath the page's own address first, and waits for a 404.
ROOT = """<script>
  window.__streamlit = { BACKEND_BASE_URL: new URL("./", location.href).href };
</script>"""


def early_tags(component: str | None) -> str:
    """HTML for the head: where the server is, and a component's modules.

    Modules load while Streamlit starts; else they are requested one after the other, once Streamlit
    has drawn the page.
    """
    folders = ("core", "shared", component) if component else ()
    modules = sorted(
        path.relative_to(STATIC) for folder in folders for path in (STATIC / folder).glob("*.js")
    )
    links = [f'<link rel="modulepreload" href="./app/static/{path}">' for path in modules]
    return "".join([ROOT, *links])


class EarlyHtml:
    """Puts what can be done and read before Streamlit starts into the HTML of the pages."""

    def __init__(self, app: ASGIApp, heads: Mapping[str, str], body: str) -> None:
        self.app, self.heads, self.body = app, heads, body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        page = scope.get("path", "").rpartition("/")[2]
        if scope["type"] != "http" or scope["method"] != "GET" or page not in self.heads:
            await self.app(scope, receive, send)
            return
        # Uncompressed, so that something can be put in.
        headers = [one for one in scope["headers"] if one[0].lower() != b"accept-encoding"]
        messages = await answer(self.app, {**scope, "headers": headers}, receive)
        for message in with_html(messages, self.heads[page], self.body):
            await send(message)


def with_html(messages: list[Message], head: str, body: str) -> list[Message]:
    """A response with HTML at the end of its head and of its body, if it is HTML."""
    headers = dict(messages[0].get("headers", []))
    if not headers.get(b"content-type", b"").startswith(b"text/html"):
        return messages
    page = b"".join(message.get("body", b"") for message in messages[1:])
    for end, added in ((b"</head>", head), (b"</body>", body)):
        page = page.replace(end, added.encode() + end, 1)
    return with_body(messages[0], page)


@asynccontextmanager
async def prepared(_: Any) -> AsyncIterator[None]:
    """Prepare the first page before the port opens."""
    # Streamlit warns that its caches are used outside a session, which is meant here.
    logging.disable(logging.WARNING)
    from dashboard.prepare import prepare

    with suppress(ValueError, OSError):  # the page tells what is wrong with a model or a folder
        prepare()
    logging.disable(logging.NOTSET)
    yield


app = st.App(
    "app.py",
    lifespan=prepared,
    middleware=[
        Middleware(Compressed),
        Middleware(
            EarlyHtml,
            heads={page: early_tags(component) for page, component in PAGES.items()},
            body=STARTING.read_text(encoding="utf-8"),
        ),
    ],
)
