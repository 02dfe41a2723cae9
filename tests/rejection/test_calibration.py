"""Calibration: a known truth is found again, and held-out records have the ranks they should."""

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
    fit_draw_scale,
    fit_scale,
)
from tests.rejection.bundles import with_gaussians, with_rows

FACTORS = [0.4, 1.0, 3.0]
"""Reported sigmas as multiples of the true ones."""
TRAINING, HELD_OUT = 150, 2_000
MEASURED = HELD_OUT // 2
"""Held-out records that do not fit the scale."""


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
    codes = [f"AA{n:05d}"[:7] for n in range(len(mean))]
    recipe = dataclasses.replace(bundle.preset.training, noise=noise)
    preset = dataclasses.replace(bundle.preset, training=recipe)
    changed = with_gaussians(bundle, mean, sigma, codes=codes, split=split)
    return dataclasses.replace(changed, preset=preset)


def synthetic(bundle, factor=1.0, k=2, mixture=truth, **changes):
    """Held-out records drawn from a true mixture, whose sigmas are reported as factor x sigma."""
    mean, sigma = mixture(TRAINING, k)
    points = drawn(mean, sigma)
    return with_records(bundle, (mean, factor * sigma), (points, np.ones(points.shape)), **changes)


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


@pytest.mark.parametrize("sigma", [0.5, 2.0])
def test_the_scale_of_a_lone_gaussian_is_the_points_spread_over_its_sigma(sigma):
    # The mean of log p is -log(s sigma) - mean(z²) / (2 s² sigma²), highest at s sigma = rms(z).
    points = 1.7 * rng().standard_normal((400, 1))
    expected = math.sqrt(np.square(points).mean()) / sigma
    found = fit_scale(np.zeros((1, 1)), np.full((1, 1), sigma), points)
    assert found == pytest.approx(expected, rel=0.02)


# --- the scale of draws ---------------------------------------------------------------------------


def blurred(k, n=300, h=1_000):
    """Means and sigmas (n, k) of records, and held-out points (h, k) of the same distribution."""
    random = rng(k)
    return random.normal(size=(n, k)), np.full((n, k), 0.8), random.normal(size=(h, k))


@pytest.mark.parametrize("k", [3, 5, 10])
def test_draws_with_the_scale_of_draws_are_as_dense_as_held_out_points(k):
    mean, sigma, points = blurred(k)
    scale = fit_scale(mean, sigma, points)
    found = fit_draw_scale(mean, sigma, points, scale, rng(3))
    assert scale / 4 < found < scale

    def denser(factor):
        """How much denser draws are than the points, in nats, and the standard error of that."""
        of_draws = log_density(mean, factor * sigma, drawn(mean, factor * sigma, 4_000, seed=k))
        of_points = log_density(mean, factor * sigma, points)
        error = math.sqrt(of_draws.var() / 1_000 + of_points.var() / len(points))
        return of_draws.mean() - of_points.mean(), error

    difference, error = denser(found)
    assert abs(difference) < 3 * error
    difference, error = denser(scale)
    assert difference < -3 * error  # every kernel adds its own variance


def test_the_scale_of_draws_is_at_most_the_scale_and_at_least_a_quarter():
    mean, sigma, points = blurred(2)
    assert fit_draw_scale(mean, sigma, 3 * points, 1.0, rng()) == 1.0  # draws are denser
    assert fit_draw_scale(mean, sigma, np.zeros((50, 2)), 1.0, rng()) == 0.25


def test_the_scale_of_draws_of_a_lone_gaussian_is_its_scale():
    points = rng().standard_normal((1_000, 1))
    mean, sigma = np.zeros((1, 1)), np.ones((1, 1))
    scale = fit_scale(mean, sigma, points)
    found = fit_draw_scale(mean, sigma, points, scale, rng(1))
    assert found == pytest.approx(scale, rel=4 * math.sqrt(0.5 / 1_000))
    assert found <= scale


# --- calibrate ------------------------------------------------------------------------------------


def test_the_sigmas_of_a_bundle_are_scaled_back(calibrated):
    for factor in FACTORS:
        assert calibrated[factor].scale == pytest.approx(1 / factor, rel=0.1)


