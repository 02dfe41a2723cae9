"""Two linked maps in a real browser: what is brushed, asked for or pointed at lights up in both."""

import re
from collections import Counter
from collections.abc import Iterator

import numpy as np
import pytest
from dashboard.colouring import Colouring
from playwright.sync_api import Page, Route, expect
from scipy.spatial import cKDTree

import regvae
from dashboard import text
from regvae import predicates
from regvae.formats.uk_registration import ATTRIBUTES, pretty
from regvae.latent.plane import Plane
from regvae.latent.polygon import in_polygon
from regvae.model import bundle as bundles
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from tests import server
from tests.browser import Comparer, point_near
from tests.test_pages_models import part_of, shuffled_half

LASSO = [(-1.4, -0.3), (-0.6, 0.4), (0.2, 0.1), (-0.3, -0.9), (-1.3, -0.8)]
ELSEWHERE = [(0.1, 0.9), (0.9, 0.8), (0.8, 0.1), (0.3, 0.2)]
OUTLINES = "(plot) => (plot._fullLayout.selections ?? []).map((one) => one.path ?? one.type)"
OPACITIES = "(plot) => plot.data.map((one) => one.marker.opacity)"


@pytest.fixture(scope="module")
def other() -> Bundle:
    """The model that stands at the right unless another is chosen."""
    return regvae.load("ordered-2d")


@pytest.fixture
def maps(page: Page, dashboard: str) -> Comparer:
    """The page of two models, opened and drawn."""
    return Comparer(page, dashboard).open()


def lit(maps: Comparer, side: str, records: Records) -> set[str] | None:
    """The regs that are lit up in a map; None if nothing is selected."""
    codes = Colouring.of(ATTRIBUTES["at_least_50"], records.codes).codes(records.codes)
    traces = [records.codes[codes == code] for code in (0, 1)]
    places = maps.selected(side)
    if places == [None, None]:
        return None
    pairs = zip(traces, places, strict=True)
    return {str(reg) for regs, at in pairs for reg in regs[at or []]}


def counted(maps: Comparer, side: int = 0) -> int:
    """How many records Python says are lit up."""
    words = maps.page.get_by_text("records are lit up").nth(side)
    expect(words).to_be_visible()
    return int(words.inner_text().split(" of ")[0].replace(",", ""))


def wait_for(maps: Comparer, regs: set[str], bundle: Bundle, other: Bundle) -> None:
    """Wait until both maps and Python's count agree on what is lit up."""
    found = f"{len(regs):,} of 12,000 records are lit up"
    expect(maps.page.get_by_text(found)).to_have_count(2)
    for side, model in (("left", bundle), ("right", other)):
        maps.page.wait_for_function(
            """([side, n]) => {
                const {data} = document.querySelector(`[data-side=${side}] .picture`);
                return data.reduce((sum, one) => sum + (one.selectedpoints?.length ?? 0), 0) === n;
            }""",
            arg=[side, len(regs)],
        )
        assert lit(maps, side, model.records) == regs


def assert_brushed(maps: Comparer, side: str, polygon, bundle: Bundle, other: Bundle) -> None:
    """The records in a polygon of one map, and no others, are lit up in both."""
    expect(maps.page.get_by_text("records are lit up")).to_have_count(2)
    records = {"left": bundle, "right": other}[side].records
    ours = lit(maps, side, records)
    inside = {str(reg) for reg in records.codes[in_polygon(records.mean, polygon)]}
    assert ours is not None
    # A pixel is some hundredths of the map: records on the border may fall either way.
    assert len(ours ^ inside) <= 0.08 * len(inside)
    wait_for(maps, ours, bundle, other)


def ask(maps: Comparer, rule: str) -> None:
    maps.page.get_by_label("Light up regs with").fill(rule)
    maps.page.keyboard.press("Enter")


def by_rule(rule: str, bundle: Bundle) -> set[str]:
    regs = bundle.records.codes
    return {str(reg) for reg in regs[predicates.mask(predicates.parse_all([rule]), regs)]}


