"""The map of any model in a real browser: slices of 15 dimensions, what is painted, journeys."""

import re

import numpy as np
import pytest
from dashboard.colouring import Colouring
from dashboard.latent_map import DecodedLayer
from playwright.sync_api import Page, expect
from scipy.spatial import cKDTree

import regvae
from dashboard import palette, text
from regvae.evaluation.notebook import UNWANTED
from regvae.formats.uk_registration import ATTRIBUTES, pretty
from regvae.latent import paths
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from tests import browser
from tests.browser import Explorer

PLACES = [(0.3, 0.4), (-1.1, 0.7), (2.3, -1.9), (-2.7, -2.2)]
BARE = "?model=exact-15d&unwanted=number+<+0"
"""No reg has such a number: the map shows neither samples nor a zone."""
LINES = "() => document.querySelector('.picture').data.filter((one) => one.mode === 'lines')"


@pytest.fixture
def maps(page: Page, dashboard: str) -> Explorer:
    """The explore page, not yet opened."""
    return Explorer(page, dashboard)


def point_near(explorer: Explorer, x: float, y: float) -> np.ndarray:
    """Point at the whole pixel that is nearest to a place, and say where exactly that is."""
    place = browser.point_near(explorer.page.locator(".picture"), x, y)
    np.testing.assert_allclose(place, [x, y], atol=0.02)
    return np.array(place)


def lonely(shown: np.ndarray, others: np.ndarray, within: float = 2.9) -> int:
    """Which of some points (n, 2) lies farthest from all others (m, 2) but itself, on the map."""
    away = cKDTree(np.vstack([shown, others])).query(shown, k=3)[0]
    nearest = np.where(away[:, 1] == 0, away[:, 2], away[:, 1])  # it may be among the others
    return int(np.where(np.abs(shown).max(axis=1) < within, nearest, 0).argmax())


def pinned(explorer: Explorer) -> list[float]:
    """The numbers in the box of coordinates, once it has any."""
    box = explorer.page.get_by_label("Go to a point")
    expect(box).to_have_value(re.compile(","))
    return [float(number) for number in box.input_value().split(",")]


def assert_reads(explorer: Explorer, bundle: Bundle, z: np.ndarray) -> None:
    """The strip above the map shows what a latent point decodes to, and how surely."""
    expect(explorer.page.locator(".reading .plate.large")).to_have_text(
        pretty(bundle.autoencoder.decode([z])[0])
    )
    sure = explorer.page.locator(".certainty i").evaluate_all(
        "(bars) => bars.map((bar) => bar.style.getPropertyValue('--sure')).filter(Boolean)"
    )
    # Bernoulli's or a softmax's: the probabilities of a character sum to 1.
    best = [float(block.max()) for block in bundle.autoencoder.probabilities([z])]
    np.testing.assert_allclose([float(one) for one in sure], best, atol=2e-3)


# --- 15 dimensions on a plane ---------------------------------------------------------------------


@pytest.mark.parametrize("model", ["exact-15d", "notebook-15d"])
def test_pointing_at_the_widest_view_decodes_the_slice_there(maps: Explorer, model: str) -> None:
    bundle = regvae.load(model)
    maps.open(f"?model={model}")
    plane, middle = Plane.principal(bundle.records), bundle.records.mean.mean(axis=0, dtype=float)
    assert_reads(maps, bundle, plane.lift([[0, 0]], middle)[0])  # nothing is pointed at yet
    for x, y in PLACES:
        place = point_near(maps, x, y)
        assert_reads(maps, bundle, plane.lift([place], middle)[0])


def test_pointing_at_two_axes_decodes_the_slice_there(maps: Explorer, exact: Bundle) -> None:
    maps.open(f"{BARE}&plane=Two+axes")
    maps.page.get_by_role("combobox", name="Across").click()
    maps.page.get_by_role("option", name="z5", exact=True).click()
    expect(maps.page.locator(".picture .xtitle")).to_have_text("z5")
    expect(maps.page.locator(".picture .ytitle")).to_have_text("z2")
    middle = exact.records.mean.mean(axis=0, dtype=float)
    for x, y in PLACES:
        z = middle.copy()
        z[[4, 1]] = point_near(maps, x, y)
        assert_reads(maps, exact, z)
    maps.page.reload()  # the address says it all
    expect(maps.page.locator(".picture .xtitle")).to_have_text("z5", timeout=30_000)


def test_others_are_those_of_the_pin(maps: Explorer, exact: Bundle) -> None:
    maps.open(BARE)
    plane, mean = Plane.principal(exact.records), exact.records.mean.astype(float)
    shown = plane.project(mean)
    row = lonely(shown, shown)
    maps.click(*shown[row])
    np.testing.assert_allclose(pinned(maps), mean[row], rtol=1e-6)
    maps.page.get_by_role("combobox", name="The other 13 coordinates").click()
    maps.page.get_by_role("option", name="those of the pin").click()
    for x, y in PLACES:
        place = point_near(maps, x, y)
        assert_reads(maps, exact, plane.lift([place], mean[row])[0])
    maps.page.mouse.move(2, 2)  # away from the map the pin itself is read
    assert_reads(maps, exact, mean[row])


