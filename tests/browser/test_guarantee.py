"""A guarantee of purity: numbers are chosen by tests and the map has them exactly."""

import numpy as np
from playwright.sync_api import expect

from dashboard.words import guarantee as words
from regvae.evaluation.notebook import UNWANTED
from regvae.intervals import interval
from regvae.model.bundle import Bundle, load
from regvae.rejection import sampling
from regvae.rejection.guarantee import guaranteed
from regvae.rejection.policy import DRAWN, Policy
from regvae.rejection.rules import TwoSided
from tests.browser.pages import LOADING, Explorer


def test_tests_choose_the_numbers_and_the_map_has_them_exactly(
    explorer: Explorer,
) -> None:
    bundle = load("ordered-2d")
    policy = Policy(bundle.name, UNWANTED, TwoSided(), decode=DRAWN)
    rule = guaranteed(bundle, policy, 0.999).rule
    explorer.open("?model=ordered-2d&rule=two-sided")
    explorer.tab("sample")
    explorer.button(words.CHOOSE).click()
    explorer.click(0.5, 0.5)  # the page answers meanwhile
    expect(explorer.card).to_be_visible()
    explorer.tab("sample")
    told = "Purity at least 0.999 at 95% confidence"
    expect(explorer.panel).to_contain_text(told, timeout=LOADING)
    expect(explorer.page.locator("[data-parameter=margin] output")).to_have_text(
        f"{rule.values()['margin']:.4g} σ"
    )
    explorer.expect_confirmed()  # of the exact numbers, which are on no step
    samples = sampling.sample(bundle, Policy(bundle.name, UNWANTED, rule))
    report = sampling.report(samples, rule)
    assert explorer.figure("accepted") == f"{report.accepted:,} of 1,000"
    explorer.grab("margin")
    explorer.slide("margin", 5.0)
    explorer.release()
    expect(explorer.panel).to_contain_text(words.MOVED)
    expect(explorer.panel).not_to_contain_text("Purity at least")


def test_the_curve_has_the_present_place_its_interval_and_the_oracle(
    explorer: Explorer, bundle: Bundle
) -> None:
    explorer.open("?model=notebook-2d&rule=two-sided&margin=0")
    explorer.expect_confirmed()
    explorer.page.locator(".outcome details summary").click()
    rule = TwoSided(margin=0.0)
    samples = sampling.sample(bundle, Policy(bundle.name, UNWANTED, rule))
    passed = rule.accepts(samples.measures)
    accepted, wanted = int(passed.sum()), int((passed & samples.wanted).sum())
    low, high = interval(wanted, accepted)
    assert explorer.figure("interval") == f"{100 * low:.1f} to {100 * high:.1f} %"
    oracle = samples.wanted.mean()
    assert explorer.figure("oracle") == f"{100 * oracle:.1f} %"
    assert explorer.figure("recall") == f"{100 * wanted / samples.wanted.sum():.1f} %"
    chart = explorer.page.locator(".tradeoff")
    places = chart.evaluate(
        """(root) => {
            const numbers = (path) => path.getAttribute("d").match(/[\\d.]+/g).map(Number);
            const [dot, bar, mark] = [".now", ".interval", ".oracle"]
                .map((one) => root.querySelector(one));
            return {
                x: Number(dot.getAttribute("cx")), y: Number(dot.getAttribute("cy")),
                bar: numbers(bar), oracle: numbers(mark),
            };
        }"""
    )
    left, top = 36, 22
    scale = (places["oracle"][0] - left) / oracle
    np.testing.assert_allclose((places["x"] - left) / scale, accepted / 1000, atol=1e-6)
    unit = (places["y"] - top) / (1 - wanted / accepted)
    np.testing.assert_allclose((places["bar"][1] - top) / unit, 1 - low, atol=1e-6)
    explorer.grab("margin")
    explorer.slide("margin", 2.0)
    assert explorer.figure("interval") == "…"  # until the server has counted
    explorer.release()
    expect(explorer.page.locator("[data-figure=interval]")).to_contain_text("to")
