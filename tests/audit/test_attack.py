"""ROC curves of attacks: against closed forms, and the coverage of their intervals."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from regvae.audit.attack import attack, auc_interval, top_ranks

SCORES = st.lists(st.integers(0, 5), min_size=1, max_size=12)


@given(members=SCORES, controls=SCORES)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(members, controls):
    pairs = [(a > b) + (a == b) / 2 for a in members for b in controls]
    found = attack(members, controls)
    assert found.auc == pytest.approx(np.mean(pairs))
    assert found.auc_interval[0] <= found.auc <= found.auc_interval[1]
    assert (found.members, found.controls) == (len(members), len(controls))


@given(members=SCORES, controls=SCORES, rate=st.sampled_from([0.01, 0.1, 0.25, 0.5, 1.0]))
def test_a_true_positive_rate_is_the_largest_of_all_thresholds(members, controls, rate):
    best = 0.0
    for threshold in range(-1, 7):
        if np.mean([one > threshold for one in controls]) <= rate + 1e-9:
            best = max(best, float(np.mean([one > threshold for one in members])))
    (found,) = attack(members, controls, [rate]).detections
    assert found.tpr == pytest.approx(best)
    assert found.interval[0] <= found.tpr <= found.interval[1]


def test_an_attack_that_errs_nowhere_and_one_that_always_errs():
    right, wrong = attack([2, 3], [0, 1, 1]), attack([0, 1], [2, 3, 3])
    assert (right.auc, wrong.auc) == (1, 0)
    assert right.auc_interval[1] == pytest.approx(1)
    assert 0 < right.auc_interval[0] < 0.9  # five scores prove little
    assert [one.tpr for one in right.detections] == [1, 1]
    assert [one.tpr for one in wrong.detections] == [0, 0]


@pytest.mark.parametrize(
    ("shift", "members", "controls"), [(0.0, 1000, 500), (0.5, 300, 200), (2.5, 300, 300)]
)
def test_intervals_contain_the_rates_of_two_normal_distributions(shift, members, controls):
    rng = np.random.default_rng(members)
    auc = norm.cdf(shift / np.sqrt(2))
    rates = {rate: norm.sf(norm.isf(rate) - shift) for rate in (0.001, 0.01)}
    contained = {"auc": 0} | dict.fromkeys(rates, 0)
    runs = 300
    for _ in range(runs):
        found = attack(rng.normal(shift, 1, members), rng.normal(0, 1, controls))
        contained["auc"] += found.auc_interval[0] <= auc <= found.auc_interval[1]
        for one in found.detections:
            contained[one.fpr] += one.interval[0] <= rates[one.fpr] <= one.interval[1]
    assert contained.pop("auc") / runs >= 0.91  # three standard errors below 95 %
    assert min(contained.values()) / runs >= 0.95  # bounds that hold together


def test_guessing_seldom_counts_as_finding_something():
    rng = np.random.default_rng(5)
    found = [attack(rng.normal(size=400), rng.normal(size=200)) for _ in range(400)]
    assert sum(one.found_something for one in found) <= 12  # 1 % is expected, at most
    assert attack(rng.normal(0.4, 1, 400), rng.normal(size=200)).found_something


def test_few_that_are_surely_found_count_though_the_auc_hides_them():
    rng = np.random.default_rng(1)
    members = np.concatenate([rng.normal(size=19_000), np.full(1_000, 99.0)])
    found = attack(members, rng.normal(size=20_000))
    assert found.auc < 0.54
    strict = found.detections[0]
    assert strict.interval[0] > 0.04
    assert strict.tpr == pytest.approx(0.05, abs=0.005)
    assert found.found_something


def test_more_confidence_and_fewer_codes_widen_an_interval():
    members, controls = np.arange(100) + 20, np.arange(100)
    usual = auc_interval(members, controls)
    sure, few = auc_interval(members, controls, 0.99), auc_interval(members[::2], controls[::2])
    auc = attack(members, controls).auc
    for wider in (sure, few):
        assert wider[0] < usual[0] < auc < usual[1] < wider[1]


@pytest.mark.parametrize("spread", [3.0, 0.3])
def test_the_interval_holds_where_controls_vary_more_or_less_than_members(spread):
    rng = np.random.default_rng(7)
    auc = norm.cdf(1 / np.sqrt(1 + spread**2))
    contained = 0
    for _ in range(300):
        low, high = auc_interval(rng.normal(1, 1, 1_000), rng.normal(0, spread, 200))
        contained += low <= auc <= high
    assert contained / 300 >= 0.91


def test_the_highest_scores_are_tested_against_a_hypergeometric_distribution():
    rng = np.random.default_rng(8)
    p = [top_ranks(rng.normal(size=1_000), rng.normal(size=200)) for _ in range(600)]
    for level in (0.01, 0.05, 0.2):
        assert np.mean(np.array(p) <= level) <= level + 3 * np.sqrt(level / 600)
    # Thirty members that are known by heart, and nothing else.
    known = np.concatenate([rng.normal(size=970), np.full(30, 99.0)])
    assert top_ranks(known, rng.normal(size=200)) < 0.05
    many = np.concatenate([rng.normal(size=9_900), np.full(100, 99.0)])
    found = attack(many, rng.normal(size=2_000))
    assert found.top < 1e-6
    assert found.found_something
    assert top_ranks([1.0], [0.0]) == 1


def test_an_attack_that_is_surely_reversed_is_told():
    rng = np.random.default_rng(9)
    found = attack(rng.normal(-1, 1, 500), rng.normal(size=300))
    assert found.reversed
    assert not found.found_something
    assert not attack(rng.normal(size=500), rng.normal(size=300)).reversed


def test_the_curve_never_falls_and_ends_at_all():
    rng = np.random.default_rng(2)
    curve = np.array(attack(rng.normal(1, 1, 300), rng.normal(size=300)).curve)
    assert (np.diff(curve, axis=0) >= 0).all()
    assert curve[-1].tolist() == [1, 1]


def test_an_attack_is_json():
    table = json.loads(json.dumps(attack([1, 2], [0, 1]).to_dict(), allow_nan=False))
    assert {"auc", "auc_interval", "tpr_at_0.001", "tpr_at_0.01"} <= table.keys()
    assert len(table["tpr_at_0.01_interval"]) == 2


@pytest.mark.parametrize(
    ("members", "controls", "message"),
    [
        ([], [1], "expected scores of members and of controls, got 0 and 1; the model needs"),
        ([1], [], "got 1 and 0"),
        ([1, np.nan], [1], "expected scores that are numbers, got nan"),
    ],
)
def test_scores_that_say_nothing_are_refused(members, controls, message):
    with pytest.raises(ValueError, match=message):
        attack(members, controls)
