"""Points sorted into cells: each is in one group, with every Gaussian that matters to it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regvae.latent import cells, tiles
from regvae.latent.cells import Cells
from regvae.latent.tiles import Tiling

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


def keep_all(_, nearest, farthest):
    assert nearest.shape == farthest.shape
    return np.ones(len(nearest), bool)


def keep_never_called(*_):
    raise AssertionError("no Gaussian is to be left out here")


def may_be_nearest(cells, nearest, farthest):
    """Keep the Gaussians that can be the nearest to a point of the cell."""
    return nearest <= cells.smallest(farthest) * (1 + 1e-9)


def within(radius):
    """Keep the Gaussians that can be within that distance, and at least one in every cell."""

    def keep(cells, nearest, _):
        return (nearest <= radius**2) | (nearest == cells.smallest(nearest))

    return keep


KEEPS = {"all": keep_all, "nearest": may_be_nearest, "within": within(2.0)}


@pytest.fixture
def splitting_is_free(monkeypatch):
    """Cells are split down to the finest."""
    monkeypatch.setattr(tiles, "_WEIGHING", 0.0)
    monkeypatch.setattr(tiles, "_CELL", 0.0)


def some_gaussians(rng, n, k):
    """Means about 0, and sigmas from very narrow to wider than all means: (n, k) both."""
    return rng.normal(size=(n, k)), np.exp(rng.normal(-2, 1.5, (n, k)))


def distances(mean, sigma, points):
    """All Mahalanobis distances, (m, n), by one array of points x Gaussians x k."""
    return np.linalg.norm((points[:, None] - mean) / sigma, axis=2)


def candidates_by_row(mean, sigma, z, keep):
    """Which Gaussians are in each point's group: (m, n) booleans. Every point is in one group."""
    found = np.zeros((len(z), len(mean)), bool)
    times = np.zeros(len(z), int)
    for gathered in Tiling(mean, sigma, keep).of(z):
        group = gathered()
        assert np.array_equal(group.points, z[group.rows])
        for rows, candidates in zip(group.rows, group.candidates, strict=True):
            given = candidates[candidates < len(mean)]
            assert np.array_equal(given, np.unique(given))
            assert (candidates[len(given) :] == len(mean)).all()  # only missing ones after them
            times[np.unique(rows)] += 1
            found[np.ix_(rows, given)] = True
    assert (times == 1).all()
    return found


# --- groups ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [1, 2, 3, 4])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_no_gaussian_that_matters_is_left_out(arrangement, k):
    rng = np.random.default_rng(3)
    z = ARRANGEMENTS[arrangement](rng, 600, k)
    mean, sigma = some_gaussians(rng, 60, k)
    every = distances(mean, sigma, z)
    radius = np.quantile(every, 0.1)
    assert candidates_by_row(mean, sigma, z, keep_all).all()
    found = candidates_by_row(mean, sigma, z, may_be_nearest)
    assert found[every == every.min(axis=1, keepdims=True)].all()
    assert candidates_by_row(mean, sigma, z, within(radius))[every <= radius].all()


@given(
    seed=SEEDS,
    k=st.integers(1, 4),
    n=st.integers(1, 60),
    places=st.lists(st.sampled_from(list(ARRANGEMENTS)), min_size=1, max_size=4),
    sizes=st.lists(st.integers(1, 200), min_size=4, max_size=4),
    deep=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_no_gaussian_that_matters_is_left_out_in_a_mixture_of_arrangements(
    seed, k, n, places, sizes, deep
):
    rng = np.random.default_rng(seed)
    parts = zip(places, sizes, strict=False)
    z = rng.permutation(np.vstack([ARRANGEMENTS[place](rng, size, k) for place, size in parts]))
    mean, sigma = some_gaussians(rng, n, k)
    every = distances(mean, sigma, z)
    with pytest.MonkeyPatch.context() as patch:
        if deep:
            patch.setattr(tiles, "_WEIGHING", 0.0)
            patch.setattr(tiles, "_CELL", 0.0)
        assert candidates_by_row(mean, sigma, z, keep_all).all()
        found = candidates_by_row(mean, sigma, z, may_be_nearest)
        assert found[every == every.min(axis=1, keepdims=True)].all()
        assert candidates_by_row(mean, sigma, z, within(3.0))[every <= 3.0].all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("k", "most"), [(2, 0.1), (3, 0.2)])
