"""Against the notebook: shown figures are the library's."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import services
from dashboard.words import notebook as words
from regvae.evaluation.notebook import notebook_figures
from regvae.evaluation.study import RuleOutcome, over_seeds
from regvae.model.bundle import Bundle
from tests.dashboard import charts_of, opened, problems_of, text_of

CERTIFIED = RuleOutcome(
    preset="notebook-2d",
    seed=20,
    rule="certified",
    target=None,
    proposal="around",
    parameters="m 0.001, q 0.02",
    abstains=False,
    scale=0.05,
    proposed=1000,
    accepted=450,
    acceptance=0.45,
    purity=1.0,
    purity_low=1.0,
    purity_high=1.0,
    oracle=0.5,
    recall=0.9,
    recall_in_support=0.95,
)
PREDICTS = dataclasses.replace(
    CERTIFIED, rule="two-sided", proposal="box", acceptance=0.06, purity=0.98, oracle=0.18
)
PROMISES = dataclasses.replace(PREDICTS, target=0.999, acceptance=0.04, purity=0.9985)
ABSTAINS = dataclasses.replace(
    PROMISES, seed=21, abstains=True, accepted=0, acceptance=0.0, purity=None, recall=0.0
)
OUTCOMES = [
    CERTIFIED,
    dataclasses.replace(CERTIFIED, seed=21, acceptance=0.42),
    PREDICTS,
    PROMISES,
    ABSTAINS,
    dataclasses.replace(CERTIFIED, preset="ordered-2d", acceptance=0.33),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> AppTest:
    """Against the notebook, with a small study; the tests only read it."""
    path = tmp_path_factory.mktemp("study") / "rule-study.csv"
    pd.DataFrame(map(dataclasses.asdict, OUTCOMES)).to_csv(path, index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(services, "STUDY", path)
        return opened("figures")


def test_published_figures_are_beside_ours(page: AppTest, bundle: Bundle) -> None:
    table = page.table[0].value
    assert "267 = 0.967" in table["published"].tolist()
    ours = dict(zip(table["figure"], table["this model"], strict=True))
    assert ours == {row.figure: row.here for row in notebook_figures(bundle)}
    assert bundle.command in text_of(page)


def test_every_rule_of_the_study_has_a_row_with_its_span_over_training_runs(page: AppTest) -> None:
    table = page.dataframe[0].value
    assert table[["rule", "numbers"]].to_numpy().tolist() == [
        ["certified", "defaults"],
        ["two-sided", "defaults"],
        ["two-sided", "for purity 0.999"],
    ]
    assert table["abstains"].tolist() == ["0 of 2", "0 of 1", "1 of 2"]
    assert table["accepted"].tolist() == ["42.0% to 45.0%", "6.0%", "4.0%"]
    assert table["purity"].tolist() == ["100.00%", "98.00%", "99.85%"]
    assert table["oracle accepts"].tolist() == ["50.0%", "18.0%", "18.0%"]


def test_a_dot_is_a_training_run_and_the_oracle_has_its_place(page: AppTest) -> None:
    defaults, chosen = charts_of(page)[-2:]
    dots = {one["name"]: (one["x"], one["y"]) for one in defaults["data"]}
    assert dots["certified"] == ([0.45, 0.42], [1, 1])
    assert dots["two-sided"] == ([0.06], [0.98])
    assert dots["oracle"] == ([0.5, 0.5, 0.18], [1, 1, 1])
    dots = {one["name"]: (one["x"], one["y"]) for one in chosen["data"]}
    assert dots["two-sided"] == ([0.04], [0.9985])  # what abstains has no dot
    assert chosen["layout"]["shapes"][0]["y0"] == 0.999


def test_what_is_promised_is_told_with_its_failures_for_one_preset(page: AppTest) -> None:
    text = text_of(page)
    for sentence in over_seeds(OUTCOMES[:-1]):
        assert f"- {sentence[0].upper()}{sentence[1:]}." in text
    assert "1 failures of 2" in text
    assert "on ordered-2d" not in text
    assert page.segmented_control(key="study-preset").value == "notebook-2d"


def test_a_study_of_other_columns_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old.csv").write_text("seed,rule\n0,one-sided\n")
    monkeypatch.setattr(services, "STUDY", tmp_path / "old.csv")
    page = opened("figures")
    assert "Expected a table of rules with the columns preset, seed" in problems_of(page)
    assert "got seed, rule; run regvae study again" in problems_of(page)
    assert words.TABLE in text_of(page)
