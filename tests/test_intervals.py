"""Confidence bounds of a rate: by definition, in closed form, and as often as they promise."""

import math
from decimal import ROUND_CEILING, ROUND_FLOOR

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regvae.intervals import Share, interval, ratio_interval, rounded, upper_bound

DRAWS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts=DRAWS, confidence=st.sampled_from([0.9, 0.95, 0.99]))
@settings(deadline=None, max_examples=50)
def test_the_bounds_are_those_of_clopper_and_pearson(counts, confidence):
    hits, draws = counts
    exact = stats.binomtest(hits, draws).proportion_ci(confidence, method="exact")
    low, high = interval(hits, draws, confidence)
    assert (low, high) == (pytest.approx(exact.low, abs=1e-9), pytest.approx(exact.high, abs=1e-9))
    assert 0 <= low <= hits / draws <= high <= 1
    bound = upper_bound(hits, draws, confidence)
    if hits == draws:
        assert bound == 1
    else:  # by definition: so few hits are this improbable
        assert stats.binom.cdf(hits, draws, bound) == pytest.approx(1 - confidence, rel=1e-6)


@given(draws=st.integers(1, 10**9))
@settings(deadline=None, max_examples=50)
def test_without_a_hit_the_bound_has_a_closed_form(draws):
    closed = -math.expm1(math.log(0.05) / draws)  # 1 - 0.05^(1/n), without losing its digits
    assert upper_bound(0, draws) == pytest.approx(closed, rel=1e-9)


def test_none_in_a_million_is_about_three_in_a_million():
    assert f"{upper_bound(0, 1_000_000):.1e}" == "3.0e-06"


def test_without_draws_nothing_is_known():
    assert upper_bound(0, 0) == 1
    assert interval(0, 0) == (0, 1)


@pytest.mark.parametrize("draws", [1, 7])
def test_if_all_are_hits_the_interval_ends_at_one(draws):
    low, high = interval(draws, draws)
    assert high == 1
    assert low == pytest.approx(0.025 ** (1 / draws))
    assert interval(0, draws) == (0, pytest.approx(1 - low))


def test_a_bound_holds_as_often_as_its_confidence():
    rate, draws = 0.03, 200
    hits = np.random.default_rng(3).binomial(draws, rate, size=4_000)
    bound = {int(one): upper_bound(int(one), draws) for one in np.unique(hits)}
    assert np.mean([bound[one] >= rate for one in hits.tolist()]) >= 0.95


def test_a_bound_is_rounded_away_from_what_it_bounds():
    assert rounded(0.00012301, 2, ROUND_CEILING) == 0.00013
    assert rounded(0.00012301, 2, ROUND_FLOOR) == 0.00012
    assert rounded(0.25, 2, ROUND_CEILING) == 0.25


# --- ratios ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [((40, 100), (70, 200)), ((3, 10), (1, 12)), ((1, 12), (3, 10)), ((9, 9), (4, 50))],
)
def test_at_the_ends_of_a_ratio_the_difference_may_be_0(one, other):
    # Recovered variances: the interval of a - r b begins at 0 for the least r, ends at the largest.
    one, other = Share(*one), Share(*other)
    least, largest = ratio_interval(one, other)
    assert least < one.value / other.value < largest
    (low, high), (other_low, other_high) = one.interval, other.interval
    for ratio, end, other_end in ((least, low, other_high), (largest, high, other_low)):
        difference = abs(one.value - ratio * other.value)
        assert difference == pytest.approx(
            math.hypot(one.value - end, ratio * (other_end - other.value))
        )


@pytest.mark.parametrize(("rate", "other_rate", "n"), [(0.1, 0.2, 50), (0.9, 0.95, 500)])
def test_a_ratio_is_in_its_interval_as_often_as_it_should(rate, other_rate, n):
    rng = np.random.default_rng(4)
    contained = 0
    for hits, others in rng.binomial(n, [rate, other_rate], size=(1_000, 2)).tolist():
        low, high = ratio_interval(Share(hits, n), Share(others, n))
        contained += low <= rate / other_rate <= high
    assert contained >= 930


def test_without_hits_a_ratio_is_bounded_on_one_side():
    assert ratio_interval(Share(0, 10), Share(5, 10))[0] == 0
    assert ratio_interval(Share(3, 10), Share(0, 10)) == (0, math.inf)
    assert ratio_interval(Share(0, 10), Share(0, 10)) == (0, math.inf)
