"""The map of any model in a real browser: slices of 15 dimensions, what is painted, journeys."""

import re
import time

import numpy as np
from playwright.sync_api import Page, expect
from scipy.spatial import cKDTree

import regvae
from dashboard import palette, state
from dashboard.components.colouring import Colouring
from dashboard.components.fields import PaintedLayer
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import UK_REGISTRATION
from regvae.latent import paths
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import usual
from regvae.rejection.rules import OneSided
from tests import drive
from tests.browser.pages import LOADING, Explorer

shown = UK_REGISTRATION.shown
PLACES = [(0.3, 0.4), (-1.1, 0.7), (2.3, -1.9), (-2.7, -2.2)]
BARE = "?model=exact-15d&unwanted=number+<+0"
"""No reg has such a number: the map shows neither samples nor a zone."""
PATH = "plot.map.marks.parts.filter((one) => !one.symbol)"


def assert_reads(explorer: Explorer, bundle: Bundle, z: np.ndarray) -> None:
    """The strip above the map shows what a latent point decodes to, and how surely."""
    expect(explorer.plate).to_have_text(shown(bundle.autoencoder.decode([z])[0]))
    sure = explorer.page.locator(".certainty i").evaluate_all(
        "(bars) => bars.map((bar) => bar.style.getPropertyValue('--sure')).filter(Boolean)"
    )
    # Bernoulli's or a softmax's: the probabilities of a character sum to 1.
    best = [float(block.max()) for block in bundle.autoencoder.probabilities([z])]
    np.testing.assert_allclose([float(one) for one in sure], best, atol=2e-3)


def assert_reads_slice(
    explorer: Explorer, bundle: Bundle, plane: Plane, anchor: np.ndarray
) -> None:
    """Wherever a plane is pointed at, its slice through a point is read."""
    end = time.monotonic() + drive.PATIENCE / 1000
    while not reads_slice(explorer, bundle, plane, anchor):  # it may be on its way
        assert time.monotonic() < end
    for x, y in PLACES:
        place = explorer.picture.point_near(x, y)
        assert_reads(explorer, bundle, plane.lift([place], anchor)[0])


def reads_slice(explorer: Explorer, bundle: Bundle, plane: Plane, anchor: np.ndarray) -> bool:
    """Whether all places are read as in the slice; under a mouse at rest none is read anew."""
    found = []
    for x, y in PLACES:
        place = explorer.picture.point_near(x, y)
        decoded = bundle.autoencoder.decode(plane.lift([place], anchor))[0]
        found.append(explorer.plate.inner_text() == shown(decoded))
    return all(found)


def middle_of(bundle: Bundle) -> np.ndarray:
    return bundle.records.mean.mean(axis=0, dtype=float)


def lonely(shown: np.ndarray, others: np.ndarray, within: float = 2.9) -> int:
    """Which of some points (n, 2) lies farthest from all others (m, 2) but itself, on the map."""
    away = cKDTree(np.vstack([shown, others])).query(shown, k=3)[0]
    nearest = np.where(away[:, 1] == 0, away[:, 2], away[:, 1])  # it may be among the others
    return int(np.where(np.abs(shown).max(axis=1) < within, nearest, 0).argmax())


def test_fifteen_dimensions_are_seen_in_planes_through_the_mean_or_the_pin(
    page: Page, dashboard: str, exact: Bundle
) -> None:
    explorer = Explorer(page, dashboard).open(BARE)
    plane, mean = Plane.principal(exact.records), exact.records.mean.astype(float)
    middle = middle_of(exact)
    assert_reads(explorer, exact, plane.lift([[0, 0]], middle)[0])  # nothing is pointed at yet
    assert_reads_slice(explorer, exact, plane, middle)

    explorer.search("ab12cde")
    assert_shadow(explorer, exact, plane, "AB12CDE")
    explorer.clear(state.SEARCH)

    on_map = plane.project(mean)
    row = lonely(on_map, on_map)
    np.testing.assert_allclose(explorer.pin(*on_map[row]), mean[row], atol=6e-5)
    explorer.choose(state.ANCHOR, 1)
    assert_reads_slice(explorer, exact, plane, mean[row])
    page.mouse.move(2, 2)  # away from the map the pin itself is read
    assert_reads(explorer, exact, mean[row])

    explorer.legend.chips.first.click()
    z = explorer.pin(2.5, 2.5)
    explorer.picture.wait_for(
        """(plot, at) => plot.map.marks.parts.some((one) => one.symbol === "circle" &&
            Math.hypot(one.x[0] - at[0], one.y[0] - at[1]) < 1e-3)""",
        plane.project([z])[0].tolist(),
    )
    expect(explorer.legend.chips.first).to_have_attribute("aria-pressed", "false")
    assert explorer.picture.opacities[0] < 0.1  # still dimmed, though all was drawn again

    explorer.choose(state.ANCHOR, 0)
    explorer.keyed(state.PLANE).get_by_role("radio").nth(1).click()
    explorer.choose(state.ACROSS, "z5")
    titles = [explorer.page.locator(f".axes .{axis}title") for axis in "xy"]
    for title, label in zip(titles, ("z5", "z2"), strict=True):
        expect(title).to_have_text(label)
    assert_reads_slice(explorer, exact, Plane.axes(exact.records, 5, 2), middle)
    explorer.expect_address(state.ACROSS)
    page.reload()  # the address says it all
    for title, label in zip(titles, ("z5", "z2"), strict=True):
        expect(title).to_have_text(label, timeout=LOADING)


