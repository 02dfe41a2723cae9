"""Points sorted into cells: each comes once, with every Gaussian that matters to it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.latent import cells
from regvae.latent.cells import Cells, Gaussians
from regvae.latent.gaussians import _may_be_nearest

ARRANGEMENTS = {
    "scattered": lambda rng, n, k: rng.normal(size=(n, k)),
    "uniform": lambda rng, n, k: rng.uniform(-3, 3, (n, k)),
    "on a lattice": lambda rng, n, k: rng.integers(-4, 5, (n, k)) / 4,
    "in a few places": lambda rng, n, k: rng.normal(size=(3, k))[rng.integers(3, size=n)],
    "in one place": lambda _, n, k: np.full((n, k), 0.25),
    "on a line": lambda rng, n, k: rng.normal(size=(n, 1)) * np.ones(k),
    "along an axis": lambda rng, n, k: rng.normal(size=(n, k)) * np.eye(k)[-1],
    "with heavy tails": lambda rng, n, k: rng.standard_cauchy((n, k)) ** 3,
    "far away": lambda rng, n, k: -1e7 + rng.uniform(-1, 1, (n, k)),
}
SEEDS = st.integers(0, 2**32 - 1)


def everything(_, nearest, farthest):
    assert nearest.shape == farthest.shape
    return np.ones(len(nearest), bool)


def nothing_to_keep(*_):
    raise AssertionError("nothing is to be left out here")


def within(radius):
    """Keep what can be within that distance, or nearest of all, so that no cell is left bare."""

    def keep(cells, nearest, _):
        return (nearest <= radius**2) | (nearest == cells.smallest(nearest))

    return keep


KEEPS = {"everything": everything, "nearest": _may_be_nearest, "within": within(2.0)}


@pytest.fixture
def splitting_is_free(monkeypatch):
    """The points are sorted as deep as it goes."""
    monkeypatch.setattr(cells, "_WEIGHING", 0.0)
    monkeypatch.setattr(cells, "_CELL", 0.0)


def some_gaussians(rng, n, k):
    """Means about 0, and sigmas of which some are narrow and some wider than all."""
    return Gaussians(rng.normal(size=(n, k)), np.exp(rng.normal(-2, 1.5, (n, k))))


def distances(gaussians, points):
    """All Mahalanobis distances, (m, n), by one array of points x Gaussians x k."""
    return np.linalg.norm((points[:, None] - gaussians.mean) / gaussians.sigma, axis=2)


def candidates_by_row(gaussians, z, keep):
    """Which Gaussians came with each point: (m, n) booleans. No point may come twice, or none."""
    came = np.zeros((len(z), len(gaussians.mean)), bool)
    times = np.zeros(len(z), int)
    for rows, points, candidates in gaussians.grouped(z, keep):
        assert np.array_equal(points, z[rows])
        assert np.array_equal(candidates, np.unique(candidates))
        np.add.at(times, rows, 1)
        came[np.ix_(rows, candidates)] = True
    assert (times == 1).all()
    return came


# --- groups ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_every_row_comes_once_with_its_own_point(arrangement, keep, k):
    rng = np.random.default_rng(1)
    z = ARRANGEMENTS[arrangement](rng, 1_000, k)
    candidates_by_row(some_gaussians(rng, 40, k), z, KEEPS[keep])


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_if_all_are_kept_all_are_there(arrangement, k):
    rng = np.random.default_rng(2)
    z = ARRANGEMENTS[arrangement](rng, 500, k)
    assert candidates_by_row(some_gaussians(rng, 30, k), z, everything).all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_the_nearest_is_among_those_that_may_be(arrangement, k):
    rng = np.random.default_rng(3)
    z = ARRANGEMENTS[arrangement](rng, 1_000, k)
    gaussians = some_gaussians(rng, 100, k)
    came = candidates_by_row(gaussians, z, _may_be_nearest)
    every = distances(gaussians, z)
    assert came[every == every.min(axis=1, keepdims=True)].all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_all_within_a_radius_are_among_those_that_may_be(arrangement, k):
    rng = np.random.default_rng(4)
    z = ARRANGEMENTS[arrangement](rng, 1_000, k)
    gaussians = some_gaussians(rng, 100, k)
    radius = np.quantile(distances(gaussians, z), 0.1)
    came = candidates_by_row(gaussians, z, within(radius))
    assert came[distances(gaussians, z) <= radius].all()


@given(
    seed=SEEDS,
    k=st.integers(1, 4),
    n=st.integers(1, 60),
    places=st.lists(st.sampled_from(list(ARRANGEMENTS)), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 200), min_size=4, max_size=4),
    deep=st.booleans(),
)
@settings(deadline=None)
def test_none_that_matters_is_lacking_in_any_mixture_of_arrangements(
    seed, k, n, places, sizes, deep
):
    rng = np.random.default_rng(seed)
    parts = zip(places, sizes, strict=False)
    z = rng.permutation(np.vstack([ARRANGEMENTS[place](rng, size, k) for place, size in parts]))
    gaussians = some_gaussians(rng, n, k)
    every = distances(gaussians, z)
    with pytest.MonkeyPatch.context() as patch:
        if deep:
            patch.setattr(cells, "_WEIGHING", 0.0)
            patch.setattr(cells, "_CELL", 0.0)
        assert candidates_by_row(gaussians, z, everything).all()
        came = candidates_by_row(gaussians, z, _may_be_nearest)
        assert came[every == every.min(axis=1, keepdims=True)].all()
        assert candidates_by_row(gaussians, z, within(3.0))[every <= 3.0].all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("k", "most"), [(2, 0.1), (3, 0.2)])
def test_most_are_left_out_where_few_matter(k, most):
    rng = np.random.default_rng(5)
    gaussians = Gaussians(rng.uniform(-3, 3, (500, k)), np.full((500, k), 0.1))
    z = rng.uniform(-3, 3, (5_000, k))
    assert candidates_by_row(gaussians, z, _may_be_nearest).mean() < most
    assert candidates_by_row(gaussians, z, within(3.0)).mean() < most


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
def test_outliers_do_not_spoil_the_cells_of_the_others(k):
    rng = np.random.default_rng(6)
    gaussians = Gaussians(rng.uniform(-3, 3, (300, k)), np.full((300, k), 0.1))
    z = rng.uniform(-3, 3, (3_000, k))
    alone = candidates_by_row(gaussians, z, _may_be_nearest)
    outliers = 10.0 ** rng.uniform(3, 12, (20, k))
    together = candidates_by_row(gaussians, np.vstack([outliers, z]), _may_be_nearest)
    assert together[20:].mean() < 1.2 * alone.mean()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("m", "k"), [(0, 2), (1, 2), (32, 2), (32, 3), (500, 1), (500, 4)])
def test_for_a_few_points_or_in_other_dimensions_all_are_left(m, k):
    rng = np.random.default_rng(7)
    z = rng.normal(size=(m, k))
    assert candidates_by_row(some_gaussians(rng, 50, k), z, nothing_to_keep).all()


def test_what_does_not_pay_is_not_sorted():
    rng = np.random.default_rng(8)
    z = rng.normal(size=(100, 2))
    assert candidates_by_row(some_gaussians(rng, 5, 2), z, nothing_to_keep).all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("block", [4, 99, 3_000])
@pytest.mark.parametrize("keep", KEEPS)
def test_no_group_has_more_pairs_than_a_block(monkeypatch, keep, block, k):
    rng = np.random.default_rng(9)
    gaussians, z = some_gaussians(rng, 40, k), rng.normal(size=(300, k))
    whole = candidates_by_row(gaussians, z, KEEPS[keep])
    monkeypatch.setattr(cells, "_BLOCK", block)
    for rows, _, candidates in gaussians.grouped(z, KEEPS[keep]):
        assert len(rows) * len(candidates) <= block or len(rows) == 1
    assert np.array_equal(candidates_by_row(gaussians, z, KEEPS[keep]), whole)


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("pairs", [1, 1_000, 10_000])
def test_no_more_pairs_are_weighed_at_a_level_than_agreed(monkeypatch, pairs):
    rng = np.random.default_rng(10)
    monkeypatch.setattr(cells, "_PAIRS", pairs)
    weighed = {}

    def keep(cells, nearest, _):
        weighed[cells.size[0]] = weighed.get(cells.size[0], 0) + len(nearest)
        return np.ones(len(nearest), bool)

    candidates_by_row(some_gaussians(rng, 100, 2), rng.uniform(-1, 1, (2_000, 2)), keep)
    # With all kept, a level has 4 times the pairs of that above it: 400, 1,600, 6,400 ...
    assert list(weighed.values()) == [n for n in (400, 1_600, 6_400) if n <= pairs]


# --- bounds ---------------------------------------------------------------------------------------


class Watched:
    """A keep that notes what it was given."""

    def __init__(self, keep):
        self.keep, self.given = keep, []

    def __call__(self, cells, nearest, farthest):
        self.given.append((cells, nearest.copy(), farthest.copy()))
        return self.keep(cells, nearest, farthest)


def sides(cells):
    """The lowest and the highest corner of each box: (c, k) both."""
    lowest = cells.low + cells.place * cells.size
    return lowest, lowest + cells.size


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_the_bounds_hold_for_all_points_of_a_cell_and_are_reached(arrangement, k):
    rng = np.random.default_rng(11)
    gaussians = some_gaussians(rng, 12, k)
    watched = Watched(everything)
    list(gaussians.grouped(ARRANGEMENTS[arrangement](rng, 60, k), watched))
    assert watched.given
    for boxes, nearest, farthest in watched.given:
        box = np.repeat(np.arange(len(boxes)), np.diff(boxes.offsets))
        low, high = (corner[box] for corner in sides(boxes))
        mean, sigma = gaussians.mean[boxes.candidates], gaussians.sigma[boxes.candidates]
        inside = [low + rng.uniform(size=low.shape) * boxes.size for _ in range(5)]
        closest = np.clip(mean, low, high)
        remotest = np.where(np.abs(low - mean) > np.abs(high - mean), low, high)
        for points in [*inside, low, high, closest, remotest]:
            squared = (((points - mean) / sigma) ** 2).sum(axis=1)
            assert (nearest <= squared * (1 + 1e-12)).all()
            assert (squared <= farthest * (1 + 1e-12)).all()
        slack = 1e-8 * (boxes.size + np.abs(boxes.low))
        for bound, points in ((nearest, closest), (farthest, remotest)):
            reached = np.abs(points - mean)
            least, most = (
                ((np.maximum(reached + sign * slack, 0) / sigma) ** 2).sum(axis=1)
                for sign in (-1, 1)
            )
            assert (least * (1 - 1e-9) <= bound).all()
            assert (bound <= most * (1 + 1e-9)).all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_every_point_lies_in_its_own_cell(arrangement, k):
    rng = np.random.default_rng(12)
    z = ARRANGEMENTS[arrangement](rng, 500, k)
    at_the_points = Gaussians(z, np.full(z.shape, 1e-9))
    assert candidates_by_row(at_the_points, z, within(0.0)).diagonal().all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("k", "levels"), [(2, 8), (3, 5)])
def test_cells_are_halved_down_to_the_finest(k, levels):
    rng = np.random.default_rng(13)
    z = rng.uniform(-1, 1, (200, k))
    watched = Watched(everything)
    list(some_gaussians(rng, 3, k).grouped(z, watched))
    sizes = np.unique([boxes.size for boxes, _, _ in watched.given], axis=0)[::-1]
    spans = z.max(axis=0) - z.min(axis=0)
    np.testing.assert_allclose(sizes, [spans / 2**level for level in range(1, levels + 1)])


# --- cells ----------------------------------------------------------------------------------------


@st.composite
def boxes_with_values(draw):
    """Boxes with 1 to 6 Gaussians each, and a value for each pair."""
    counts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=12))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    places = np.stack([np.arange(len(counts)), np.zeros(len(counts), np.intp)], axis=1)
    pairs = int(offsets[-1])
    numbers = st.floats(-1e6, 1e6)
    values = draw(st.lists(numbers, min_size=pairs, max_size=pairs))
    candidates = np.concatenate([np.arange(count) for count in counts])
    boxes = Cells(np.zeros(2), np.ones(2), places[:, 0], places, candidates, offsets)
    return boxes, counts, values


def by_box(counts, values):
    """The values of each box, as lists."""
    left = iter(values)
    return [[next(left) for _ in range(count)] for count in counts]


@given(boxes_with_values())
def test_the_smallest_and_the_total_are_those_of_plain_loops(problem):
    boxes, counts, values = problem
    lists = by_box(counts, values)
    array = np.array(values)
    assert boxes.smallest(array).tolist() == [min(one) for one in lists for _ in one]
    totals = [math.fsum(one) for one in lists for _ in one]
    np.testing.assert_allclose(boxes.total(array), totals, rtol=1e-9, atol=1e-8)


@given(boxes_with_values())
def test_each_box_has_its_own_gaussians(problem):
    boxes, counts, _ = problem
    assert len(boxes) == len(counts)
    assert boxes.pairs == sum(counts)
    assert [boxes.of(cell).tolist() for cell in range(len(boxes))] == [
        list(range(count)) for count in counts
    ]


@pytest.mark.parametrize("k", [2, 3])
def test_halves_fill_the_whole_and_inherit_its_gaussians(k):
    low, high = np.arange(k) - 1.0, np.arange(k) * 3 + 4.0
    whole = Cells.whole(low, high, 7)
    assert (len(whole), whole.pairs, whole.of(0).tolist()) == (1, 7, list(range(7)))
    halves = whole.split(np.arange(2**k))
    quarters = halves.split(np.arange(4**k))
    for boxes, side in ((halves, 2), (quarters, 4)):
        lowest, highest = sides(boxes)
        np.testing.assert_allclose(boxes.size, (high - low) / side)
        assert len({tuple(place) for place in boxes.place.tolist()}) == len(boxes) == side**k
        np.testing.assert_allclose(lowest.min(axis=0), low)
        np.testing.assert_allclose(highest.max(axis=0), high)
        assert all(boxes.of(cell).tolist() == list(range(7)) for cell in range(len(boxes)))


@given(seed=SEEDS, k=st.integers(2, 3))
@settings(deadline=None)
def test_a_part_lies_in_its_parent_and_has_the_same_gaussians(seed, k):
    rng = np.random.default_rng(seed)
    parents = Cells.whole(np.zeros(k), np.ones(k), 20).split(np.arange(2**k))
    gaussians = some_gaussians(rng, 20, k)

    def some(cells, nearest, _):
        return (rng.uniform(size=len(nearest)) < 0.5) | (nearest == cells.smallest(nearest))

    parents = parents.pruned(gaussians, some)
    wanted = np.flatnonzero(rng.uniform(size=4**k) < 0.5)
    parts = parents.split(wanted)
    assert parts.code.tolist() == wanted.tolist()
    outer, inner = sides(parents), sides(parts)
    for cell, code in enumerate(wanted.tolist()):
        parent = code >> k
        assert (outer[0][parent] <= inner[0][cell]).all()
        assert (inner[1][cell] <= outer[1][parent]).all()
        assert parts.of(cell).tolist() == parents.of(parent).tolist()


@pytest.mark.parametrize("block", [4, 40, 4_000])
def test_pruning_leaves_what_is_kept_of_each_box_in_any_portions(monkeypatch, block):
    rng = np.random.default_rng(14)
    gaussians = some_gaussians(rng, 30, 2)
    boxes = Cells.whole(np.array([-2.0, -1.0]), np.array([1.0, 2.0]), 30).split(np.arange(4))
    boxes = boxes.split(np.arange(16))
    monkeypatch.setattr(cells, "_BLOCK", block)
    left = boxes.pruned(gaussians, _may_be_nearest)
    lowest, highest = sides(boxes)
    for cell in range(16):
        corners = np.clip(gaussians.mean, lowest[cell], highest[cell])
        least = np.linalg.norm((corners - gaussians.mean) / gaussians.sigma, axis=1)
        middle, half = (lowest[cell] + highest[cell]) / 2, boxes.size / 2
        away = np.abs(gaussians.mean - middle) + half
        most = np.linalg.norm(away / gaussians.sigma, axis=1)
        expected = np.flatnonzero(least <= most.min())
        assert left.of(cell).tolist() == expected.tolist()


# --- Gaussians ------------------------------------------------------------------------------------


def test_gaussians_are_copies_that_nobody_can_alter():
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
    rng = np.random.default_rng(15)
    gaussians, z = some_gaussians(rng, 30, k), rng.normal(size=(20, k))
    expected = distances(gaussians, z) ** 2
    np.testing.assert_allclose(gaussians.squared(z, slice(None)), expected, rtol=1e-12)
    some = np.array([3, 3, 0, 29])
    np.testing.assert_allclose(gaussians.squared(z, some), expected[:, some], rtol=1e-12)


def test_points_may_be_far_away_but_not_beyond_all_measure():
    gaussians = Gaussians([[0.0, 0.0]], [[1.0, 1.0]])
    assert gaussians.points([[1e100, -1e100]]).tolist() == [[1e100, -1e100]]
    for beyond in (1.1e100, -1.1e100):
        with pytest.raises(ValueError, match=r"at most 1e\+100 from 0, but some are not"):
            gaussians.points([[0.0, beyond]])
