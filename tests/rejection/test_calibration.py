"""Calibration: the known truth is found again, and the shipped model's noise."""

import dataclasses
import math

import numpy as np
import pytest
from scipy import stats

from regvae.latent.mixture import Mixture
from regvae.model.records import Records
from regvae.rejection import calibration
from regvae.rejection.calibration import (
    Calibration,
    CalibrationError,
    calibrate,
    coverage,
    fit_scale,
)

FACTORS = [0.25, 0.5, 1.0, 2.0, 4.0]
TRAINING, HELD_OUT = 200, 2_000
KEPT_SIGMA = 1e-6
"""Sigma of held-out records that are to stay where they are put."""


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


def drawn(mean, sigma, m, seed=2):
    """Points (m, k) from the mixture of these Gaussians."""
    random = rng(seed)
    rows = random.integers(len(mean), size=m)
    return mean[rows] + sigma[rows] * random.normal(size=(m, mean.shape[1]))


def with_records(bundle, training, held_out, noise=1.0):
    """The bundle with other records: means and sigmas of those in training and of those held out.

    Every other of the latter is of the validation split, the rest of the test split.
    """
    counts = len(training[0]), len(held_out[0])
    split = np.array(["train"] * counts[0] + ["validation", "test"] * (counts[1] // 2 + 1))
    mean, sigma = (
        np.concatenate(pair).astype(np.float32) for pair in zip(training, held_out, strict=True)
    )
    records = Records(bundle.records.codes[: sum(counts)].copy(), split[: sum(counts)], mean, sigma)
    recipe = dataclasses.replace(bundle.preset.training, noise=noise)
    preset = dataclasses.replace(bundle.preset, training=recipe)
    return dataclasses.replace(bundle, preset=preset, records=records)


def synthetic(bundle, factor=1.0, k=2, mixture=truth):
    """Held-out records drawn from a true mixture, of which training reports factor x sigma."""
    mean, sigma = mixture(TRAINING, k)
    points = drawn(mean, sigma, HELD_OUT)
    stay = np.full(points.shape, KEPT_SIGMA)
    return with_records(bundle, (mean, factor * sigma), (points, stay))


@pytest.fixture(scope="module")
def calibrated(bundle):
    """The calibration of a bundle whose sigmas are the true ones, and of some whose are not."""
    return {factor: calibrate(synthetic(bundle, factor)) for factor in FACTORS}


@pytest.fixture(scope="module")
def apart(bundle):
    """The same for records that do not overlap."""
    return {factor: calibrate(synthetic(bundle, factor, mixture=far_apart)) for factor in FACTORS}


@pytest.fixture(scope="module")
def shipped(bundle):
    return calibrate(bundle)


# --- the factor -----------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("factor", FACTORS)
def test_sigmas_wrong_by_a_factor_are_scaled_back(factor, k):
    mean, sigma = truth(TRAINING, k)
    scale = fit_scale(mean, factor * sigma, drawn(mean, sigma, HELD_OUT))
    assert scale == pytest.approx(1 / factor, rel=0.1)


@pytest.mark.parametrize("k", [1, 2, 5])
def test_sigmas_of_records_far_apart_are_scaled_back_too(k):
    mean, sigma = far_apart(50, k)
    scale = fit_scale(mean, 0.5 * sigma, drawn(mean, sigma, HELD_OUT))
    assert scale == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize("factor", [0.5, 1.0, 3.0])
def test_the_factor_is_the_likeliest_of_a_fine_grid(factor):
    mean, sigma = truth(100, 2)
    points = drawn(mean, sigma, 500, seed=4)
    scales = np.exp(np.arange(math.log(0.01), math.log(4), 0.01))

    def likelihood(scale):
        return Mixture(mean, factor * sigma * scale, np.ones(100, bool)).query(points)[0].mean()

    best = max(scales, key=likelihood)
    assert fit_scale(mean, factor * sigma, points) == pytest.approx(best, rel=0.03)


@pytest.mark.parametrize(("factor", "end"), [(1e-3, 4.0), (1e4, 0.01)])
def test_the_factor_stays_between_a_hundredth_and_four(factor, end):
    mean, sigma = truth(50, 2)
    scale = fit_scale(mean, factor * sigma, drawn(mean, sigma, 200))
    assert 0.01 <= scale <= 4.0
    assert scale == pytest.approx(end, rel=0.05)


def test_the_factor_does_not_depend_on_units_or_place():
    mean, sigma = truth(100, 2)
    points = drawn(mean, sigma, 500)
    before = fit_scale(mean, sigma, points)
    after = fit_scale(1e3 * mean + 7, 1e3 * sigma, 1e3 * points + 7)
    assert after == pytest.approx(before, rel=0.01)


def test_of_too_many_held_out_points_the_first_are_weighed(monkeypatch):
    mean, sigma = truth(100, 2)
    points = np.concatenate([drawn(mean, sigma, 150), drawn(mean, 4 * sigma, 500)])
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 150 * mean.size)
    assert fit_scale(mean, sigma, points) == fit_scale(mean, sigma, points[:150])
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 1)  # but never fewer than 100
    assert fit_scale(mean, sigma, points) == fit_scale(mean, sigma, points[:100])