def assert_shadow(explorer: Explorer, bundle: Bundle, plane: Plane, reg: str) -> None:
    """A searched reg's Gaussian throws its shadow on the plane: ellipses of 1 and 2 sigma."""
    mean, sigma = (part[0].astype(float) for part in bundle.autoencoder.encode([reg]))
    covariance = plane.basis @ np.diag(sigma**2) @ plane.basis.T
    explorer.picture.wait_for(f"(plot) => {PATH}.length === 2")
    ellipses = explorer.picture.plot.evaluate(
        f"(plot) => {PATH}.map((one) => [Array.from(one.x), Array.from(one.y)])"
    )
    for radius, line in zip((1, 2), ellipses, strict=True):
        away = np.column_stack(line) - plane.project([mean])[0]
        squared = (away @ np.linalg.inv(covariance) * away).sum(axis=1)
        np.testing.assert_allclose(np.sqrt(squared), radius, rtol=1e-3)


def test_samples_stand_back_while_a_path_is_drawn_and_told(
    page: Page, dashboard: str, exact: Bundle
) -> None:
    explorer = Explorer(page, dashboard).open(
        "?model=exact-15d&samples=60&from=YK66BIQ&steps=8&hidden=zone"  # whose edge is over samples
    )
    policy = Policy("exact-15d", UNWANTED, OneSided(), usual(exact), proposals=60)
    samples = sampling.sample(exact, policy)
    plane = Plane.principal(exact.records)
    on_map = plane.project(samples.z)
    row = lonely(on_map, np.vstack([on_map, plane.project(exact.records.mean)]))
    explorer.point(*on_map[row])
    expect(explorer.record).to_contain_text("sample")
    np.testing.assert_allclose(explorer.pin(*on_map[row]), samples.z[row], atol=6e-5)
    expect(explorer.panel.locator(".plate").first).to_have_text(shown(samples.codes[row]))

    others = np.delete(on_map, row, axis=0)  # the pin does not stand back
    alone = others[lonely(others, on_map)]
    strength = explorer.picture.strength(alone)
    assert strength > 80
    explorer.tab("journeys")
    expect(explorer.keyed(state.FROM).locator("input")).to_have_value("YK66BIQ")
    assert explorer.picture.plot.evaluate(f"(plot) => {PATH}.length") == 0  # it has no end yet
    explorer.enter(state.TO, "my33 wsz")
    start, end = exact.autoencoder.encode(["YK66BIQ", "MY33WSZ"])[0].astype(float)
    path = paths.decode_path(exact, paths.straight(start, end, 8), within=np.sqrt(7.5))
    rows = explorer.panel.locator(".facts tr:has(td):visible")
    expect(rows).to_have_count(8)
    for row, reg, sure, near in zip(rows.all(), path.codes, path.weakest, path.near, strict=True):
        expect(row.locator(".plate")).to_have_text(shown(reg))
        expect(row).to_contain_text(f"{sure:.0%}")
        expect(row.locator("td").last).to_have_text(
            re.compile(rf"^{near:,} " if near else r"^\D+$")
        )
    explorer.picture.wait_for(f"(plot) => {PATH}.length === 2")
    lines = explorer.picture.plot.evaluate(
        f"(plot) => {PATH}.map((one) => [Array.from(one.x), Array.from(one.y)])"
    )
    for line in lines:  # a halo, and the line on it
        np.testing.assert_allclose(np.column_stack(line), plane.project(path.z), atol=1e-6)
    assert 0 < explorer.picture.strength(alone) < strength / 2
    drawn = """({map}) => map.marks.parts.filter(({layer}) => layer === "path").length"""
    explorer.layer("path").click()
    assert explorer.picture.plot.evaluate(drawn) == 0
    assert explorer.picture.strength(alone) == strength
    explorer.expect_address(state.HIDDEN)
    explorer.layer("path").click()
    assert explorer.picture.plot.evaluate(drawn) > 0
    explorer.tab("read")
    expect(explorer.layer("path")).to_be_hidden()
    explorer.picture.wait_for(f"(plot) => {PATH}.length === 0")
    assert explorer.picture.strength(alone) == strength


