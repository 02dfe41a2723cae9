"""The first visit over a slow line: until something can be read, and until the map is drawn.

`python -m tests.benchmarks.slow_line` prints both, the bytes until then, and what was downloaded.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from playwright.sync_api import Browser, Page

from tests import server
from tests.benchmarks.figure import Figure
from tests.browser.pages import LOADING, READY
from tests.drive import chromium

LINE = {
    "offline": False,
    "latency": 150,  # ms
    "downloadThroughput": 1.6e6 / 8,  # bytes/s
    "uploadThroughput": 0.75e6 / 8,
}
RUNS = 3
TEXT_WITHIN, MAP_WITHIN = 3, 20  # s
SIZE = {"width": 1280, "height": 800}
TEXT = "document.body?.innerText.trim().length > 20"


def slow_line(running: Browser) -> list[Figure]:
    """Median times of first visits, each with an empty cache."""
    with server.serve() as url:
        visits = [visit(running, url)[:2] for _ in range(RUNS)]
    named = zip(
        ("text that can be read", "a drawn map"),
        zip(*visits, strict=True),
        (TEXT_WITHIN, MAP_WITHIN),
        strict=True,
    )
    return [
        Figure(
            f"navigation to {what}: 1.6 Mbit/s, 150 ms, first visit",
            median(times),
            "s",
            target=f"at most {most} s",
            met=median(times) <= most,
        )
        for what, times, most in named
    ]


def visit(running: Browser, url: str) -> tuple[float, float, dict[str, int]]:
    """Seconds until text and until the map, and the bytes that came of each address."""
    context = running.new_context(viewport=SIZE)  # with an empty cache
    page = context.new_page()
    with counted(page) as came:
        start = time.perf_counter()
        page.goto(url, wait_until="commit", timeout=LOADING)
        page.wait_for_function(TEXT, timeout=LOADING)
        text = time.perf_counter() - start
        page.wait_for_selector(READY, timeout=LOADING)
        drawn = time.perf_counter() - start
    context.close()
    return text, drawn, came


@contextmanager
def counted(page: Page) -> Iterator[dict[str, int]]:
    """A slow line for a page, and the bytes that come over it, by their address."""
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    names: dict[str, str] = {}
    came: dict[str, int] = {}

    def add(event: dict, length: float) -> None:
        name = names.get(event["requestId"], "?")
        came[name] = came.get(name, 0) + int(length)

    line.on(
        "Network.requestWillBeSent", lambda e: names.update({e["requestId"]: e["request"]["url"]})
    )
    line.on("Network.webSocketCreated", lambda e: names.update({e["requestId"]: e["url"]}))
    line.on("Network.loadingFinished", lambda e: add(e, e["encodedDataLength"]))
    line.on(  # in base64, and as large as before it was compressed
        "Network.webSocketFrameReceived",
        lambda e: add(e, len(e["response"]["payloadData"]) * 3 / 4),
    )
    yield came


if __name__ == "__main__":
    with chromium() as browser, server.serve() as address:
        for _ in range(RUNS):
            text, drawn, came = visit(browser, address)
            kilobytes = sum(came.values()) / 1000
            print(f"text {text:.1f} s, map {drawn:.1f} s, {kilobytes:,.0f} kB")
        for name, size in sorted(came.items(), key=lambda one: -one[1])[:20]:
            print(f"{size / 1000:8.0f} kB  {name.removeprefix(address)}")
