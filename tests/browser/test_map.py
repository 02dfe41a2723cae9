"""The latent map in a real browser: point, click, brush, and read what a person reads."""

import itertools
import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from scipy.spatial import cKDTree

from dashboard import state
from dashboard.components.colouring import Colouring
from regvae.formats import UK_REGISTRATION
from regvae.latent.polygon import in_polygon, parse_polygon
from regvae.model.bundle import Bundle
from tests import drive
from tests.browser.pages import DECODE, LOADING, Explorer, Points

shown = UK_REGISTRATION.shown
LASSO = [(-1.4, -0.3), (-0.6, 0.4), (0.2, 0.1), (-0.3, -0.9), (-1.3, -0.8)]


def test_the_page_loads_without_a_jump_and_sends_its_geometry_once(
    page: Page, dashboard: str
) -> None:
    received: list[int] = []
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda frame: received.append(len(frame))),
    )
    page.goto(dashboard)
    page.wait_for_selector(".latent-map")
    place = page.locator(".picture").bounding_box()
    explorer = Explorer(page, dashboard).wait()
    assert sum(received) > 300_000  # 12,000 records and the decoder's weights
    explorer.settle()
    received.clear()
    explorer.pin(1.0, 1.0)
    explorer.search("ab12cde")
    assert sum(received) < 100_000
    assert page.locator(".picture").bounding_box() == place
    outside = [url for url in asked if not url.startswith((dashboard, "data:", "blob:"))]
    assert outside == []


def test_what_is_pointed_at_is_decoded_and_what_is_clicked_is_pinned(
    explorer: Explorer, bundle: Bundle
) -> None:
    for x, y in [(0.5, 0.3), (-2.5, 2.5), (2.2, -1.7)]:
        explorer.point(x, y)
        assert_reads(explorer, bundle, x, y)
        assert_labelled(explorer, x, y)
    for part in (explorer.plate, explorer.where):  # to those who do not see it too
        live = part.evaluate("(element) => element.closest('[aria-live]')?.className")
        assert live == "reading"

    lonely = int(np.hypot(*bundle.records.mean.T).argmax())  # nothing else is drawn near it
    explorer.point(*bundle.records.mean[lonely].tolist())
    plates = explorer.record.locator(".plate")
    decoded = bundle.autoencoder.decode(bundle.records.mean[[lonely]])[0]
    expect(plates).to_have_text([shown(bundle.records.codes[lonely]), shown(decoded)])
    explorer.point(1.7, 1.3)  # neither a record nor a sample is drawn near it
    expect(plates).to_have_count(0)

    regs = ("ab12 cde", "xy87 zzz", "yk66 biq")
    for reg, press in zip(regs, other_presses(explorer), strict=True):
        press(2.0, 2.0)
        explorer.search(reg)  # Python has handled what came later, and knows of no pinned point
        expect(explorer.coordinates).to_have_value("")
    assert_ellipses(explorer, bundle, "YK66BIQ")

    for x, y in [(1.7, 1.3), (2.0, 2.0), (2.0, 2.0)]:  # the same spot again, too
        z = explorer.pin(x, y)
        np.testing.assert_allclose(z, [x, y], atol=0.02)
        assert_pinned(explorer, bundle, z)
        explorer.clear(state.POINT)

    explorer.picture.plot.focus()
    for _ in range(5):
        explorer.page.keyboard.press("ArrowRight")
    expect(explorer.where).to_have_text(re.compile(r"\(0\.\d+, "))
    explorer.page.keyboard.press("Enter")
    z = explorer.pinned
    assert z[0] > 0
    assert_pinned(explorer, bundle, z)
    x, y = explorer.pin(1.5, 1.0)
    explorer.picture.plot.focus()
    reach = explorer.picture.plot.evaluate("(plot) => plot.map.view.place.reach")
    for key, seen in (("+", 0.8 * reach), ("-", reach), ("+", 0.8 * reach), ("0", reach)):
        explorer.page.keyboard.press(key)
        assert explorer.picture.plot.evaluate(
            "(plot) => plot.map.view.place.reach"
        ) == pytest.approx(seen)
    explorer.page.keyboard.press("ArrowRight")  # from the pinned point
    right = explorer.picture.pixels([[x, y]])[0][0] + 10
    expect(explorer.where).to_have_text(re.compile(r"\(1\.[56]\d+, (0\.9|1\.0)\d+\)"))
    place = [float(number) for number in re.findall(r"-?[\d.]+\d", explorer.where.inner_text())]
    assert explorer.picture.pixels([place])[0][0] == pytest.approx(right, abs=1)


