"""The latent map in a real browser: point, click, brush, drag, and read what a person reads."""

import itertools
import re

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from regvae.evaluation.notebook import UNWANTED
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.latent.polygon import in_polygon
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from tests.browser import READY, Explorer

LASSO = [(-1.4, -0.3), (-0.6, 0.4), (0.2, 0.1), (-0.3, -0.9), (-1.3, -0.8)]


def test_pointing_anywhere_decodes_there(explorer: Explorer, bundle: Bundle) -> None:
    for x, y in [(0.5, 0.3), (-2.5, 2.5), (2.2, -1.7)]:
        explorer.point(x, y)
        shown = re.search(r"decoded at \((-?[\d.]+), (-?[\d.]+)\)", explorer.reading)
        assert shown, explorer.reading
        at = np.array([[float(number) for number in shown.groups()]])
        np.testing.assert_allclose(at, [[x, y]], atol=0.02)
        # The words are rounded to a thousandth, so the plate is that of some point so near.
        near = at + 0.0005 * np.array(list(itertools.product((-1, 0, 1), repeat=2)))
        assert explorer.plate in map(pretty, bundle.autoencoder.decode(near))


def test_pointing_at_a_record_shows_it_beside_what_comes_back(
    explorer: Explorer, bundle: Bundle
) -> None:
    lonely = int(np.hypot(*bundle.records.mean.T).argmax())  # nothing else is drawn near it
    x, y = (float(number) for number in bundle.records.mean[lonely])
    explorer.point(x, y)
    expect(explorer.page.locator(".reading-record")).to_contain_text("on the record")
    plates = explorer.page.locator(".reading-record .plate").all_inner_texts()
    rebuilt = bundle.autoencoder.decode(bundle.records.mean[lonely : lonely + 1])[0]
    assert plates == [pretty(bundle.records.reg[lonely]), pretty(rebuilt)]
    explorer.point(1.7, 1.3)  # neither a record nor a sample is drawn near it
    expect(explorer.page.locator(".reading-record")).to_contain_text("no record here")


def test_a_click_pins_the_point_and_its_neighbours(explorer: Explorer, bundle: Bundle) -> None:
    explorer.click(1.7, 1.3)
    explorer.expect_heading("Pinned point")
    x, y = explorer.pinned
    np.testing.assert_allclose([x, y], [1.7, 1.3], atol=0.02)
    plate = pretty(bundle.autoencoder.decode(np.array([[x, y]]))[0])
    expect(explorer.panel.locator(".plate").first).to_have_text(plate)
    sigmas = (np.array([x, y]) - bundle.records.mean) / bundle.records.sigma
    nearest = int(np.hypot(*sigmas.T).argmin())
    expect(explorer.panel).to_contain_text(pretty(bundle.records.reg[nearest]))
    assert "point=" in explorer.page.url


def test_the_same_spot_can_be_pinned_again(explorer: Explorer) -> None:
    for _ in range(2):
        explorer.click(2.0, 2.0)
        explorer.expect_heading("Pinned point")
        explorer.panel.get_by_role("button", name="Clear").click()
        expect(explorer.panel.get_by_role("heading", name="Pinned point")).to_have_count(0)


@pytest.mark.parametrize("button", ["right", "middle"])
def test_only_the_main_button_pins(explorer: Explorer, button) -> None:
    explorer.page.mouse.click(*explorer.pixel(2.0, 2.0), button=button)
    assert_nothing_is_pinned(explorer)


@pytest.mark.parametrize(
    "after", [[("pointercancel", 7), ("pointerup", 7)], [("pointerup", 8)]], ids=["ended", "other"]
)
def test_a_press_that_is_cancelled_or_of_another_finger_pins_nothing(
    explorer: Explorer, after: list[tuple[str, int]]
) -> None:
    x, y = explorer.pixel(2.0, 2.0)
    for kind, pointer in [("pointerdown", 7), *after]:
        explorer.page.locator(".picture").dispatch_event(
            kind, {"pointerId": pointer, "button": 0, "clientX": x, "clientY": y}
        )
    assert_nothing_is_pinned(explorer)