def test_no_noise_plays_a_part(bundle, calibrated):
    plain = calibrated[1.0]
    for noise in (0.0, 0.1, 2.0):
        found = calibrate(synthetic(bundle, noise=noise))
        assert (found.scale, found.draw_scale) == (plain.scale, plain.draw_scale)
        assert np.array_equal(found.held_out, plain.held_out)
    records = (changed := synthetic(bundle)).records
    held_out = (records.split != "train")[:, None]
    wider = dataclasses.replace(records, sigma=np.where(held_out, 9, records.sigma))
    found = calibrate(dataclasses.replace(changed, records=wider))
    assert np.array_equal(found.held_out, plain.held_out)  # only their means are used


def test_one_half_of_the_held_out_records_fits_and_the_other_is_measured(bundle, monkeypatch):
    uses = {}

    def spied(name):
        original = getattr(calibration, name)

        def spy(mean, sigma, points, *rest):
            uses.setdefault(name, []).append({tuple(z) for z in points.tolist()})
            return original(mean, sigma, points, *rest)

        monkeypatch.setattr(calibration, name, spy)

    for name in ("fit_scale", "fit_draw_scale", "coverage"):
        spied(name)
    changed = synthetic(bundle, 3.0)
    found, records = calibrate(changed), changed.records
    train = records.split == "train"
    everything = {tuple(z) for z in records.mean[~train].astype(float).tolist()}
    (fitting,), (of_draws,) = uses["fit_scale"], uses["fit_draw_scale"]
    measured, _ = uses["coverage"]
    assert fitting == of_draws
    assert (len(fitting), len(measured)) == (HELD_OUT - MEASURED, MEASURED)
    assert fitting | measured == everything
    assert not fitting & measured
    mean, sigma = records.mean[train], records.sigma[train]
    expected = np.sort(log_density(mean, sigma * found.scale, np.array(sorted(measured))))
    assert (np.diff(found.held_out) >= 0).all()
    np.testing.assert_allclose(found.held_out, expected, atol=1e-5)
    firsts = {tuple(z) for z in records.mean[~train][: len(fitting)].astype(float).tolist()}
    assert 0.4 < len(firsts & fitting) / len(fitting) < 0.6  # drawn at random


def test_if_too_many_are_held_out_a_random_choice_fits_the_scale(bundle, monkeypatch):
    mean, sigma = truth(100, 2)
    points = np.concatenate([drawn(mean, sigma), drawn(mean, 4 * sigma)])
    changed = with_records(bundle, (mean, sigma), (points, np.ones(points.shape)))
    of_all = calibrate(changed).scale
    monkeypatch.setattr(calibration, "_MOST_PAIRS", 500 * mean.size)
    assert calibrate(changed).scale == pytest.approx(of_all, rel=0.15)
    assert fit_scale(mean, sigma, points) < 0.7 * of_all  # the first alone would not do


def test_the_same_seed_gives_the_same_calibration(bundle):
    some = with_records(bundle, truth(60, 2), truth(300, 2, seed=6))
    first, again, other = (calibrate(some, seed=seed) for seed in (0, 0, 4))
    for field in dataclasses.fields(Calibration):
        if field.name != "mixture":
            assert np.array_equal(getattr(first, field.name), getattr(again, field.name))
    assert np.array_equal(first.mixture.sigma, again.mixture.sigma)
    assert np.array_equal(calibrate(some).held_out, first.held_out)  # 0 is the default
    assert not np.array_equal(other.held_out, first.held_out)


def test_training_and_two_held_out_records_are_needed(bundle):
    records = bundle.records
    first = np.arange(len(records)) == np.flatnonzero(records.split == "test")[0]
    train = records.split == "train"
    for rows, got in (
        (train, "10,000 and 0"),
        (train | first, "10,000 and 1"),
        (records.split == "validation", "0 and 1,000"),
        (records.split == "test", "0 and 1,000"),
    ):
        words = f"expected training records and two held-out ones or more, got {got}; use a bundle"
        with pytest.raises(CalibrationError, match=words):
            calibrate(with_rows(bundle, rows))


@pytest.mark.parametrize("split", ["validation", "test"])
def test_held_out_records_may_be_of_either_split(bundle, split):
    changed = synthetic(bundle)
    found = calibrate(with_rows(changed, np.isin(changed.records.split, ["train", split])))
    assert len(found.held_out) == MEASURED // 2
    assert found.scale == pytest.approx(1, rel=0.1)


# --- typicality -----------------------------------------------------------------------------------


def fresh_typicality(found, seed=7, spread=1.0, m=4_000):
    """Typicality of new points from the true mixture, or from one wider by `spread`."""
    mean, sigma = truth(TRAINING, 2)
    return found.typicality(drawn(mean, spread * sigma, m, seed))