def test_most_gaussians_are_left_out_where_few_matter(k, most):
    rng = np.random.default_rng(5)
    mean, sigma = rng.uniform(-3, 3, (500, k)), np.full((500, k), 0.1)
    z = rng.uniform(-3, 3, (5_000, k))
    assert candidates_by_row(mean, sigma, z, may_be_nearest).mean() < most
    assert candidates_by_row(mean, sigma, z, within(3.0)).mean() < most


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
def test_outliers_do_not_enlarge_the_cells_of_other_points(k):
    rng = np.random.default_rng(6)
    mean, sigma = rng.uniform(-3, 3, (300, k)), np.full((300, k), 0.1)
    z = rng.uniform(-3, 3, (3_000, k))
    alone = candidates_by_row(mean, sigma, z, may_be_nearest)
    outliers = 10.0 ** rng.uniform(3, 12, (20, k))
    together = candidates_by_row(mean, sigma, np.vstack([outliers, z]), may_be_nearest)
    assert together[20:].mean() < 1.2 * alone.mean()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("m", "k"), [(0, 2), (1, 2), (32, 2), (32, 3), (500, 1), (500, 4)])
def test_for_a_few_points_or_in_other_dimensions_all_gaussians_are_kept(m, k):
    rng = np.random.default_rng(7)
    z = rng.normal(size=(m, k))
    assert candidates_by_row(*some_gaussians(rng, 50, k), z, keep_never_called).all()


def test_points_are_not_sorted_if_that_saves_no_time():
    rng = np.random.default_rng(8)
    z = rng.normal(size=(100, 2))
    assert candidates_by_row(*some_gaussians(rng, 5, 2), z, keep_never_called).all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3, 4])