def assert_nothing_is_pinned(explorer: Explorer) -> None:
    """Python has handled a gesture that came later, and knows of no pinned point."""
    explorer.page.get_by_label("Find a reg").fill("ab12 cde")
    explorer.page.keyboard.press("Enter")
    explorer.expect_heading("Searched reg")
    assert explorer.page.get_by_label("Go to a point").input_value() == ""


def test_a_lasso_that_ends_where_it_began_pins_nothing(explorer: Explorer) -> None:
    explorer.tool("Lasso")
    explorer.drag([*LASSO, LASSO[0]])
    expect(explorer.panel).to_contain_text("Region: ")
    assert explorer.page.get_by_label("Go to a point").input_value() == ""


def test_escape_clears_a_region_that_was_typed(explorer: Explorer) -> None:
    explorer.panel.get_by_text("Without a mouse").click()
    explorer.panel.get_by_label("Select a box").fill("-1, -1, 0, 0.5")
    explorer.page.keyboard.press("Enter")
    expect(explorer.panel).to_contain_text("Region: ")
    explorer.page.locator(".picture").focus()
    explorer.page.keyboard.press("Escape")
    expect(explorer.panel).not_to_contain_text("Region: ")


def test_a_shift_drag_replaces_the_region(explorer: Explorer) -> None:
    explorer.tool("Box")
    explorer.drag([(-1, -1), (0, 0)])
    expect(explorer.panel).to_contain_text("Region: ")
    first = explorer.panel.get_by_role("heading", name="Region").inner_text()
    explorer.page.keyboard.down("Shift")
    explorer.drag([(0.3, 0.3), (1.2, 1.2)])
    explorer.page.keyboard.up("Shift")
    expect(explorer.panel.get_by_role("heading", name="Region")).not_to_have_text(first)
    explorer.page.wait_for_function(
        "() => document.querySelector('.picture')._fullLayout.selections.length === 1"
    )


def test_arrow_keys_go_on_from_the_pinned_point(explorer: Explorer) -> None:
    explorer.click(1.5, 1.0)
    explorer.expect_heading("Pinned point")
    explorer.page.locator(".picture").focus()
    explorer.page.keyboard.press("ArrowRight")
    expect(explorer.page.locator(".reading-where")).to_have_text(
        re.compile(r"decoded at \(1\.[56]\d+, (0\.9|1\.0)\d+\)")
    )


def test_leaving_the_page_frees_the_map(explorer: Explorer) -> None:
    explorer.page.evaluate("() => { window.left = document.querySelector('.picture'); }")
    explorer.page.get_by_role("link", name="Against the notebook").click()
    expect(explorer.page.get_by_text("Every figure of the notebook")).to_be_visible()
    explorer.page.wait_for_function("() => window.left._fullLayout === undefined")


def test_a_page_that_is_left_while_the_map_loads_draws_nothing(page, dashboard: str) -> None:
    held: list[Route] = []
    page.route("**/plotly.min.js", lambda route: held.append(route))
    page.goto(dashboard)
    page.wait_for_selector(".latent-map", state="attached", timeout=30_000)
    expect(page.get_by_text("Every dot is a car registration")).to_be_visible(timeout=30_000)
    page.evaluate("() => { window.left = document.querySelector('.latent-map'); }")
    page.get_by_role("link", name="Against the notebook").click()
    expect(page.get_by_text("Every figure of the notebook")).to_be_visible()
    held[0].continue_()
    page.wait_for_function("() => window.Plotly")
    page.wait_for_timeout(500)  # what would still be drawn is drawn by now
    assert page.evaluate("() => window.left.dataset.ready") == "false"


