"""axe-core finds nothing on any page: contrast, names, what a keyboard can reach."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests import drive
from tests.browser.pages import LOADING, READY

PAGES = {
    "": READY,
    "read": READY,
    "read?step=10": READY,
    "train": ".st-key-job-name",
    "report": "[data-testid=stPlotlyChart]",
    "compare": ".comparison[data-ready='true']",
    "figures": "[data-testid=stTable]",
}
"""Each page by the end of its address, and what is there when it is."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_axe_finds_nothing(chromium: Browser, dashboard: str, scheme: str, width: int) -> None:
    context = chromium.new_context(
        viewport={"width": width, "height": 800},
        color_scheme=scheme,  # type: ignore[arg-type]
    )
    found = []
    with drive.watched(context) as page:
        for name, there in PAGES.items():
            page.goto(f"{dashboard}/{name}")
            page.wait_for_selector(there, timeout=LOADING, state="attached")
            # What a page fades in has its colours late.
            page.wait_for_function("() => !document.querySelector('[data-stale=true]')")
            page.wait_for_timeout(500)
            found += [
                f"{name}: {violation['id']}: {node['html'][:100]}"
                for violation in Axe().run(page).response["violations"]
                for node in violation["nodes"]
            ]
    context.close()
    assert found == []
