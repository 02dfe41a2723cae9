"""Two linked maps in a real browser: what is brushed, asked for or pointed at lights up in both."""

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from scipy.spatial import cKDTree

import regvae
from dashboard import state
from dashboard.words import common
from dashboard.words import compare as words
from regvae import predicates
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import UK_REGISTRATION
from regvae.latent.plane import Plane
from regvae.latent.polygon import in_polygon
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from regvae.rejection.samples import Samples
from tests.browser.pages import Comparer, Legend, Points
from tests.drive import watched

shown = UK_REGISTRATION.shown
ATTRIBUTES = UK_REGISTRATION.attributes
LASSO = [(-1.4, -0.3), (-0.6, 0.4), (0.2, 0.1), (-0.3, -0.9), (-1.3, -0.8)]
ELSEWHERE = [(0.1, 0.9), (0.9, 0.8), (0.8, 0.1), (0.3, 0.2)]
BOX = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.6), (-0.5, 0.6)]


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
    rows = maps.pictures[side].selected
    return None if rows is None else set(records.codes[rows].tolist())


def expect_lit(maps: Comparer, regs: set[str], **models: Bundle) -> None:
    """Wait until both maps and Python's counts agree on what is lit up."""
    expect(maps.counts).to_contain_text([f"{len(regs):,} of 12,000"] * 2)
    for side, model in models.items():
        maps.pictures[side].expect_selected(len(regs))
        assert lit(maps, side, model.records) == regs


def expect_nothing_lit(maps: Comparer) -> None:
    expect(maps.counts).to_have_count(0)
    for side in ("left", "right"):
        maps.pictures[side].wait_for("(plot) => plot.map.records.selected === null")
        assert maps.pictures[side].outline is None


def expect_brushed(maps: Comparer, side: str, polygon: Points, **models: Bundle) -> set[str]:
    """The records in a polygon of one map, and no others, are lit up in both."""
    records = models[side].records
    inside = {str(reg) for reg in records.codes[in_polygon(records.mean, polygon)]}
    # The maps show at once what Python counts later; a selection before it had other records.
    maps.pictures[side].wait_for(
        """({map: {records: {selected}, marks: {outline}}}, n) => selected && outline &&
            Math.abs(selected.reduce((sum, one) => sum + one) - n) <= 0.08 * n""",
        len(inside),
    )
    ours = lit(maps, side, records)
    assert ours is not None
    # A pixel is some hundredths of the map: records on the border may fall either way.
    assert len(ours ^ inside) <= 0.08 * len(inside)
    expect_lit(maps, ours, **models)
    for across in set(models) - {side}:
        assert maps.pictures[across].outline is None
    return ours


