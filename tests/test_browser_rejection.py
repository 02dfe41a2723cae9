"""Rejection sampling in a real browser: three rules, their sliders, the zone, results and leaks."""

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect

from regvae.evaluation.notebook import UNWANTED
from regvae.formats.uk_registration import pretty
from regvae.model.bundle import Bundle
from regvae.rejection import rules, sampling
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from tests.browser import Explorer

RULES = (OneSided(), TwoSided(), Posterior())


def opened(page, dashboard: str, rule: rules.Rule) -> Explorer:
    return Explorer(page, dashboard).open(f"?rule={rule.name}")


def policy_of(rule: rules.Rule) -> Policy:
    return Policy("notebook-2d", UNWANTED, rule)


def assert_shows(explorer: Explorer, samples: sampling.Samples, rule: rules.Rule) -> None:
    """The figures and plates on the page are those that Python counts."""
    report = sampling.report(samples, rule)
    assert explorer.figure("accepted") == f"{report.accepted} of 1,000"
    purity = "none accepted" if report.purity is None else f"{report.purity:.3f}"
    assert explorer.figure("purity") == purity
    accepted = samples.codes[rule.accepts(samples.measures)]
    shown = explorer.plates()
    assert shown == [pretty(reg) for reg in accepted[: len(shown)]]
    assert len(shown) == min(48, len(accepted))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_slider_of_every_rule_moves_everything_at_every_step(
    page, dashboard: str, bundle: Bundle, rule: rules.Rule
) -> None:
    explorer = opened(page, dashboard, rule)
    samples = sampling.sample(bundle, policy_of(rule))
    assert_shows(explorer, samples, rule)
    for parameter, value in rule.parameters().items():
        explorer.grab(parameter)
        seen = set()
        for target in (value * 0.5, value * 0.2, value * 1.3):
            page.mouse.move(*explorer.thumb(target, parameter))
            values = {name: explorer.value(name) for name in rule.parameters()}
            assert_shows(explorer, samples, rules.rule(rule.name, values))
            assert explorer.figure("confirmed") == "…"  # Python is asked on release only
            seen.add((explorer.figure("accepted"), explorer.value(parameter)))
        assert len(seen) == 3
        page.mouse.up()
        expect(page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")
        assert f"{parameter}={explorer.value(parameter):g}" in page.url


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_zone_is_shaded_where_python_rejects(
    page, dashboard: str, bundle: Bundle, rule: rules.Rule
) -> None:
    explorer = opened(page, dashboard, rule)
    judge = sampling.make_judge(bundle, policy_of(rule))
    points = np.random.default_rng(5).uniform(-2.8, 2.8, (60, 2))
    ticks = np.linspace(-0.08, 0.08, 9)
    around = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 1, 2)
    accepted = rule.accepts(judge.measure(rule, (points + around).reshape(-1, 2)))
    accepted = accepted.reshape(len(around), -1)
    clear = (accepted == accepted[0]).all(axis=0)  # no edge runs close by
    for point, passes in zip(points[clear], accepted[0][clear], strict=True):
        opacity = int(explorer.painted(*point, layer="under").split()[3])
        assert (opacity == 0) == passes, point
    assert clear.sum() > 30


def test_the_zone_and_the_samples_follow_a_pan(explorer: Explorer, bundle: Bundle) -> None:
    samples = sampling.sample(bundle, policy_of(OneSided()))
    rows = np.flatnonzero(OneSided().accepts(samples.measures))
    lonely = [
        row
        for row in rows
        if (np.hypot(*(samples.z[rows] - samples.z[row]).T) < 0.15).sum() == 1
        and np.abs(samples.z[row]).max() < 2.95
    ]
    before = [explorer.painted(*samples.z[row]) for row in lonely]
    from_x, from_y = explorer.pixel(0.2, 0.1)
    explorer.page.mouse.move(from_x, from_y)
    explorer.page.mouse.down()
    explorer.page.mouse.move(from_x + 20, from_y + 15, steps=4)
    # While the button is down Plotly's axes are on their way; the canvases go with them.
    explorer.page.wait_for_timeout(100)
    explorer.page.mouse.up()
    explorer.page.wait_for_timeout(300)
    assert [explorer.painted(*samples.z[row]) for row in lonely] == before


def test_the_present_value_is_marked_on_the_curves(explorer: Explorer) -> None:
    marker = explorer.page.locator(".curves .marker")
    before = float(marker.get_attribute("x1") or 0)
    explorer.grab()
    explorer.page.mouse.move(*explorer.thumb(5.0))
    explorer.page.mouse.up()
    after = float(marker.get_attribute("x1") or 0)
    assert (after - before) / (264 - 34) == pytest.approx((explorer.threshold - 2.5) / 6, abs=0.01)


