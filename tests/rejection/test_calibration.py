"""Calibration: a known truth is found again, and the shipped model's noise."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from regvae.latent.mixture import Mixture
from regvae.rejection import calibration
from regvae.rejection.calibration import (
    Calibration,
    CalibrationError,
    calibrate,
    coverage,
    fit_scale,
)
from tests.rejection.bundles import with_gaussians, with_rows

FACTORS = [0.4, 1.0, 3.0]
"""Reported sigmas as multiples of the true ones."""
TRAINING, HELD_OUT = 150, 1_000
TINY = 1e-6
"""Sigma of held-out records whose draws are to be their means."""


def rng(seed=0):
    return np.random.default_rng(seed)


def truth(n, k, seed=1):
    """Means and sigmas (n, k) of a mixture, one component in a unit of volume: they overlap a bit.

    If they overlapped far more, their widths would hardly show in what is drawn from them.
    """
    random = rng(seed)
    side = n ** (1 / k)
    return random.uniform(-side / 2, side / 2, (n, k)), random.uniform(0.1, 0.5, (n, k))


def far_apart(n, k, seed=1):
    """Means and sigmas (n, k) of a mixture whose components do not overlap."""
    return 100.0 * np.arange(n)[:, None] * np.ones(k), rng(seed).uniform(0.5, 2, (n, k))


def drawn(mean, sigma, m=HELD_OUT, seed=2):
    """Points (m, k) from the mixture of these Gaussians."""
    random = rng(seed)
    rows = random.integers(len(mean), size=m)
    return mean[rows] + sigma[rows] * random.normal(size=(m, mean.shape[1]))


def log_density(mean, sigma, points):
    return Mixture(mean, sigma, np.ones(len(mean), bool)).query(points)[0]


def with_records(bundle, training, held_out, noise=1.0):
    """The bundle with other records: (means, sigmas) in training, and of those held out.

    Every other of the latter is of the validation split, the rest of the test split.
    """
    counts = len(training[0]), len(held_out[0])
    split = ["train"] * counts[0] + (["validation", "test"] * counts[1])[: counts[1]]
    mean, sigma = (np.concatenate(pair) for pair in zip(training, held_out, strict=True))
    recipe = dataclasses.replace(bundle.preset.training, noise=noise)
    preset = dataclasses.replace(bundle.preset, training=recipe)
    return dataclasses.replace(with_gaussians(bundle, mean, sigma, split=split), preset=preset)


def synthetic(bundle, factor=1.0, k=2, mixture=truth):
    """Held-out records drawn from a true mixture, whose sigmas are reported as factor x sigma."""
    mean, sigma = mixture(TRAINING, k)
    points = drawn(mean, sigma)
    return with_records(bundle, (mean, factor * sigma), (points, np.full(points.shape, TINY)))


@pytest.fixture(scope="module")
def calibrated(bundle):
    """Calibrations of bundles with true and with wrong sigmas, by the factor."""
    return {factor: calibrate(synthetic(bundle, factor)) for factor in FACTORS}


@pytest.fixture(scope="module")
def apart(bundle):
    """The same for records that do not overlap."""
    return {factor: calibrate(synthetic(bundle, factor, mixture=far_apart)) for factor in FACTORS}


# --- the scale ------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("mixture", [truth, far_apart])
def test_sigmas_wrong_by_a_factor_are_scaled_back(mixture, k):
    mean, sigma = mixture(TRAINING, k)
    points = drawn(mean, sigma, 2 * HELD_OUT)
    for factor in FACTORS:
        assert fit_scale(mean, factor * sigma, points) == pytest.approx(1 / factor, rel=0.1)


@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_the_scale_has_the_highest_likelihood_of_a_grid(factor):
    mean, sigma = truth(60, 2)
    points = drawn(mean, sigma, 300, seed=4)
    scales = np.geomspace(0.01, 4, 61)  # steps of 10 %
    likelihood = [log_density(mean, factor * sigma * scale, points).mean() for scale in scales]
    found = fit_scale(mean, factor * sigma, points)
    assert found == pytest.approx(scales[np.argmax(likelihood)], rel=0.12)
    assert log_density(mean, factor * sigma * found, points).mean() >= max(likelihood) - 1e-3


@pytest.mark.parametrize(("factor", "end"), [(1e-3, 4.0), (1e4, 0.01)])
def test_the_scale_is_from_a_hundredth_to_four(factor, end):
    mean, sigma = truth(50, 2)
    scale = fit_scale(mean, factor * sigma, drawn(mean, sigma, 200))
    assert 0.01 <= scale <= 4.0
    assert scale == pytest.approx(end, rel=0.05)


def test_the_scale_does_not_depend_on_units_or_place():
    mean, sigma = truth(100, 2)
    points = drawn(mean, sigma, 500)
    before = fit_scale(mean, sigma, points)
    after = fit_scale(1e3 * mean + 7, 1e3 * sigma, 1e3 * points + 7)
    assert after == pytest.approx(before, rel=0.01)


def test_of_too_many_held_out_points_the_first_are_used(monkeypatch):
    mean, sigma = truth(100, 2)
    points = np.concatenate([drawn(mean, sigma, 150), drawn(mean, 4 * sigma, 500)])
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 150 * mean.size)
    assert fit_scale(mean, sigma, points) == fit_scale(mean, sigma, points[:150])
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 1)  # but never fewer than 100
    assert fit_scale(mean, sigma, points) == fit_scale(mean, sigma, points[:100])


# --- calibrate ------------------------------------------------------------------------------------


def test_the_sigmas_of_a_bundle_are_scaled_back(calibrated):
    for factor in FACTORS:
        assert calibrated[factor].scale == pytest.approx(1 / factor, rel=0.1)


@pytest.mark.parametrize("noise", [0.1, 1.0, 2.0])
def test_held_out_records_are_draws_with_the_noise_of_the_training(bundle, noise):
    mean, sigma = truth(TRAINING, 2)
    rows = rng(5).integers(TRAINING, size=HELD_OUT)
    records = (mean, sigma), (mean[rows], sigma[rows])
    assert calibrate(with_records(bundle, *records, noise)).scale == pytest.approx(noise, rel=0.1)


def test_the_densities_are_those_of_held_out_draws_with_scaled_sigmas(bundle, calibrated):
    found, records = calibrated[3.0], synthetic(bundle, 3.0).records
    train = records.split == "train"
    mean, sigma = records.mean[train], records.sigma[train]
    expected = np.sort(log_density(mean, sigma * found.scale, records.mean[~train]))
    assert found.held_out.shape == (HELD_OUT,)
    assert (np.diff(found.held_out) >= 0).all()
    np.testing.assert_allclose(found.held_out, expected, atol=1e-3)


def test_if_too_many_are_held_out_a_random_choice_is_used(bundle, monkeypatch):
    mean, sigma = truth(100, 2)
    points = np.concatenate([drawn(mean, sigma), drawn(mean, 4 * sigma)])
    changed = with_records(bundle, (mean, sigma), (points, np.full(points.shape, TINY)))
    of_all = calibrate(changed).scale
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 500 * mean.size)
    assert calibrate(changed).scale == pytest.approx(of_all, rel=0.15)
    assert fit_scale(mean, sigma, points) < 0.7 * of_all  # the first alone would not do


def test_the_same_seed_gives_the_same_calibration(bundle):
    noisy = with_records(bundle, truth(60, 2), truth(300, 2, seed=6))
    first, again, other = (calibrate(noisy, seed=seed) for seed in (0, 0, 4))
    for field in dataclasses.fields(Calibration):
        assert np.array_equal(getattr(first, field.name), getattr(again, field.name))
    assert np.array_equal(calibrate(noisy).held_out, first.held_out)  # 0 is the default
    assert not np.array_equal(other.held_out, first.held_out)


@pytest.mark.parametrize(
    ("split", "kind"), [("train", "training"), ("validation", "held-out"), ("test", "held-out")]
)
def test_training_and_held_out_records_are_needed(bundle, split, kind):
    message = f"expected training and held-out records, got only {kind}"
    with pytest.raises(CalibrationError, match=message):
        calibrate(with_rows(bundle, bundle.records.split == split))


@pytest.mark.parametrize("split", ["validation", "test"])
def test_held_out_records_may_be_of_either_split(bundle, split):
    changed = synthetic(bundle)
    found = calibrate(with_rows(changed, np.isin(changed.records.split, ["train", split])))
    assert len(found.held_out) == HELD_OUT // 2
    assert found.scale == pytest.approx(1, rel=0.1)


# --- typicality -----------------------------------------------------------------------------------


def fresh_typicality(found, factor, seed=7, spread=1.0, m=4_000):
    """Typicality of new points from the true mixture, or from one wider by `spread`."""
    mean, sigma = truth(TRAINING, 2)
    points = drawn(mean, spread * sigma, m, seed)
    return found.typicality(log_density(mean, factor * sigma * found.scale, points))


@pytest.mark.parametrize("factor", FACTORS)
def test_a_share_q_of_new_draws_has_a_typicality_below_q(calibrated, factor):
    found = fresh_typicality(calibrated[factor], factor)
    for q in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9):
        error = math.sqrt(q * (1 - q) * (1 / HELD_OUT + 1 / len(found)))
        assert (found < q).mean() == pytest.approx(q, abs=4 * error)


def test_points_of_another_distribution_are_less_typical(calibrated):
    usual = fresh_typicality(calibrated[1.0], 1.0)
    unusual = fresh_typicality(calibrated[1.0], 1.0, spread=5.0)
    assert np.median(unusual) < 0.5 * np.median(usual)
    assert (unusual < 0.02).mean() > 0.1


def test_typicality_is_the_share_of_held_out_draws_with_a_lower_density():
    nothing = np.empty(0)
    found = Calibration(1.0, np.array([-3.0, -1.0, -1.0, 2.0]), nothing, nothing, nothing)
    above = np.nextafter(-1, 0)
    densities = np.array([-np.inf, -4, -3, -2, -1, above, 0, 2, 3, np.inf])
    expected = [0, 0, 0, 0.25, 0.25, 0.75, 0.75, 0.75, 1, 1]
    assert found.typicality(densities).tolist() == expected


def test_a_calibration_cannot_be_altered(calibrated):
    with pytest.raises(ValueError, match="read-only"):
        calibrated[1.0].held_out[0] = 0


# --- the coverage curves --------------------------------------------------------------------------


SAMPLING_ERROR = stats.kstwobign.isf(1e-3) / math.sqrt(HELD_OUT)
"""How far a sample's shares may be from the true ones: Kolmogorov's bound at 1 in 1,000."""


def share_within(nominal, factor, k):
    """Share of a Gaussian within the distance of a nominal share, by factor x its true sigma."""
    return stats.chi2(k).cdf(factor**2 * stats.chi2(k).ppf(nominal))


@pytest.mark.parametrize("factor", FACTORS)
def test_curves_rise_from_none_to_all(calibrated, apart, factor):
    for found in (calibrated[factor], apart[factor]):
        np.testing.assert_allclose(found.nominal, np.arange(51) / 50)
        for curve in (found.reported, found.calibrated):
            assert curve.shape == found.nominal.shape
            assert (np.diff(curve) >= 0).all()
            assert curve[0] < 0.01
            assert curve[-1] == 1


@pytest.mark.parametrize("factor", FACTORS)
def test_scaled_sigmas_are_on_the_diagonal_however_wrong_they_were(apart, factor):
    found = apart[factor]
    assert np.abs(found.calibrated - found.nominal).max() < SAMPLING_ERROR


@pytest.mark.parametrize("factor", FACTORS)
def test_reported_sigmas_are_on_the_curve_of_chi_square(apart, factor):
    expected = share_within(apart[factor].nominal, factor, 2)
    assert np.abs(apart[factor].reported - expected).max() < SAMPLING_ERROR


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_wrong_sigmas_cover_what_chi_square_gives(k):
    mean, sigma = far_apart(50, k)
    points, nominal = drawn(mean, sigma), np.linspace(0, 1, 101)
    for factor in FACTORS:
        found = coverage(mean, factor * sigma, points, nominal)
        assert np.abs(found - share_within(nominal, factor, k)).max() < SAMPLING_ERROR


@pytest.mark.parametrize("k", [1, 2, 5])
def test_coverage_counts_the_points_within_a_distance_of_the_nearest(k):
    mean, sigma = truth(60, k)
    points, nominal = rng(8).normal(size=(300, k)), np.linspace(0, 1, 11)
    squared = (((points[:, None] - mean) / sigma) ** 2).sum(axis=2).min(axis=1)
    expected = [(squared <= stats.chi2(k).ppf(share)).mean() for share in nominal]
    np.testing.assert_allclose(coverage(mean, sigma, points, nominal), expected)


def test_means_are_covered_at_once_and_distant_points_at_the_end_only():
    mean, sigma = truth(60, 2)
    nominal = np.array([0.0, 0.5, 0.999, 1.0])
    assert coverage(mean, sigma, mean, nominal).tolist() == [1, 1, 1, 1]
    assert coverage(mean, sigma, mean + 1e6, nominal).tolist() == [0, 0, 0, 1]


def test_true_sigmas_that_overlap_are_above_the_diagonal(calibrated):
    off = calibrated[1.0].reported - calibrated[1.0].nominal
    assert off.min() > -SAMPLING_ERROR
    assert off.max() > SAMPLING_ERROR


# --- the shipped model ----------------------------------------------------------------------------


def test_the_shipped_sigmas_are_too_wide_by_the_noise_of_the_notebook(bundle, shipped):
    assert 0.05 < shipped.scale < 0.2
    assert shipped.scale == pytest.approx(bundle.preset.training.noise, rel=0.2)


def test_the_shipped_scale_hardly_depends_on_the_seed(bundle, shipped):
    assert calibrate(bundle, seed=1).scale == pytest.approx(shipped.scale, rel=0.05)


def test_the_shipped_curves_are_above_the_diagonal_and_the_scaled_one_nearer(bundle, shipped):
    assert shipped.held_out.shape == ((bundle.records.split != "train").sum(),)
    assert np.isfinite(shipped.held_out).all()
    assert (shipped.calibrated >= shipped.nominal).all()
    assert (shipped.reported >= shipped.calibrated).all()
    assert (shipped.reported - shipped.calibrated).mean() > 0.1
