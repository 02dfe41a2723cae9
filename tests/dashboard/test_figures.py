"""Against the notebook: shown figures are the library's."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services
from regvae.evaluation.notebook import notebook_figures
from regvae.model.bundle import Bundle
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from tests.dashboard import opened, text_of


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