def test_a_brush_or_a_rule_in_one_map_lights_up_the_same_regs_in_the_other(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    models = {"left": bundle, "right": other}
    expect_nothing_lit(maps)
    maps.pictures["left"].drag(LASSO)
    expect_brushed(maps, "left", LASSO, **models)
    maps.tool("Box")  # one in the other map replaces it
    maps.pictures["right"].drag([BOX[0], BOX[2]])
    expect_brushed(maps, "right", BOX, **models)
    maps.tool("Clear")
    expect_nothing_lit(maps)

    maps.tool("Lasso")
    maps.pictures["left"].drag(LASSO)
    expect_brushed(maps, "left", LASSO, **models)
    for rule in ("number < 10", "area == london"):
        maps.enter(state.PREDICATE, rule)
        codes = bundle.records.codes
        chosen = predicates.mask(predicates.parse_all([rule]), codes, bundle.format)
        expect_lit(maps, set(codes[chosen].tolist()), **models)
        assert maps.pictures["left"].outline is None
    maps.tool("Lasso")
    maps.pictures["left"].drag([LASSO[0], np.add(LASSO[0], 0.06).tolist()])  # a flick: nothing
    expect_lit(maps, set(codes[chosen].tolist()), **models)
    maps.enter(state.PREDICATE, "area == atlantis")
    expect(maps.page.get_by_test_id("stAlert")).to_contain_text("atlantis")
    expect_nothing_lit(maps)

    maps.pictures["right"].drag(ELSEWHERE)
    regs = expect_brushed(maps, "right", ELSEWHERE, **models)
    # It was asked for last, and so the rule is taken out of its box.
    expect(maps.keyed(state.PREDICATE).locator("input")).to_have_value("")
    drawn = maps.pictures["right"].outline
    assert drawn is not None
    maps.go("figures")
    expect(maps.page.get_by_test_id("stTable").first).to_be_visible()
    maps.go("compare")
    maps.wait()
    expect_lit(maps, regs, **models)
    assert maps.pictures["left"].outline is None
    again = maps.pictures["right"].outline  # where it was drawn
    assert again is not None
    np.testing.assert_allclose(again, drawn, atol=1e-6)
    maps.tool("Clear")  # like any other
    expect_nothing_lit(maps)


def test_one_threshold_decides_in_both_maps_at_every_step(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    models = {"left": bundle, "right": other}
    samples = {
        side: sampling.sample(one, Policy(one.name, UNWANTED, OneSided()))
        for side, one in models.items()
    }
    maps.expect_confirmed()
    assert_decided(maps, samples, 2.5)
    assert maps.headline("left") == "39 of 40 accepted are unwanted."
    assert maps.headline("right") == "All 306 accepted are wanted."
    maps.grab("threshold")
    seen = set()
    for target in (2.0, 1.2, 2.8, 1.6):
        maps.slide("threshold", target)
        threshold = maps.value("threshold")
        assert threshold == pytest.approx(target, abs=0.05)
        assert_decided(maps, samples, threshold)
        seen.add((maps.headline("left"), maps.headline("right")))
    assert len(seen) == 4
    assert "threshold" not in maps.page.url  # Python is not asked
    maps.page.mouse.up()
    maps.expect_confirmed()
    maps.expect_address("threshold", threshold)
    assert_decided(maps, samples, threshold)

    again = Comparer(maps.page, maps.url).open(f"?threshold={threshold}")  # the link restores it
    again.expect_confirmed()
    assert again.value("threshold") == threshold
    assert_decided(again, samples, threshold)


def assert_decided(maps: Comparer, samples: dict[str, Samples], threshold: float) -> None:
    """Sentence, plates, samples and zone of both maps are those of the rule at a threshold."""
    rule = OneSided(threshold=threshold)
    for side, measured in samples.items():
        accepted = rule.accepts(measured.measures)
        n, unwanted = accepted.sum(), (accepted & ~measured.wanted).sum()
        some = f"{unwanted:,} of {n:,} accepted are unwanted."
        assert maps.headline(side) == (some if unwanted else f"All {n:,} accepted are wanted.")
        plates = maps.plates(side)
        assert plates == [shown(reg) for reg in measured.codes[accepted][: len(plates)]]
        assert len(plates) == min(24, n)
        states = maps.pictures[side].plot.evaluate(
            "({map: {overlay: {content}}}) => [Array.from(content.states), content.edge.x.length]"
        )
        assert (np.array(states[0]) > 0).tolist() == accepted.tolist()
        assert states[1] > 0


def test_a_phone_shows_both_maps_and_always_the_slider(chromium: Browser, dashboard: str) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    with watched(context) as page:
        maps = Comparer(page, dashboard).open()
        maps.choose(state.COMPARE_COLOUR, ATTRIBUTES["area"].label)
        expect(maps.legend.chips).to_have_count(36)
        assert_scrolls(maps.legend)
        for side in ("left", "right"):
            maps.side(side).scroll_into_view_if_needed()
            expect(maps.pictures[side].plot).to_be_in_viewport(ratio=0.9)
            expect(maps.slider("threshold")).to_be_in_viewport(ratio=1)
            box = maps.pictures[side].plot.bounding_box()
            slider = maps.page.locator(".rule-bar").bounding_box()
            assert box
            assert slider
            assert box["width"] > 340
            assert box["y"] + box["height"] <= slider["y"]
    context.close()


def test_models_without_a_common_reg_say_so_and_stay_bright(maps: Comparer, bundle: Bundle) -> None:
    maps.show("right", "dvla-2d")
    expect(maps.page.get_by_text(common.named(words.NO_COMMON, UK_REGISTRATION))).to_be_visible()
    maps.pictures["left"].drag(LASSO)
    expect(maps.counts).to_have_count(1)
    inside = lit(maps, "left", bundle.records)
    assert inside
    assert maps.pictures["right"].selected is None


def test_what_is_pointed_at_is_ringed_in_both_and_both_have_the_same_colours(
    maps: Comparer, bundle: Bundle, other: Bundle
) -> None:
    models = {"left": bundle, "right": other}
    for side, across in (("left", "right"), ("right", "left")):
        assert_ringed(maps, side, across, models)

    maps.legend.chips.nth(1).click()
    for picture in maps.pictures.values():
        bright, dim = picture.opacities
        assert dim < bright / 5
    maps.pictures["left"].drag(LASSO)
    regs = expect_brushed(maps, "left", LASSO, **models)  # also of the class that is dimmed
    maps.choose(state.COMPARE_COLOUR, ATTRIBUTES["number"].label)
    expect(maps.legend.scale).to_be_visible()
    expect_lit(maps, regs, **models)  # in other colours too

    maps.choose(state.COMPARE_COLOUR, ATTRIBUTES["area"].label)
    chip = maps.legend.chips.nth(3)
    expect(maps.legend.chips).to_have_count(36)
    for keep_alone in (chip.dblclick, lambda: chip.press("Shift+Enter")):
        keep_alone()
        maps.legend.expect_alone(3)
        for picture in maps.pictures.values():
            assert [at for at, one in enumerate(picture.opacities) if one > 0.5] == [3]
        keep_alone()
        maps.legend.expect_alone(None)
    assert_scrolls(maps.legend)


def assert_scrolls(legend: Legend) -> None:
    """More classes than have room: none is cut, and each is shown when keys reach it."""
    for place in (0, 35):
        legend.chips.nth(place).focus()
        assert legend.shares[place] == 1
        assert set(legend.shares) == {0, 1}


def assert_ringed(maps: Comparer, side: str, across: str, models: dict[str, Bundle]) -> None:
    """A record that is pointed at in one map is ringed and reconstructed in both."""
    here, there = models[side], models[across]
    row = loneliest(here.records.mean)
    reg = str(here.records.codes[row])
    mean = here.records.mean[row].tolist()
    place = there.records.mean[list(there.records.codes).index(reg)].tolist()
    maps.pictures[side].point(*mean)
    for at, z in ((side, mean), (across, place)):
        expect(maps.words(at)).to_contain_text(shown(reg))
        decoded = models[at].autoencoder.decode([z])[0]
        expect(maps.words(at).locator(".plate")).to_have_text(shown(decoded))
        assert maps.ring(at, *z)
    maps.pictures[side].point(2.9, 2.9)  # no record is there
    expect(maps.words(side).locator(".plate")).to_have_count(1)
    expect(maps.words(across).locator(".plate")).to_have_count(0)
    assert not maps.ring(side, *mean)
    assert not maps.ring(across, *place)


def loneliest(mean: np.ndarray, among: np.ndarray | None = None) -> int:
    """The row of a record (of some) that nothing else is drawn near to."""
    away = cKDTree(mean).query(mean, k=2)[0][:, 1]
    return int(np.where(True if among is None else among, away, 0).argmax())


# --- other models ---------------------------------------------------------------------------------


def test_another_model_on_either_side_keeps_the_page_alive(
    maps: Comparer, bundle: Bundle, exact: Bundle
) -> None:
    maps.pictures["left"].drag(LASSO)
    lit_up = maps.counted("left")
    for name in ("exact-15d", "notebook-2d"):
        maps.show("right", name)
        expect(maps.counts.first).to_contain_text(f"{lit_up:,} of")
        if name == "exact-15d":
            assert_decodes_slice(maps, exact)
    expect(maps.counts.nth(1)).to_contain_text(f"{lit_up:,} of")
    regs = lit(maps, "left", bundle.records)
    assert regs is not None
    expect_lit(maps, regs, left=bundle, right=bundle)
    maps.show("left", "ordered-2d")  # what was drawn in a map goes with its model
    expect_nothing_lit(maps)

    maps.show("right", "exact-15d")
    shown_at = Plane.principal(exact.records).project(exact.records.mean)
    maps.pictures["right"].drag(LASSO)
    assert maps.counted("right") == pytest.approx(in_polygon(shown_at, LASSO).sum(), rel=0.05)
    assert maps.page.locator(".comparison .failure").is_hidden()


def assert_decodes_slice(maps: Comparer, bundle: Bundle) -> None:
    """Where no record is pointed at in a map of many dimensions, its slice is decoded."""
    plane = Plane.principal(bundle.records)
    place = maps.pictures["right"].point_near(2.4, -1.9)
    decoded = bundle.autoencoder.decode(plane.lift([place], plane.origin))[0]
    expect(maps.words("right").locator(".plate")).to_have_text(shown(decoded))


def part_of(bundle: Bundle, rows: np.ndarray) -> Bundle:
    """A model with some rows of its records."""
    records = bundle.records
    some = (getattr(records, name)[rows] for name in ("codes", "split", "mean", "sigma"))
    return replace(bundle, records=Records(*some, format=records.format))


@pytest.fixture
def half(other: Bundle) -> Iterator[Bundle]:
    """A kept model, "half", with half of the other's records."""
    rows = np.random.default_rng(3).permutation(len(other.records))[::2]
    yield from kept("half", part_of(other, rows))


@pytest.fixture
def few(other: Bundle) -> Iterator[Bundle]:
    """A kept model, "few", with some of the other's records: of few numbers, not of all areas."""
    codes = other.records.codes
    number, area = (ATTRIBUTES[name].values(codes) for name in ("number", "area"))
    some = (number >= 60) & (number < 80) & ~np.isin(area, ["anglia", "essex", "london"])
    yield from kept("few", part_of(other, np.flatnonzero(some)))


def kept(name: str, bundle: Bundle) -> Iterator[Bundle]:
    store.models().mkdir(exist_ok=True)
    bundles.save(bundle, store.models() / name)
    yield bundle
    shutil.rmtree(store.models() / name)


# The models come before the page, so that they go after it.
def test_models_of_other_records_are_linked_by_regs_and_have_the_same_colours(
    half: Bundle, few: Bundle, bundle: Bundle, page: Page, dashboard: str
) -> None:
    maps = Comparer(page, dashboard).open("?right=half")
    assert_linked(maps, bundle, half)
    maps.choose(state.COMPARE_COLOUR, ATTRIBUTES["area"].label)
    maps.show("right", "few")
    assert_coloured_alike(maps, left=bundle.records, right=few.records)
    maps.show("left", "few")
    maps.choose(state.COMPARE_COLOUR, ATTRIBUTES["area"].label)
    maps.show("right", "notebook-2d")
    assert_coloured_alike(maps, left=few.records, right=bundle.records)


def assert_linked(maps: Comparer, bundle: Bundle, half: Bundle) -> None:
    """What is lit up or ringed at the left is so at the right, if that model has such a record."""
    maps.pictures["left"].drag(LASSO)
    expect(maps.counts).to_have_count(2)
    ours = lit(maps, "left", bundle.records)
    assert ours
    theirs = lit(maps, "right", half.records)
    assert theirs == ours & set(half.records.codes.tolist())
    assert (maps.counted("left"), maps.counted("right")) == (len(ours), len(theirs))
    known = np.isin(bundle.records.codes, half.records.codes)
    for there in (True, False):
        row = loneliest(bundle.records.mean, known == there)
        reg = str(bundle.records.codes[row])
        maps.pictures["left"].point(*bundle.records.mean[row].tolist())
        expect(maps.words("left")).to_contain_text(shown(reg))
        expect(maps.words("right").locator(".plate")).to_have_count(int(there))
        if there:
            at = half.records.mean[half.records.codes == reg][0].tolist()
            assert maps.ring("right", *at)


def assert_coloured_alike(maps: Comparer, **records: Records) -> None:
    """A class or a number has the same colour in both maps, though one has not all of them."""
    chips = maps.legend.chips
    expect(chips).to_have_count(36)
    areas = chips.locator("span").all_inner_texts()
    assert len(looks_of(maps, records, "area")) == 36
    leeds = areas.index("leeds")
    by_side = [f"{(one.attribute('area') == 'leeds').sum():,}" for one in records.values()]
    expect(chips.nth(leeds).locator("small")).to_have_text(" / ".join(by_side))
    for at in (leeds, areas.index("essex")):  # of which one model has none
        chips.nth(at).click()
    for picture in maps.pictures.values():
        dimmed = {areas[at] for at, one in enumerate(picture.opacities) if one < 0.1}
        assert dimmed == {"essex", "leeds"}
    # Few periods would be classes, but not beside all of them; and both scales have the same ends.
    for name in ("number", "period"):
        label = ATTRIBUTES[name].label
        maps.choose(state.COMPARE_COLOUR, label)
        expect(maps.legend.root).to_contain_text(f"{label}: ")
        assert len(looks_of(maps, records, name)) > 60


def looks_of(maps: Comparer, records: dict[str, Records], name: str) -> set[tuple[str, str]]:
    """All colours with their symbols; every value of an attribute has its own in both maps."""
    looks: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for side, one in records.items():
        values = one.attribute(name).tolist()
        for value, look in zip(values, maps.pictures[side].colours, strict=True):
            looks[value].add(tuple(look))
    assert all(len(found) == 1 for found in looks.values())
    return {look for (look,) in looks.values()}