def test_what_went_wrong_is_said_until_it_goes_right(explorer: Explorer) -> None:
    said = explorer.page.evaluate(
        """async () => {
            const url = new URL("app/static/shared/mount.js", document.baseURI).href;
            const {mounting} = await import(url);
            console.error = () => {};
            const parentElement = document.body.appendChild(document.createElement("div"));
            const mount = mounting((parent) => ({
                element: parent.appendChild(document.createElement("div")),
                update({data}) { if (data) throw new Error(data); },
                remove() { parent.dataset.removed = "yes"; },
            }));
            const alerts = () => Array.from(
                parentElement.querySelectorAll("[role=alert]"), (one) => one.textContent);
            const said = [];
            let cleanup;
            for (const data of ["no table", "no column", null]) {
                cleanup = await mount({parentElement, data});
                said.push(alerts());
            }
            parentElement.remove();
            cleanup();
            return [...said, parentElement.dataset.removed];
        }"""
    )
    words = "This could not be drawn: "
    assert said == [[f"{words}no table"], [f"{words}no column"], [], "yes"]


def test_the_plate_is_read_out_with_its_words(explorer: Explorer) -> None:
    for part in (".plate.large", ".reading-where"):
        live = explorer.page.locator(f".reading {part}").evaluate(
            "(element) => element.closest('[aria-live]')?.className"
        )
        assert live == "reading"


def test_a_threshold_can_be_dragged_typed_and_dragged_back(explorer: Explorer) -> None:
    confirmed = explorer.page.locator("[data-figure=confirmed]")
    explorer.grab()
    explorer.page.mouse.move(*explorer.thumb(1.0))
    explorer.page.mouse.up()
    expect(confirmed).to_have_text("the same ✓")
    dragged = explorer.threshold
    explorer.tab("Sample")
    explorer.page.get_by_label("Threshold", exact=True).fill("2.5")
    explorer.page.keyboard.press("Enter")
    expect(explorer.page.locator(".scrub-row output")).to_have_text("2.50 σ")
    explorer.grab()
    explorer.page.mouse.move(*explorer.thumb(dragged))
    explorer.page.mouse.up()
    expect(confirmed).to_have_text("the same ✓")
    expect(explorer.page).to_have_url(re.compile(f"threshold={explorer.threshold:g}"))


def test_a_chip_can_be_kept_alone(explorer: Explorer) -> None:
    choose_colour(explorer, "area")
    chips = explorer.page.locator(".legend .chip")
    chips.nth(3).dblclick()
    expect(explorer.page.locator(".legend .chip[aria-pressed=true]")).to_have_count(1)
    expect(chips.nth(3)).to_have_attribute("aria-pressed", "true")
    chips.nth(3).dblclick()
    expect(explorer.page.locator(".legend .chip[aria-pressed=true]")).to_have_count(36)


def test_a_tap_lands_where_the_finger_was(chromium, dashboard: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, has_touch=True)
    explorer = Explorer(context.new_page(), dashboard).open()
    explorer.page.touchscreen.tap(*explorer.pixel(-2.5, 2.0))
    explorer.expect_heading("Pinned point")
    explorer.page.touchscreen.tap(*explorer.pixel(2.0, -2.5))
    box = explorer.page.get_by_label("Go to a point")
    expect(box).to_have_value(re.compile(r"^[12]\.\d+, -2\."))
    x, y = (float(part) for part in box.input_value().split(","))
    np.testing.assert_allclose([x, y], [2.0, -2.5], atol=0.02)
    context.close()


@pytest.mark.parametrize(("tool", "corners"), [("Lasso", LASSO), ("Box", [(-1, -1), (0.5, 0.2)])])
def test_a_brushed_region_is_counted_over_all_records(
    explorer: Explorer, bundle: Bundle, tool: str, corners
) -> None:
    explorer.tool(tool)
    explorer.drag(corners)
    heading = explorer.panel.get_by_role("heading", name=re.compile("Region: "))
    expect(heading).to_be_visible()
    polygon = corners
    if tool == "Box":
        (x1, y1), (x2, y2) = corners
        polygon = [(x1, y1), (x2, y1), (x2, y2), (x1, y2)]
    inside = in_polygon(bundle.records.mean, polygon)
    count, total = re.findall(r"[\d,]+", heading.inner_text())
    # A pixel is some hundredths of the map: records on the border may fall either way.
    assert int(count.replace(",", "")) == pytest.approx(inside.sum(), rel=0.03)
    assert total == "12,000"
    share = re.search(r"\(([\d.]+)%\) +have a number ≥ 50", explorer.panel.inner_text())
    assert share
    expected = 100 * bundle.records.attribute("at_least_50")[inside].mean()
    assert float(share.group(1)) == pytest.approx(expected, abs=3)