def assert_reads(explorer: Explorer, bundle: Bundle, x: float, y: float) -> None:
    """The strip above the map decodes the point that it names, which is the one pointed at."""
    place = re.search(r"\((-?[\d.]+), (-?[\d.]+)\)", explorer.where.inner_text())
    assert place
    at = np.array([[float(number) for number in place.groups()]])
    np.testing.assert_allclose(at, [[x, y]], atol=0.02)
    # The words are rounded to a thousandth, so the plate is that of some point so near.
    near = at + 0.0005 * np.array(list(itertools.product((-1, 0, 1), repeat=2)))
    assert explorer.plate.inner_text() in map(shown, bundle.autoencoder.decode(near))


def assert_labelled(explorer: Explorer, x: float, y: float) -> None:
    """The same plate is beside a point, in the picture, and does not cover the point."""
    expect(explorer.label).to_have_text(explorer.plate.inner_text())
    box, picture = explorer.label.bounding_box(), explorer.picture.plot.bounding_box()
    assert box
    assert picture
    ((px, py),) = explorer.picture.pixels([[x, y]])
    for side, length, at in (("x", "width", px), ("y", "height", py)):
        assert picture[side] <= box[side]
        assert box[side] + box[length] <= picture[side] + picture[length]
        assert box[side] - 20 < at < box[side] + box[length] + 20
    assert not box["y"] <= py <= box["y"] + box["height"]


def other_presses(explorer: Explorer):
    """Presses on the map that are no clicks: of other buttons, cancelled, of another finger."""

    def synthetic(*events: tuple[str, int]):
        def press(x: float, y: float) -> None:
            ((px, py),) = explorer.picture.pixels([[x, y]])
            for kind, pointer in [("pointerdown", 7), *events]:
                explorer.picture.plot.dispatch_event(
                    kind, {"pointerId": pointer, "button": 0, "clientX": px, "clientY": py}
                )

        return press

    def others(x: float, y: float) -> None:
        for button in ("right", "middle"):
            explorer.picture.click(x, y, button)

    return others, synthetic(("pointercancel", 7), ("pointerup", 7)), synthetic(("pointerup", 8))


def assert_pinned(explorer: Explorer, bundle: Bundle, z: list[float]) -> None:
    """The panel shows what a point decodes to, and the record nearest to it."""
    plate = shown(bundle.autoencoder.decode([z])[0])
    expect(explorer.panel.locator(".plate").first).to_have_text(plate)
    sigmas = (np.array(z) - bundle.records.mean) / bundle.records.sigma
    nearest = bundle.records.codes[np.hypot(*sigmas.T).argmin()]
    expect(explorer.panel).to_contain_text(shown(nearest))
    explorer.expect_address(state.POINT)


def assert_ellipses(explorer: Explorer, bundle: Bundle, reg: str) -> None:
    """The searched reg is drawn with its Gaussian, and shown with its reconstruction."""
    mean, sigma = (values[0] for values in bundle.autoencoder.encode([reg]))
    decoded = bundle.autoencoder.decode(mean[None])[0]
    expect(explorer.panel).to_contain_text(shown(decoded))
    ellipses = "plot.map.marks.parts.filter((one) => one.x.length === 73)"
    explorer.picture.wait_for(
        f"(plot, [x]) => {ellipses}.some((one) => Math.abs(one.x[0] - x) < 1e-4)",
        [float(mean[0] + sigma[0])],
    )
    lines = explorer.picture.plot.evaluate(
        f"(plot) => {ellipses}.map((one) => [Array.from(one.x), Array.from(one.y)])"
    )
    assert len(lines) == 2
    for radius, (x, y) in zip((1, 2), lines, strict=True):
        scaled = (np.column_stack([x, y]) - mean) / sigma
        np.testing.assert_allclose(np.hypot(*scaled.T), radius, rtol=1e-4)


