"""From asking for the page until the map answers, beside an empty Streamlit page, in one run.

`python -m tests.benchmarks.first_map` prints both, for a server that has just started (with a new
browser profile) and for a second visit (the same server and profile, a new session).
"""

import time
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, BrowserContext

from tests import server
from tests.benchmarks.figure import Figure
from tests.browser.pages import READY
from tests.drive import chromium

EMPTY = Path(__file__).with_name("empty_app.py")
RUNS = 5
MOST = 2.5


def first_map(running: Browser) -> list[Figure]:
    """Median times of a first and a second visit."""
    visits: dict[str, list[tuple[float, float]]] = {"map": [], "empty": []}
    for _ in range(RUNS):  # in turn, so that a slower machine slows both
        visits["empty"].append(visit_twice(running, EMPTY, "[data-testid=stText]"))
        visits["map"].append(visit_twice(running, server.APP, READY))
    figures = []
    for place, name in enumerate(("first visit, just-started server", "second visit")):
        ours, empty = (median(pair[place] for pair in visits[what]) for what in ("map", "empty"))
        figures.append(
            Figure(
                f"navigation to interactive map: {name}",
                ours,
                "s",
                empty,
                "an empty Streamlit page",
                f"at most {MOST:g} times the empty page",
                ours <= MOST * empty,
            )
        )
    return figures


def visit_twice(running: Browser, script: Path, ready: str) -> tuple[float, float]:
    """Seconds of a first and of a second visit to a server that has just started."""
    with server.serve(script) as url:
        context = running.new_context(viewport={"width": 1280, "height": 800})
        times = visit(context, url, ready), visit(context, url, ready)
        context.close()
    return times


def visit(context: BrowserContext, url: str, ready: str) -> float:
    """Seconds until a page in a new session is ready."""
    page = context.new_page()
    start = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.wait_for_selector(ready)
    taken = time.perf_counter() - start
    page.close()
    return taken


if __name__ == "__main__":
    with chromium() as browser:
        for figure in first_map(browser):
            print(
                f"{figure.name}: {figure.value:.2f} s, empty {figure.baseline:.2f} s, "
                f"{figure.value / (figure.baseline or 1):.2f} times ({figure.target})"
            )