def test_a_lasso_or_a_box_lights_up_the_same_regs_in_both_maps_in_both_directions(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    assert lit(maps, "left", bundle.records) is lit(maps, "right", other.records) is None
    expect(maps.page.get_by_text(text.BRUSH_HELP[:40])).to_be_visible()
    maps.drag("left", LASSO)
    assert_brushed(maps, "left", LASSO, bundle, other)
    first = counted(maps)
    # One in the other map replaces it.
    maps.page.get_by_role("button", name="Box").click()
    maps.drag("right", [(-0.5, -0.5), (0.5, 0.6)])
    expect(maps.page.get_by_text(f"{first:,} of 12,000 records are lit up")).to_have_count(0)
    corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.6), (-0.5, 0.6)]
    assert_brushed(maps, "right", corners, bundle, other)
    assert maps.side("left").locator(".picture").evaluate(OUTLINES) == []
    assert len(maps.side("right").locator(".picture").evaluate(OUTLINES)) == 1
    maps.page.get_by_role("button", name="Clear").click()
    expect(maps.page.get_by_text("records are lit up")).to_have_count(0)
    for side, model in (("left", bundle), ("right", other)):
        assert lit(maps, side, model.records) is None
        assert maps.side(side).locator(".picture").evaluate(OUTLINES) == []