def test_a_lasso_selects_a_region_that_is_counted_and_decoded(
    explorer: Explorer, bundle: Bundle
) -> None:
    explorer.tool("Lasso")
    explorer.picture.drag([*LASSO, LASSO[0]])
    assert_counted(explorer, bundle, LASSO)
    assert_share(explorer, bundle, LASSO)
    assert_counted_by_class(explorer, bundle)
    expect(explorer.coordinates).to_have_value("")  # though it ended where it began

    explorer.button(DECODE).click()
    decoded = explorer.panel.locator(".plates").last.locator(".plate")
    expect(decoded).to_have_count(50)
    explorer.picture.wait_for(
        """(plot) => plot.map.marks.layers.filter((one) => one.symbol === "square")
            .reduce((sum, one) => sum + one.x.length, 0) === 50"""
    )

    explorer.clear(state.REGION)
    explorer.picture.wait_for("(plot) => plot.map.marks.outline === null")
    assert_counted_by_class(explorer, bundle)

    explorer.panel.locator("[data-testid=stExpander]:visible").last.locator("summary").click()
    explorer.enter(state.BOX_CORNERS, "-1, -1, 0, 0.5")
    inside = in_polygon(bundle.records.mean, corners_of((-1, -1), (0, 0.5)))
    explorer.expect_section(state.REGION)
    assert explorer.selected == (inside.sum(), 12_000)
    explorer.picture.expect_selected(int(inside.sum()))
    explorer.picture.plot.focus()
    explorer.page.keyboard.press("Escape")
    explorer.expect_no_section(state.REGION)


def test_a_card_tells_of_a_pin_while_another_tab_is_open(
    explorer: Explorer, bundle: Bundle, page: Page
) -> None:
    explorer.tab("sample")
    lonely = int(np.hypot(*bundle.records.mean.T).argmax())
    mean = bundle.records.mean[lonely].tolist()
    explorer.click(*mean)
    record = shown(bundle.records.codes[lonely])
    decoded = shown(str(bundle.autoencoder.decode([mean])[0]))
    expect(explorer.card).to_contain_text(re.compile(f"{decoded}.*on the record {record}", re.S))
    expect(explorer.card).to_contain_text(
        re.compile(r"(Accepted|Rejected): .* σ, required > 2.50 σ")
    )
    explorer.expect_tab("sample")
    assert_beside(explorer, *mean)

    explorer.picture.plot.focus()
    page.keyboard.press("Escape")  # the card, and with it the pin
    expect(explorer.card).to_be_hidden()
    expect(explorer.coordinates).to_have_value("")

    explorer.click(2.9, 2.9)
    expect(explorer.card).to_contain_text("no record here")
    assert_beside(explorer, 2.9, 2.9)
    explorer.tool("Box")
    explorer.picture.drag([(-1, -1), (0, 0.5)])
    explorer.expect_address(state.REGION)
    explorer.expect_tab("sample")

    explorer.picture.plot.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")  # More in Read
    explorer.expect_section(state.POINT)
    explorer.expect_section(state.REGION)
    expect(explorer.card).to_be_hidden()
    expect(explorer.panel.get_by_role("tab").first).to_be_focused()

    explorer.tab("results")
    explorer.card.get_by_role("button", name="clear the pin").click()
    expect(explorer.card).to_be_hidden()
    expect(explorer.coordinates).to_have_value("")
    explorer.expect_tab("results")