# --- calibrate ------------------------------------------------------------------------------------


@pytest.mark.parametrize("factor", FACTORS)
def test_a_bundles_sigmas_are_scaled_back(calibrated, factor):
    assert calibrated[factor].scale == pytest.approx(1 / factor, rel=0.1)


@pytest.mark.parametrize("k", [1, 5])
def test_a_bundles_sigmas_are_scaled_back_in_other_dimensions(bundle, k):
    assert calibrate(synthetic(bundle, 2.0, k)).scale == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("noise", [0.1, 0.5, 1.0, 2.0])
def test_held_out_records_are_draws_with_the_noise_of_the_training(bundle, noise):
    mean, sigma = truth(TRAINING, 2)
    rows = rng(5).integers(TRAINING, size=HELD_OUT)
    records = (mean, sigma), (mean[rows], sigma[rows])
    assert calibrate(with_records(bundle, *records, noise)).scale == pytest.approx(noise, rel=0.1)


def test_the_densities_are_those_of_the_held_out_with_scaled_sigmas(bundle):
    changed = synthetic(bundle, 2.0)
    found = calibrate(changed)
    train = changed.records.split == "train"
    mean, sigma = changed.records.mean[train], changed.records.sigma[train]
    mixture = Mixture(mean, sigma * found.scale, np.ones(TRAINING, bool))
    expected = np.sort(mixture.query(changed.records.mean[~train])[0])
    assert found.held_out.shape == (HELD_OUT,)
    assert (np.diff(found.held_out) >= 0).all()
    np.testing.assert_allclose(found.held_out, expected, atol=1e-3)


def test_some_held_out_records_of_each_split_are_weighed_if_they_are_too_many(bundle, monkeypatch):
    mean, sigma = truth(100, 2)
    points = np.concatenate([drawn(mean, sigma, 1_000), drawn(mean, 4 * sigma, 1_000)])
    changed = with_records(bundle, (mean, sigma), (points, np.full(points.shape, KEPT_SIGMA)))
    whole = calibrate(changed).scale
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 500 * mean.size)
    assert calibrate(changed).scale == pytest.approx(whole, rel=0.15)
    assert fit_scale(mean, sigma, points) < 0.7 * whole  # which the first alone would not give


def test_the_same_seed_gives_the_same_calibration(bundle):
    changed = synthetic(bundle, 2.0)
    noisy = with_records(bundle, truth(TRAINING, 2), truth(HELD_OUT, 2, seed=6))
    for one in (changed, noisy):
        first, again = calibrate(one, seed=3), calibrate(one, seed=3)
        for field in dataclasses.fields(Calibration):
            assert np.array_equal(getattr(first, field.name), getattr(again, field.name))
    assert not np.array_equal(calibrate(noisy, seed=4).held_out, first.held_out)


def test_without_a_seed_it_is_nought(bundle):
    changed = synthetic(bundle)
    assert np.array_equal(calibrate(changed).held_out, calibrate(changed, seed=0).held_out)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_records_want_to_be_both_in_training_and_held_out(bundle, split):
    records = bundle.records
    rows = records.split == split
    parts = (array[rows] for array in (records.codes, records.split, records.mean, records.sigma))
    message = "^a calibration wants records in training and records held out of it$"
    with pytest.raises(CalibrationError, match=message):
        calibrate(dataclasses.replace(bundle, records=Records(*parts)))