def test_another_pin_leaves_a_dimmed_class_dimmed(maps: Explorer) -> None:
    maps.open(f"{BARE}&others=those+of+the+pin")
    chip = maps.page.locator(".legend .chip").first
    chip.click()
    maps.click(2.5, 2.5)
    maps.expect_heading("Pinned point")
    maps.page.wait_for_function(  # the pin is drawn
        "() => document.querySelector('.picture').data"
        ".some((one) => one.marker?.symbol === 'circle-open')"
    )
    expect(chip).to_have_attribute("aria-pressed", "false")
    assert (
        maps.page.evaluate("() => document.querySelector('.picture').data[0].marker.opacity") < 0.1
    )


def test_a_clicked_sample_is_pinned_with_all_its_numbers(maps: Explorer, exact: Bundle) -> None:
    maps.open("?model=exact-15d&samples=60")
    samples = sampling.sample(exact, Policy("exact-15d", UNWANTED, proposals=60))
    plane = Plane.principal(exact.records)
    shown = plane.project(samples.z)
    row = lonely(shown, np.vstack([shown, plane.project(exact.records.mean)]))
    maps.point(*shown[row])
    expect(maps.page.locator(".reading-record")).to_contain_text("a proposed sample, ")
    maps.click(*shown[row])
    np.testing.assert_allclose(pinned(maps), samples.z[row], rtol=1e-6)
    expect(maps.panel.locator(".plate").first).to_have_text(pretty(samples.codes[row]))


def test_a_searched_reg_throws_its_shadow_on_the_plane(maps: Explorer, exact: Bundle) -> None:
    maps.open(f"{BARE}&reg=AB12CDE")
    mean, sigma = (part[0].astype(float) for part in exact.autoencoder.encode(["AB12CDE"]))
    plane = Plane.principal(exact.records)
    middle = plane.project([mean])[0]
    covariance = plane.basis @ np.diag(sigma**2) @ plane.basis.T
    ellipses = maps.page.evaluate(f"{LINES}.map((one) => [Array.from(one.x), Array.from(one.y)])")
    assert len(ellipses) == 2
    for radius, line in zip((1, 2), ellipses, strict=True):
        away = np.column_stack(line) - middle
        squared = (away @ np.linalg.inv(covariance) * away).sum(axis=1)
        np.testing.assert_allclose(np.sqrt(squared), radius, rtol=1e-3)


def test_another_model_is_another_map_on_every_page(maps: Explorer, exact: Bundle) -> None:
    maps.open("?point=2.5,2.5")
    maps.expect_heading("Pinned point")
    choose(maps, "Model", "exact-15d")
    expect(maps.page.locator(".picture .xtitle")).to_have_text("widest direction")
    plane, mean = Plane.principal(exact.records), exact.records.mean.astype(float)
    assert_reads(maps, exact, plane.lift([[0, 0]], mean.mean(axis=0))[0])
    expect(maps.panel.get_by_role("heading", name="Pinned point")).to_have_count(0)
    below = exact.records.attribute("number") < 50
    x, y = maps.page.evaluate(
        "() => { const {x, y} = document.querySelector('.picture').data[0];"
        " return [Array.from(x), Array.from(y)]; }"
    )
    np.testing.assert_allclose(
        np.column_stack([x, y]), plane.project(mean[below]), rtol=1e-4, atol=1e-5
    )
    maps.page.get_by_role("link", name="Model report").click()
    expect(maps.page.get_by_role("heading", name="The model: exact-15d")).to_be_visible(
        timeout=20_000
    )
    choose(maps, "Model", "ordered-2d")
    expect(maps.page.get_by_role("heading", name="The model: ordered-2d")).to_be_visible(
        timeout=20_000
    )
    maps.page.get_by_role("link", name="Explore").click()
    expect(maps.page.locator(".picture .xtitle")).to_have_count(0)
    ordered = regvae.load("ordered-2d")
    expect(maps.page.locator(".reading-where")).to_contain_text("the middle of the map")
    assert_reads(maps, ordered, np.zeros(2))


def choose(explorer: Explorer, box: str, name: str) -> None:
    """Choose something in one of the boxes above the map."""
    explorer.page.get_by_role("combobox", name=box).first.click()
    explorer.page.get_by_role("option", name=name, exact=True).click()


# --- what is painted ------------------------------------------------------------------------------


def on_scale(place: float) -> np.ndarray:
    """The colour of a place from 0 to 1 on the scale of numbers."""
    colours = np.array([channels(one) for one in palette.SCALE])
    return np.array([np.interp(place, np.linspace(0, 1, len(colours)), part) for part in colours.T])


def channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def clear_points(layer: DecodedLayer, extent: float) -> list[int]:
    """Rows of grid points on the map, about which the same is decoded, nearly as surely."""
    size = int(layer.grid["size"])
    code, sure = (layer.table[name].to_numpy().reshape(size, size) for name in layer.table)
    axis = layer.grid["low"] + layer.grid["step"] * np.arange(size)
    inside = np.flatnonzero(np.abs(axis) < 0.95 * extent)
    found = []
    for row, col in np.random.default_rng(1).choice(inside, (400, 2)):
        part = (slice(row - 3, row + 4), slice(col - 3, col + 4))
        if (code[part] == code[row, col]).all() and np.ptp(sure[part]) < 0.05:
            found.append(int(row * size + col))
    return found