def assert_beside(explorer: Explorer, x: float, y: float) -> None:
    """The card lies in the picture, and not over the point."""
    card, frame = explorer.card.bounding_box(), explorer.picture.plot.bounding_box()
    assert card
    assert frame
    ((px, py),) = explorer.picture.pixels([[x, y]])
    right, bottom = card["x"] + card["width"], card["y"] + card["height"]
    assert frame["x"] < card["x"] < right < frame["x"] + frame["width"]
    assert frame["y"] < card["y"] < bottom < frame["y"] + frame["height"]
    assert not (card["x"] - 8 < px < right + 8 and card["y"] - 8 < py < bottom + 8)


def test_a_region_is_the_same_drawn_after_navigation_and_from_the_address(
    explorer: Explorer, bundle: Bundle, page: Page
) -> None:
    def rows() -> list[int]:
        explorer.picture.expect_selected()
        selected = explorer.picture.selected
        assert selected is not None
        return selected.tolist()

    explorer.tool("Lasso")
    explorer.picture.drag([*LASSO, LASSO[0]])
    explorer.expect_section(state.REGION)
    expect(page).to_have_url(re.compile("[?&]region="))
    polygon = parse_polygon(parse_qs(urlsplit(page.url).query)["region"][0])
    inside = np.flatnonzero(in_polygon(bundle.records.mean, polygon)).tolist()
    count = len(inside)
    explorer.picture.expect_selected(count)
    assert rows() == inside
    assert explorer.selected[0] == count

    explorer.choose(state.COLOUR, UK_REGISTRATION.attributes["number"].label)
    explorer.picture.expect_selected(count)
    address = page.url
    explorer.go("figures")
    expect(page.get_by_test_id("stTable").first).to_be_visible()
    explorer.go("")
    explorer.wait()
    explorer.picture.expect_selected(count)
    assert rows() == inside
    expect(page).to_have_url(re.compile("[?&]region="))

    page.goto(address)  # a new session
    explorer.wait()
    explorer.picture.expect_selected(count)
    assert rows() == inside
    np.testing.assert_allclose(explorer.picture.outline, polygon)
    explorer.clear(state.REGION)
    expect(page).not_to_have_url(re.compile("region="))

    explorer.panel.locator("[data-testid=stExpander]:visible").last.locator("summary").click()
    explorer.enter(state.BOX_CORNERS, "-1, -1, 1, 1")
    inside = np.flatnonzero(in_polygon(bundle.records.mean, corners_of((-1, -1), (1, 1)))).tolist()
    explorer.picture.expect_selected(len(inside))
    explorer.go("report")
    expect(page.get_by_test_id("stPlotlyChart").first).to_be_visible(timeout=LOADING)
    explorer.go("")
    explorer.wait()
    explorer.tool("Box")
    for attribute in ("area", "number"):
        explorer.choose(state.COLOUR, UK_REGISTRATION.attributes[attribute].label)
        expect(explorer.legend.root).to_contain_text(f" of {len(bundle.records):,}")
        assert rows() == inside
        assert explorer.picture.outline is not None

    explorer.open("?region=1,1+2,2")  # no polygon
    expect(explorer.keyed("problems")).to_contain_text("1,1 2,2")


def test_back_and_forward_restore_what_was_left(explorer: Explorer, page: Page) -> None:
    label = UK_REGISTRATION.attributes["area"].label
    explorer.choose(state.COLOUR, label)
    explorer.pin(1.0, 1.0)
    pinned = explorer.coordinates.input_value()
    for key in (state.COLOUR, state.POINT):
        explorer.expect_address(key)  # else Back would not have it
    assert page.title() == "Explore · regvae"
    explorer.go("figures")
    expect(page).to_have_title("Against the notebook · regvae")
    expect(page).to_have_url(re.compile("figures$"))  # after its title: Back would miss a page
    page.go_back()
    explorer.wait()
    expect(explorer.coordinates).to_have_value(pinned)
    explorer.expect_address(state.MODEL)
    colour = explorer.keyed(state.COLOUR).get_by_role("combobox")
    expect(colour).to_have_value(label)
    explorer.expect_address(state.POINT)
    explorer.expect_confirmed()
    page.go_forward()
    expect(page).to_have_title("Against the notebook · regvae")
    expect(page).to_have_url(re.compile("figures$"))
    explorer.go("")
    explorer.wait()
    expect(explorer.coordinates).to_have_value(pinned)
    expect(colour).to_have_value(label)