def test_records_held_out_may_be_of_either_split(bundle):
    changed = synthetic(bundle)
    for split in ("validation", "test"):
        rows = np.isin(changed.records.split, ["train", split])
        records = changed.records
        parts = (array[rows] for array in (records.codes, records.split, records.mean, records.sigma))
        found = calibrate(dataclasses.replace(changed, records=Records(*parts)))
        assert len(found.held_out) == HELD_OUT // 2
        assert found.scale == pytest.approx(1, rel=0.1)


# --- typicality -----------------------------------------------------------------------------------


def fresh_typicality(found, factor, seed=7, spread=1.0, m=4_000):
    """Typicality of points drawn anew from the true mixture, or from one wider by `spread`."""
    mean, sigma = truth(TRAINING, 2)
    mixture = Mixture(mean, factor * sigma * found.scale, np.ones(TRAINING, bool))
    return found.typicality(mixture.query(drawn(mean, spread * sigma, m, seed))[0])


@pytest.mark.parametrize("factor", FACTORS)
def test_a_share_q_of_fresh_draws_has_a_typicality_below_q(calibrated, factor):
    found = fresh_typicality(calibrated[factor], factor)
    for q in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9):
        error = math.sqrt(q * (1 - q) * (1 / HELD_OUT + 1 / len(found)))
        assert (found < q).mean() == pytest.approx(q, abs=4 * error)


def test_points_of_another_kind_are_less_typical(calibrated):
    usual = fresh_typicality(calibrated[1.0], 1.0)
    unusual = fresh_typicality(calibrated[1.0], 1.0, spread=5.0)
    assert np.median(unusual) < 0.5 * np.median(usual)
    assert (unusual < 0.02).mean() > 0.1


def test_typicality_is_between_0_and_1_and_rises_with_the_density(calibrated):
    found = calibrated[1.0]
    log_density = np.concatenate([[-np.inf, -1e300], np.linspace(-50, 10, 999), [1e300, np.inf]])
    typicality = found.typicality(log_density)
    assert typicality.shape == log_density.shape
    assert typicality[0] == 0
    assert typicality[-1] == 1
    assert (np.diff(typicality) >= 0).all()
    assert len(np.unique(typicality)) > 50


def test_typicality_is_the_share_of_the_held_out_that_lie_more_thinly():
    nothing = np.empty(0)
    found = Calibration(1.0, np.array([-3.0, -1.0, -1.0, 2.0]), nothing, nothing, nothing)
    densities = np.array([-4.0, -3.0, -2.0, -1.0, 0.0, 2.0, 3.0])
    assert found.typicality(densities).tolist() == [0, 0, 0.25, 0.25, 0.75, 0.75, 1]


# --- the curve ------------------------------------------------------------------------------------


SAMPLING_ERROR = stats.kstwobign.isf(1e-3) / math.sqrt(HELD_OUT)
"""How far a sample's shares may be from the true ones: Kolmogorov's, once in 1,000 times."""


def share_within(nominal, factor, k):
    """What a Gaussian with factor x the true sigma holds where it claims a nominal share."""
    return stats.chi2(k).cdf(factor**2 * stats.chi2(k).ppf(nominal))


@pytest.mark.parametrize("factor", FACTORS)
def test_curves_rise_from_nothing_to_all(calibrated, apart, factor):
    for found in (calibrated[factor], apart[factor]):
        np.testing.assert_allclose(found.nominal, np.arange(51) / 50)
        for curve in (found.reported, found.calibrated):
            assert curve.shape == found.nominal.shape
            assert (np.diff(curve) >= 0).all()
            assert curve[0] < 0.01
            assert curve[-1] == 1


@pytest.mark.parametrize("factor", FACTORS)
def test_scaled_sigmas_lie_on_the_diagonal_however_wrong_they_were(apart, factor):
    found = apart[factor]
    assert np.abs(found.calibrated - found.nominal).max() < SAMPLING_ERROR


