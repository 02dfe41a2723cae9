"""Densities of mixtures: compared with scipy and closed forms, and the bound on their error."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from regvae.latent import tiles
from regvae.latent.mixture import LEFT_OUT, Mixture

SEEDS = st.integers(0, 2**32 - 1)
ROUNDING = 1e-10


@pytest.fixture
def splitting_is_free(monkeypatch):
    """Cells are split down to the finest, so that most components are left out."""
    monkeypatch.setattr(tiles, "_WEIGHING", 0.0)
    monkeypatch.setattr(tiles, "_CELL", 0.0)


def random_mixture(n, k, seed=0):
    """Means, sigmas (n, k) and flags (n,) of a mixture about 0."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)), rng.uniform(0.05, 0.5, (n, k)), rng.uniform(size=n) < 0.4


def log_terms(mean, sigma, z):
    """Logarithm of each component's term of the density: (m, n)."""
    terms = [
        stats.norm.logpdf(z, one_mean, one_sigma).sum(axis=1)
        for one_mean, one_sigma in zip(mean, sigma, strict=True)
    ]
    return np.stack(terms, axis=1) - math.log(len(mean))


def by_scipy(mean, sigma, part, z):
    """Logarithm of the density and share of the part, from all components: (m,) both."""
    terms = log_terms(mean, sigma, z)
    total = special.logsumexp(terms, axis=1)
    of_part = special.logsumexp(terms, axis=1, b=np.asarray(part, float))
    return total, np.exp(of_part - total)


def assert_within_the_bound(mean, sigma, part, z):
    """The density is too small by at most `LEFT_OUT`, never too large; the share is as exact."""
    found, share = Mixture(mean, sigma, part).query(z)
    with np.errstate(divide="ignore"):  # a part that is empty
        expected, expected_share = by_scipy(mean, sigma, part, z)
    rounding = ROUNDING + 1e-14 * np.abs(expected)  # the terms are differences of such numbers
    assert (found <= expected + rounding).all()
    assert (found >= expected + np.log1p(-LEFT_OUT) - rounding).all()
    assert (np.abs(share - expected_share) <= LEFT_OUT + rounding).all()


# --- against scipy --------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_density_is_the_mean_of_the_multivariate_normals(k):
    mean, sigma, part = random_mixture(40, k)
    z = np.random.default_rng(1).uniform(-2, 2, (30, k))
    found, share = Mixture(mean, sigma, part).query(z)
    each = np.array(
        [
            stats.multivariate_normal(one_mean, np.diag(one_sigma**2)).logpdf(z)
            for one_mean, one_sigma in zip(mean, sigma, strict=True)
        ]
    )
    total = special.logsumexp(each, axis=0)
    np.testing.assert_allclose(found, total - math.log(40), rtol=1e-10, atol=1e-10)
    expected = np.exp(special.logsumexp(each[part], axis=0) - total)
    np.testing.assert_allclose(share, expected, rtol=1e-8, atol=1e-12)


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_many_points_have_the_density_of_all_components(k):
    mean, sigma, part = random_mixture(200, k)
    z = np.random.default_rng(2).uniform(-4, 4, (1_500, k))
    assert_within_the_bound(mean, sigma, part, z)


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("seed", range(3))
def test_narrow_and_wide_components_together_have_the_density_of_all(k, seed):
    rng = np.random.default_rng(seed)
    sigma = 10.0 ** rng.uniform(-3, 1, (100, 1)) * rng.uniform(0.5, 2, (100, k))
    mean = rng.normal(size=(100, k))
    z = np.vstack([rng.uniform(-3, 3, (1_000, k)), mean + sigma * rng.normal(size=(100, k))])
    assert_within_the_bound(mean, sigma, rng.uniform(size=100) < 0.5, z)


@pytest.mark.parametrize("k", [1, 4])
def test_in_other_dimensions_nothing_is_left_out(k):
    mean, sigma, part = random_mixture(200, k)
    z = np.random.default_rng(3).uniform(-4, 4, (2_000, k))
    found, share = Mixture(mean, sigma, part).query(z)
    expected, expected_share = by_scipy(mean, sigma, part, z)
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(share, expected_share, rtol=1e-9, atol=1e-15)


def test_the_shipped_records_have_the_density_of_all_components(bundle):
    records = bundle.records
    mean, sigma = (array[::20].astype(float) for array in (records.mean, records.sigma))
    ticks = np.linspace(-3, 3, 25)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    for scale in (0.1, 1.0):
        assert_within_the_bound(mean, sigma * scale, records.split[::20] == "train", grid)


# --- components left out --------------------------------------------------------------------------