@pytest.mark.parametrize("factor", FACTORS)
def test_a_share_q_of_new_points_has_a_typicality_of_at_most_q(calibrated, factor):
    found = fresh_typicality(calibrated[factor])
    for q in (0.02, 0.1, 0.25, 0.5, 0.75, 0.9):
        error = math.sqrt(q * (1 - q) * (1 / MEASURED + 1 / len(found)))
        assert (found <= q).mean() == pytest.approx(q, abs=4 * error)


def test_points_of_another_distribution_are_less_typical(calibrated):
    usual = fresh_typicality(calibrated[1.0])
    unusual = fresh_typicality(calibrated[1.0], spread=5.0)
    assert np.median(unusual) < 0.5 * np.median(usual)
    assert (unusual < 0.02).mean() > 0.1


def of_densities(mixture, held_out):
    nothing = np.empty(0)
    return Calibration(1.0, 1.0, mixture, np.sort(held_out), nothing, nothing, nothing)


def test_typicality_counts_the_point_itself_and_what_is_at_most_as_dense():
    mixture = Mixture([[0.0]], [[1.0]], [True])
    held_out = mixture.query([[1.0], [2.0], [2.0], [3.0]])[0]
    found = of_densities(mixture, held_out)
    z = [[0.0], [1.0], [1.5], [2.0], [2.5], [3.0], [4.0], [1e9]]
    expected = np.array([5, 5, 4, 4, 2, 2, 1, 1]) / 5
    assert found.typicality(z).tolist() == expected.tolist()


def test_typicality_of_few_held_out_records_is_an_exact_p_value():
    # With 20 held-out records a new one has each of the ranks 1 to 21 equally often.
    mixture = Mixture(*truth(30, 2), np.ones(30, bool))
    records = drawn(*truth(30, 2), m=3_000 * 21).reshape(3_000, 21, 2)
    density = mixture.query(records.reshape(-1, 2))[0].reshape(3_000, 21)
    ranks = [
        of_densities(mixture, some[:20]).typicality(z[-1:])[0] * 21
        for some, z in zip(density, records, strict=True)
    ]
    counts = np.bincount(np.round(ranks).astype(int), minlength=22)[1:]
    np.testing.assert_allclose(ranks, np.round(ranks), rtol=1e-9)
    assert counts.sum() == 3_000
    assert stats.chisquare(counts).pvalue > 1e-3


def test_a_new_record_is_rarely_untypical_though_few_fit_the_scale(bundle):
    mean, sigma = truth(20, 1)
    trials, low = 250, {q: [] for q in (0.1, 0.25, 0.5)}
    for seed in range(trials):
        records = drawn(mean, sigma, 40, seed)  # 20 held out, and 20 new ones
        held_out = (records[:20], np.ones((20, 1)))
        found = calibrate(with_records(bundle, (mean, 2 * sigma), held_out), seed=seed)
        assert len(found.held_out) == 10
        for q, shares in low.items():
            shares.append((found.typicality(records[20:]) <= q).mean())
    for q, shares in low.items():
        error = np.std(shares) / math.sqrt(trials)
        assert np.floor(11 * q) / 11 - 3 * error < np.mean(shares) < q + 3 * error


def test_a_calibration_cannot_be_altered(calibrated):
    with pytest.raises(ValueError, match="read-only"):
        calibrated[1.0].held_out[0] = 0


# --- the coverage curves --------------------------------------------------------------------------


SAMPLING_ERROR = stats.kstwobign.isf(1e-3) / math.sqrt(MEASURED)
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


def test_the_shipped_scale_hardly_depends_on_the_seed(bundle, shipped):
    other = calibrate(bundle, seed=1)
    assert other.scale == pytest.approx(shipped.scale, rel=0.15)
    assert other.draw_scale == pytest.approx(shipped.draw_scale, rel=0.15)


def test_the_shipped_sigmas_are_too_wide_for_a_density(bundle, shipped):
    assert shipped.draw_scale <= shipped.scale < bundle.preset.training.noise


def test_the_shipped_curves_are_above_the_diagonal_and_the_scaled_one_nearer(bundle, shipped):
    held_out = (bundle.records.split != "train").sum()
    assert shipped.held_out.shape == (held_out - held_out // 2,)
    assert np.isfinite(shipped.held_out).all()
    assert (shipped.reported >= shipped.calibrated).all()
    assert (shipped.calibrated >= shipped.nominal).all()
    assert (shipped.reported - shipped.calibrated).mean() > 0.1