def test_true_sigmas_lie_on_the_diagonal_as_reported(apart):
    assert np.abs(apart[1.0].reported - apart[1.0].nominal).max() < SAMPLING_ERROR


@pytest.mark.parametrize("k", [1, 5])
def test_true_sigmas_lie_on_the_diagonal_in_other_dimensions(bundle, k):
    found = calibrate(synthetic(bundle, k=k, mixture=far_apart))
    for curve in (found.reported, found.calibrated):
        assert np.abs(curve - found.nominal).max() < SAMPLING_ERROR


@pytest.mark.parametrize("factor", [2.0, 4.0])
def test_too_wide_sigmas_lie_above_the_diagonal(apart, factor):
    off = apart[factor].reported - apart[factor].nominal
    assert off.max() > 5 * SAMPLING_ERROR
    assert (off >= 0).all()


@pytest.mark.parametrize("factor", [0.25, 0.5])
def test_too_narrow_sigmas_lie_below_the_diagonal(apart, factor):
    off = apart[factor].reported - apart[factor].nominal
    assert off.min() < -5 * SAMPLING_ERROR
    assert (off <= 0).all()


@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("factor", FACTORS)
def test_wrong_sigmas_cover_what_chi_squared_says(factor, k):
    mean, sigma = far_apart(50, k)
    nominal = np.linspace(0, 1, 101)
    found = coverage(mean, factor * sigma, drawn(mean, sigma, HELD_OUT), nominal)
    assert np.abs(found - share_within(nominal, factor, k)).max() < SAMPLING_ERROR


@pytest.mark.parametrize("k", [1, 2, 5])
def test_coverage_counts_the_points_within_a_distance_of_the_nearest(k):
    mean, sigma = truth(60, k)
    points, nominal = rng(8).normal(size=(300, k)), np.linspace(0, 1, 11)
    squared = (((points[:, None] - mean) / sigma) ** 2).sum(axis=2).min(axis=1)
    expected = [(squared <= stats.chi2(k).ppf(share)).mean() for share in nominal]
    np.testing.assert_allclose(coverage(mean, sigma, points, nominal), expected)


def test_records_themselves_are_covered_by_no_share_at_all():
    mean, sigma = truth(60, 2)
    assert coverage(mean, sigma, mean, np.array([0.0, 0.5, 1.0])).tolist() == [1, 1, 1]


def test_what_lies_nowhere_is_covered_by_the_whole_only():
    mean, sigma = truth(60, 2)
    nominal = np.array([0.0, 0.5, 0.999, 1.0])
    assert coverage(mean, sigma, mean + 1e6, nominal).tolist() == [0, 0, 0, 1]


def test_true_sigmas_that_overlap_lie_above_the_diagonal(calibrated):
    off = calibrated[1.0].reported - calibrated[1.0].nominal
    assert off.min() > -SAMPLING_ERROR
    assert off.max() > SAMPLING_ERROR


@pytest.mark.parametrize("factor", FACTORS)
def test_wider_sigmas_cover_more(calibrated, factor):
    found = calibrated[factor]
    wide, narrow = found.reported, found.calibrated
    if found.scale > 1:
        wide, narrow = narrow, wide
    assert (wide >= narrow).all()


# --- the shipped model ----------------------------------------------------------------------------


def test_the_shipped_sigmas_are_too_wide_by_the_notebooks_noise(bundle, shipped):
    assert 0.05 < shipped.scale < 0.2
    assert shipped.scale == pytest.approx(bundle.preset.training.noise, rel=0.2)


def test_the_shipped_factor_hardly_depends_on_the_seed(bundle, shipped):
    assert calibrate(bundle, seed=1).scale == pytest.approx(shipped.scale, rel=0.05)


def test_the_shipped_curves_lie_above_the_diagonal_and_the_scaled_one_nearer(bundle, shipped):
    held_out = int((bundle.records.split != "train").sum())
    assert shipped.held_out.shape == (held_out,)
    assert np.isfinite(shipped.held_out).all()
    assert (shipped.calibrated >= shipped.nominal).all()
    assert (shipped.reported >= shipped.calibrated).all()
    assert (shipped.reported - shipped.calibrated).mean() > 0.1