@st.composite
def mixtures(draw):
    """Means, sigmas and flags of components in clusters, and points near and far from them."""
    rng = np.random.default_rng(draw(SEEDS))
    k, n, m = draw(st.integers(1, 4)), draw(st.integers(1, 120)), draw(st.integers(1, 300))
    spread = 10.0 ** draw(st.floats(-2, 2))
    centres = spread * rng.normal(size=(draw(st.integers(1, 5)), k))
    mean = centres[rng.integers(len(centres), size=n)]
    mean = mean + 10.0 ** draw(st.floats(-3, 0)) * rng.normal(size=(n, k))
    low = draw(st.floats(-2, 1))
    sigma = 10.0 ** rng.uniform(low, draw(st.floats(low, 2)), (n, k))
    part = rng.uniform(size=n) < draw(st.sampled_from([0.0, 0.1, 0.5, 1.0]))
    z = rng.uniform(-3, 3, (m, k)) * spread * 10.0 ** draw(st.floats(-1, 1))
    some = rng.uniform(size=m) < draw(st.floats(0, 1))
    z[some] = rng.choice(mean, int(some.sum()))
    return mean, sigma, part, z


@given(problem=mixtures(), deep=st.booleans())
@settings(deadline=None, max_examples=100)
def test_no_more_than_the_bound_is_left_out(problem, deep):
    with pytest.MonkeyPatch.context() as patch:
        if deep:
            patch.setattr(tiles, "_WEIGHING", 0.0)
            patch.setattr(tiles, "_CELL", 0.0)
        assert_within_the_bound(*problem)


def beside_one(n, k, t):
    """A component at 0, and n - 1 in one place so far away that their sum is t times its density.

    Also points (100, k) so near 0 that this holds at each, within 1e-5 of t.
    """
    away = math.sqrt(-2 * math.log(t / (n - 1)))
    mean = np.zeros((n, k))
    mean[1:, 0] = away
    z = np.random.default_rng(4).uniform(-1e-7, 1e-7, (100, k))
    return Mixture(mean, np.ones((n, k)), np.arange(n) > 0), z


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("n", [2, 100, 5_000])
def test_many_tiny_components_are_left_out_only_if_their_sum_is_tiny(n, k):
    alone = -0.5 * k * math.log(2 * math.pi) - math.log(n)
    mixture, z = beside_one(n, k, LEFT_OUT * 0.9 * (n - 1) / n)
    log_density, share = mixture.query(z)
    np.testing.assert_allclose(log_density, alone, atol=1e-12)
    assert (share == 0).all()
    mixture, z = beside_one(n, k, LEFT_OUT * 1.1)
    log_density, share = mixture.query(z)
    np.testing.assert_allclose(log_density - alone, LEFT_OUT * 1.1, rtol=1e-4)
    np.testing.assert_allclose(share, LEFT_OUT * 1.1, rtol=1e-4)


@pytest.mark.usefixtures("splitting_is_free")
def test_most_components_are_left_out_where_few_matter():
    rng = np.random.default_rng(5)
    mixture = Mixture(rng.uniform(-3, 3, (500, 2)), np.full((500, 2), 0.05), np.ones(500, bool))
    z = rng.uniform(-3, 3, (5_000, 2))
    groups = [gathered() for gathered in mixture._tiling.of(z)]
    pairs = sum(tiles.rows.shape[1] * (tiles.candidates < 500).sum() for tiles in groups)
    assert pairs < 0.2 * 5_000 * 500


def test_memory_does_not_grow_with_points_times_components():
    n, m = 2_000, 20_000
    mean, sigma, part = random_mixture(n, 2)
    z = np.random.default_rng(6).uniform(-3, 3, (m, 2))
    mixture = Mixture(mean, sigma, part)
    tracemalloc.start()
    try:
        mixture.query(z)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 8 * n * m / 8  # all terms would take 320 MB


# --- closed forms and invariances -----------------------------------------------------------------


def test_a_single_component_has_the_density_of_its_normal():
    log_density, share = Mixture([[1.0, -2.0]], [[0.5, 4.0]], [True]).query([[1.0, -2.0]])
    assert log_density[0] == pytest.approx(-math.log(2 * math.pi * 0.5 * 4.0))
    assert share.tolist() == [1.0]


def test_halfway_between_two_equal_components_the_shares_are_equal():
    _, share = Mixture([[0.0], [4.0]], [[1.0], [1.0]], [True, False]).query([[2.0], [1.0]])
    assert share.tolist() == [0.5, pytest.approx(special.expit(4.0))]


def test_the_height_is_the_density_of_a_component_at_its_own_mean():
    mean, sigma, part = random_mixture(20, 3)
    expected = np.diag(log_terms(mean, sigma, mean))
    np.testing.assert_allclose(Mixture(mean, sigma, part).log_height, expected, rtol=1e-12)


