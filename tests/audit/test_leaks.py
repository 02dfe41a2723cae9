"""The leak hunter: planted leaks that it must find, and the value that rejects them all."""

import dataclasses
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.audit import leaks
from regvae.audit.leaks import Hunt, cleared_by
from regvae.formats import UK_REGISTRATION
from regvae.model import bundle as bundles
from regvae.rejection import sampling
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, Box
from regvae.rejection.rules import Certified, OneSided, Posterior, TwoSided
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted
from tests.rejection.bundles import with_codes, with_rows

BELOW_50 = Unwanted.of(["number < 50"])
BUDGET = 1_000
DISTANCE_RULES = [OneSided(1.0), OneSided(2.5), TwoSided(0.5, 10.0), TwoSided(0.0, 30.0)]


@pytest.fixture(scope="module", autouse=True)
def small_steps():
    """Fewer steps than by default, which are as good here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(leaks, "_PARENTS", 50)
        patch.setattr(leaks, "_CHILDREN", 10)
        yield


def policy(**changes):
    chosen = {"unwanted": BELOW_50, "rule": OneSided(1.0), "proposals": 1_000} | changes
    return Policy("notebook-2d", **chosen)


@pytest.fixture(scope="module")
def leaky(bundle):
    """A bundle whose records are what their own means decode to: each can be collided with."""
    some = with_rows(bundle, slice(None, None, 20))
    decoded = some.autoencoder.decode(some.records.mean)
    return with_codes(some, dict(enumerate(decoded.tolist())))


@pytest.fixture(scope="module")
def hunted(leaky):
    """Hunt leaks in that bundle; each hunt runs once."""
    done = {}

    def hunt(rule, *, budget=BUDGET, **changes):
        chosen = policy(rule=rule, **changes)
        key = chosen, budget
        if key not in done:
            measurer = sampling.make_measurer(leaky, chosen)
            done[key] = leaks.hunt(leaky, chosen, measurer, budget=budget)
        return done[key]

    return hunt


def with_first(rule, value):
    """The rule with another value of its first parameter."""
    return dataclasses.replace(rule, **{rule.parameters()[0].name: value})


def assert_cleared_exactly(rule, found):
    """The value rejects all leaks, and the next float towards the rule's own value does not."""
    own = rule.values()[found.parameter.name]
    assert not with_first(rule, found.cleared_by).accepts(found.leaks.measures).any()
    almost = with_first(rule, float(np.nextafter(found.cleared_by, own)))
    assert almost.accepts(found.leaks.measures).any()


# --- what is found --------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", DISTANCE_RULES, ids=str)
def test_planted_leaks_are_found_and_exactly_cleared(hunted, rule):
    found = hunted(rule)
    assert len(found.leaks) > 100
    assert found.leaks.leaks.all()
    assert rule.accepts(found.leaks.measures).all()
    assert found.parameter == rule.parameters()[0]
    assert found.cleared_by > rule.values()[found.parameter.name]
    assert_cleared_exactly(rule, found)
    step = found.clearing_step
    if step is None:
        assert found.cleared_by > found.parameter.maximum
    else:
        assert not with_first(rule, step).accepts(found.leaks.measures).any()
        almost = with_first(rule, step - found.parameter.step)
        assert almost.accepts(found.leaks.measures).any()


