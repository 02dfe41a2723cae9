"""Rejection sampling in a real browser: three rules, their sliders, the zone, results and leaks."""

import io
import re
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest
from playwright.sync_api import Page, expect

from dashboard import palette, state
from dashboard.words import results
from regvae.evaluation.notebook import UNWANTED
from regvae.formats import UK_REGISTRATION
from regvae.model.bundle import Bundle, load
from regvae.rejection import rules, sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.rules import RULES, OneSided, Rule, TwoSided
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted
from tests.browser.pages import GO_TO_NEAREST, HUNT, LOADING, MARK, Explorer
from tests.server import serve

# The colours of samples: accepted and wanted, accepted but unwanted.
WANTED, UNWANTED_COLOUR = (
    [int(palette.MAP["light"][name][at : at + 2], 16) for at in (1, 3, 5)]
    for name in ("accepted", "impure")
)


def policy_of(rule: Rule) -> Policy:
    return Policy("notebook-2d", UNWANTED, rule)


def test_every_slider_of_every_rule_moves_everything_at_every_step(
    explorer: Explorer, bundle: Bundle
) -> None:
    marked = np.zeros(2, int)
    for kind in RULES.values():
        rule = kind()
        samples = sampling.sample(bundle, policy_of(rule))
        explorer.use_rule(rule)
        assert_shows(explorer, samples, rule)
        marked += assert_marked(explorer, samples, rule)
        assert_shaded(explorer, bundle, rule)
        for parameter in rule.parameters():
            assert_follows(explorer, samples, rule, parameter.name)
            # All others stand at their defaults again.
            explorer.slider(parameter.name).fill(f"{parameter.default}")
            explorer.expect_confirmed()
    explorer.use_rule(OneSided())
    explorer.slider("threshold").fill("1")
    explorer.expect_confirmed()
    samples = sampling.sample(bundle, policy_of(OneSided()))
    marked += assert_marked(explorer, samples, OneSided(1.0))
    assert marked.min() > 0


def assert_shows(explorer: Explorer, samples: Samples, rule: Rule) -> None:
    """The figures and plates on the page are those that Python counts."""
    report = sampling.report(samples, rule)
    counted = re.findall(r"\d[\d,]*", explorer.figure("accepted"))
    assert counted == [f"{report.accepted:,}", "1,000"]
    purity = explorer.figure("purity")
    if report.purity is None:
        assert not re.search(r"\d", purity)
    else:
        assert float(purity.rstrip(" %")) == pytest.approx(100 * report.purity, abs=0.051)
    if report.tail_probability is not None:
        tail = report.tail_probability * 100
        assert float(explorer.figure("tail").rstrip(" %")) == pytest.approx(tail, abs=0.06)
    accepted = samples.codes[rule.accepts(samples.measures)]
    plates = explorer.plates
    assert plates == [UK_REGISTRATION.shown(reg) for reg in accepted[: len(plates)]]
    assert len(plates) == min(48, len(accepted))


def assert_follows(explorer: Explorer, samples: Samples, rule: Rule, parameter: str) -> None:
    """Everything follows a slider at every step; Python is asked on release, and agrees."""
    explorer.grab(parameter)
    seen = set()
    (described,) = [one for one in rule.parameters() if one.name == parameter]
    middle = max(described.default, 0.1 * described.maximum)  # not at the end, where it begins
    for target in (middle * 0.5, middle * 0.2, middle * 1.3):
        explorer.slide(parameter, target)
        assert explorer.value(parameter) == pytest.approx(target, abs=0.05)
        values = {name: explorer.value(name) for name in rule.values()}
        assert_shows(explorer, samples, rules.rule_named(rule.name, values))
        assert "✓" not in explorer.figure("confirmed")
        seen.add((explorer.figure("accepted"), explorer.value(parameter)))
    assert len(seen) == 3
    explorer.release()
    explorer.expect_address(parameter, explorer.value(parameter))