def test_another_model_is_another_map_on_every_page(
    page: Page, dashboard: str, exact: Bundle
) -> None:
    explorer = Explorer(page, dashboard).open("?point=2.5,2.5")
    explorer.expect_section(state.POINT)
    for name in ("notebook-15d", "exact-15d"):
        bundle = regvae.load(name)
        explorer.choose(state.MODEL, name)
        page.mouse.move(2, 2)
        plane, middle = Plane.principal(bundle.records), middle_of(bundle)
        assert_reads(explorer, bundle, plane.lift([[0, 0]], middle)[0])
        assert_reads_slice(explorer, bundle, plane, middle)
    explorer.expect_no_section(state.POINT)
    on_map = Plane.principal(exact.records).project(exact.records.mean.astype(float))
    np.testing.assert_allclose(explorer.picture.records, on_map, rtol=1e-4, atol=1e-5)

    explorer.go("report")
    heading = page.locator("h5").first
    expect(heading).to_contain_text("exact-15d", timeout=LOADING)
    explorer.choose(state.MODEL, "ordered-2d")
    expect(heading).to_contain_text("ordered-2d", timeout=LOADING)
    explorer.go("")
    explorer.wait()
    expect(page.locator(".axes .xtitle")).to_have_text("z1")
    assert_reads(explorer, regvae.load("ordered-2d"), np.zeros(2))


# --- what is painted ------------------------------------------------------------------------------


def test_the_map_is_painted_with_what_is_decoded(page: Page, dashboard: str, exact: Bundle) -> None:
    colour = UK_REGISTRATION.attributes["at_least_50"].label
    explorer = Explorer(page, dashboard).open(f"{BARE}&{state.COLOUR}={colour}")
    assert not explorer.picture.painted([[1.0, 1.0]], "under").any()
    paint = explorer.layer("colours")
    expect(paint).to_have_attribute("aria-pressed", "false")
    explained = page.locator(".key .paint")
    expect(explained).to_have_css("display", "none")
    paint.click()
    expect(page).not_to_have_url(re.compile("painted"))  # it is the default
    expect(explained).not_to_have_css("display", "none")
    explorer.picture.wait_for("(plot) => plot.map.overlay.painted")
    assert_painted(explorer, exact, "at_least_50")
    number = UK_REGISTRATION.attributes["number"].label
    explorer.choose(state.COLOUR, number)
    expect(explorer.legend.root).to_contain_text(f"{number}: ")
    assert_painted(explorer, exact, "number")
    paint.click()
    assert not explorer.picture.painted([[1.0, 1.0]], "under").any()


def on_scale(place: float) -> np.ndarray:
    """The colour of a place from 0 to 1 on the scale of numbers."""
    colours = np.array([channels(one) for one in palette.SCALE])
    return np.array([np.interp(place, np.linspace(0, 1, len(colours)), part) for part in colours.T])


def channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]


def clear_points(layer: PaintedLayer, extent: float) -> list[int]:
    """Rows of grid points on the map, about which the same is decoded, nearly as surely."""
    size = layer.grid.size
    code, sure = (layer.table[name].to_numpy().reshape(size, size) for name in layer.table)
    axis = layer.grid.low + layer.grid.step * np.arange(size)
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
    colours = Colouring.of(UK_REGISTRATION.attributes[name], exact.records.codes)
    layer = PaintedLayer.of(exact, colours, plane, middle_of(exact))
    rows = clear_points(layer, plane.extent)[:25]
    assert len(rows) == 25
    some = layer.table.loc[rows]
    assert some["code"].nunique() > 1
    painted = explorer.picture.painted(layer.grid.points[rows], "under")
    for (code, sure), (*colour, opacity) in zip(some.to_numpy(), painted, strict=True):
        expected = (
            channels(palette.MAP["light"]["classes"][int(code)])
            if name == "at_least_50"
            else on_scale(code / 99)
        )
        # The fainter, the fewer steps of colour a pixel has.
        np.testing.assert_allclose(colour, expected, atol=4 + 400 / opacity)
        np.testing.assert_allclose(opacity / 255, 0.06 + 0.39 * sure, atol=0.04)