def test_new_regs_are_decoded_from_a_region(explorer: Explorer) -> None:
    explorer.tool("Box")
    explorer.drag([(-1, -1), (0, 0)])
    explorer.panel.get_by_role("button", name="Decode 50 new regs").click()
    expect(explorer.panel).to_contain_text("different regs in 50 points")
    decoded = explorer.panel.locator(".plates").last.locator(".plate")
    expect(decoded).to_have_count(50)
    drawn = explorer.page.evaluate(
        "() => document.querySelector('.picture').data.find((t) => t.marker?.symbol === 'square'"
        " && t.x.length === 50).x.length"
    )
    assert drawn == 50


def test_zoom_and_selection_survive_reruns(explorer: Explorer) -> None:
    explorer.page.mouse.move(*explorer.pixel(0, 0))
    explorer.page.mouse.wheel(0, -400)
    explorer.page.wait_for_function(
        "() => document.querySelector('.picture')._fullLayout.yaxis.range[1] < 2.9"
    )
    explorer.tool("Box")
    explorer.drag([(-1, -1), (0.5, 0.2)])
    expect(explorer.panel).to_contain_text("Region: ")
    state = """() => {
        const plot = document.querySelector(".picture");
        return [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range,
            plot._fullLayout.selections.length, plot.data[0].selectedpoints?.length];
    }"""
    before = explorer.page.evaluate(state)
    assert before[4] == 1
    explorer.click(1.0, 0.8)
    explorer.expect_heading("Pinned point")
    explorer.page.get_by_label("Find a reg").fill("ab12 cde")
    explorer.page.keyboard.press("Enter")
    explorer.expect_heading("Searched reg")
    # Keeping the aspect may move an edge by a fraction of a pixel.
    assert explorer.page.evaluate(state) == pytest.approx(before, abs=0.005)


def test_clearing_a_region_clears_it_on_the_map(explorer: Explorer) -> None:
    explorer.tool("Box")
    explorer.drag([(-1, -1), (0.5, 0.2)])
    expect(explorer.panel).to_contain_text("Region: ")
    explorer.panel.get_by_role("button", name="Clear").click()
    expect(explorer.panel).not_to_contain_text("Region: ")
    explorer.page.wait_for_function(
        "() => (document.querySelector('.picture')._fullLayout.selections ?? []).length === 0"
    )