def test_the_density_integrates_to_1_and_that_of_a_part_to_its_weight():
    mean, sigma, part = random_mixture(30, 2)
    ticks, step = np.linspace(-5, 5, 401, retstep=True)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    sigma = np.maximum(sigma, 2 * step)  # so that the grid is fine enough
    log_density, share = Mixture(mean, sigma, part).query(grid)
    density = np.exp(log_density)
    assert density.sum() * step**2 == pytest.approx(1, abs=2 * LEFT_OUT)
    assert (density * share).sum() * step**2 == pytest.approx(part.mean(), abs=2 * LEFT_OUT)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_shares_of_a_part_and_of_the_rest_sum_to_1(k):
    mean, sigma, part = random_mixture(150, k)
    z = np.random.default_rng(7).uniform(-5, 5, (2_000, k))
    log_density, share = Mixture(mean, sigma, part).query(z)
    same_density, rest = Mixture(mean, sigma, ~part).query(z)
    assert np.array_equal(log_density, same_density)
    np.testing.assert_allclose(share + rest, 1, rtol=1e-12)
    assert (np.minimum(share, rest) >= 0).all()
    assert (np.maximum(share, rest) <= 1).all()


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_the_share_of_all_components_is_1_and_of_none_is_0(k):
    mean, sigma, _ = random_mixture(150, k)
    z = np.random.default_rng(8).uniform(-5, 5, (2_000, k))
    _, share = Mixture(mean, sigma, np.ones(150, bool)).query(z)
    np.testing.assert_allclose(share, 1, rtol=1e-12)
    assert (share <= 1).all()
    _, share = Mixture(mean, sigma, np.zeros(150, bool)).query(z)
    assert (share == 0).all()


@given(seed=SEEDS, k=st.integers(1, 4), factor=st.floats(0.01, 100), shift=st.floats(-10, 10))
@settings(deadline=None, max_examples=50)
def test_scaling_the_space_divides_the_density_and_shifting_it_changes_nothing(
    seed, k, factor, shift
):
    mean, sigma, part = random_mixture(20, k, seed)
    z = np.random.default_rng(seed).uniform(-2, 2, (50, k))
    before, share = Mixture(mean, sigma, part).query(z)
    scaled = Mixture(mean * factor + shift, sigma * factor, part)
    after, share_after = scaled.query(z * factor + shift)
    tolerance = 1e-7 * np.abs(before).max() / min(factor, 1)  # for the rounding of the shift
    np.testing.assert_allclose(after, before - k * math.log(factor), atol=tolerance + 2 * LEFT_OUT)
    np.testing.assert_allclose(share_after, share, atol=tolerance + 2 * LEFT_OUT)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_duplicating_every_component_changes_nothing(k):
    mean, sigma, part = random_mixture(60, k)
    z = np.random.default_rng(9).uniform(-3, 3, (1_000, k))
    once, share = Mixture(mean, sigma, part).query(z)
    doubled = (np.repeat(array, 2, axis=0) for array in (mean, sigma, part))
    twice, share_twice = Mixture(*doubled).query(z)
    np.testing.assert_allclose(twice, once, atol=2 * LEFT_OUT)
    np.testing.assert_allclose(share_twice, share, atol=2 * LEFT_OUT)


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [1, 2, 3])
def test_points_have_the_same_density_together_and_alone(k):
    mean, sigma, part = random_mixture(200, k)
    mixture = Mixture(mean, sigma, part)
    z = np.random.default_rng(10).uniform(-3, 3, (1_000, k))
    log_density, share = mixture.query(z)
    for point, one, its_share in zip(z[::20], log_density[::20], share[::20], strict=True):
        alone = mixture.query(point[None])
        assert alone[0][0] == pytest.approx(one, abs=2 * LEFT_OUT)
        assert alone[1][0] == pytest.approx(its_share, abs=2 * LEFT_OUT)


# --- far away -------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [3, 300])
@pytest.mark.parametrize("k", [1, 2, 3, 5])
@pytest.mark.parametrize("distance", [1e2, 1e6, 1e50, 1e100])
def test_far_away_densities_are_finite_and_the_share_is_that_of_the_nearest(distance, k, m):
    # Of components with equal means the widest are the nearest in units of their own sigmas.
    mean = np.zeros((6, k))
    sigma = np.repeat([[1.0], [2.0], [3.0]], 2, axis=0) * np.ones(k)
    z = np.random.default_rng(11).choice([-distance, distance], (m, k))
    for part in ([1, 1, 1, 1, 0, 0], [0, 0, 0, 0, 1, 1], [0, 1, 0, 1, 0, 1]):
        log_density, share = Mixture(mean, sigma, np.array(part, bool)).query(z)
        assert np.isfinite(log_density).all()
        np.testing.assert_allclose(log_density, -k * distance**2 / 18, rtol=1e-2)
        np.testing.assert_allclose(share, sum(part[4:]) / 2, atol=1e-12)


