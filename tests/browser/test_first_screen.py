"""The first screen, as a newcomer sees it, in windows from a phone to a projector."""

import re

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from dashboard import state
from dashboard.words import explore as words
from regvae.formats import UK_REGISTRATION
from tests import drive
from tests.browser.pages import LOADING, READY, Explorer


def first(page: Page, url: str) -> Explorer:
    """The page at its bare address."""
    page.goto(url)
    page.wait_for_selector(READY, timeout=LOADING)
    return Explorer(page, url)


def test_the_rule_works_on_the_first_map_and_fails_on_the_other(page: Page, dashboard: str) -> None:
    explorer = first(page, dashboard)
    headline = page.locator(".outcome .headline")
    expect(headline).to_have_text(re.compile(r"^All \d+ accepted are wanted\.$"))
    assert explorer.picture.painted([[-2.0, 0.5], [2.9, 0.5]], "under")[:, 3].min() > 0
    figures = page.locator(".figures dt:visible")
    expect(figures).to_have_text(["accepted", "of these wanted"])  # everything else is under More
    page.locator(".outcome summary").click()
    expect(figures).to_have_count(9)

    explorer.button(words.CONTRAST).click()
    expect(headline).to_have_text(re.compile(r"^\d+ of \d+ accepted are unwanted\.$"))
    explorer.button(words.CONTRAST_BACK).click()
    expect(headline).to_have_text(re.compile(r"^All \d+ accepted are wanted\.$"))


def test_layers_are_switched_on_the_map(page: Page, dashboard: str) -> None:
    explorer = first(page, dashboard)
    picture, records = explorer.picture, explorer.picture.records
    inside = records[(np.abs(records) < 2.5).all(axis=1)][:200]

    def drawn(layer: str) -> bool:
        return bool(picture.painted(inside, layer)[:, 3].any())

    assert drawn("under")
    assert drawn("over")
    for layer in ("colours", "zone", "samples", "records"):
        explorer.layer(layer).click()
    expect(picture.frame.locator("canvas.records")).to_be_hidden()
    assert not drawn("under")
    assert not drawn("over")
    explorer.expect_address("painted")
    explorer.layer("records").click()
    expect(picture.frame.locator("canvas.records")).to_be_visible()
    expect(page.locator(".key .dense")).to_be_hidden()
    explorer.layer("density").click()
    picture.wait_for("({map}) => map.overlay.density")
    explorer.expect_address(state.DENSITY)
    expect(page.locator(".key .dense")).to_be_visible()
    middle, edge = picture.painted([[0.5, 0.3], [3.3, 3.3]], "under")[:, 3]
    assert middle > 0 == edge


@pytest.mark.parametrize(
    ("width", "height", "side"),
    [(360, 740, 300), (390, 844, 330), (768, 1024, 560), (1280, 720, 480), (1280, 800, 560)],
)
@pytest.mark.parametrize("colour", ["at_least_50", "area"])
def test_map_and_slider_are_in_the_window(
    chromium: Browser, dashboard: str, width: int, height: int, side: int, colour: str
) -> None:
    context = chromium.new_context(viewport={"width": width, "height": height})
    with drive.watched(context) as page:
        label = UK_REGISTRATION.attributes[colour].label
        explorer = first(page, f"{dashboard}/?{state.COLOUR}={label}")
        box = page.locator(".picture").bounding_box()
        assert box
        assert min(box["width"], box["height"]) >= side
        slider = explorer.slider("threshold").bounding_box()
        assert slider
        assert slider["y"] + slider["height"] <= height
        assert slider["width"] >= 100
        seen = page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
        assert seen, "the page is wider than the window"
    context.close()


def test_a_phone_s_first_screen_has_the_outcome_and_leads_to_what_is_below(
    chromium: Browser, dashboard: str
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    with drive.watched(context) as page:
        explorer = first(page, dashboard)
        below = page.locator(".below")
        for part in (page.locator(".reading-record"), page.locator(".outcome .headline"), below):
            expect(part).to_be_in_viewport(ratio=1)
        expect(explorer.panel.get_by_role("tab").first).not_to_be_in_viewport()
        below.click()
        expect(explorer.panel.get_by_role("tab").first).to_be_in_viewport()
        expect(explorer.panel.get_by_text("Every dot is")).to_be_in_viewport()
    context.close()


def test_a_finger_drags_the_slider_and_pins_on_a_phone(chromium: Browser, dashboard: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    with drive.watched(context) as page:
        explorer = first(page, dashboard)
        before = explorer.figure("accepted")
        box = explorer.slider("threshold").bounding_box()
        assert box
        page.touchscreen.tap(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
        expect(page.locator("[data-figure=accepted]")).not_to_have_text(before)
        page.touchscreen.tap(*explorer.picture.pixels([[1.0, 1.0]])[0])
        explorer.expect_section(state.POINT)

        pinned, address = explorer.pinned, page.url
        ((x, y),) = explorer.picture.pixels([[0.0, 0.0]])
        reach = "(plot) => plot.map.view.place.reach"
        seen = explorer.picture.plot.evaluate(reach)
        fingers = page.context.new_cdp_session(page)
        for kind, apart in (("Start", 20), ("Move", 40), ("Move", 60), ("End", None)):
            both = [(0, -apart), (1, apart)] if apart else []
            points = [{"id": one, "x": x + away, "y": y} for one, away in both]
            fingers.send(
                "Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": points}
            )
        assert 0.2 * seen < explorer.picture.plot.evaluate(reach) < 0.5 * seen
        assert page.evaluate("() => visualViewport.scale") == 1  # the map, not the page
        explorer.expect_confirmed()
        assert (explorer.pinned, page.url) == (pinned, address)
    context.close()


def test_presenting_leaves_map_slider_outcome_and_plates_in_1_6_times_the_size(
    page: Page, dashboard: str
) -> None:
    explorer = first(page, dashboard)
    headline, header = page.locator(".outcome .headline"), page.get_by_test_id("stHeader")
    size = "(element) => parseFloat(getComputedStyle(element).fontSize)"
    before = headline.evaluate(size)
    side = page.locator(".picture").bounding_box()
    page.keyboard.press("p")
    expect(header).to_be_hidden()
    expect(explorer.panel).to_be_hidden()
    assert headline.evaluate(size) == pytest.approx(1.6 * before)
    larger = page.locator(".picture").bounding_box()
    assert side
    assert larger
    assert larger["width"] * larger["height"] > side["width"] * side["height"]
    for part in (".scrub-row", ".outcome .headline", ".scrubber .plate >> nth=0"):
        box = page.locator(part).bounding_box()
        assert box
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 800
    counted = explorer.figure("accepted")
    explorer.slider("threshold").press("ArrowRight")
    expect(page.locator("[data-figure=accepted]")).not_to_have_text(counted)
    page.keyboard.press("Escape")
    expect(header).to_be_visible()
    page.locator(".present").click()
    expect(header).to_be_hidden()
    page.locator(".present").click()
    expect(header).to_be_visible()
    box = explorer.keyed(state.SEARCH).locator("input")
    box.click()
    page.keyboard.type("p")  # a letter, not a key
    expect(header).to_be_visible()
