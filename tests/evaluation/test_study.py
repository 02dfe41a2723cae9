"""Figures over training seeds."""

import dataclasses

import pandas as pd
import pytest

from regvae.evaluation import study
from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import UNWANTED
from regvae.evaluation.study import (
    RuleOutcome,
    model_outcome,
    outcomes_of,
    over_seeds,
    rule_outcomes,
)
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES, OneSided
from tests.evaluation.models import history, identity


def test_the_figures_of_a_model_are_those_of_its_bundle():
    bundle = dataclasses.replace(identity(broken=(3,)), seed=4, history=history(3.0, 1.5))
    found = model_outcome(bundle)
    assert (found.preset, found.seed) == ("identity", 4)
    assert (found.validation_loss, found.seconds) == (1.5, 4.5)
    test = accuracy(bundle)
    assert (found.exact, found.tens, found.units) == (test["exact"], 1.0, test["by_position"][3])
    assert found.rank_correlation is None
    assert f"exact match {test['exact']:.3f}" in found.sentence()
    assert "rank corr" not in found.sentence()


def test_the_rank_correlation_of_a_model_is_the_smallest_of_its_orders():
    bundle = bundles.load("dvla-2d")
    correlations = [one["rank_correlation"] for one in rank_correlations(bundle)]
    found = model_outcome(bundle)
    assert len(correlations) == 2
    assert found.rank_correlation == min(correlations)
    assert f"{min(correlations):.5f}" in found.sentence()


def test_every_rule_is_judged_with_its_defaults_and_with_numbers_that_tests_chose(bundle):
    found = list(rule_outcomes(bundle, proposals=5_000))
    kinds = {(one.rule, one.target) for one in found}
    predictors = [kind for kind in RULES.values() if not kind.certain]
    assert kinds == {
        ("certified", None),
        *((kind.name, 0.999) for kind in predictors),
        *((kind.name, None) for kind in predictors if not kind.needs_learning),
    }
    for one in found:
        assert one.proposal == ("around" if one.rule == "certified" else "box")
        assert one.proposed == 5_000
        if one.accepted:
            assert one.purity_low <= one.purity <= one.purity_high
            assert one.recall == pytest.approx(one.purity * one.acceptance / one.oracle)
        assert not (one.abstains and one.accepted)


def outcome(rule, target, acceptance, purity, seed, **changes):
    given = {"abstains": False, "oracle": 0.5, "recall": 0.5, "recall_in_support": 0.5} | changes
    return RuleOutcome(
        preset="notebook-2d", seed=seed, rule=rule, target=target, proposal="box", parameters="",
        scale=0.05, proposed=100, accepted=round(100 * acceptance), acceptance=acceptance,
        purity=purity, purity_low=0.0, purity_high=1.0, **given,
    )  # fmt: skip


def test_what_many_seeds_show_is_a_count_of_failures_and_its_bound():
    certified = [outcome("certified", None, 0.47 + seed / 1e3, 1.0, seed) for seed in range(20)]
    usual = [outcome("one-sided", None, 0.3, 0.2, seed) for seed in range(20)]
    chosen = [
        outcome("one-sided", 0.999, 0.2, 0.9985, 0),
        outcome("one-sided", 0.999, 0.3, 0.9991, 1),
        outcome("one-sided", 0.999, 0.0, None, 2, abstains=True),
    ]
    # 1 - 0.05 ** (1 / 20) is 0.1391; the rules' defaults promise nothing.
    assert over_seeds([*certified, *usual, *chosen]) == [
        "certified on notebook-2d: 0 failures of 20: below 14 % at 95%; least accepted 0.470",
        "one-sided at 0.999 on notebook-2d: 1 failures of 3: below 86.5 % at 95%, 1 of 3 abstain; "
        "least accepted 0.200",
    ]
    assert [one.failed for one in chosen] == [True, False, False]


def test_a_rule_that_accepts_nothing_has_no_purity():
    few = identity(sigma=1e3)
    policy = Policy(few.name, UNWANTED, OneSided(), Box(3.0))
    measurer = sampling.make_measurer(few, policy)
    found = study._outcome(few, policy, measurer, calibrate(few), 50)
    assert (found.accepted, found.purity) == (0, None)
    assert "purity none" in found.sentence()


# --- the shipped study ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped():
    return pd.read_csv(store.ASSETS / "rule-study.csv")


def test_the_shipped_study_is_of_twenty_fresh_seeds(shipped):
    assert list(shipped.columns) == [one.name for one in dataclasses.fields(RuleOutcome)]
    for _, part in shipped[shipped["preset"] == "notebook-2d"].groupby(["rule", "target"]):
        assert part["seed"].tolist() == list(range(20, 40))
    certified = shipped[shipped["rule"] == "certified"]
    assert (certified["purity"] == 1).all()


def test_the_documentation_has_what_the_shipped_study_shows(shipped):
    text = (store.ASSETS.parent / "docs" / "statistics.md").read_text("utf-8")
    for sentence in over_seeds(outcomes_of(shipped)):
        assert sentence in text


def test_outcomes_are_read_back_from_their_table(tmp_path):
    found = list(rule_outcomes(identity(sigma=1e3), proposals=5_000))
    assert any(one.abstains for one in found)
    pd.DataFrame(map(dataclasses.asdict, found)).to_csv(tmp_path / "study.csv", index=False)
    table = pd.read_csv(tmp_path / "study.csv")
    assert outcomes_of(table) == found
    with pytest.raises(ValueError, match="got seed; run regvae study again"):
        outcomes_of(table[["seed"]])


def test_curves_go_from_strict_to_lenient_below_the_oracles_purity(bundle):
    found = list(study.purity_curves(bundle, proposals=4_000))
    assert {one.rule for one in found} == {name for name, kind in RULES.items() if not kind.certain}
    for rule in {one.rule for one in found}:
        curve = [one for one in found if one.rule == rule]
        assert len(curve) > 4  # the posterior has few different shares
        shares = [one.acceptance for one in curve]
        assert shares == sorted(shares)
        assert len({one.oracle for one in curve}) == 1
        for one in curve:
            wanted = 0 if one.purity is None else one.purity * one.acceptance
            assert wanted <= one.oracle + 1e-12  # no rule accepts more wanted points than there are
        lenient = curve[-1]
        if lenient.acceptance == 1:
            assert lenient.purity == pytest.approx(lenient.oracle)