def test_two_gestures_at_once_are_both_kept(explorer: Explorer, page: Page) -> None:
    for value, zone in ((1.5, True), (2.25, False), (1.75, True)):
        explorer.slider("threshold").evaluate(
            """(input, value) => {
                input.value = value;
                for (const kind of ["input", "change"]) input.dispatchEvent(new Event(kind));
                document.querySelector(".layers [data-layer=zone]").click();
            }""",
            value,
        )
        explorer.expect_address("threshold", value)
        hidden = re.compile("hidden=zone")
        (expect(page).to_have_url if zone else expect(page).not_to_have_url)(hidden)
        assert explorer.value("threshold") == value


def test_back_to_an_address_without_values_shows_explore(explorer: Explorer, page: Page) -> None:
    page.goto(explorer.url)  # no value, as a person types it
    explorer.wait()
    explorer.pin(1.0, 1.0)
    explorer.expect_address(state.POINT)
    page.go_back()
    expect(page).to_have_url(re.compile("/$"))
    explorer.wait()
    explorer.expect_confirmed()
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_box_and_the_zoom_outlast_everything_else_that_is_done(
    explorer: Explorer, bundle: Bundle
) -> None:
    picture = explorer.picture
    picture.point(0, 0)
    explorer.page.mouse.wheel(0, -400)
    picture.wait_for("(plot) => plot.map.view.high.y < 2.9")
    explorer.tool("Box")
    picture.drag([(-1, -1), (0.5, 0.2)])
    assert_counted(explorer, bundle, corners_of((-1, -1), (0.5, 0.2)))
    assert_share(explorer, bundle, corners_of((-1, -1), (0.5, 0.2)))
    state_of = """({map: {view, marks, records}}) => [
        ...Object.values(view.place), marks.outline.length,
        records.selected.reduce((a, b) => a + b)]"""
    before = picture.plot.evaluate(state_of)
    assert before[3] == 4
    picture.point(-0.5, -0.5)  # over the region too
    explorer.page.mouse.wheel(0, 200)
    picture.wait_for("(plot, reach) => plot.map.view.place.reach > reach", before[2])
    explorer.page.mouse.wheel(0, -200)
    picture.wait_for("(plot, reach) => plot.map.view.place.reach <= 1.0001 * reach", before[2])
    before = pytest.approx(before)
    explorer.pin(-1.0, 0.8)
    explorer.search("ab12 cde")
    assert picture.plot.evaluate(state_of) == before

    first, _ = explorer.selected
    explorer.page.keyboard.down("Shift")
    picture.drag([(0.3, 0.3), (1.2, 1.2)])
    explorer.page.keyboard.up("Shift")
    expect(explorer.heading(state.REGION).filter(has_text=f"{first:,} ")).to_have_count(0)
    assert_counted(explorer, bundle, corners_of((0.3, 0.3), (1.2, 1.2)))  # it replaces the other

    explorer.go("figures")
    expect(explorer.page.get_by_test_id("stTable").first).to_be_visible()
    explorer.go("")
    explorer.wait()
    for section in (state.POINT, state.SEARCH, state.REGION):
        explorer.expect_section(section)
    picture.expect_selected()


def corners_of(low: tuple[float, float], high: tuple[float, float]) -> Points:
    """The corners of a box."""
    (x1, y1), (x2, y2) = low, high
    return [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]


def assert_counted(explorer: Explorer, bundle: Bundle, polygon: Points) -> None:
    """The panel counts the records in a region."""
    count, total = explorer.selected
    # A pixel is some hundredths of the map: records on the border may fall either way.
    assert count == pytest.approx(in_polygon(bundle.records.mean, polygon).sum(), rel=0.03)
    assert total == 12_000


