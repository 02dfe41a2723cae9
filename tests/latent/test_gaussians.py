"""Gaussians, the nearest of many, and tails: compared with loops, closed forms and invariances."""

import math
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from regvae.latent import tiles
from regvae.latent.gaussians import Gaussians, NearestGaussian, tail_probability
from regvae.latent.tiles import Tiles
from regvae.parallel import THREADS

COORDINATES = st.floats(-50, 50, width=32)
DIMENSIONS = st.integers(1, 4)
SIGMAS = st.floats(0.0625, 8, width=32)


@st.composite
def problems(draw, k=DIMENSIONS):
    """Means and sigmas (n, k) and points (m, k)."""
    k = draw(k)
    n, m = draw(st.integers(1, 12)), draw(st.integers(1, 6))
    return (
        draw(hnp.arrays(np.float64, (n, k), elements=COORDINATES)),
        draw(hnp.arrays(np.float64, (n, k), elements=SIGMAS)),
        draw(hnp.arrays(np.float64, (m, k), elements=COORDINATES)),
    )


def one_distance(point, mean, sigma):
    """The Mahalanobis distance by its definition, of one pair."""
    parts = zip(point.tolist(), mean.tolist(), sigma.tolist(), strict=True)
    return math.sqrt(sum(((z - m) / s) ** 2 for z, m, s in parts))


def by_loop(mean, sigma, points):
    """All distances, (m, n), by a plain loop over points and Gaussians."""
    return np.array(
        [[one_distance(z, *g) for g in zip(mean, sigma, strict=True)] for z in points]
    ).reshape(len(points), len(mean))


def random_problem(n, m, k, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, k)), rng.uniform(0.05, 0.5, (n, k)), rng.uniform(-3, 3, (m, k))


# --- few points -----------------------------------------------------------------------------------


@given(problem=problems())
@settings(deadline=None)
def test_the_nearest_is_that_of_a_plain_loop(problem):
    mean, sigma, points = problem
    found, index = NearestGaussian(mean, sigma).query(points)
    every = by_loop(mean, sigma, points)
    assert found.shape == index.shape == (len(points),)
    np.testing.assert_allclose(found, every.min(axis=1), rtol=1e-12)
    # Another row is possible only at the same distance.
    np.testing.assert_allclose(every[np.arange(len(points)), index], found, rtol=1e-12)


@pytest.mark.parametrize("k", [1, 2, 15])
def test_the_row_is_that_of_a_plain_loop(k):
    mean, sigma, points = random_problem(200, 50, k)
    _, index = NearestGaussian(mean, sigma).query(points)
    assert index.tolist() == by_loop(mean, sigma, points).argmin(axis=1).tolist()


@given(
    problem=problems(),
    shift=hnp.arrays(np.float64, 4, elements=COORDINATES),
    factor=hnp.arrays(np.float64, 4, elements=st.floats(0.01, 100)),
    width=st.floats(0.01, 100),
)
@settings(deadline=None)
def test_distances_do_not_change_with_the_origin_or_the_units_and_are_in_sigmas(
    problem, shift, factor, width
):
    mean, sigma, points = problem
    shift, factor = shift[: mean.shape[1]], factor[: mean.shape[1]]
    before, _ = NearestGaussian(mean, sigma).query(points)
    shifted, _ = NearestGaussian(mean + shift, sigma).query(points + shift)
    np.testing.assert_allclose(shifted, before, rtol=1e-9, atol=1e-9)
    scaled, _ = NearestGaussian(mean * factor, sigma * factor).query(points * factor)
    np.testing.assert_allclose(scaled, before, rtol=1e-9, atol=1e-9)
    wider, _ = NearestGaussian(mean, sigma * width).query(points)
    np.testing.assert_allclose(wider * width, before, rtol=1e-9)


