"""The tour: text and map move together, and its links and Copy link show the same elsewhere."""

import re
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, expect

import regvae
from dashboard import state
from dashboard.panels import tour
from dashboard.words import explore as words
from dashboard.words import tour as tour_words
from regvae.formats import UK_REGISTRATION
from tests import drive
from tests.browser.pages import LOADING, Explorer

OPEN = re.compile(tour_words.OPEN)
SHOWN = """({map}) => ({
    first: [map.x[0], map.y[0]],
    colour: map.attribute.name,
    painted: Boolean(map.overlay.painted),
    hidden: [...map.overlay.hidden].sort(),
    outline: map.marks.outline,
    marks: map.marks.own.map(({x, y, symbol}) => [x[0], y[0], symbol ?? "line"]),
    accepted: document.querySelector("[data-figure=accepted]").textContent,
    values: [...document.querySelectorAll(".scrub-row input")].map((one) => Number(one.value)),
})"""
"""What a map shows, as JSON."""


class Guide(Explorer):
    """The tour."""

    def start(self, step: int = 1) -> "Guide":
        self.page.goto(f"{self.url}/read?step={step}")
        self.wait()
        self.settle()
        return self

    def expect_step(self, step: int) -> None:
        """Wait for the text of a step with its link, the address, and its map."""
        name = tour.NAMES[step - 1]
        heading = self.page.get_by_role("heading", name=tour_words.STEPS[name][0])
        expect(heading).to_be_visible()
        if step > 1:  # which is the default
            self.expect_address(state.STEP, step)
        values = {**state.DEFAULTS, **tour.STEPS[name]}
        first = regvae.load(values[state.MODEL]).records.mean[0].tolist()
        threshold = values["threshold"] if values[state.RULE] == "one-sided" else values["margin"]
        given = [first, values[state.COLOUR], values[state.PAINT], threshold, step < 3]
        self.picture.wait_for(
            f"""(plot, [first, colour, painted, threshold, pinned]) => {{
                const shown = ({SHOWN})(plot);
                return Math.hypot(shown.first[0] - first[0], shown.first[1] - first[1]) < 1e-6
                    && shown.colour === colour && shown.painted === painted
                    && shown.values[0] === threshold
                    && shown.marks.some(([,, symbol]) => symbol === "circle") === pinned;
            }}""",
            given,
        )
        self.settle()  # the link is below the text

    @property
    def shown(self) -> Any:
        return self.picture.plot.evaluate(SHOWN)

    @property
    def link(self) -> str:
        return self.page.get_by_role("link", name=OPEN).get_attribute("href") or ""


def shown_elsewhere(chromium: Browser, address: str) -> Any:
    """What the map of an address shows to somebody else."""
    context = chromium.new_context(viewport={"width": 1280, "height": 800})
    with drive.watched(context) as page:
        page.goto(address)
        guide = Guide(page, address).wait()
        guide.expect_confirmed()
        shown = guide.shown
    context.close()
    return shown


def test_text_and_map_move_together_and_a_step_opens_in_explore(
    page: Page, dashboard: str, chromium: Browser
) -> None:
    explorer = Explorer(page, dashboard).open("?threshold=4&colour=area&point=1,1")
    explorer.go("read")
    guide = Guide(page, dashboard)
    guide.wait()
    seen = {}
    for step in range(1, len(tour.NAMES) + 1):
        guide.expect_step(step)
        if step in (1, 3, 6, 7, 10):
            seen[step] = guide.link, guide.shown
        if step < len(tour.NAMES):
            guide.button(tour_words.NEXT).click()
    expect(guide.button(tour_words.NEXT)).to_be_disabled()
    for link, shown in seen.values():
        assert shown_elsewhere(chromium, f"{dashboard}/{link.lstrip('/')}") == shown

    page.go_back()
    guide.expect_step(9)
    guide.button(re.compile("^7. ")).click()
    guide.expect_step(7)
    guide.slider("threshold").press("ArrowRight")
    assert guide.shown["values"] == [0.31]
    guide.expect_confirmed()
    guide.go("")  # what was left there, whatever the tour has shown
    expect(guide.slider("threshold")).to_have_value("4", timeout=LOADING)
    explorer.go("read")
    expect(guide.slider("threshold")).to_have_value("0.31", timeout=LOADING)
    expected = {**seen[7][1], "accepted": guide.figure("accepted"), "values": [0.31]}
    page.get_by_role("link", name=OPEN).click()
    expect(page).not_to_have_url(re.compile("/read"))
    explorer.wait()
    expect(explorer.keyed(state.SEARCH)).to_be_visible()
    explorer.wait()
    explorer.expect_confirmed()
    assert guide.shown == expected


