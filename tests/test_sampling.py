"""Rejection sampling: proposals, the report recomputed by hand, and the tails of a Gaussian."""

import dataclasses
import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regvae import rules, sampling
from regvae.distance import NearestGaussian
from regvae.latent import in_polygon
from regvae.sampling import SamplingError

BELOW_50 = rules.parse_all(["number < 50"])
ELL = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)]
SMALLEST_P = 1e-4


def draw(bundle, unwanted=BELOW_50, n=2_000, box=3.0, seed=0):
    return sampling.sample(bundle, unwanted, n=n, box=box, seed=seed)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def samples(bundle):
    return draw(bundle)


# --- proposals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 15])
def test_a_box_of_points_is_uniform(k):
    z = sampling.uniform_box(40_000, 2.5, k, rng=rng())
    assert z.shape == (40_000, k)
    assert z.dtype == np.float64
    for axis in z.T:
        counts, _ = np.histogram(axis, bins=50, range=(-2.5, 2.5))
        assert counts.sum() == 40_000  # none lies outside
        assert stats.chisquare(counts).pvalue > SMALLEST_P


@pytest.mark.parametrize("n", [0, -1, sampling.MAX_PROPOSALS + 1])
def test_a_box_wants_a_number_of_points_in_range(n):
    with pytest.raises(SamplingError, match="number of samples goes from 1 to 10,000,000, not"):
        sampling.uniform_box(n, 3.0, 2, rng=rng())


@pytest.mark.parametrize("half_width", [0.0, -1.0, 1.1e6, math.nan, math.inf])
def test_a_box_wants_a_half_width_in_range(half_width):
    with pytest.raises(SamplingError, match="the box wants a half-width above 0, up to 1e6, not"):
        sampling.uniform_box(10, half_width, 2, rng=rng())


def test_points_of_a_polygon_lie_in_it_and_are_uniform():
    z = sampling.uniform_polygon(30_000, ELL, rng=rng())
    assert z.shape == (30_000, 2)
    assert z.dtype == np.float64
    assert in_polygon(z, ELL).all()
    squares = [(0, 0), (1, 0), (2, 0), (0, 1), (0, 2)]  # the unit squares that make up the L
    corners = np.floor(z).astype(int).tolist()
    counts = [corners.count(list(square)) for square in squares]
    assert sum(counts) == 30_000
    assert stats.chisquare(counts).pvalue > SMALLEST_P
    for axis in (z % 1).T:
        within, _ = np.histogram(axis, bins=20, range=(0, 1))
        assert stats.chisquare(within).pvalue > SMALLEST_P


@pytest.mark.parametrize("n", [1, 7, 1_000])
def test_as_many_points_of_a_polygon_come_as_were_asked_for(n):
    assert sampling.uniform_polygon(n, ELL, rng=rng()).shape == (n, 2)


@pytest.mark.parametrize("n", [-1, 0, sampling.MAX_PROPOSALS + 1])
def test_the_number_of_points_of_a_polygon_has_bounds(n):
    with pytest.raises(SamplingError, match="the number of samples goes from 1 to 10,000,000"):
        sampling.uniform_polygon(n, ELL, rng=rng())