@pytest.mark.parametrize("block", [4, 99, 3_000])
@pytest.mark.parametrize("keep", KEEPS)
def test_no_group_of_several_tiles_has_more_pairs_than_a_block(monkeypatch, keep, block, k):
    rng = np.random.default_rng(9)
    (mean, sigma), z = some_gaussians(rng, 40, k), rng.normal(size=(300, k))
    expected = candidates_by_row(mean, sigma, z, KEEPS[keep])
    monkeypatch.setattr(tiles, "_BLOCK", block)
    for gathered in Tiling(mean, sigma, KEEPS[keep]).of(z):
        group = gathered()
        (t, s), c = group.rows.shape, group.candidates.shape[1]
        assert t * s * c <= block or t == 1
        assert s <= max(tiles._SIDE, block // len(mean))
    assert np.array_equal(candidates_by_row(mean, sigma, z, KEEPS[keep]), expected)


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("pairs", [1, 1_000, 10_000])
def test_bounds_are_computed_for_a_limited_number_of_pairs(monkeypatch, pairs):
    rng = np.random.default_rng(10)
    monkeypatch.setattr(tiles, "_PAIRS", pairs)
    computed = {}

    def keep(cells, nearest, _):
        computed[cells.size[0]] = computed.get(cells.size[0], 0) + len(nearest)
        return np.ones(len(nearest), bool)

    candidates_by_row(*some_gaussians(rng, 100, 2), rng.uniform(-1, 1, (2_000, 2)), keep)
    # With all kept, a level has 4 times the pairs of the one above: 400, 1,600, 6,400 ...
    assert list(computed.values()) == [n for n in (400, 1_600, 6_400) if n <= pairs]


# --- bounds ---------------------------------------------------------------------------------------


class Recorder:
    """A `Keep` that records its arguments."""

    def __init__(self, keep):
        self.keep, self.calls = keep, []

    def __call__(self, cells, nearest, farthest):
        self.calls.append((cells, nearest.copy(), farthest.copy()))
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
    means, sigmas = some_gaussians(rng, 12, k)
    recorder = Recorder(keep_all)
    list(Tiling(means, sigmas, recorder).of(ARRANGEMENTS[arrangement](rng, 60, k)))
    assert recorder.calls
    for boxes, nearest, farthest in recorder.calls:
        box = np.repeat(np.arange(len(boxes)), np.diff(boxes.offsets))
        low, high = (corner[box] for corner in sides(boxes))
        mean, sigma = means[boxes.candidates], sigmas[boxes.candidates]
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
def test_every_point_is_in_its_own_cell(arrangement, k):
    rng = np.random.default_rng(12)
    z = ARRANGEMENTS[arrangement](rng, 500, k)
    narrow = np.full(z.shape, 1e-9)  # Gaussians at the points themselves
    assert candidates_by_row(z, narrow, z, within(0.0)).diagonal().all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize(("k", "levels"), [(2, 8), (3, 5)])
def test_cells_are_halved_down_to_the_finest(k, levels):
    rng = np.random.default_rng(13)
    z = rng.uniform(-1, 1, (200, k))
    recorder = Recorder(keep_all)
    list(Tiling(*some_gaussians(rng, 3, k), recorder).of(z))
    sizes = np.unique([boxes.size for boxes, _, _ in recorder.calls], axis=0)[::-1]
    np.testing.assert_array_equal(
        sizes, [2 * sizes[0] / 2**level for level in range(1, levels + 1)]
    )
    spans = z.max(axis=0) - z.min(axis=0)
    assert (spans <= 2 * sizes[0]).all()
    assert (2 * sizes[0] <= 1.5 * spans).all()


# --- remembered cells -----------------------------------------------------------------------------


@pytest.mark.parametrize("k", [2, 3])
@pytest.mark.parametrize("arrangement", ARRANGEMENTS)
def test_a_round_box_holds_all_points_and_is_little_larger(arrangement, k):
    z = ARRANGEMENTS[arrangement](np.random.default_rng(15), 500, k)
    low, high = z.min(axis=0), z.max(axis=0)
    start, size = tiles._round_box(low, high)
    assert (start <= low).all()
    assert (high <= start + size).all()
    least = np.maximum(np.abs(low), np.abs(high)) * 2.0**-38 + 2.0**-600
    assert (size > 0).all()
    assert (size <= np.maximum(1.5 * (high - low), least)).all()


@pytest.mark.usefixtures("splitting_is_free")
@pytest.mark.parametrize("k", [2, 3])
def test_bounds_are_computed_once_for_points_drawn_in_the_same_way(k):
    rng = np.random.default_rng(16)
    recorder = Recorder(may_be_nearest)
    tiling = Tiling(*some_gaussians(rng, 40, k), recorder)
    computed = []
    for _ in range(4):
        recorder.calls.clear()
        list(tiling.of(rng.uniform(-3, 3, (20_000, k))))
        computed.append(sum(len(nearest) for _, nearest, _ in recorder.calls))
    assert computed[-1] < 0.3 * computed[0]


@pytest.mark.parametrize("k", [2, 3])
def test_points_have_the_same_tiles_whatever_points_were_before(monkeypatch, k):
    rng = np.random.default_rng(17)
    monkeypatch.setattr(tiles, "_CELL", 10.0)
    gaussians = some_gaussians(rng, 60, k)
    used = Tiling(*gaussians, may_be_nearest)
    for n in (50, 5_000, 300, 40_000, 5_000):
        z = rng.uniform(-3, 3, (n, k))
        some, others = (
            [later() for later in tiling.of(z)]
            for tiling in (used, Tiling(*gaussians, may_be_nearest))
        )
        for one, other in zip(some, others, strict=True):
            assert np.array_equal(one.rows, other.rows)
            assert np.array_equal(one.candidates, other.candidates)


def test_a_limited_number_of_pairs_is_remembered(monkeypatch):
    rng = np.random.default_rng(18)
    monkeypatch.setattr(tiles, "_REMEMBERED", 5_000)
    tiling = Tiling(*some_gaussians(rng, 60, 2), may_be_nearest)
    pairs = []
    for size in range(1, 12):
        list(tiling.of(size * rng.uniform(-1, 1, (2_000, 2))))
        pairs.append([tree.pairs for tree in tiling._trees.values()])
    assert max(map(len, pairs)) > 1  # several boxes are remembered
    assert all(sum(some[:-1]) <= 5_000 for some in pairs)  # before the last one came


# --- cells ----------------------------------------------------------------------------------------


def gaussians_of(cells, cell):
    """The Gaussians of one box."""
    return cells.candidates[cells.offsets[cell] : cells.offsets[cell + 1]].tolist()


@st.composite
def boxes_with_values(draw):
    """Boxes with 1 to 6 Gaussians each, and a value for each pair."""
    counts = draw(st.lists(st.integers(1, 6), min_size=1, max_size=12))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    places = np.stack([np.arange(len(counts)), np.zeros(len(counts), np.intp)], axis=1)
    pairs = int(offsets[-1])
    values = draw(st.lists(st.floats(-1e6, 1e6), min_size=pairs, max_size=pairs))
    candidates = np.concatenate([np.arange(count) for count in counts])
    boxes = Cells(np.zeros(2), np.ones(2), places[:, 0], places, candidates, offsets)
    return boxes, counts, values


@given(boxes_with_values())
@settings(deadline=None, max_examples=50)
def test_smallest_values_totals_and_gaussians_of_a_box_are_those_of_plain_loops(problem):
    boxes, counts, values = problem
    left, array = iter(values), np.array(values)
    lists = [[next(left) for _ in range(count)] for count in counts]
    assert boxes.smallest(array).tolist() == [min(one) for one in lists for _ in one]
    totals = [math.fsum(one) for one in lists for _ in one]
    np.testing.assert_allclose(boxes.total(array), totals, rtol=1e-9, atol=1e-8)
    assert (len(boxes), boxes.pairs) == (len(counts), sum(counts))


@pytest.mark.parametrize("k", [2, 3])
def test_halves_tile_the_box_and_inherit_its_gaussians(k):
    low, high = np.arange(k) - 1.0, np.arange(k) * 3 + 4.0
    box = Cells.single(low, high, 7)
    assert (len(box), box.pairs, box.candidates.tolist()) == (1, 7, list(range(7)))
    halves = box.split(np.arange(2**k))
    quarters = halves.split(np.arange(4**k))
    for boxes, side in ((halves, 2), (quarters, 4)):
        lowest, highest = sides(boxes)
        np.testing.assert_allclose(boxes.size, (high - low) / side)
        assert len({tuple(place) for place in boxes.place.tolist()}) == len(boxes) == side**k
        np.testing.assert_allclose(lowest.min(axis=0), low)
        np.testing.assert_allclose(highest.max(axis=0), high)
        assert boxes.candidates.tolist() == len(boxes) * list(range(7))


@given(seed=SEEDS, k=st.integers(2, 3))
@settings(deadline=None, max_examples=50)
def test_a_part_is_in_its_parent_and_has_the_same_gaussians(seed, k):
    rng = np.random.default_rng(seed)
    parents = Cells.single(np.zeros(k), np.ones(k), 20).split(np.arange(2**k))

    def some(cells, nearest, _):
        return (rng.uniform(size=len(nearest)) < 0.5) | (nearest == cells.smallest(nearest))

    parents = parents.pruned(*some_gaussians(rng, 20, k), some)
    chosen = np.flatnonzero(rng.uniform(size=4**k) < 0.5)
    parts = parents.split(chosen)
    assert parts.code.tolist() == chosen.tolist()
    outer, inner = sides(parents), sides(parts)
    for cell, code in enumerate(chosen.tolist()):
        parent = code >> k
        assert (outer[0][parent] <= inner[0][cell]).all()
        assert (inner[1][cell] <= outer[1][parent]).all()
        assert gaussians_of(parts, cell) == gaussians_of(parents, parent)


@pytest.mark.parametrize("block", [4, 40, 4_000])
def test_pruning_in_parts_of_any_size_keeps_the_same_gaussians(monkeypatch, block):
    rng = np.random.default_rng(14)
    mean, sigma = some_gaussians(rng, 30, 2)
    boxes = Cells.single(np.array([-2.0, -1.0]), np.array([1.0, 2.0]), 30).split(np.arange(4))
    boxes = boxes.split(np.arange(16))
    monkeypatch.setattr(cells, "_PART", block)
    pruned = boxes.pruned(mean, sigma, may_be_nearest)
    lowest, highest = sides(boxes)
    for cell in range(16):
        corners = np.clip(mean, lowest[cell], highest[cell])
        least = np.linalg.norm((corners - mean) / sigma, axis=1)
        middle, half = (lowest[cell] + highest[cell]) / 2, boxes.size / 2
        most = np.linalg.norm((np.abs(mean - middle) + half) / sigma, axis=1)
        expected = np.flatnonzero(least <= most.min())
        assert gaussians_of(pruned, cell) == expected.tolist()
