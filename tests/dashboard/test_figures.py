"""Against the notebook, and What am I looking at?: shown figures are the library's."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services
from regvae.evaluation.notebook import PUBLISHED_PURITY, RERUN_PURITIES, UNWANTED, notebook_figures
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from tests.dashboard import charts_of, opened, shown, text_of


@pytest.fixture(scope="module")
def page() -> AppTest:
    """Against the notebook; the tests only read it."""
    return opened("figures")


def test_published_figures_are_beside_ours(page: AppTest, bundle: Bundle) -> None:
    table = page.table[1].value
    assert "267 = 0.967" in table["published"].tolist()
    ours = dict(zip(table["figure"], table["this model"], strict=True))
    assert ours == {row.figure: row.here for row in notebook_figures(bundle)}
    assert bundle.command in text_of(page)


def test_every_rule_of_the_study_is_shown_with_every_seed(page: AppTest) -> None:
    table = page.table[0].value
    assert table["seed"].tolist() == list(range(10))
    study = services.rule_study()
    text = " ".join(text_of(page).split())
    for rule in (OneSided, TwoSided, Posterior):
        rows = study[study["rule"] == rule.name].sort_values("seed")
        cells = [f"{a:.1%}, {p:.1%}" for a, p in zip(rows.acceptance, rows.purity, strict=True)]
        assert table[f"{rule.name}: accepted, purity"].tolist() == cells
        assert f"**{rule.name}** {rows.purity.min():.1%}" in text


def test_the_study_is_not_shown_as_a_test_of_the_rules(page: AppTest) -> None:
    text = " ".join(text_of(page).split())
    assert "These are no floors." in text
    assert "a purity of 93.8 %" in text


def test_the_tour_shows_a_round_trip_and_the_purity_of_the_shipped_model(bundle: Bundle) -> None:
    app = opened("read")
    mean, _ = bundle.autoencoder.encode(["MY33WSZ"])
    text = text_of(app)
    assert shown("MY33WSZ") in text
    assert shown(str(bundle.autoencoder.decode(mean)[0])) in text
    policy = Policy("notebook-2d", UNWANTED)
    samples = sampling.sample(bundle, policy)
    assert f"**{sampling.report(samples, policy.rule).purity:.1%}**" in text
    (chart,) = charts_of(app)
    assert chart["data"][0]["y"] == list(RERUN_PURITIES)
    assert chart["data"][0]["x"] == [f"seed {i}" for i in range(10)]
    assert np.isclose(chart["layout"]["shapes"][0]["y0"], PUBLISHED_PURITY)