@given(problem=problems(k=st.just(1)))
@settings(deadline=None, max_examples=50)
def test_in_one_dimension_the_distance_is_the_difference_over_sigma(problem):
    mean, sigma, points = problem
    found, _ = NearestGaussian(mean, sigma).query(points)
    expected = (np.abs(points - mean.T) / sigma.T).min(axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@given(problem=problems())
@settings(deadline=None, max_examples=50)
def test_a_mean_has_distance_zero_from_itself(problem):
    mean, sigma, _ = problem
    found, index = NearestGaussian(mean, sigma).query(mean)
    assert found.tolist() == [0.0] * len(mean)
    assert np.array_equal(mean[index], mean)


@given(problem=problems(), t=st.floats(0, 20), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_a_step_of_t_sigmas_in_any_direction_has_distance_t(problem, t, seed):
    mean, sigma, _ = problem
    direction = np.random.default_rng(seed).normal(size=mean.shape[1])
    direction /= np.linalg.norm(direction)
    found, _ = NearestGaussian(mean[:1], sigma[:1]).query(mean[:1] + t * sigma[:1] * direction)
    assert found[0] == pytest.approx(t, abs=1e-9)


@given(problem=problems(), seed=st.integers(0, 99))
@settings(deadline=None, max_examples=50)
def test_the_order_of_the_gaussians_does_not_matter(problem, seed):
    mean, sigma, points = problem
    order = np.random.default_rng(seed).permutation(len(mean))
    found, index = NearestGaussian(mean, sigma).query(points)
    permuted, places = NearestGaussian(mean[order], sigma[order]).query(points)
    np.testing.assert_allclose(permuted, found, rtol=1e-12)
    every = by_loop(mean, sigma, points)
    rows = np.arange(len(points))
    np.testing.assert_allclose(every[rows, order[places]], every[rows, index], rtol=1e-12)


def test_the_nearest_mean_is_not_always_the_nearest_gaussian():
    nearest = NearestGaussian([[0.0, 0.0], [9.0, 0.0]], [[1.0, 1.0], [3.0, 3.0]])
    found, index = nearest.query([[3.0, 0.0]])
    assert (found.tolist(), index.tolist()) == ([2.0], [1])


# --- many points ----------------------------------------------------------------------------------


def by_one_array(mean, sigma, points):
    """All distances, (m, n), by one array of points x Gaussians x k."""
    return np.linalg.norm((points[:, None] - mean) / sigma, axis=2)


def assert_exact(mean, sigma, points):
    """The nearest are those of all Gaussians."""
    found, index = NearestGaussian(mean, sigma).query(points)
    every = by_one_array(mean, sigma, points)
    np.testing.assert_allclose(found, every.min(axis=1), rtol=1e-9)
    np.testing.assert_allclose(every[np.arange(len(points)), index], found, rtol=1e-9)


def clustered(rng, m, k):
    return rng.normal(size=(5, k))[rng.integers(5, size=m)] + rng.normal(0, 1e-3, (m, k))


def with_outliers(rng, m, k):
    z = rng.normal(size=(m, k))
    z[: m // 100] *= 1e6
    return z


def on_a_lattice(rng, m, k):
    return rng.integers(-3, 4, size=(m, k)) / 2


ARRANGEMENTS = {
    "uniform": lambda rng, m, k: rng.uniform(-3, 3, size=(m, k)),
    "clustered": clustered,
    "with outliers": with_outliers,
    "on a lattice": on_a_lattice,
    "on a line": lambda rng, m, k: rng.normal(size=(m, 1)) * np.ones(k),
    "along an axis": lambda rng, m, k: rng.normal(size=(m, k)) * np.eye(k)[0],
    "in one place": lambda _, m, k: np.full((m, k), 0.25),
    "with heavy tails": lambda rng, m, k: rng.standard_cauchy(size=(m, k)),
    "far away": lambda rng, m, k: 1e5 + rng.uniform(-1, 1, size=(m, k)),
}


@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_many_points_in_any_arrangement_have_the_nearest_of_all(arrangement, k):
    rng = np.random.default_rng(11)
    mean, sigma, _ = random_problem(150, 1, k)
    assert_exact(mean, sigma, ARRANGEMENTS[arrangement](rng, 1_500, k))


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_gaussians_in_any_arrangement_have_the_nearest_of_all(arrangement, k):
    rng = np.random.default_rng(12)
    mean = ARRANGEMENTS[arrangement](rng, 200, k)
    sigma = np.exp(rng.normal(-1, 2, size=(200, k)))  # some narrow, some wider than all means
    assert_exact(mean, sigma, rng.uniform(-3, 3, size=(1_500, k)))


@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 3),
    sizes=st.tuples(st.integers(1, 60), st.integers(1, 3_000)),
    spread=st.floats(1e-3, 1e3),
    width=st.floats(1e-3, 1e3),
)
@settings(deadline=None, max_examples=40)
def test_many_points_have_the_nearest_of_all(seed, k, sizes, spread, width):
    rng = np.random.default_rng(seed)
    n, m = sizes
    mean = rng.normal(0, spread, size=(n, k))
    sigma = width * np.exp(rng.normal(size=(n, k)))
    assert_exact(mean, sigma, rng.normal(size=(m, k)))


def test_the_shipped_records_have_the_nearest_of_all(bundle):
    ticks = np.linspace(-3, 3, 30)
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    mean, sigma = bundle.records.mean[::8], bundle.records.sigma[::8]
    assert_exact(mean.astype(float), sigma.astype(float), grid)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_points_have_the_same_nearest_together_and_alone(k):
    mean, sigma, points = random_problem(3_000, 1_500, k)
    nearest = NearestGaussian(mean, sigma)
    found, index = nearest.query(points)
    for point, d, i in zip(points[::10], found[::10], index[::10], strict=True):
        alone = nearest.query(point[None])
        assert (alone[0].tolist(), alone[1].tolist()) == ([d], [i])


@pytest.mark.parametrize("k", [2, 4])
def test_the_order_of_the_points_does_not_matter(k):
    mean, sigma, points = random_problem(300, 3_000, k)
    nearest = NearestGaussian(mean, sigma)
    found, index = nearest.query(points)
    order = np.random.default_rng(0).permutation(len(points))
    permuted, places = nearest.query(points[order])
    assert np.array_equal(permuted, found[order])
    assert np.array_equal(places, index[order])


def divided(patch, division):
    """Divide the work of all queries differently, until the patch ends."""
    for name, value in division.items():
        assert getattr(tiles, name) != value
        patch.setattr(tiles, name, value)


AS_DEEP_AS_POSSIBLE = {"_WEIGHING": 0.0, "_CELL": 0.0}  # splitting costs nothing
NOT_AT_ALL = {"_PAIR": 0.0}  # examining all Gaussians costs nothing
DIVISIONS = {
    "in tiny blocks": {"_BLOCK": 4},
    "in small blocks": {"_BLOCK": 2_999},
    "with bounds for one pair": {"_PAIRS": 1},
    "with bounds for few pairs": {"_PAIRS": 5_000},
    "as deep as possible": AS_DEEP_AS_POSSIBLE,
    "as deep as possible, in tiny blocks": {**AS_DEEP_AS_POSSIBLE, "_BLOCK": 4},
    "as deep as possible, with bounds for few pairs": {**AS_DEEP_AS_POSSIBLE, "_PAIRS": 5_000},
    "not at all": NOT_AT_ALL,
    "once": {**AS_DEEP_AS_POSSIBLE, "_FINEST": {2: 1, 3: 1}},
    "down to the last point": {**AS_DEEP_AS_POSSIBLE, "_FEW": 0},
    "without a grid": {"_FINEST": {}},
}


@pytest.mark.parametrize("k", [2, 3, 5])
@pytest.mark.parametrize("division", DIVISIONS)
def test_how_the_work_is_divided_changes_nothing(monkeypatch, k, division):
    mean, sigma, points = random_problem(200, 500, k)
    nearest = NearestGaussian(mean, sigma)
    expected = nearest.query(points)
    divided(monkeypatch, DIVISIONS[division])
    found = nearest.query(points)
    assert np.array_equal(found[0], expected[0])
    assert np.array_equal(found[1], expected[1])


# Places where an index could be wrong: points or means from a generator, a number and k.
PLACES = {
    "scattered": lambda rng, n, k: rng.normal(size=(n, k)),
    "on the edges of cells": lambda rng, n, k: rng.integers(-16, 17, (n, k)) / 16,
    "at the ends of the box": lambda rng, n, k: rng.choice([-1.0, 1.0], (n, k)),
    "in one place": lambda rng, n, k: np.tile(rng.normal(size=k), (n, 1)),
    "on a line": lambda rng, n, k: rng.normal(size=(n, 1)) * rng.normal(size=k),
    "along an axis": lambda rng, n, k: rng.normal(size=(n, 1)) * np.eye(k)[0],
    "far outside": lambda rng, n, k: 1e3 + rng.uniform(-1, 1, (n, k)),
    "hugely spread": lambda rng, n, k: rng.normal(size=(n, k)) * 10.0 ** rng.uniform(-6, 6, (n, 1)),
}
SOME_PLACES = st.lists(st.sampled_from(list(PLACES)), min_size=1, max_size=3)


@st.composite
def adversaries(draw):
    """Means and sigmas (n, k), sigmas from 1e-3 to 1e3, and points (m, k), hard for an index.

    Some points are equal to means or other points, and one point or mean can be a huge outlier.
    """
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    k = draw(st.integers(1, 5))

    def arranged(most):
        sizes = st.integers(1, most)
        return np.vstack([PLACES[place](rng, draw(sizes), k) for place in draw(SOME_PLACES)])

    mean, points = arranged(40), arranged(200)
    sigma = 10.0 ** rng.uniform(-3, 3, size=mean.shape)
    if draw(st.booleans()):  # duplicates, of which the first row counts
        again = rng.integers(len(mean), size=len(mean))
        mean, sigma = np.vstack([mean, mean[again]]), np.vstack([sigma, sigma[again]])
    points = np.vstack([points, rng.choice(mean, 5), rng.choice(points, 5)])
    outlier = draw(st.sampled_from([0.0, 1e6, 1e12]))
    if outlier and draw(st.booleans()):
        points[0] = outlier
    elif outlier:
        mean[0] = -outlier
    return mean, sigma, rng.permutation(points)


@given(problem=adversaries(), deep=st.booleans())
@settings(deadline=None, max_examples=150)
def test_hard_problems_have_the_nearest_of_all(problem, deep):
    with pytest.MonkeyPatch.context() as patch:
        if deep:
            divided(patch, AS_DEEP_AS_POSSIBLE)
        assert_exact(*problem)


@given(
    k=st.integers(2, 3),
    low=st.integers(-3, 3),
    width=st.integers(-20, 20),
    depth=st.integers(1, 8),
    seed=st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=50)
def test_points_on_the_edges_of_cells_have_the_nearest_of_all(k, low, width, depth, seed):
    rng = np.random.default_rng(seed)
    size = 2.0**width
    points = (low + rng.integers(0, 2**depth + 1, (300, k)) / 2**depth) * size
    points[0], points[1] = low * size, (low + 1) * size  # the corners of the grid
    mean = np.vstack([rng.choice(points, 20), (low + rng.uniform(-1, 2, (20, k))) * size])
    sigma = size * 10.0 ** rng.uniform(-3, 3, mean.shape)
    with pytest.MonkeyPatch.context() as patch:
        divided(patch, AS_DEEP_AS_POSSIBLE)
        assert_exact(mean, sigma, points)


def peak_of_query(nearest, points):
    """Most bytes allocated during a query."""
    tracemalloc.start()
    try:
        nearest.query(points)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("k", [2, 3, 15])
@pytest.mark.parametrize("width", [1, 100])
def test_memory_does_not_grow_with_points_times_gaussians(k, width):
    mean, sigma, points = random_problem(2_000, 5_000, k)
    # All distances would take 80 MB. Of wide Gaussians, hardly one can be left out anywhere.
    # Every thread needs some.
    assert peak_of_query(NearestGaussian(mean, sigma * width), points) < 4e6 + 4e6 * THREADS


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_many_points_on_a_mean_at_the_origin_have_distance_zero(monkeypatch, k):
    divided(monkeypatch, AS_DEEP_AS_POSSIBLE)
    nearest = NearestGaussian(np.arange(3)[:, None] * np.ones(k), np.ones((3, k)))
    found, index = nearest.query(np.zeros((100, k)))
    assert (found.tolist(), index.tolist()) == ([0.0] * 100, [0] * 100)


def test_no_points_have_no_distances():
    found, index = NearestGaussian([[0.0, 0.0]], [[1.0, 1.0]]).query(np.empty((0, 2)))
    assert found.shape == index.shape == (0,)


# --- ranked ---------------------------------------------------------------------------------------


@given(problem=problems(), n=st.integers(0, 15))
@settings(deadline=None)
def test_ranked_gaussians_are_the_beginning_of_a_full_sort(problem, n):
    mean, sigma, points = problem
    found, rows = NearestGaussian(mean, sigma).ranked(points[0], n)
    every = by_loop(mean, sigma, points[:1])[0]
    assert found.shape == rows.shape == (min(n, len(mean)),)
    np.testing.assert_allclose(found, np.sort(every)[:n], rtol=1e-12)
    np.testing.assert_allclose(every[rows], found, rtol=1e-12)
    assert len(set(rows.tolist())) == len(rows)


def test_ranked_rows_are_those_of_a_full_sort():
    mean, sigma, points = random_problem(500, 1, 2)
    _, rows = NearestGaussian(mean, sigma).ranked(points[0], 40)
    every = by_loop(mean, sigma, points)[0].tolist()
    assert rows.tolist() == sorted(range(500), key=every.__getitem__)[:40]


@given(problem=problems())
@settings(deadline=None)
def test_the_first_ranked_is_the_nearest_even_among_equals(problem):
    mean, sigma, points = (np.repeat(array, 2, axis=0) for array in problem)
    nearest = NearestGaussian(mean, sigma)
    found, index = nearest.query(points)
    for point, d, i in zip(points, found, index, strict=True):
        first = nearest.ranked(point, 1)
        assert (first[0].tolist(), first[1].tolist()) == ([d], [i])


# --- tails ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_the_tail_is_chi_squares_survival_function(k):
    distance = np.linspace(0, 12, 50)
    expected = stats.chi2(k).sf(distance**2)
    np.testing.assert_allclose(tail_probability(distance, k), expected, rtol=1e-9)
    assert tail_probability(0.0, k) == 1
    assert tail_probability(1e200, k) == 0


# --- Gaussians and wrong values -------------------------------------------------------------------


def test_gaussians_are_read_only_copies():
    mean, sigma = np.zeros((2, 2)), np.ones((2, 2))
    gaussians = Gaussians(mean, sigma)
    mean[0], sigma[0] = 9.0, 9.0
    assert gaussians.mean.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gaussians.sigma.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    for array in (gaussians.mean, gaussians.sigma):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_squared_distances_are_those_of_the_definition(k):
    mean, sigma, z = random_problem(30, 20, k)
    gaussians, expected = Gaussians(mean, sigma), by_one_array(mean, sigma, z) ** 2
    rows, every = np.arange(20).reshape(4, 5), np.tile(np.arange(30), (4, 1))
    found = gaussians.squared(Tiles(rows, z[rows], every)).reshape(20, 30)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    some = np.array([[3, 3, 0, 29]] * 3 + [[1, 30, 30, 30]])  # 30 is a missing one
    found = gaussians.squared(Tiles(rows, z[rows], some))
    infinite = np.column_stack([expected, np.full(20, np.inf)])
    for tile in range(4):
        assert np.allclose(found[tile], infinite[rows[tile]][:, some[tile]], rtol=1e-12)


@pytest.mark.parametrize(
    ("mean", "sigma"),
    [
        ([[0.0, 0.0]], [[1.0]]),
        ([[0.0], [0.0]], [[1.0]]),
        ([0.0], [1.0]),
        (np.empty((0, 2)), np.empty((0, 2))),
        (np.empty((2, 0)), np.empty((2, 0))),
    ],
)
def test_means_and_sigmas_have_one_shape(mean, sigma):
    with pytest.raises(ValueError, match=r"mean and sigma of one shape \(n, k\) .* got \("):
        NearestGaussian(mean, sigma)


@pytest.mark.parametrize("sigma", [0.0, -1.0, math.nan, math.inf, 1e-51])
def test_sigmas_are_finite_and_not_too_small(sigma):
    with pytest.raises(ValueError, match="finite sigmas of at least 1e-50"):
        NearestGaussian([[0.0, 0.0]], [[1.0, sigma]])


@pytest.mark.parametrize("mean", [math.nan, math.inf, -math.inf, 1.1e100])
def test_means_are_finite_and_not_too_large(mean):
    with pytest.raises(ValueError, match=r"finite means, at most 1e\+100 from 0"):
        NearestGaussian([[0.0, mean]], [[1.0, 1.0]])


@pytest.mark.parametrize("z", [[[1.0]], [[1.0, 2.0, 3.0]], [1.0, 2.0], 1.0])
def test_points_have_the_dimension_of_the_gaussians(z):
    nearest = NearestGaussian([[0.0, 0.0]], [[1.0, 1.0]])
    with pytest.raises(ValueError, match=r"points of shape \(m, 2\), got shape"):
        nearest.query(z)
    with pytest.raises(ValueError, match=r"points of shape \(m, 2\), got shape"):
        nearest.ranked([1.0, 2.0, 3.0], 1)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1.1e100, -1.1e100])
def test_points_have_finite_coordinates_that_are_not_too_large(bad):
    nearest = NearestGaussian([[0.0, 0.0]], [[1.0, 1.0]])
    assert nearest.points([[1e100, -1e100]]).tolist() == [[1e100, -1e100]]
    with pytest.raises(ValueError, match=r"finite coordinates, at most 1e\+100 from 0"):
        nearest.query([[0.0, bad]])
    with pytest.raises(ValueError, match=r"finite coordinates, at most 1e\+100 from 0"):
        nearest.ranked([0.0, bad], 1)
