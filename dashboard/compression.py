"""Streamlit's scripts and styles, compressed.

Streamlit sends its own files as they are, 3 MB to a first visit, because it would compress them at
every request.
"""

import asyncio
import gzip

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KINDS = (".js", ".css")
LEVEL = 6  # 9 takes three times as long, for 1 % less


class Compressed:
    """Compresses each of Streamlit's files once, when it is first asked for.

    Their names change with their content, so what was compressed holds until the server ends.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.ready: dict[str, list[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if not may_be_compressed(scope):
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        messages = self.ready.get(path)
        if messages is None:
            messages = await answer(self.app, scope, receive)
            # Streamlit answers a path that does not exist with its page.
            if messages[0]["status"] == 200 and not is_page(messages[0]):
                messages = await asyncio.to_thread(compressed, messages)
                self.ready[path] = messages
        for message in messages:
            await send(message)


def may_be_compressed(scope: Scope) -> bool:
    """Whether a request asks for all of one of Streamlit's files, and takes it compressed."""
    if scope["type"] != "http" or scope["method"] != "GET":
        return False
    headers = dict(scope["headers"])
    path = scope["path"]
    return (
        path.startswith("/static/")
        and path.endswith(KINDS)
        and b"gzip" in headers.get(b"accept-encoding", b"")
        and b"range" not in headers
    )


def is_page(start: Message) -> bool:
    """Whether a response is HTML."""
    return dict(start["headers"]).get(b"content-type", b"").startswith(b"text/html")


async def answer(app: ASGIApp, scope: Scope, receive: Receive) -> list[Message]:
    """All messages with which an application answers a request."""
    messages: list[Message] = []

    async def collect(message: Message) -> None:
        messages.append(message)

    await app(scope, receive, collect)
    return messages


def compressed(messages: list[Message]) -> list[Message]:
    """A response with its body compressed."""
    body = gzip.compress(b"".join(one.get("body", b"") for one in messages[1:]), LEVEL)
    return with_body(messages[0], body, {b"content-encoding": b"gzip", b"vary": b"accept-encoding"})


def with_body(start: Message, body: bytes, more: dict[bytes, bytes] | None = None) -> list[Message]:
    """A response with another body, and some more headers."""
    headers = dict(start["headers"]) | {b"content-length": str(len(body)).encode()} | (more or {})
    for name in (b"etag", b"last-modified"):  # of the other body
        headers.pop(name, None)
    return [
        {**start, "headers": list(headers.items())},
        {"type": "http.response.body", "body": body},
    ]
