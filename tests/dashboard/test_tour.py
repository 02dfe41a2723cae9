"""The tour: its figures are the library's, its links show on Explore what its map shows."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import regvae
from dashboard import services, state
from dashboard.panels import tour
from dashboard.words import tour as words
from regvae.evaluation.notebook import PUBLISHED_PURITY, RERUN_PURITIES, UNWANTED
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided, Rule, TwoSided
from tests.dashboard import charts_of, opened, problems_of, shown, text_of
from tests.dashboard.conftest import Sent

STEPS = range(1, len(tour.NAMES) + 1)


def step_of(name: str) -> AppTest:
    """A step of the tour, by its name."""
    return opened("read", step=str(tour.NAMES.index(name) + 1))


def test_every_step_has_words_and_a_map() -> None:
    assert list(words.STEPS) == tour.NAMES


@pytest.mark.parametrize("step", STEPS)
def test_the_link_of_a_step_shows_on_explore_what_the_step_showed(step: int, sent: Sent) -> None:
    values = tour.values_of(*model_and_version(step), tour.NAMES[step - 1])
    opened("read", step=str(step))
    model, version = model_and_version(step)
    opened("explore", **state.address_of(values, services.bundle(model, version).format))
    here, there = sent[0], sent[-1]
    for key in set(here) - {"layers"}:
        assert here[key] == there[key], key
    assert here["report"]["proposed"] == 1000


def model_and_version(step: int) -> tuple[str, str]:
    model = tour.model_of(tour.NAMES[step - 1])
    return model, services.version_of(model)


def test_the_first_steps_encode_and_decode_a_reg_the_model_never_trained_on() -> None:
    model = regvae.load("ordered-2d")
    row = model.records.row_of(tour.EXAMPLE)
    assert model.records.split[row] == "test"
    mean, sigma = model.autoencoder.encode([tour.EXAMPLE])
    assert f"**({mean[0, 0]:.2f}, {mean[0, 1]:.2f})**" in text_of(step_of("encoder"))
    decoded = str(model.autoencoder.decode(mean)[0])
    text = text_of(step_of("decoder"))
    assert shown(decoded) in text
    right = sum(a == b for a, b in zip(decoded, tour.EXAMPLE, strict=True))
    assert f"{right} of 7 characters" in text
    assert f"{sigma[0, 0]:.2f} and {sigma[0, 1]:.2f}" in text_of(step_of("gaussian"))


def test_neighbours_have_their_number_in_common_and_letters_are_guessed() -> None:
    text = text_of(step_of("neighbours"))
    model = regvae.load("ordered-2d")
    x, y = model.records.mean.T
    corners = np.array(tour.STEPS["neighbours"][state.REGION])
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = (low[0] < x) & (x < high[0]) & (low[1] < y) & (y < high[1])
    numbers = model.records.attribute("number")[near]
    commonest = np.bincount(numbers).argmax()
    assert f"{(numbers == commonest).sum()} of the {len(numbers)} dots" in text
    assert f"**{commonest}**" in text
    test = model.records.split == "test"
    decoded = model.autoencoder.decode(model.records.mean[test])
    right = [
        np.mean([one[place] == two[place] for one, two in zip(decoded, codes, strict=True)])
        for codes in [model.records.codes[test]]
        for place in range(7)
    ]
    assert f"{np.mean(right[2:4]):.0%} of the digits" in text
    assert f"{np.mean(right[:2] + right[4:]):.0%} of the letters" in text


@pytest.mark.parametrize(
    ("step", "model", "rule"),
    [
        ("rule", "ordered-2d", OneSided(0.3)),
        ("works", "ordered-2d", OneSided()),
        ("fails", "notebook-2d", OneSided()),
        ("notebook", "notebook-2d", TwoSided()),
    ],
)
def test_what_a_rule_accepts_is_counted(step: str, model: str, rule: Rule) -> None:
    policy = Policy(model, UNWANTED, rule=rule)
    samples = sampling.sample(regvae.load(model), policy)
    report = sampling.report(samples, rule)
    wanted = int((rule.accepts(samples.measures) & samples.wanted).sum())
    figures = {
        "accepted": report.accepted,
        "wanted": wanted,
        "impure": report.accepted - wanted,
        "proposed": 1000,
        "threshold": getattr(rule, "threshold", 2.5),
        "published": PUBLISHED_PURITY,
        "low": min(RERUN_PURITIES),
        "high": max(RERUN_PURITIES),
    }
    assert words.STEPS[step][1].format(**figures) in text_of(step_of(step))


def test_on_the_ordered_map_all_are_wanted_and_on_the_notebook_s_most_are_not(sent: Sent) -> None:
    step_of("works")
    step_of("fails")
    assert sent[0]["report"]["purity"] == 1
    assert sent[-1]["report"]["purity"] < 0.5


def test_the_last_step_shows_the_published_purity_among_others() -> None:
    (chart,) = charts_of(step_of("notebook"))
    assert chart["data"][0]["y"] == list(RERUN_PURITIES)
    assert np.isclose(chart["layout"]["shapes"][0]["y0"], PUBLISHED_PURITY)


def test_a_step_that_does_not_exist_is_a_sentence() -> None:
    for typed in ("99", "two"):
        app = opened("read", step=typed)
        assert f"step = “{typed}”" in problems_of(app)
        assert words.STEPS["encoder"][0] in text_of(app)


def test_gestures_change_only_the_step_and_not_explore(sent: Sent) -> None:
    app = step_of("rule")
    app.session_state[state.CHANGED] = (7, {"threshold": 1.5, state.POINT: "1, 1"})
    app.run()
    assert (sent[-1]["pin"], sent[-1]["rule"]["parameters"][0]["value"]) == ([1, 1], 1.5)
    app.button(key="step-8").click().run()
    assert sent[-1]["pin"] is None
    assert sent[-1]["rule"]["parameters"][0]["value"] == 2.5
    app.button(key="step-7").click().run()
    assert sent[-1]["rule"]["parameters"][0]["value"] == 0.3
    app.switch_page("app_pages/explore.py").run()
    assert sent[-1]["rule"]["parameters"][0]["value"] == 2.5
    assert sent[-1]["hidden"] == ["density", "edge"]
