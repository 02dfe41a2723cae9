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
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

STATIC = Path(__file__).with_name("static")
MAPS = {"": "latent_map", "read": "latent_map", "compare": "comparison"}
"""The pages with maps, by the end of their address, and the folder of their component."""


def early_tags(component: str) -> bytes:
    """HTML that loads a component's modules while Streamlit starts.

    Without it they are requested one after the other, once Streamlit has drawn the page.
    """
    modules = sorted(
        path.relative_to(STATIC)
        for folder in ("core", "shared", component)
        for path in (STATIC / folder).glob("*.js")
    )
    links = [f'<link rel="modulepreload" href="./app/static/{path}">' for path in modules]
    return "".join(links).encode()


class EarlyModules:
    """Puts `early_tags` into the HTML of the pages with maps."""

    def __init__(self, app: ASGIApp, tags: Mapping[str, bytes]) -> None:
        self.app, self.tags = app, tags

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        page = scope.get("path", "").rpartition("/")[2]
        if scope["type"] != "http" or scope["method"] != "GET" or page not in self.tags:
            await self.app(scope, receive, send)
            return
        # Uncompressed, so that something can be put in.
        headers = [one for one in scope["headers"] if one[0].lower() != b"accept-encoding"]
        messages: list[Message] = []

        async def collect(message: Message) -> None:
            messages.append(message)

        await self.app({**scope, "headers": headers}, receive, collect)
        for message in with_tags(messages, self.tags[page]):
            await send(message)


def with_tags(messages: list[Message], tags: bytes) -> list[Message]:
    """A response with tags at the end of the head, if it is HTML."""
    start = messages[0]
    headers = dict(start.get("headers", []))
    if not headers.get(b"content-type", b"").startswith(b"text/html"):
        return messages
    body = b"".join(message.get("body", b"") for message in messages[1:])
    body = body.replace(b"</head>", tags + b"</head>", 1)
    headers[b"content-length"] = str(len(body)).encode()
    for name in (b"etag", b"last-modified"):  # of the page without the tags
        headers.pop(name, None)
    return [
        {**start, "headers": list(headers.items())},
        {"type": "http.response.body", "body": body},
    ]


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
        Middleware(
            EarlyModules, tags={page: early_tags(component) for page, component in MAPS.items()}
        )
    ],
)