def test_what_the_held_out_records_say_is_counted(explorer: Explorer, bundle: Bundle) -> None:
    records = bundle.records
    judge = Judge.of(bundle, UNWANTED, split="train")
    rows = UNWANTED.of_records(records) & (records.split != "train")
    distance, _ = judge.unwanted.query(records.mean[rows])
    slider = explorer.slider("threshold")
    for value in (0.03, 0.06, 2.5):
        slider.fill(f"{value}")
        covered = 100 * np.mean(distance <= value)
        assert float(explorer.figure("covered").rstrip(" %")) == pytest.approx(covered, abs=0.06)


def test_a_rejected_sample_says_why_and_shows_the_way_out(
    explorer: Explorer, bundle: Bundle
) -> None:
    explorer.tab("Sample")
    explorer.page.get_by_text("two-sided", exact=True).click()
    expect(explorer.page.locator("[data-parameter=margin]")).to_be_visible()
    rule = TwoSided()
    samples = sampling.sample(bundle, policy_of(rule))
    rejected = samples.z[~rule.accepts(samples.measures)]
    z = rejected[np.hypot(*rejected.T).argmax()]
    explorer.point(*z)
    expect(explorer.page.locator(".reading-record")).to_contain_text("a proposed sample, rejected")
    explorer.click(*z)
    explorer.expect_heading("Pinned point")
    np.testing.assert_allclose(explorer.pinned, z, atol=1e-6)
    expect(explorer.panel).to_contain_text("Rejected by the two-sided rule")
    judge = sampling.make_judge(bundle, policy_of(rule))
    measures = judge.measure(rule, [z])
    expect(explorer.panel).to_contain_text(f"{measures['margin'][0]:.2f} σ")
    expect(explorer.panel).to_contain_text(f"{measures['to_wanted'][0]:.2f} σ")
    explorer.panel.get_by_role("button", name="Go there").click()
    expect(explorer.panel).to_contain_text("Accepted by the two-sided rule")
    assert rule.accepts(judge.measure(rule, [explorer.pinned]))[0]


def test_results_are_made_and_taken_home(explorer: Explorer) -> None:
    explorer.tab("Results")
    explorer.page.get_by_label("Results", exact=True).last.fill("100")
    explorer.page.keyboard.press("Enter")
    explorer.page.get_by_role("button", name="Make results").click()
    expect(explorer.panel).to_contain_text("0 collisions in", timeout=20_000)
    with explorer.page.expect_download() as download:
        explorer.page.get_by_role("button", name="Parquet", exact=True).click()
    content = Path(download.value.path()).read_bytes()
    table = pd.read_parquet(io.BytesIO(content))
    assert len(table) == 100
    assert table["wanted"].all()  # leaks are left out unless they are asked for
    with explorer.page.expect_download() as download:
        explorer.page.get_by_role("button", name="Policy", exact=True).click()
    policy = Policy.from_toml(Path(download.value.path()).read_text("utf-8"))
    assert policy.accepted == 100


def test_leaks_are_crossed_on_the_map_and_a_button_removes_them(explorer: Explorer) -> None:
    crosses = (
        "() => document.querySelector('.picture').data"
        ".find((t) => t.marker?.symbol === 'x-thin-open')?.x.length ?? 0"
    )
    explorer.tab("Results")
    assert explorer.page.evaluate(crosses) == 0
    explorer.page.get_by_role("button", name="Look for leaks").click()
    remove = explorer.page.get_by_role("button", name="Set threshold to")
    expect(remove).to_be_visible(timeout=20_000)
    explorer.page.wait_for_function(f"({crosses})() > 0")
    remove.click()
    explorer.page.wait_for_function(f"({crosses})() === 0")
    expect(explorer.page.locator("[data-figure=impure]")).to_have_text("0")


def test_a_slider_moved_on_is_not_called_back(explorer: Explorer) -> None:
    shown = explorer.page.evaluate(
        """async () => {
            const slider = document.querySelector(".scrub-row input");
            const seen = [];
            for (const value of [1, 2, 3]) {
                slider.value = value;
                slider.dispatchEvent(new Event("input", {bubbles: true}));
                slider.dispatchEvent(new Event("change", {bubbles: true}));
                await new Promise((done) => setTimeout(done, 60));
            }
            for (let i = 0; i < 60; i++) {
                seen.push(slider.value);
                await new Promise((done) => setTimeout(done, 30));
            }
            return seen;
        }"""
    )
    assert set(shown) == {"3"}
    expect(explorer.page.locator("[data-figure=confirmed]")).to_have_text("the same ✓")
    assert "threshold=3" in explorer.page.url