@pytest.mark.parametrize("m", [4, 400])
@pytest.mark.parametrize("k", [1, 2, 3])
def test_far_away_the_share_is_that_of_the_nearer_side(k, m):
    mean = np.concatenate([np.full((3, k), -1.0), np.full((3, k), 1.0)])
    mixture = Mixture(mean, np.full((6, k), 0.1), np.arange(6) >= 3)
    side = np.random.default_rng(12).choice([-1.0, 1.0], m)
    log_density, share = mixture.query(side[:, None] * np.full(k, 1e5))
    assert np.isfinite(log_density).all()
    assert np.array_equal(share, side > 0)


def test_an_outlier_among_many_points_has_a_density_too():
    mean, sigma, part = random_mixture(100, 2)
    z = np.random.default_rng(13).uniform(-3, 3, (1_000, 2))
    z[7] = 1e9, -1e9
    log_density, share = Mixture(mean, sigma, part).query(z)
    assert np.isfinite(log_density).all()
    assert log_density[7] < -1e17
    assert share[7] == part[log_terms(mean, sigma, z[7:8])[0].argmax()]


# --- shapes and errors ----------------------------------------------------------------------------


def test_no_points_have_no_densities():
    log_density, share = Mixture([[0.0, 0.0]], [[1.0, 1.0]], [True]).query(np.empty((0, 2)))
    assert log_density.shape == share.shape == (0,)


def test_several_parts_have_a_share_each():
    rng = np.random.default_rng(5)
    mean, z = rng.normal(size=(40, 2)), rng.normal(size=(30, 2))
    parts = rng.random((40, 3)) < 0.5
    log_density, shares = Mixture(mean, np.full((40, 2), 0.5), parts).query(z)
    for column, part in enumerate(parts.T):
        alone, share = Mixture(mean, np.full((40, 2), 0.5), part).query(z)
        np.testing.assert_allclose(shares[:, column], share, rtol=1e-12)
        np.testing.assert_allclose(log_density, alone, rtol=1e-12)


def test_flags_are_a_read_only_copy_as_booleans():
    part = np.array([1, 0])
    mixture = Mixture([[0.0], [1.0]], [[1.0], [1.0]], part)
    part[:] = 1
    assert mixture.part.tolist() == [True, False]
    with pytest.raises(ValueError, match="read-only"):
        mixture.part[0] = False


@pytest.mark.parametrize("part", [[True], [True] * 3, [], True, [[True]], [[[True]], [[False]]]])
def test_the_part_has_one_flag_for_each_component(part):
    shape = str(np.shape(part))
    with pytest.raises(ValueError, match=r"part of shape \(2,\), .* got") as caught:
        Mixture([[0.0], [1.0]], [[1.0], [1.0]], part)
    assert f"got {shape};" in str(caught.value)


def test_means_sigmas_and_points_are_checked_as_those_of_gaussians():
    with pytest.raises(ValueError, match="mean and sigma of one shape"):
        Mixture([[0.0, 0.0]], [[1.0]], [True])
    with pytest.raises(ValueError, match="finite sigmas"):
        Mixture([[0.0]], [[0.0]], [True])
    mixture = Mixture([[0.0, 0.0]], [[1.0, 1.0]], [True])
    for z in ([[1.0]], [[1.0, 2.0, 3.0]], [1.0, 2.0]):
        with pytest.raises(ValueError, match=r"points of shape \(m, 2\), got"):
            mixture.query(z)
    for bad in (math.nan, math.inf, 1e101):
        with pytest.raises(ValueError, match="finite coordinates"):
            mixture.query([[0.0, bad]])


# --- ranks ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 5])
def test_a_rank_is_the_share_of_the_means_at_a_lower_density(k):
    mean, sigma, part = random_mixture(50, k)
    z = np.random.default_rng(5).uniform(-2, 2, (40, k))
    at_means, _ = by_scipy(mean, sigma, part, mean)
    at_points, _ = by_scipy(mean, sigma, part, z)
    found = Mixture(mean, sigma, part).rank(z)
    assert found.tolist() == [(at_means < one).mean() for one in at_points]


def test_points_of_a_rank_hold_that_share_of_the_means():
    mixture = Mixture(*random_mixture(400, 2))
    ranks = mixture.rank(mixture.mean)
    for rank in (0.05, 0.2, 0.5):
        assert (ranks >= rank).mean() == pytest.approx(1 - rank, abs=0.003)
    assert mixture.rank([[90.0, 90.0]]) == [0]