def test_points_of_a_polygon_repeat_with_the_seed():
    one, same, other = (sampling.uniform_polygon(20, ELL, rng=rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("polygon", [[(0, 0), (1, 1), (2, 2)], [(0, 0), (1, 1), (1, 1 + 1e-9)]])
def test_a_polygon_that_is_too_thin_is_refused(polygon):
    with pytest.raises(SamplingError, match="the region is too thin to draw points from"):
        sampling.uniform_polygon(10, polygon, rng=rng())


@pytest.mark.parametrize(
    "polygon", [[], [(0, 0), (1, 1)], [(0, 0), (1,), (2, 2)], [(0, 0, 0)] * 3, "square", None]
)
def test_points_want_a_polygon(polygon):
    with pytest.raises(ValueError, match="a region wants 3 to 10,000 corners"):
        sampling.uniform_polygon(10, polygon, rng=rng())


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_points_want_a_polygon_with_finite_corners(bad):
    with pytest.raises(ValueError, match="a region wants corners with finite coordinates"):
        sampling.uniform_polygon(10, [(0, 0), (1, 0), (0, bad)], rng=rng())


# --- samples --------------------------------------------------------------------------------------


def test_samples_hold_one_row_a_proposal(samples):
    assert samples.z.shape == (2_000, 2)
    shapes = {getattr(samples, f.name).shape for f in dataclasses.fields(samples)[1:]}
    assert shapes == {(2_000,)}
    assert samples.distance.dtype == np.float64
    assert samples.wanted.dtype == samples.collision.dtype == bool
    assert samples.reg.dtype.str[1:] == "U7"
    assert (np.abs(samples.z) <= 3).all()


def test_samples_are_measured_and_decoded_as_by_hand(bundle, samples):
    records = bundle.records
    unwanted = [row for row, reg in enumerate(records.reg.tolist()) if int(reg[2:4]) < 50]
    mean = records.mean[unwanted].astype(float)
    sigma = records.sigma[unwanted].astype(float)
    known = set(records.reg.tolist())
    for row in range(0, 2_000, 20):
        gaps = np.linalg.norm((samples.z[row] - mean) / sigma, axis=1)
        assert samples.distance[row] == pytest.approx(gaps.min(), rel=1e-9)
    assert samples.reg.tolist() == bundle.autoencoder.decode(samples.z).tolist()
    assert samples.wanted.tolist() == [int(reg[2:4]) >= 50 for reg in samples.reg.tolist()]
    assert samples.collision.tolist() == [reg in known for reg in samples.reg.tolist()]


def test_wanted_is_what_escapes_all_rules_together(bundle):
    unwanted = rules.parse_all(["number < 50", "first_letter in L, M"])
    found = draw(bundle, unwanted)
    expected = [not (int(reg[2:4]) < 50 and reg[0] in "LM") for reg in found.reg.tolist()]
    assert found.wanted.tolist() == expected


def test_a_record_decoded_again_is_a_collision(bundle):
    z = np.zeros((1, 2))
    decoded = bundle.autoencoder.decode(z)[0]
    reg = bundle.records.reg.copy()
    reg[5] = decoded
    known = dataclasses.replace(bundle, records=dataclasses.replace(bundle.records, reg=reg))
    nearest = NearestGaussian(bundle.records.mean, bundle.records.sigma)
    assert sampling.judge(known, BELOW_50, nearest, z).collision.tolist() == [True]
    assert decoded not in set(bundle.records.reg.tolist())
    assert sampling.judge(bundle, BELOW_50, nearest, z).collision.tolist() == [False]


def test_the_same_seed_gives_the_same_samples_and_another_seed_others(bundle, samples):
    same, other = draw(bundle), draw(bundle, seed=1)
    for field in dataclasses.fields(samples):
        assert np.array_equal(getattr(same, field.name), getattr(samples, field.name))
    assert not np.array_equal(other.z, samples.z)


def test_only_the_unwanted_records_are_measured_against(bundle):
    nearest = sampling.forbidden(bundle.records, BELOW_50)
    assert nearest.mean.shape == nearest.sigma.shape == (6_103, 2)
    below = [int(reg[2:4]) < 50 for reg in bundle.records.reg.tolist()]
    assert np.array_equal(nearest.mean, bundle.records.mean[below].astype(float))
    assert np.array_equal(nearest.sigma, bundle.records.sigma[below].astype(float))


def test_unwanting_more_never_takes_samples_farther_away(bundle, samples):
    fewer = draw(bundle, rules.parse_all(["number < 50", "area == london"]))
    assert np.array_equal(fewer.z, samples.z)
    assert (fewer.distance >= samples.distance).all()
    assert (fewer.distance > samples.distance).any()


def test_nothing_unwanted_is_refused_with_the_rules_that_were_asked(bundle):
    unwanted = rules.parse_all(["number < 50", "number > 60"])
    with pytest.raises(SamplingError, match="'number < 50 and number > 60', so nothing is unwant"):
        draw(bundle, unwanted)


def test_a_negative_seed_is_refused(bundle):
    with pytest.raises(SamplingError, match="the seed wants to be 0 or more, not -1"):
        draw(bundle, seed=-1)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"n": 0}, "number of samples goes from 1"), ({"box": -3.0}, "half-width above 0")],
)
def test_numbers_out_of_range_are_refused(bundle, wrong, words):
    with pytest.raises(SamplingError, match=words):
        draw(bundle, **wrong)


def test_a_sampling_error_is_a_value_error():
    assert issubclass(SamplingError, ValueError)


# --- the report -----------------------------------------------------------------------------------


@pytest.mark.parametrize("threshold", [0, 0.3, 1.0, 2.5])
def test_the_report_is_that_counted_by_hand(samples, threshold):
    accepted = wanted = collisions = 0
    rows = zip(samples.distance, samples.wanted, samples.collision, strict=True)
    for distance, is_wanted, is_known in rows:
        if distance > threshold:
            accepted += 1
            wanted += bool(is_wanted)
            collisions += bool(is_known)
    assert accepted > 0
    assert sampling.report(samples, threshold) == sampling.Report(
        rule="one-sided",
        threshold=threshold,
        proposed=2_000,
        accepted=accepted,
        acceptance=accepted / 2_000,
        purity=pytest.approx(wanted / accepted),
        collisions=collisions,
        tail_probability=pytest.approx(math.exp(-(threshold**2) / 2)),
        notebook_tail=pytest.approx(2 * math.erfc(threshold / 2)),
    )


def made_samples(distance, wanted, collision):
    return sampling.Samples(
        z=np.zeros((len(distance), 2)),
        distance=np.array(distance),
        reg=np.array(["AA00AAA"] * len(distance)),
        wanted=np.array(wanted),
        collision=np.array(collision),
    )