def test_on_a_phone_the_map_stays_in_the_upper_half(chromium: Browser, dashboard: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    with drive.watched(context) as page:
        guide = Guide(page, dashboard).start(7)
        page.get_by_text(tour_words.ALL_STEPS).scroll_into_view_if_needed()
        page.locator(".st-key-step-10").scroll_into_view_if_needed()
        box = page.locator(".st-key-tour .latent-map").bounding_box()
        assert box
        assert 0 <= box["y"] < 70
        assert box["height"] <= 422
        picture = guide.picture.plot.bounding_box()
        assert picture
        assert picture["height"] > 220
        before = guide.figure("accepted")
        slider = guide.slider("threshold").bounding_box()
        assert slider
        page.touchscreen.tap(slider["x"] + slider["width"] / 2, slider["y"] + 10)
        expect(page.locator("[data-figure=accepted]")).not_to_have_text(before)
        assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    context.close()


def test_a_copied_link_shows_the_same_to_somebody_else(chromium: Browser, dashboard: str) -> None:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, permissions=["clipboard-read", "clipboard-write"]
    )
    with drive.watched(context) as page:
        page.goto(dashboard)
        guide = Guide(page, dashboard).wait()
        guide.choose(state.COLOUR, UK_REGISTRATION.attributes["tens"].label)
        guide.picture.wait_for("({map}) => map.attribute.name === 'tens'")
        guide.pin(1.0, 1.0)
        guide.tool("Box")
        guide.picture.drag([(-1, -1), (0.5, 0.2)])
        guide.expect_section(state.REGION)
        for layer, key in (("zone", state.HIDDEN), ("colours", state.PAINT)):
            guide.layer(layer).click()
            guide.expect_address(key)
        guide.slider("threshold").press("ArrowRight")
        guide.expect_confirmed()
        for key in (state.REGION, state.HIDDEN, state.PAINT, "threshold", state.POINT):
            guide.expect_address(key)
        assert "model=" not in page.url  # it is the default, and may be another tomorrow
        guide.button("Copy link").click()
        expect(page.locator(".copied")).to_have_text("Copied")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert f"model={state.DEFAULTS[state.MODEL]}" in copied
        here = guide.shown
    there = shown_elsewhere(chromium, copied)
    assert (here["values"], here["hidden"]) == ([2.51], ["colours", "density", "edge", "zone"])
    np.testing.assert_allclose(there.pop("outline"), here.pop("outline"), rtol=1e-5)
    assert there == here
    context.close()


def test_a_link_that_leaves_something_out_says_so(page: Page, dashboard: str) -> None:
    explorer = Explorer(page, dashboard).open(f"?tab={words.SAMPLE_TAB}")
    page.evaluate(
        "() => { navigator.clipboard.writeText = async (text) => (window.copied = text); }"
    )
    page.get_by_text("More: a list of regs").click()
    explorer.enter(state.LISTED, "AB12 CDE")
    explorer.keyed(state.LISTED).locator("textarea").press("Control+Enter")
    expect(page.locator(".scrub-row .rule")).to_contain_text("AB12CDE")
    explorer.button("Copy link").click()
    expect(page.locator(".copied")).to_have_text("Copied, without the list of regs")
    assert "model=" in page.evaluate("() => window.copied")