def test_dragging_the_threshold_updates_everything_at_every_step(
    explorer: Explorer, bundle: Bundle
) -> None:
    samples = sampling.sample(bundle, Policy("notebook-2d", UNWANTED))
    explorer.grab()
    seen = set()
    for target in (2.2, 1.6, 1.1, 0.6):
        explorer.page.mouse.move(*explorer.thumb(target))
        rule = OneSided(explorer.threshold)
        report = sampling.report(samples, rule)
        assert explorer.threshold == pytest.approx(target, abs=0.05)
        assert explorer.figure("accepted") == f"{report.accepted} of 1,000"
        assert explorer.figure("purity") == f"{report.purity:.3f}"
        tail = report.tail_probability * 100
        assert float(explorer.figure("tail").rstrip(" %")) == pytest.approx(tail, abs=0.06)
        accepted = rule.accepts(samples.measures)
        shown = explorer.plates()
        assert shown == [pretty(reg) for reg in samples.reg[accepted][: len(shown)]]
        assert len(shown) == min(48, report.accepted)
        seen.add(explorer.figure("accepted"))
        assert explorer.figure("confirmed") == "…"  # Python is asked on release only
    assert len(seen) == 4
    explorer.page.mouse.up()
    expect(explorer.page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")
    assert f"threshold={explorer.threshold:g}" in explorer.page.url


def test_samples_are_coloured_by_what_the_threshold_decides(
    explorer: Explorer, bundle: Bundle
) -> None:
    samples = sampling.sample(bundle, Policy("notebook-2d", UNWANTED))
    accepted = OneSided(2.5).accepts(samples.measures)
    colours = {True: "247 209 23 255", False: "215 38 61 255"}
    for row in np.flatnonzero(accepted):
        x, y = samples.z[row]
        others = np.hypot(*(samples.z[accepted] - [x, y]).T)
        if (others < 0.15).sum() == 1:  # nothing else is drawn over its middle
            assert explorer.painted(x, y) == colours[bool(samples.wanted[row])]
    for x, y in samples.z[~accepted][:20]:
        assert explorer.painted(x, y) not in colours.values()


def test_a_threshold_in_the_address_is_where_the_slider_starts(page, dashboard: str) -> None:
    explorer = Explorer(page, dashboard).open("?threshold=1.25")
    assert explorer.threshold == 1.25
    expect(page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")


def test_a_threshold_between_two_steps_is_taken_to_a_step(page, dashboard: str) -> None:
    explorer = Explorer(page, dashboard).open("?threshold=1.2345")
    assert explorer.threshold == 1.23
    expect(page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")


def test_everything_is_still_there_after_reading_another_page(explorer: Explorer) -> None:
    explorer.tool("Box")
    explorer.drag([(-1, -1), (0.5, 0.2)])
    expect(explorer.panel).to_contain_text("Region: ")
    explorer.click(1.0, 0.8)
    explorer.expect_heading("Pinned point")
    explorer.page.get_by_role("link", name="Against the notebook").click()
    expect(explorer.page.get_by_text("Every figure of the notebook")).to_be_visible()
    explorer.page.get_by_role("link", name="Explore").click()
    explorer.page.wait_for_selector(READY)
    explorer.expect_heading("Pinned point")
    expect(explorer.panel).to_contain_text("Region: ")
    explorer.page.wait_for_function(
        "() => document.querySelector('.picture').data[0].selectedpoints?.length > 0"
    )


def test_changing_the_rule_changes_the_samples(explorer: Explorer, bundle: Bundle) -> None:
    explorer.tab("Sample")
    explorer.page.get_by_label("Regs with", exact=True).fill("number >= 50")
    explorer.page.keyboard.press("Enter")
    policy = Policy("notebook-2d", Unwanted.of(["number >= 50"]))
    report = sampling.report(sampling.sample(bundle, policy), policy.rule)
    accepted = explorer.page.locator("[data-figure=accepted]")
    expect(accepted).to_have_text(f"{report.accepted} of 1,000")
    expect(explorer.page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")


@pytest.mark.parametrize("name", ["area", "first_letter", "valid"])
def test_classes_have_a_legend_with_counts(explorer: Explorer, bundle: Bundle, name: str) -> None:
    choose_colour(explorer, ATTRIBUTES[name].label)
    legend = explorer.page.locator(".legend .chip")
    expect(legend).to_have_count(len(set(bundle.records.attribute(name))))
    counts = [int(text.replace(",", "")) for text in legend.locator("small").all_inner_texts()]
    assert sum(counts) == len(bundle.records)


def test_a_legend_chip_dims_its_class(explorer: Explorer) -> None:
    opacity = "() => document.querySelector('.picture').data[0].marker.opacity"
    bright = explorer.page.evaluate(opacity)
    chip = explorer.page.locator(".legend .chip").first
    chip.click()
    assert 0 < explorer.page.evaluate(opacity) < bright / 5  # dimmed, not hidden
    expect(chip).to_have_attribute("aria-pressed", "false")
    chip.click()
    assert explorer.page.evaluate(opacity) == bright


@pytest.mark.parametrize("label", ["number", "registration period", "tens digit"])
def test_numbers_and_periods_have_a_scale(explorer: Explorer, label: str) -> None:
    choose_colour(explorer, label)
    expect(explorer.page.locator(".legend .scale")).to_be_visible()
    expect(explorer.page.locator(".legend")).to_contain_text("of 12,000 records")


def test_a_searched_reg_is_drawn_with_its_ellipses(explorer: Explorer, bundle: Bundle) -> None:
    explorer.page.get_by_label("Find a reg").fill("yk66 biq")
    explorer.page.keyboard.press("Enter")
    explorer.expect_heading("Searched reg")
    expect(explorer.panel).to_contain_text("in the training data")
    mean, sigma = (values[0] for values in bundle.autoencoder.encode(["YK66BIQ"]))
    rebuilt = bundle.autoencoder.decode(mean[None])[0]
    expect(explorer.panel).to_contain_text(pretty(rebuilt))
    lines = explorer.page.evaluate(
        "() => document.querySelector('.picture').data.filter((t) => t.x.length === 73)"
        ".map((t) => [Array.from(t.x), Array.from(t.y)])"
    )
    assert len(lines) == 2
    for radius, (x, y) in zip((1, 2), lines, strict=True):
        scaled = (np.column_stack([x, y]) - mean) / sigma
        np.testing.assert_allclose(np.hypot(*scaled.T), radius, rtol=1e-4)


def test_the_keyboard_reads_and_pins(explorer: Explorer, bundle: Bundle) -> None:
    explorer.page.locator(".picture").focus()
    for _ in range(5):
        explorer.page.keyboard.press("ArrowRight")
    expect(explorer.page.locator(".reading-where")).to_contain_text("decoded at")
    explorer.page.keyboard.press("Enter")
    explorer.expect_heading("Pinned point")
    x, y = explorer.pinned
    assert x > 0
    plate = pretty(bundle.autoencoder.decode(np.array([[x, y]]))[0])
    expect(explorer.panel.locator(".plate").first).to_have_text(plate)


def test_a_box_typed_as_numbers_selects_like_a_dragged_one(
    explorer: Explorer, bundle: Bundle
) -> None:
    explorer.panel.get_by_text("Without a mouse").click()
    explorer.panel.get_by_label("Select a box").fill("-1, -1, 0, 0.5")
    explorer.page.keyboard.press("Enter")
    inside = in_polygon(bundle.records.mean, [(-1, -1), (0, -1), (0, 0.5), (-1, 0.5)])
    expect(explorer.panel).to_contain_text(f"Region: {inside.sum():,} of 12,000 records")
    explorer.page.wait_for_function(
        "() => document.querySelector('.picture').data[0].selectedpoints?.length > 0"
    )


def test_geometry_is_sent_once(page, dashboard: str) -> None:
    received: list[int] = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda f: received.append(len(f)))
    )
    explorer = Explorer(page, dashboard).open()
    assert sum(received) > 300_000  # 12,000 records and the decoder's weights
    received.clear()
    explorer.click(1.0, 1.0)
    explorer.expect_heading("Pinned point")
    explorer.page.get_by_label("Find a reg").fill("ab12cde")
    explorer.page.keyboard.press("Enter")
    explorer.expect_heading("Searched reg")
    assert sum(received) < 100_000


def test_the_page_fetches_nothing_from_outside(page, dashboard: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    explorer = Explorer(page, dashboard).open()
    explorer.click(1.0, 1.0)
    explorer.expect_heading("Pinned point")
    outside = [url for url in asked if not url.startswith((dashboard, "data:", "blob:"))]
    assert outside == []


def test_dark_mode_is_dark(chromium, dashboard: str) -> None:
    context = chromium.new_context(viewport={"width": 1280, "height": 800}, color_scheme="dark")
    page = context.new_page()
    Explorer(page, dashboard).open()
    text = page.evaluate("() => document.querySelector('.picture')._fullLayout.font.color")
    red, green, blue = (int(text[i : i + 2], 16) for i in (1, 3, 5))
    assert min(red, green, blue) > 150
    context.close()


def test_nothing_jumps_while_the_page_loads(page, dashboard: str) -> None:
    page.goto(dashboard)
    page.wait_for_selector(".latent-map")
    first = page.locator(".picture").bounding_box()
    page.wait_for_selector(READY)
    page.wait_for_timeout(500)  # whatever would still move has moved by now
    assert page.locator(".picture").bounding_box() == first


def choose_colour(explorer: Explorer, label: str) -> None:
    """Choose what the dots are coloured by."""
    explorer.page.get_by_role("combobox", name="Colour by").click()
    explorer.page.get_by_role("option", name=label, exact=True).click()