def assert_painted(explorer: Explorer, exact: Bundle, name: str) -> None:
    """The paper under the map has the colours of what is decoded, as strong as it is sure."""
    plane = Plane.principal(exact.records)
    colours = Colouring.of(ATTRIBUTES[name], exact.records.codes)
    middle = exact.records.mean.mean(axis=0, dtype=float)
    layer = DecodedLayer.of(exact, colours, plane, middle)
    rows = clear_points(layer, plane.extent)[:25]
    assert len(rows) == 25
    assert layer.table["code"][rows].nunique() > 1
    for row in rows:
        code, sure = layer.table.loc[row]
        place = np.array([row % layer.grid["size"], row // layer.grid["size"]])
        at = layer.grid["low"] + layer.grid["step"] * place
        *colour, opacity = map(int, explorer.painted(*at, "under").split())
        expected = (
            channels(palette.MAP["light"]["classes"][int(code)])
            if name == "at_least_50"
            else on_scale(code / 9)
        )
        # The fainter, the fewer steps of colour a pixel has.
        np.testing.assert_allclose(colour, expected, atol=4 + 400 / opacity)
        assert opacity / 255 == pytest.approx(0.06 + 0.39 * sure, abs=0.04)


def test_the_map_is_painted_with_what_is_decoded(maps: Explorer, exact: Bundle) -> None:
    maps.open(f"{BARE}")
    assert maps.painted(1.0, 1.0, "under") == "0 0 0 0"
    maps.tab("Journeys")
    maps.panel.get_by_text(text.PAINT[0]).click()
    drawn = "document.querySelector('.frame canvas.under')"
    maps.page.wait_for_function(
        f"() => {drawn}.getContext('2d').getImageData(150, 150, 1, 1).data[3] > 0"
    )
    assert_painted(maps, exact, "at_least_50")
    choose(maps, "Colour by", "tens digit")
    expect(maps.page.locator(".legend .scale")).to_be_visible()
    assert_painted(maps, exact, "tens")
    maps.panel.get_by_text(text.PAINT[0]).click()
    maps.page.wait_for_function(
        f"() => {drawn}.getContext('2d').getImageData(150, 150, 1, 1).data[3] === 0"
    )


# --- journeys -------------------------------------------------------------------------------------


def test_a_journey_is_drawn_and_told(maps: Explorer, exact: Bundle) -> None:
    maps.open(f"{BARE}&from=YK66BIQ&steps=8")
    maps.tab("Journeys")
    expect(maps.panel).to_contain_text("Give both ends")
    assert maps.page.evaluate(f"{LINES}.length") == 0
    maps.panel.get_by_label("End", exact=True).fill("my33 wsz")
    maps.page.keyboard.press("Enter")
    start, end = exact.autoencoder.encode(["YK66BIQ", "MY33WSZ"])[0].astype(float)
    path = paths.journey(exact, paths.straight(start, end, 8), within=np.sqrt(7.5))
    rows = maps.panel.locator(".facts tr:has(td):visible")
    expect(rows).to_have_count(8)
    for row, reg, sure, near in zip(rows.all(), path.codes, path.weakest, path.near, strict=True):
        expect(row.locator(".plate")).to_have_text(pretty(reg))
        expect(row).to_contain_text(f"{sure:.0%}")
        expect(row).to_contain_text(f"{near:,} near" if near else "none near")
    expect(maps.panel).to_contain_text(f"{len(set(path.codes))} different regs in 8 steps")
    maps.page.wait_for_function(f"{LINES.removeprefix('() => ')}.length === 2")
    lines = maps.page.evaluate(f"{LINES}.map((one) => [Array.from(one.x), Array.from(one.y)])")
    shown = Plane.principal(exact.records).project(path.z)
    for line in lines:  # a halo, and the line on it
        np.testing.assert_allclose(np.column_stack(line), shown, atol=1e-6)
    maps.tab("Read")
    maps.page.wait_for_function(f"{LINES.removeprefix('() => ')}.length === 0")


def test_samples_stand_back_while_a_journey_is_shown(maps: Explorer, exact: Bundle) -> None:
    maps.open("?model=exact-15d&samples=60&from=YK66BIQ&to=MY33WSZ")
    samples = sampling.sample(exact, Policy("exact-15d", UNWANTED, proposals=60))
    shown = Plane.principal(exact.records).project(samples.z)
    at = shown[lonely(shown, shown)]
    assert maps.painted(*at).endswith(" 255")
    maps.tab("Journeys")
    maps.page.wait_for_function(f"{LINES.removeprefix('() => ')}.length === 2")
    assert 0 < int(maps.painted(*at).split()[3]) < 120
    maps.tab("Read")
    maps.page.wait_for_function(f"{LINES.removeprefix('() => ')}.length === 0")
    assert maps.painted(*at).endswith(" 255")