def assert_share(explorer: Explorer, bundle: Bundle, polygon: Points) -> None:
    """And those of them with a number of 50 or more."""
    inside = in_polygon(bundle.records.mean, polygon)
    percentage = re.compile(r"\(([\d.]+)%\)")
    expect(explorer.panel).to_contain_text(percentage)  # it stands below the count
    share = percentage.search(explorer.panel.inner_text())
    assert share
    expected = 100 * bundle.records.attribute("at_least_50")[inside].mean()
    assert float(share.group(1)) == pytest.approx(expected, abs=3)


def assert_counted_by_class(explorer: Explorer, bundle: Bundle) -> None:
    """The legend counts the records of each class, and of these the selected ones, if any are."""
    above = bundle.records.attribute("at_least_50").astype(bool)
    selected = explorer.picture.selected
    for place, rows in enumerate((~above, above)):
        told = f"{rows.sum():,}"
        if selected is not None:
            told = f"{rows[selected].sum():,} of {told}"
        expect(explorer.legend.chips.nth(place).locator("small")).to_have_text(told)


def test_every_attribute_colours_the_map_and_a_class_can_be_dimmed_or_kept_alone(
    explorer: Explorer, bundle: Bundle
) -> None:
    picture, legend = explorer.picture, explorer.legend
    mean = bundle.records.mean.astype(float)
    away = cKDTree(mean).query(mean, k=2)[0][:, 1]
    row = int(np.where(np.abs(mean).max(axis=1) < 2.9, away, 0).argmax())  # nothing is near it
    chip = legend.chips.nth(int(bundle.records.attribute("at_least_50")[row]))
    colour = [int(picture.colours[row][0][at : at + 2], 16) for at in (1, 3, 5)]
    *painted, bright = picture.painted([mean[row]], "records")[0]
    np.testing.assert_allclose(painted, colour, atol=2)
    chip.click()
    assert 0 < picture.painted([mean[row]], "records")[0, 3] < bright / 5  # dimmed, not hidden
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    assert picture.painted([mean[row]], "records")[0, 3] == bright

    for name, attribute in UK_REGISTRATION.attributes.items():
        explorer.choose(state.COLOUR, attribute.label)
        if Colouring.of(attribute, bundle.records.codes).is_scale:
            expect(legend.root).to_contain_text(re.compile(f"^{attribute.label}: .*12,000"))
            expect(legend.scale).to_be_visible()
            continue
        expect(legend.chips).to_have_count(len(set(bundle.records.attribute(name))))
        counts = [
            int(one.replace(",", "")) for one in legend.root.locator("small").all_inner_texts()
        ]
        assert sum(counts) == len(bundle.records)
        if name == "area":
            for alone in (3, None):
                legend.chips.nth(3).dblclick()
                legend.expect_alone(alone)


def test_a_finger_taps_where_it_is_in_the_dark(chromium: Browser, dashboard: str) -> None:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 800}, has_touch=True, color_scheme="dark"
    )
    with drive.watched(context) as page:
        explorer = Explorer(page, dashboard).open()
        numbers = page.locator(".axes text").first
        colour = numbers.evaluate("(text) => getComputedStyle(text).fill")
        assert min(map(int, re.findall(r"\d+", colour))) > 150
        for place in [(-2.5, 2.0), (2.0, -2.5)]:
            before = explorer.coordinates.input_value()
            finger = page.context.new_cdp_session(page)
            px, py = explorer.picture.pixels([place])[0]
            touched = {"type": "touchStart", "touchPoints": [{"x": px, "y": py}]}
            finger.send("Input.dispatchTouchEvent", touched)
            box = explorer.label.bounding_box()
            assert box
            assert box["y"] + box["height"] < py - 30  # above the finger
            lifted = {"type": "touchEnd", "touchPoints": []}
            finger.send("Input.dispatchTouchEvent", lifted)
            expect(explorer.label).to_be_hidden()
            expect(explorer.coordinates).not_to_have_value(before)
            np.testing.assert_allclose(explorer.pinned, place, atol=0.02)
    context.close()