def test_purity_and_collisions_count_accepted_samples_only():
    made = made_samples([1.0, 3.0, 4.0, 5.0, 2.0], [True, False, True, True, True], [True] * 5)
    outcome = sampling.report(made, 2.5)
    assert (outcome.proposed, outcome.accepted, outcome.acceptance) == (5, 3, 0.6)
    assert outcome.purity == pytest.approx(2 / 3)
    assert outcome.collisions == 3


def test_a_sample_at_the_threshold_is_not_farther_than_it():
    made = made_samples([2.5, np.nextafter(2.5, 3)], [True, True], [False, False])
    assert made.accepted(2.5).tolist() == [False, True]
    assert sampling.report(made, 2.5).accepted == 1


def test_fewer_are_accepted_as_the_threshold_grows(samples):
    thresholds = np.linspace(0, samples.distance.max() + 1, 40)
    masks = [samples.accepted(threshold) for threshold in thresholds]
    for lower, higher in pairwise(masks):
        assert (lower | ~higher).all()  # what the higher accepts, the lower does
    accepted = [sampling.report(samples, float(t)).accepted for t in thresholds]
    assert accepted == [int(mask.sum()) for mask in masks]
    assert accepted[0] > accepted[20] > accepted[-1] == 0


def test_none_accepted_has_no_purity(samples):
    outcome = sampling.report(samples, float(samples.distance.max()))
    assert (outcome.accepted, outcome.acceptance, outcome.collisions) == (0, 0.0, 0)
    assert outcome.purity is None


@pytest.mark.parametrize("threshold", [-0.1, -math.inf, math.inf, math.nan])
def test_a_threshold_wants_to_be_a_distance(samples, threshold):
    with pytest.raises(SamplingError, match="the threshold is a distance of 0 or more, not"):
        sampling.report(samples, threshold)


# --- tails ----------------------------------------------------------------------------------------


@given(t=st.floats(0, 30))
@settings(deadline=None)
def test_in_two_dimensions_the_tail_is_an_exponential(t):
    assert sampling.tail_probability(t, 2) == pytest.approx(math.exp(-t * t / 2), rel=1e-9)


@given(t=st.floats(0, 30))
@settings(deadline=None)
def test_in_one_dimension_the_tail_is_an_error_function(t):
    expected = math.erfc(t / math.sqrt(2))
    assert sampling.tail_probability(t, 1) == pytest.approx(expected, rel=1e-9)


@given(t=st.floats(0, 20), half=st.integers(1, 12))
@settings(deadline=None)
def test_in_even_dimensions_the_tail_is_a_poisson_sum(t, half):
    # Chi-square of 2 h degrees outlives x just if a Poisson of mean x/2 stays below h.
    expected = sum(math.exp(-t * t / 2) * (t * t / 2) ** i / math.factorial(i) for i in range(half))
    assert sampling.tail_probability(t, 2 * half) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("t", [2.5, 3.5, 4.0, 5.0])
def test_in_fifteen_dimensions_the_tail_is_what_draws_give(t):
    draws = np.linalg.norm(rng(15).normal(size=(200_000, 15)), axis=1)
    share = (draws > t).mean()
    error = math.sqrt(share * (1 - share) / 200_000)
    assert error > 0
    assert sampling.tail_probability(t, 15) == pytest.approx(share, abs=4 * error)


def test_the_tail_is_the_share_of_a_records_own_draws_beyond_the_threshold(bundle):
    mean, sigma = bundle.records.mean[:1], bundle.records.sigma[:1]
    draws = mean + sigma * rng(3).normal(size=(200_000, 2))
    share = (NearestGaussian(mean, sigma).query(draws)[0] > 2.5).mean()
    error = math.sqrt(share * (1 - share) / 200_000)
    assert sampling.tail_probability(2.5, 2) == pytest.approx(share, abs=4 * error)


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_tails_begin_at_one_and_fall(k):
    tails = sampling.tail_probability(np.linspace(0, 8, 81), k)
    assert tails.shape == (81,)
    assert tails[0] == 1
    assert (np.diff(tails) <= 0).all()
    assert (np.diff(tails[10:]) < 0).all()  # nearer than 1 a tail may round to 1


def test_a_threshold_beyond_all_numbers_leaves_no_tail():
    assert sampling.tail_probability(1e200, 2) == 0


def test_the_notebooks_figure_at_two_and_a_half_is_reproduced():
    assert round(float(sampling.notebook_tail(2.5)), 3) == 0.154
    assert round(float(sampling.tail_probability(2.5, 2)), 4) == 0.0439


@given(t=st.floats(0, 10))
@settings(deadline=None)
def test_the_notebooks_tail_is_its_formula(t):
    assert sampling.notebook_tail(t) == pytest.approx(2 * (1 - math.erf(t / 2)), abs=1e-12)


def test_the_notebooks_tail_takes_many_thresholds():
    t = np.array([0.0, 2.5, 4.0])
    tails = sampling.notebook_tail(t)
    assert tails.tolist() == [float(sampling.notebook_tail(float(x))) for x in t]