def test_a_rule_lights_up_both_and_replaces_a_lasso(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    maps.drag("left", LASSO)
    assert_brushed(maps, "left", LASSO, bundle, other)
    ask(maps, "number < 10")
    wait_for(maps, by_rule("number < 10", bundle), bundle, other)
    assert maps.side("left").locator(".picture").evaluate(OUTLINES) == []
    ask(maps, "area == london")
    wait_for(maps, by_rule("area == london", bundle), bundle, other)
    ask(maps, "area == atlantis")
    expect(maps.page.get_by_text("area is never 'atlantis'")).to_be_visible()
    assert lit(maps, "left", bundle.records) is lit(maps, "right", other.records) is None
    # A brush is asked for last, and so the rule is taken out of its box.
    maps.drag("right", ELSEWHERE)
    assert_brushed(maps, "right", ELSEWHERE, bundle, other)
    expect(maps.page.get_by_label("Light up regs with")).to_have_value("")


def test_a_class_is_dimmed_in_both_and_what_is_lit_up_stays_so_in_other_colours(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    maps.page.locator(".comparison .legend .chip").nth(1).click()
    for side in ("left", "right"):
        bright, dim = maps.side(side).locator(".picture").evaluate(OPACITIES)
        assert dim < bright / 5
    maps.drag("left", LASSO)
    assert_brushed(maps, "left", LASSO, bundle, other)
    lit_up = counted(maps)
    choose_colour(maps, "number")
    expect(maps.page.locator(".comparison .legend .scale")).to_be_visible()
    for side in ("left", "right"):
        maps.page.wait_for_function(
            """([side, n]) => document.querySelector(`[data-side=${side}] .picture`)
                .data[0].selectedpoints?.length === n""",
            arg=[side, lit_up],
        )


def choose_colour(maps: Comparer, label: str) -> None:
    maps.page.get_by_role("combobox", name="Colour by").click()
    maps.page.get_by_role("option", name=label, exact=True).click()


def test_a_class_is_kept_alone_in_both_with_the_mouse_or_the_keyboard(maps: Comparer) -> None:
    choose_colour(maps, "area")
    chips = maps.page.locator(".comparison .legend .chip")
    expect(chips).to_have_count(36)
    for keep_alone in (chips.nth(3).dblclick, lambda: chips.nth(3).press("Shift+Enter")):
        keep_alone()
        for number in range(36):
            pressed = "true" if number == 3 else "false"
            expect(chips.nth(number)).to_have_attribute("aria-pressed", pressed)
        for side in ("left", "right"):
            opacities = maps.side(side).locator(".picture").evaluate(OPACITIES)
            assert [at for at, one in enumerate(opacities) if one > 0.5] == [3]
        keep_alone()
        for number in range(36):
            expect(chips.nth(number)).to_have_attribute("aria-pressed", "true")


def test_on_coming_back_what_was_drawn_is_outlined_where_it_was(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    maps.drag("right", ELSEWHERE)
    assert_brushed(maps, "right", ELSEWHERE, bundle, other)
    (drawn,) = maps.side("right").locator(".picture").evaluate(OUTLINES)
    regs = lit(maps, "right", other.records)
    assert regs
    maps.page.get_by_role("link", name="Against the notebook").click()
    expect(maps.page.get_by_text("Every figure of the notebook")).to_be_visible()
    maps.page.get_by_role("link", name="Compare").click()
    maps.page.wait_for_selector(".comparison[data-ready='true']")
    wait_for(maps, regs, bundle, other)
    assert maps.side("left").locator(".picture").evaluate(OUTLINES) == []
    (again,) = maps.side("right").locator(".picture").evaluate(OUTLINES)
    corners = [np.array(re.findall(r"-?[\d.]+", path), float) for path in (drawn, again)]
    np.testing.assert_allclose(*corners, atol=1e-6)
    # It can be cleared like any other.
    maps.page.get_by_role("button", name="Clear").click()
    expect(maps.page.get_by_text("records are lit up")).to_have_count(0)
    assert maps.side("right").locator(".picture").evaluate(OUTLINES) == []


def test_new_data_while_the_maps_load_make_no_second_maps(page: Page, dashboard: str) -> None:
    held: list[Route] = []
    page.route("**/plotly.min.js", lambda route: held.append(route))
    page.goto(f"{dashboard}/compare")
    maps = Comparer(page, dashboard)
    page.wait_for_selector(".comparison[data-ready='false']", state="attached", timeout=30_000)
    expect(page.get_by_text(text.COMPARE_HISTORIES[:40])).to_be_visible(timeout=30_000)
    for label in ("area", "number"):
        choose_colour(maps, label)
        page.wait_for_timeout(300)
    held[0].continue_()
    page.wait_for_selector(".comparison[data-ready='true']")
    expect(page.locator(".comparison .legend .scale")).to_be_visible()
    for side in ("left", "right"):
        expect(maps.side(side).locator(".frame > canvas")).to_have_count(2)


def test_pointing_at_a_record_rings_it_in_both_maps_and_shows_what_each_makes_of_it(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    models = {"left": bundle, "right": other}
    for side, across in (("left", "right"), ("right", "left")):
        here, there = models[side], models[across]
        away = cKDTree(here.records.mean).query(here.records.mean, k=2)[0][:, 1]
        row = int(away.argmax())  # nothing else is drawn near it
        reg = str(here.records.codes[row])
        mean = here.records.mean[row].tolist()
        place = there.records.mean[list(there.records.codes).index(reg)].tolist()
        maps.page.mouse.move(*maps.pixel(side, *mean))
        for at, z in ((side, mean), (across, place)):
            words = maps.side(at).locator(".certain")
            expect(words).to_contain_text(f"{pretty(reg)} is reconstructed as")
            rebuilt = models[at].autoencoder.decode([z])[0]
            expect(words.locator(".plate")).to_have_text(pretty(rebuilt))
            assert maps.ring(at, *z)
        maps.page.mouse.move(*maps.pixel(side, 2.9, 2.9))  # no record is there
        expect(maps.side(side).locator(".certain")).to_contain_text("decodes to")
        expect(maps.side(across).locator(".certain")).to_contain_text("point at a record")
        assert not maps.ring(side, *mean)
        assert not maps.ring(across, *place)


@pytest.fixture(scope="module")
def half(other: Bundle) -> Bundle:
    """A model with half of the other's records."""
    return shuffled_half(other)


@pytest.fixture(scope="module")
def few(other: Bundle) -> Bundle:
    """A model with some of the other's records: of few numbers, and not of all areas."""
    reg = other.records.codes
    number, area = (ATTRIBUTES[name].values(reg) for name in ("number", "area"))
    some = (number >= 60) & (number < 80) & ~np.isin(area, ["anglia", "essex", "london"])
    return part_of(other, np.flatnonzero(some))


@pytest.fixture(scope="module")
def own_models(
    half: Bundle, few: Bundle, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """URL of a dashboard that has those models too."""
    home = tmp_path_factory.mktemp("own")
    (home / "models").mkdir()
    bundles.save(half, home / "models" / "half")
    bundles.save(few, home / "models" / "few")
    with server.serve(REGVAE_HOME=str(home)) as url:
        yield url


# The server comes before the page, so that it ends after it.
def test_a_model_of_other_records_is_linked_by_their_regs(
    own_models: str, page: Page, bundle: Bundle, half: Bundle
) -> None:
    maps = Comparer(page, own_models).open("?right=half")
    maps.drag("left", LASSO)
    expect(maps.page.get_by_text("records are lit up")).to_have_count(2)
    ours = lit(maps, "left", bundle.records)
    assert ours is not None
    theirs = lit(maps, "right", half.records)
    assert theirs == ours & set(half.records.codes.tolist())
    assert (counted(maps, 0), counted(maps, 1)) == (len(ours), len(theirs))
    known = np.isin(bundle.records.codes, half.records.codes)
    away = cKDTree(bundle.records.mean).query(bundle.records.mean, k=2)[0][:, 1]
    for there in (True, False):
        row = int(np.where(known == there, away, 0).argmax())
        reg = str(bundle.records.codes[row])
        page.mouse.move(*maps.pixel("left", *bundle.records.mean[row].tolist()))
        words = f"{pretty(reg)} is reconstructed as" if there else "this model has no such record"
        expect(maps.side("right").locator(".certain")).to_contain_text(words)
        if there:
            at = half.records.mean[half.records.codes == reg][0].tolist()
            assert maps.ring("right", *at)


@pytest.mark.parametrize("names", [("notebook-2d", "few"), ("few", "notebook-2d")])
def test_the_same_has_the_same_colour_in_maps_of_other_records(
    own_models: str, page: Page, bundle: Bundle, few: Bundle, names: tuple[str, str]
) -> None:
    maps = Comparer(page, own_models).open("?left={}&right={}".format(*names))
    models = [{"notebook-2d": bundle, "few": few}[name].records for name in names]
    pictures = [maps.side(side).locator(".picture") for side in ("left", "right")]
    chips = page.locator(".comparison .legend .chip")
    choose_colour(maps, "area")
    expect(chips).to_have_count(36)
    areas = chips.locator("span").all_inner_texts()
    looks = "(plot) => plot.data.map(({marker}) => [marker.color, marker.symbol])"
    assert pictures[0].evaluate(looks) == pictures[1].evaluate(looks)
    for picture, records in zip(pictures, models, strict=True):
        found = picture.evaluate("(plot) => plot.data.map((one) => one.x.length)")
        counts = Counter(records.attribute("area").tolist())
        assert found == [counts[area] for area in areas]
    leeds = areas.index("leeds")
    by_side = [f"{(one.attribute('area') == 'leeds').sum():,}" for one in models]
    expect(chips.nth(leeds).locator("small")).to_have_text(" / ".join(by_side))
    for at in (leeds, areas.index("essex")):  # of which one model has none
        chips.nth(at).click()
    for picture in pictures:
        opacities = picture.evaluate(OPACITIES)
        assert {areas[at] for at, one in enumerate(opacities) if one < 0.1} == {
            "essex",
            "leeds",
        }
    # Few periods would be classes, but not beside all of them; and both scales have the same ends.
    ends = "(plot) => [plot.data[0].marker.cmin, plot.data[0].marker.cmax]"
    for label, span in (("number", [0, 99]), ("registration period", [0, 98])):
        choose_colour(maps, label)
        expect(page.locator(".comparison .legend")).to_contain_text(f"{label}: ")
        for side in ("left", "right"):
            page.wait_for_function(
                f"([side, span]) => String(({ends})(document.querySelector("
                "`[data-side=${side}] .picture`))) === span",
                arg=[side, ",".join(map(str, span))],
            )


def test_a_map_of_many_dimensions_says_what_each_spot_decodes_to(
    page: Page, dashboard: str, exact: Bundle
) -> None:
    maps = Comparer(page, dashboard).open("?right=exact-15d")
    plane = Plane.principal(exact.records)
    shown = plane.project(exact.records.mean)
    maps.drag("right", LASSO)
    inside = in_polygon(shown, LASSO)
    assert counted(maps, 1) == pytest.approx(inside.sum(), rel=0.05)
    place = point_near(maps.side("right").locator(".picture"), 2.4, -1.9)
    decoded = exact.autoencoder.decode(plane.lift([place], plane.origin))[0]
    words = maps.side("right").locator(".certain")
    expect(words).to_have_text(re.compile("decodes to"))
    expect(words.locator(".plate")).to_have_text(pretty(decoded))


def test_another_model_keeps_the_page_alive(maps: Comparer, bundle: Bundle) -> None:
    maps.drag("left", LASSO)
    lit_up = counted(maps)
    for name in ("exact-15d", "dvla-2d", "notebook-2d"):
        maps.page.get_by_role("combobox", name="Model at the right").click()
        maps.page.get_by_role("option", name=name, exact=True).click()
        expect(maps.side("right").locator("b")).to_have_text(name, timeout=20_000)
        expect(maps.page.get_by_text("records are lit up").first).to_contain_text(f"{lit_up:,} of")
    expect(maps.page.get_by_text("records are lit up").nth(1)).to_contain_text(f"{lit_up:,} of")
    regs = lit(maps, "left", bundle.records)
    assert regs is not None
    wait_for(maps, regs, bundle, bundle)
    # What was drawn in a map goes with its model.
    maps.page.get_by_role("combobox", name="Model at the left").click()
    maps.page.get_by_role("option", name="principled-2d", exact=True).click()
    expect(maps.side("left").locator("b")).to_have_text("principled-2d", timeout=20_000)
    expect(maps.page.get_by_text(text.BRUSH_HELP[:40])).to_be_visible()
    for side in ("left", "right"):
        assert lit(maps, side, bundle.records) is None
    assert maps.page.locator(".comparison .failure").is_hidden()