@pytest.mark.parametrize("rule", DISTANCE_RULES[1:3], ids=str)
def test_leaks_decode_to_unwanted_codes_or_records(leaky, hunted, rule):
    found = hunted(rule)
    known = set(leaky.records.codes.tolist())
    decoded = leaky.autoencoder.decode(found.leaks.z).tolist()
    assert found.leaks.codes.tolist() == decoded
    assert all(code in known or int(code[2:4]) < 50 for code in decoded)
    measures = sampling.make_measurer(leaky, policy(rule=rule)).measure(rule, found.leaks.z)
    for name, values in measures.items():
        np.testing.assert_allclose(found.leaks.measures[name], values, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("rule", DISTANCE_RULES[:2], ids=str)
def test_small_steps_find_leaks_that_are_harder_to_remove(leaky, hunted, monkeypatch, rule):
    found = hunted(rule)
    monkeypatch.setattr(leaks, "_ROUNDS", 0)
    monkeypatch.setattr(leaks, "_DESCENTS", 0)
    measurer = Measurer.of(leaky, BELOW_50)
    first = leaks.hunt(leaky, policy(rule=rule), measurer, budget=BUDGET)
    assert len(first.leaks) > 0
    assert found.cleared_by > first.cleared_by
    assert first.tried == BUDGET + len(leaky.records) < found.tried


def test_a_hunt_draws_other_points_than_the_sampling_run(leaky, hunted):
    found = hunted(OneSided(1.0))
    samples = sampling.sample(leaky, policy(proposals=BUDGET))
    drawn, hunted_points = ({tuple(z) for z in part.z.tolist()} for part in (samples, found.leaks))
    assert not drawn & hunted_points


def test_leaks_lie_where_the_policy_proposes(hunted):
    found = hunted(OneSided(1.0), proposal=Box(1.5))
    assert len(found.leaks) > 0
    assert np.abs(found.leaks.z).max() <= 1.5
    # None of the records' means, which are tried too, is in so small a box.
    assert hunted(TwoSided(0.0, 3.0), proposal=Box(1e-3), budget=10).tried <= 10 * 2_100


def test_the_leaks_that_are_hardest_to_remove_are_first_and_a_few_of_each_code(hunted):
    for rule in (OneSided(1.0), TwoSided(0.5, 10.0)):
        found = hunted(rule)
        measure = found.leaks.measures[rule.limits[0].measure]
        assert (np.diff(measure) <= 0).all()
        counts = np.unique(found.leaks.codes, return_counts=True)[1]
        assert 1 < counts.max() <= leaks._OF_A_CODE
        assert len(found.leaks) < found.accepted <= found.tried


def test_the_same_policy_has_the_same_leaks_and_another_seed_others(leaky, hunted):
    one, other = hunted(TwoSided()), hunted(TwoSided(), seed=1)
    measurer = sampling.make_measurer(leaky, policy(rule=TwoSided()))
    same = leaks.hunt(leaky, policy(rule=TwoSided()), measurer, budget=BUDGET)
    assert np.array_equal(one.leaks.z, same.leaks.z)
    assert (one.tried, one.accepted, one.cleared_by) == (same.tried, same.accepted, same.cleared_by)
    assert not np.array_equal(one.leaks.z, other.leaks.z)


def test_other_proposals_are_hunted_from(hunted):
    assert len(hunted(TwoSided(), proposal=Around()).leaks) > 0


def test_a_hunt_without_leaks(bundle):
    few = with_rows(bundle, slice(None, None, 60))
    rule = TwoSided(0.5, 1e-3)  # hardly anything is so near to a record
    chosen = policy(rule=rule)
    found = leaks.hunt(few, chosen, sampling.make_measurer(few, chosen), budget=BUDGET)
    assert len(found.leaks) == 0
    tried = f"{found.tried:,} points tried, {found.accepted:,} of them accepted"
    assert found.sentence() == f"none in {tried}"
    assert (found.parameter.name, found.cleared_by) == ("margin", 0.5)
    assert found.clearing_step == 0.5
    assert found.hardest() == []


def test_the_rule_certified_has_no_leaks(hunted):
    found = hunted(Certified(0.0, 0.0))
    assert len(found.leaks) == 0
    assert (found.parameter.name, found.cleared_by) == ("m", 0.0)


def test_steps_to_smaller_margins_find_a_sliver_that_no_proposal_hits(monkeypatch):
    # With these numbers LE40SES is accepted in a sliver of less than a millionth of the box.
    ordered, rule = bundles.load("ordered-2d"), TwoSided(12.0, 10.5)
    monkeypatch.setattr(leaks, "_PARENTS", 200)  # as usual
    monkeypatch.setattr(leaks, "_CHILDREN", 20)
    for seed in range(10):
        chosen = Policy("ordered-2d", BELOW_50, rule, proposals=20_000, seed=seed)
        measurer = sampling.make_measurer(ordered, chosen)
        found = leaks.hunt(ordered, chosen, measurer, budget=20_000)
        assert "LE40SES" in found.leaks.codes
    samples = sampling.sample(ordered, chosen, measurer)
    accepted = samples.take(rule.accepts(samples.measures))
    assert len(accepted) > 4_000
    assert not accepted.leaks.any()
    monkeypatch.setattr(leaks, "_DESCENTS", 0)
    assert len(leaks.hunt(ordered, chosen, measurer, budget=20_000).leaks) == 0


@pytest.mark.parametrize("kind", [OneSided, TwoSided, Posterior])
def test_the_usual_rules_reject_that_sliver(kind):
    place = [[0.0046014821074755775, 0.8066383759724195]]
    ordered = bundles.load("ordered-2d")
    assert ordered.autoencoder.decode(np.array(place)).tolist() == ["LE40SES"]
    measurer = sampling.make_measurer(ordered, Policy("ordered-2d", BELOW_50, kind()))
    assert not kind().accepts(measurer.measure(kind, place)).any()


def test_the_advice_is_checked_on_points_of_another_seed(leaky, hunted):
    found = hunted(TwoSided(0.0, 3.0))
    rule = with_first(TwoSided(0.0, 3.0), found.cleared_by)
    other = policy(rule=rule, seed=1)
    measurer = sampling.make_measurer(leaky, other)
    samples = sampling.fresh(leaky, other, measurer, 20_000, "hunt: check")
    accepted = rule.accepts(samples.measures)
    assert found.left == leaks.Left(
        20_000, int(accepted.sum()), int((accepted & samples.leaks).sum())
    )
    assert str(leaks.Left(10, 0, 0)) == "nothing accepted"
    assert str(leaks.Left(10, 4, 1)) == "4 of 10 other proposals accepted, 1 of them leaks"


# --- densities ------------------------------------------------------------------------------------


def test_a_hunt_by_densities_that_no_alpha_clears(hunted):
    found = hunted(Posterior(0.1, 0.0))
    assert found.leaks.measures["wanted_share"].max() >= 1
    assert (found.parameter.name, found.cleared_by, found.clearing_step) == ("alpha", None, None)
    assert found.sentence().endswith("; no alpha removes them all")


def test_a_hunt_by_densities_finds_the_alpha_that_clears(leaky):
    sigma = leaky.records.sigma * np.float32(4)  # so wide that both kinds have a share everywhere
    wide = dataclasses.replace(leaky, records=dataclasses.replace(leaky.records, sigma=sigma))
    rule = Posterior(0.4, 0.0)
    calibration = dataclasses.replace(sampling.calibrate(wide), scale=1.0)
    measurer = Measurer.of(wide, BELOW_50, calibration)
    found = leaks.hunt(wide, policy(rule=rule), measurer, budget=BUDGET)
    assert len(found.leaks) > 100
    assert found.leaks.measures["wanted_share"].max() < 1
    assert rule.accepts(found.leaks.measures).all()
    assert 0 < found.cleared_by < 0.4
    assert_cleared_exactly(rule, found)
    if found.clearing_step is not None:
        assert not with_first(rule, found.clearing_step).accepts(found.leaks.measures).any()


# --- the value that clears given leaks ------------------------------------------------------------


def leaks_at(rule, values):
    """Leaks with these values of the rule's first measure."""
    values = np.array(values)
    measures = {limit.measure: np.ones(len(values)) for limit in rule.limits}
    measures[rule.limits[0].measure] = values
    none = np.zeros(len(values), bool)
    codes = np.array(["AA00AAA"] * len(values), "U7")
    return Samples(np.zeros((len(values), 2)), measures, codes, none, none.copy())


def cleared(rule, found):
    """The value, after making sure that it accepts none of the leaks."""
    value = cleared_by(rule, found)
    assert not with_first(rule, value).accepts(found.measures).any()
    return value


@given(values=st.lists(st.floats(0.5, 1e6), min_size=1, max_size=9))
@settings(max_examples=50)
def test_a_threshold_at_the_farthest_leak_or_a_margin_just_beyond_it_clears_all(values):
    one, two = OneSided(0.25), TwoSided(0.5, 2.0)
    assert cleared(one, leaks_at(one, values)) == max(values)
    assert cleared(two, leaks_at(two, values)) == np.nextafter(max(values), np.inf)


@given(values=st.lists(st.floats(0.02, 1, exclude_max=True), min_size=1, max_size=9))
@settings(max_examples=50)
def test_the_alpha_that_clears_all_is_the_least_strict(values):
    rule = Posterior(0.99, 0.02)
    found = leaks_at(rule, values)
    value = cleared(rule, found)
    assert value == pytest.approx(1 - max(values), abs=1e-15)
    assert with_first(rule, float(np.nextafter(value, 1))).accepts(found.measures).any()


def test_no_alpha_clears_a_share_that_rounds_to_one():
    rule = Posterior(0.5, 0.02)
    assert Posterior(0.0, 0.02).accepts(leaks_at(rule, [1.0]).measures).all()
    assert cleared_by(rule, leaks_at(rule, [0.7, 1.0])) is None


@pytest.mark.parametrize("rule", [*DISTANCE_RULES, Posterior(0.3, 0.1)], ids=str)
def test_without_leaks_it_is_the_rules_own_value(rule):
    assert cleared_by(rule, leaks_at(rule, [])) == next(iter(rule.values().values()))


# --- the finding in words and as JSON -------------------------------------------------------------


def hunt_of(rule, found, value):
    return Hunt(found, 9, 7, rule.parameters()[0], value, UK_REGISTRATION)


def test_the_finding_is_a_sentence_and_a_table_for_json(hunted):
    found = hunted(OneSided(1.0))
    samples = found.leaks
    unwanted, records = (
        len(set(samples.codes[rows].tolist())) for rows in (~samples.wanted, samples.collision)
    )
    assert min(unwanted, records) > 1
    counts, value = found.sentence().split("; threshold ")
    assert counts == (
        f"{unwanted:,} unwanted regs and {records:,} records found in {found.tried:,} points "
        f"tried, {found.accepted:,} of them accepted"
    )
    value, left = value.split(" removes them all, and leaves ")
    assert left == str(found.left)
    value = float(value)
    assert value == pytest.approx(found.cleared_by, rel=1e-5)
    summary = json.loads(json.dumps(found.summary(), allow_nan=False))
    assert summary == {
        "found": len(samples),
        "tried": found.tried,
        "accepted": found.accepted,
        "parameter": "threshold",
        "cleared_by": found.cleared_by,
        "left": {"proposed": 20_000, "accepted": found.left.accepted, "leaks": found.left.leaks},
    }
    assert json.loads(json.dumps(found.hardest(), allow_nan=False)) == [
        {"reg": code, "z": z}
        for code, z in zip(samples.codes[:10].tolist(), samples.z[:10].tolist(), strict=True)
    ]


def test_one_leak_is_singular():
    rule = OneSided(1.0)
    assert hunt_of(rule, leaks_at(rule, [3.5]), 3.5).sentence() == (
        "1 unwanted reg and 0 records found in 9 points tried, 7 of them accepted; "
        "threshold 3.5 removes them all"
    )


@pytest.mark.parametrize("rule", [OneSided(1.0), TwoSided(), Posterior(0.5)], ids=str)
def test_the_number_in_the_sentence_clears_the_leaks_too(rule):
    found = leaks_at(rule, [7.00000123 if rule.name != "posterior" else 0.70000012])
    sentence = hunt_of(rule, found, cleared(rule, found)).sentence()
    number = float(re.search(rf"{rule.parameters()[0].name} (\S+) removes them all", sentence)[1])
    assert not with_first(rule, number).accepts(found.measures).any()


@pytest.mark.parametrize(
    ("rule", "value", "step"),
    [
        (OneSided(1.0), 0.29, 0.29),
        (OneSided(1.0), 2.4999, 2.5),
        (OneSided(1.0), 6.001, None),
        (TwoSided(0.5, 1.0), 0.29, 0.3),  # a margin of 0.29 accepts it
        (Posterior(0.3), 0.755, 0.24),
        (Posterior(0.9), 0.3, 0.5),  # the end of the slider
        (Posterior(0.3), 0.9999, 0.0),
    ],
    ids=str,
)
def test_the_clearing_step_is_the_least_strict_step_of_the_slider(rule, value, step):
    found = leaks_at(rule, [value])
    assert hunt_of(rule, found, cleared_by(rule, found)).clearing_step == step
    assert step is None or not with_first(rule, step).accepts(found.measures).any()