def assert_marked(explorer: Explorer, samples: Samples, rule: Rule) -> np.ndarray:
    """Accepted samples are rings, or crosses if they decode to something unwanted; both let what
    lies below be seen, and rejected ones are fainter. Gives how many of the two were seen.
    """
    explorer.layer("zone").click()  # so that its edge crosses none of them
    picture, alone = explorer.picture, lonely(samples.z)
    accepted = rule.accepts(samples.measures)[alone]
    around = picture.around(samples.z[alone], MARK)
    middle = around[:, around.shape[1] // 2]
    strongest = around[np.arange(len(around)), around[..., 3].argmax(axis=1)]
    for wanted, colour in ((True, WANTED), (False, UNWANTED_COLOUR)):
        rows = accepted & (samples.wanted[alone] == wanted)
        np.testing.assert_allclose(strongest[rows, :3], np.tile(colour, (rows.sum(), 1)), atol=4)
        assert (strongest[rows, 3] > 150).all()
        assert (strongest[rows, 3] < 255).all()
        assert ((middle[rows, 3] == 0) == wanted).all()  # a ring is empty
        assert ((around[rows, :, 3] > 0).mean(axis=1) < 0.5).all()
    assert (strongest[~accepted, 3] < 130).all()
    assert (middle[~accepted, 3] > 0).all()
    explorer.layer("zone").click()
    wanted = samples.wanted[alone][accepted]
    return np.array([wanted.sum(), (~wanted).sum()])


def lonely(z: np.ndarray) -> np.ndarray:
    """Rows of samples (n, 2) on the map that no other one is drawn near to."""
    away = np.hypot(*(z[:, None] - z).transpose(2, 0, 1))
    rows = np.flatnonzero((away < 0.16).sum(axis=1) == 1)
    return rows[np.abs(z[rows]).max(axis=1) < 2.9]


def assert_shaded(explorer: Explorer, bundle: Bundle, rule: Rule) -> None:
    """The zone is shaded where Python rejects."""
    measurer = sampling.make_measurer(bundle, policy_of(rule))
    points = np.random.default_rng(5).uniform(-2.8, 2.8, (60, 2))
    ticks = np.linspace(-0.08, 0.08, 9)
    around = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    accepted = rule.accepts(measurer.measure(rule, (points + around).reshape(-1, 2)))
    accepted = accepted.reshape(len(around), -1)
    clear = (accepted == accepted[0]).all(axis=0)  # no edge runs close by
    assert clear.sum() > 30
    opacity = explorer.picture.painted(points[clear], "under")[:, 3]
    assert ((opacity == 0) == accepted[0][clear]).all()


def test_a_threshold_is_given_by_address_slider_and_number_alike(
    page: Page, dashboard: str, bundle: Bundle
) -> None:
    explorer = Explorer(page, dashboard).open("?threshold=1.2345")  # between two steps
    assert explorer.value("threshold") == 1.23
    explorer.expect_confirmed()
    assert_held_out_counted(explorer, bundle)

    marker = explorer.page.locator(".curves .marker")
    explorer.grab("threshold")
    places = []
    for target in (1.0, 5.0):
        explorer.slide("threshold", target)
        places.append((float(marker.get_attribute("x1") or 0), explorer.value("threshold")))
    (x1, low), (x2, high) = places
    assert (x2 - x1) / (264 - 34) == pytest.approx((high - low) / 6, abs=0.01)
    explorer.release()

    explorer.tab("sample")
    explorer.enter("threshold", "2.5")
    expect(explorer.page.locator(".scrub-row output")).to_have_text(re.compile(r"^2\.50 "))
    explorer.grab("threshold")
    explorer.slide("threshold", high)  # where it was released last
    explorer.release()
    explorer.expect_address("threshold", high)
    assert_not_called_back(explorer)

    explorer.enter(state.WANTED, "number < 50")
    policy = Policy("notebook-2d", Unwanted.of(["number >= 50"]), OneSided(3.0))
    samples = sampling.sample(bundle, policy)
    report = sampling.report(samples, policy.rule)
    accepted = explorer.page.locator("[data-figure=accepted]")
    expect(accepted).to_have_text(re.compile(f"^{report.accepted:,} "))
    explorer.expect_confirmed()
    assert_shows(explorer, samples, policy.rule)


def assert_held_out_counted(explorer: Explorer, bundle: Bundle) -> None:
    """How many held-out unwanted records the training records alone reject."""
    records = bundle.records
    measurer = Measurer.of(bundle, UNWANTED, split="train")
    rows = UNWANTED.of_records(records) & (records.split != "train")
    distance, _ = measurer.unwanted.query(records.mean[rows])
    for value in (0.03, 0.06, 2.5):
        explorer.slider("threshold").fill(f"{value}")
        covered = 100 * np.mean(distance <= value)
        assert float(explorer.figure("covered").rstrip(" %")) == pytest.approx(covered, abs=0.06)
    explorer.expect_confirmed()


def assert_not_called_back(explorer: Explorer) -> None:
    """A slider that is released, moved on and released again stays, whatever Python answers."""
    stood = explorer.page.evaluate(
        """async () => {
            const slider = document.querySelector(".scrub-row input");
            const confirmed = document.querySelector("[data-figure=confirmed]");
            const frame = () => new Promise(requestAnimationFrame);
            for (const value of [1, 2, 3]) {
                slider.value = value;
                slider.dispatchEvent(new Event("input", {bubbles: true}));
                slider.dispatchEvent(new Event("change", {bubbles: true}));
                for (let i = 0; i < 4; i++) await frame();
            }
            const seen = new Set([slider.value]);
            const end = performance.now() + 30_000;
            while (!confirmed.textContent.includes("✓") && performance.now() < end) {
                await frame();
                seen.add(slider.value);
            }
            return [...seen];
        }"""
    )
    assert stood == ["3"]
    explorer.expect_confirmed()
    explorer.expect_address("threshold", 3)


def test_a_rejected_sample_says_why_and_a_button_leads_to_the_nearest_accepted_point(
    explorer: Explorer, bundle: Bundle
) -> None:
    rule = TwoSided()
    samples = sampling.sample(bundle, policy_of(rule))
    explorer.use_rule(rule)
    rejected = samples.z[~rule.accepts(samples.measures)]
    z = rejected[np.hypot(*rejected.T).argmax()]
    explorer.point(*z)
    expect(explorer.record).to_contain_text("rejected")
    explorer.click(*z)
    expect(explorer.card).to_contain_text("Rejected")
    np.testing.assert_allclose(explorer.pinned, z, atol=6e-5)
    explorer.card.get_by_role("button", name="More in Read").click()
    measurer = sampling.make_measurer(bundle, policy_of(rule))
    measures = measurer.measure(rule, [z])
    for name in ("margin", "to_wanted"):
        expect(explorer.panel).to_contain_text(f"{measures[name][0]:.2f} σ")
    before = explorer.coordinates.input_value()
    explorer.button(GO_TO_NEAREST).click()
    expect(explorer.coordinates).not_to_have_value(before)
    assert rule.accepts(measurer.measure(rule, [explorer.pinned]))[0]
    decoded = bundle.autoencoder.decode([explorer.pinned])
    expect(explorer.panel.locator(".plate").first).to_have_text(UK_REGISTRATION.shown(decoded[0]))
    assert not UNWANTED.of_codes(decoded, bundle).any()
    assert_pan_moves_all(explorer, bundle, rule)


def assert_pan_moves_all(explorer: Explorer, bundle: Bundle, rule: Rule) -> None:
    """The samples and the zone, on canvases of our own, are panned with the map."""
    picture = explorer.picture
    samples = sampling.sample(bundle, policy_of(rule))
    z = samples.z[lonely(samples.z)]
    assert len(z) > 3

    def shown() -> np.ndarray:
        # Sorted: a point on the border of two pixels may fall into the other one.
        return np.sort(picture.around(z, MARK)[..., 3], axis=1)

    before = shown()
    ((x, y),) = picture.pixels([[0.2, 0.1]])
    left = picture.plot.evaluate("(plot) => plot.map.view.low.x")
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.down()
    explorer.page.mouse.move(x + 20, y + 15, steps=4)
    explorer.page.mouse.up()
    picture.wait_for("(plot, left) => plot.map.view.low.x < left", left)
    np.testing.assert_allclose(shown(), before, atol=3)
    assert_shaded(explorer, bundle, rule)


def test_5000_different_new_regs_take_a_few_gestures(explorer: Explorer) -> None:
    explorer.open(f"?model={state.DEFAULTS[state.MODEL]}")
    explorer.tab("results")
    explorer.enter(state.NUMBER, "5000")
    explorer.button(results.GENERATE).click()
    expect(explorer.panel).to_contain_text(
        "5,000 new regs: all different, none a record, none unwanted", timeout=LOADING
    )
    with explorer.page.expect_download() as download:
        explorer.button("CSV").click()
    table = pd.read_csv(download.value.path())
    assert table["reg"].nunique() == len(table) == 5_000
    records = load(state.DEFAULTS[state.MODEL]).records
    assert not records.contains(table["reg"].to_numpy(str)).any()


def test_a_long_run_tells_its_counts_and_stops_while_the_page_answers(page: Page) -> None:
    with serve() as url:
        explorer = Explorer(page, url)
        # From the box, where nothing is accepted.
        explorer.open("?model=exact-15d&rule=two-sided&proposal=box")
        explorer.use_the_maps_rule()
        expect(explorer.panel).to_contain_text("nearly all of the box lies far from the records")
        explorer.button(results.GENERATE).click()
        refused = "none of them is accepted: propose around records"
        expect(explorer.panel).to_contain_text(refused, timeout=LOADING)

        explorer.open("?model=exact-15d")  # around records, as usual
        explorer.tab("results")
        explorer.enter(state.NUMBER, f"{state.MAX_RESULTS}")
        begin(explorer)
        running = worker_processes()
        assert running
        explorer.click(0.5, 0.5)  # the page answers meanwhile
        expect(explorer.card).to_be_visible()
        expect(explorer.panel).to_contain_text(results.MEANWHILE)
        explorer.button(results.STOP).click()
        expect(explorer.panel).to_contain_text("proposals, then it was stopped", timeout=LOADING)
        assert_ended(running)
        assert_what_there_is_is_downloaded(explorer)
        begin(explorer)
        running = worker_processes()
        assert running
        page.goto("about:blank")  # or its console tells that the server is gone
    assert_ended(running)  # with the server, which was terminated


def begin(explorer: Explorer) -> None:
    """Generate results, and wait until there are some."""
    explorer.button(results.GENERATE).click()
    counts = r"[\d,]+ of 1,000,000 different regs \([\d,]+ a second, about \d+ (s|min) left\)"
    expect(explorer.panel).to_contain_text(re.compile(counts), timeout=LOADING)


def worker_processes() -> list[psutil.Process]:
    """Those of all servers that this process has started."""
    found = psutil.Process().children(recursive=True)
    return [one for one in found if "loky.backend.popen_loky_posix" in one.cmdline()]


def assert_ended(running: list[psutil.Process]) -> None:
    """Processes end soon."""
    psutil.wait_procs(running, timeout=10)
    assert not any(one.is_running() and one.status() != "zombie" for one in running)


def assert_what_there_is_is_downloaded(explorer: Explorer) -> None:
    """The files have the results that the page counts."""
    told = re.compile(r"([\d,]+) new regs: all different")
    expect(explorer.panel).to_contain_text(told)
    (kept,) = told.findall(explorer.panel.inner_text())[:1]
    explorer.panel.get_by_text(results.DETAILS).click()
    for name, read in (
        ("CSV", pd.read_csv),
        ("Parquet", pd.read_parquet),
        (results.DETAILS_FILE, pd.read_parquet),
    ):
        with explorer.page.expect_download() as download:
            explorer.button(name).click()
        assert len(read(download.value.path())) == int(kept.replace(",", ""))


def test_results_are_made_and_downloaded_and_leaks_are_found_and_removed(
    explorer: Explorer,
) -> None:
    explorer.tab("results")
    explorer.enter(state.NUMBER, "50")
    explorer.panel.get_by_test_id("stBaseButton-primary").click()
    expect(explorer.button("Policy")).to_be_visible(timeout=LOADING)
    files = {}
    for name in ("Parquet", "Policy"):
        with explorer.page.expect_download() as download:
            explorer.button(name).click()
        files[name] = Path(download.value.path()).read_bytes()
    table = pd.read_parquet(io.BytesIO(files["Parquet"]))
    assert len(table) == 50
    assert list(table.columns) == ["reg"]  # with points, it could not be shared
    assert (table["reg"].str[2:4].astype(int) >= 50).all()  # what is wanted
    assert Policy.from_toml(files["Policy"].decode()).results == 50

    crosses = """(plot) => plot.map.marks.layers.find((one) => one.symbol === "x")
        ?.x.length ?? 0"""
    assert explorer.picture.plot.evaluate(crosses) == 0
    explorer.button(HUNT).click()
    explorer.picture.wait_for(f"(plot) => ({crosses})(plot) > 0")
    explorer.panel.get_by_role("button", name=re.compile("threshold")).click()
    explorer.picture.wait_for(f"(plot) => ({crosses})(plot) === 0")
    expect(explorer.page.locator("[data-figure=impure]")).to_have_text("0")
