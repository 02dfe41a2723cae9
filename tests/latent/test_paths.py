"""Paths through the latent space: closed forms, brute force, and data with holes."""

import math
import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.sparse.csgraph import minimum_spanning_tree

from regvae.latent import paths
from regvae.latent.gaussians import Gaussians
from regvae.latent.mixture import Mixture
from regvae.latent.paths import (
    NeighbourGraph,
    PathError,
    along_density,
    decode_path,
    straight,
    traversal,
)
from tests.codes import TOY, toy_bundle

COORDINATES = st.floats(-50, 50, width=32)
SEEDS = st.integers(0, 2**32 - 1)
STEPS = st.integers(2, 40)


def ring(n=2_000, radius=1.0, width=0.05, seed=0):
    """Points near a circle in the plane."""
    rng = np.random.default_rng(seed)
    angle, r = rng.uniform(0, 2 * np.pi, n), radius + width * rng.normal(size=n)
    return np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1)


def moon(n=1_000, seed=0):
    """Points near the upper half of a circle."""
    points = ring(n, seed=seed)
    return np.stack([points[:, 0], np.abs(points[:, 1])], axis=1)


def two_moons():
    """Two interleaved half circles in the plane."""
    return np.vstack([moon(), [1.0, 0.5] - moon(seed=1)])


def clusters(rng, k, number=9, size=40):
    """Clusters of points whose nearest neighbours are all in their own cluster."""
    return (
        3 * rng.normal(size=(number, 1, k)) + 0.01 * rng.normal(size=(number, size, k))
    ).reshape(-1, k)


def mean_log_density(points, z, sigma=0.1):
    mixture = Mixture(points, np.full(points.shape, sigma), np.ones(len(points), bool))
    return mixture.query(z)[0].mean()


def to_nearest(points, z):
    """Distance of each step (s, k) from the nearest of some points: (s,)."""
    return np.linalg.norm(z[:, None] - points, axis=2).min(axis=1)


# --- straight and traversal -----------------------------------------------------------------------


@given(
    ends=st.integers(1, 5).flatmap(lambda k: hnp.arrays(np.float64, (2, k), elements=COORDINATES)),
    steps=STEPS,
)
@settings(deadline=None)
def test_a_straight_path_is_its_closed_form(ends, steps):
    z = straight(*ends, steps)
    t = np.arange(steps)[:, None] / (steps - 1)
    np.testing.assert_allclose(z, (1 - t) * ends[0] + t * ends[1], atol=1e-12)
    assert z[[0, -1]].tolist() == ends.tolist()
    assert z.dtype == np.float64


@given(
    point=hnp.arrays(np.float64, st.integers(1, 5), elements=COORDINATES),
    place=st.integers(0, 4),
    low=COORDINATES,
    width=st.floats(0.5, 50),
    steps=STEPS,
)
@settings(deadline=None)
def test_a_traversal_varies_one_coordinate_only(point, place, low, width, steps):
    axis = place % len(point)
    z = traversal(point, axis, low, low + width, steps)
    assert z.shape == (steps, len(point))
    others = np.arange(len(point)) != axis
    assert (z[:, others] == point[others]).all()
    expected = [low + width * i / (steps - 1) for i in range(steps)]
    np.testing.assert_allclose(z[:, axis], expected, atol=1e-9)
    assert z[[0, -1], axis].tolist() == [low, low + width]


def test_a_traversal_does_not_change_its_point():
    point = np.array([5.0, 7.0])
    assert traversal(point, 1, -1, 1, 3).tolist() == [[5.0, -1.0], [5.0, 0.0], [5.0, 1.0]]
    assert point.tolist() == [5.0, 7.0]


# --- along the density: near the data -------------------------------------------------------------


def test_on_a_ring_no_step_is_in_the_hole():
    points = ring()
    z = along_density([-1, 0], [1, 0], 200, NeighbourGraph(points))
    assert np.linalg.norm(z, axis=1).min() > 0.85
    line = straight([-1, 0], [1, 0], 200)
    assert mean_log_density(points, z) > mean_log_density(points, line) + 1


def test_on_two_moons_it_follows_the_moon():
    points = two_moons()
    start, end = [-1, 0], [1, 0]  # the ends of the upper one
    z = along_density(start, end, 200, NeighbourGraph(points))
    assert to_nearest(points, z).max() < 0.1
    assert np.abs(np.linalg.norm(z, axis=1) - 1).max() < 0.2  # and not over the lower one
    assert mean_log_density(points, z) > mean_log_density(points, straight(start, end, 200))


def test_from_moon_to_moon_it_crosses_the_narrowest_gap():
    points = two_moons() + np.repeat([[0, 0], [5, 0]], 1_000, axis=0)
    z = along_density([0, 1], [6, -0.5], 500, NeighbourGraph(points))
    upper, lower = points[:1_000], points[1_000:]
    gap = np.linalg.norm(upper[:, None] - lower, axis=2).min()
    in_the_gap = to_nearest(points, z) > 0.2
    spacing = np.linalg.norm(np.diff(z, axis=0), axis=1).max()
    assert gap - 0.5 < in_the_gap.sum() * spacing < gap


def test_it_goes_from_cluster_to_cluster():
    # Clusters on a half circle; all nearest neighbours are in a point's own cluster.
    rng = np.random.default_rng(0)
    angle = np.linspace(0, np.pi, 12)
    middles = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    points = (middles[:, None] + 0.01 * rng.normal(size=(12, 50, 2))).reshape(-1, 2)
    z = along_density([1, 0], [-1, 0], 300, NeighbourGraph(points))
    assert np.linalg.norm(z, axis=1).min() > 0.9
    assert to_nearest(z, middles).max() < 0.06  # through every cluster


def test_in_a_grid_of_clusters_it_makes_no_detours():
    # As on the shipped map; the shortest links between clusters alone would be a tree.
    rng = np.random.default_rng(0)
    middles = np.stack(np.meshgrid(range(8), range(8)), axis=-1).reshape(-1, 1, 2)
    points = (middles + 0.05 * rng.normal(size=(64, 50, 2))).reshape(-1, 2)
    graph = NeighbourGraph(points)
    for start, end in rng.choice(points, (20, 2), replace=False):
        z = along_density(start, end, 300, graph)
        length = np.linalg.norm(np.diff(z, axis=0), axis=1).sum()
        assert length < 1.2 * np.abs(end - start).sum() + 1


def test_in_fifteen_dimensions_it_is_nearer_to_the_data_than_a_straight_path():
    points = np.random.default_rng(0).normal(size=(2_000, 15))
    graph = NeighbourGraph(points)
    for start, end in points[:10].reshape(5, 2, 15):
        z = along_density(start, end, 50, graph)
        line = straight(start, end, 50)
        assert to_nearest(points, z).mean() < to_nearest(points, line).mean()


def test_in_fifteen_dimensions_it_goes_round_a_hole():
    plane = np.zeros((2, 15))
    plane[0, 3] = plane[1, 11] = 1
    points = ring() @ plane + 0.02 * np.random.default_rng(0).normal(size=(2_000, 15))
    z = along_density(-plane[0], plane[0], 100, NeighbourGraph(points))
    assert np.linalg.norm(z @ plane.T, axis=1).min() > 0.8


@pytest.fixture(scope="module")
def shipped_graph(bundle):
    """The graph of the shipped records."""
    return NeighbourGraph(bundle.records.mean)


def test_on_the_shipped_map_it_is_denser_than_the_straight_line(bundle, shipped_graph):
    records, graph = bundle.records, shipped_graph
    sigma = records.sigma * bundle.preset.training.noise
    mixture = Mixture(records.mean, sigma, np.ones(len(records), bool))
    rows = np.random.default_rng(0).choice(len(records), (10, 2))
    gains, lengths = [], []
    for start, end in records.mean[rows].astype(float):
        z, line = along_density(start, end, 200, graph), straight(start, end, 200)
        gains.append(mixture.query(z)[0].mean() - mixture.query(line)[0].mean())
        lengths.append(np.linalg.norm(np.diff(z, axis=0), axis=1).sum())
        lengths[-1] /= np.linalg.norm(end - start)
    assert np.mean(gains) > 0.4
    assert np.mean(np.array(gains) > 0) >= 0.9
    assert np.median(lengths) < 2


# --- along the density: ends and steps ------------------------------------------------------------

CLOUDS = {
    "scattered": lambda rng, k: rng.normal(size=(300, k)),
    "clusters": clusters,
    "a single mean": lambda rng, k: rng.normal(size=(1, k)),
    "two means": lambda rng, k: rng.normal(size=(2, k)),
    "in one place": lambda rng, k: np.tile(rng.normal(size=k), (50, 1)),
    "on a lattice": lambda rng, k: rng.integers(-2, 3, (200, k)) / 2,
    "along an axis": lambda rng, k: rng.normal(size=(200, 1)) * np.eye(k)[0],
    "each many times": lambda rng, k: rng.normal(size=(8, k))[rng.integers(8, size=300)],
    "nearly in one place": lambda rng, k: 1e-120 * rng.normal(size=(100, k)),
    "hugely spread": lambda rng, k: (
        rng.normal(size=(100, k)) * 10.0 ** rng.uniform(-6, 6, (100, 1))
    ),
}


@given(
    seed=SEEDS,
    k=st.sampled_from([1, 2, 15]),
    cloud=st.sampled_from(list(CLOUDS)),
    away=st.sampled_from([0.0, 1.0, 1e3, 1e9]),
    steps=STEPS,
)
@settings(deadline=None, max_examples=100)
def test_the_ends_are_exact_and_the_steps_within_the_data(seed, k, cloud, away, steps):
    rng = np.random.default_rng(seed)
    points = CLOUDS[cloud](rng, k)
    start, end = rng.choice(points, 2) + away * rng.uniform(-0.4, 0.4, (2, k))
    z = along_density(start, end, steps, NeighbourGraph(points))
    assert z.shape == (steps, k)
    assert z[[0, -1]].tolist() == [start.tolist(), end.tolist()]
    everything = np.vstack([points, start, end])
    low, high = everything.min(axis=0), everything.max(axis=0)
    slack = 1e-9 * np.abs(everything).max()
    assert ((z >= low - slack) & (z <= high + slack)).all()


@pytest.mark.parametrize("k", [1, 2, 15])
@pytest.mark.parametrize("away", [0.0, 100.0])
def test_from_a_point_to_itself_it_does_not_move(k, away):
    points = np.random.default_rng(0).normal(size=(300, k))
    for start in (points[7] + away, np.full(k, away)):
        z = along_density(start, start, 5, NeighbourGraph(points))
        assert z.tolist() == [start.tolist()] * 5


@given(
    corners=hnp.arrays(
        np.float64,
        st.tuples(st.integers(2, 6), st.integers(1, 3)),
        elements=st.integers(-5, 5).map(float),
    ),
    steps=STEPS,
)
@settings(deadline=None)
def test_steps_are_equally_spaced_along_a_polyline(corners, steps):
    lengths = [math.dist(a, b) for a, b in pairwise(corners)]
    z = paths._equally_spaced(corners, steps)
    for i, step in enumerate(z):
        left, side = sum(lengths) * i / (steps - 1), 0
        while side < len(lengths) - 1 and left > lengths[side]:
            left, side = left - lengths[side], side + 1
        share = min(1, left / lengths[side]) if lengths[side] else 0
        expected = corners[side] + share * (corners[side + 1] - corners[side])
        np.testing.assert_allclose(step, expected, atol=1e-9)


def test_steps_of_a_path_are_equally_far_apart():
    z = along_density([-1, 0], [1, 0], 300, NeighbourGraph(ring()))
    spacing = np.linalg.norm(np.diff(z, axis=0), axis=1)
    # Chords, so a little shorter where it bends.
    assert np.median(spacing) > 0.99 * spacing.max()
    assert (spacing > 0.8 * spacing.max()).all()


def test_rounded_corners_are_within_their_triangle():
    line = paths._rounded(np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]))
    x, y = line.T
    assert ((y >= 0) & (x <= 1) & (x >= y)).all()
    assert line[[0, -1]].tolist() == [[0.0, 0.0], [1.0, 1.0]]
    # The curve passes the corner b at (a + 6 b + c) / 8.
    assert np.linalg.norm(line - [7 / 8, 1 / 8], axis=1).min() < 0.05
    turns = np.abs(np.diff(np.unwrap(np.arctan2(*np.diff(line, axis=0).T))))
    assert turns.max() < np.pi / 8


def test_from_far_outside_it_goes_to_the_nearest_data_and_through_the_data():
    points = ring()
    graph = NeighbourGraph(points)
    for away in (10.0, 1e4, 1e9):
        path = graph.shortest_path(np.array([-away, 0.0]), np.array([away, 0.0]))
        on_the_map = path[1:-1]
        assert len(on_the_map) > 10
        assert np.linalg.norm(on_the_map, axis=1).min() > 0.8
        hops = np.linalg.norm(np.diff(on_the_map, axis=0), axis=1)
        assert hops.max() < 0.2
        assert on_the_map[0, 0] < -0.95
        assert on_the_map[-1, 0] > 0.95


def test_between_ends_far_outside_but_near_each_other_it_is_straight():
    ends = np.array([[1e6, 0.0], [1e6, 10.0]])
    z = along_density(*ends, 20, NeighbourGraph(ring()))
    np.testing.assert_allclose(z, straight(*ends, 20), rtol=1e-12)


def test_in_one_dimension_it_is_straight():
    points = np.random.default_rng(0).normal(size=(1_000, 1))
    z = along_density([-2], [2], 50, NeighbourGraph(points))
    np.testing.assert_allclose(z, straight([-2], [2], 50), atol=1e-12)


# --- along the density: the graph -----------------------------------------------------------------


def cost_by_definition(points, start, end):
    """The least cost from start to end if all points are linked to each other, by relaxation."""
    nodes = np.vstack([points, start, end])
    length = np.linalg.norm(nodes[:, None] - nodes, axis=2)
    spread = np.square(length[:, : len(points)]).mean(axis=1)
    cost = length * ((spread[:, None] + spread) / 2 + length**2 / 12)
    best = cost[-2]
    for _ in nodes:
        best = (best[:, None] + cost).min(axis=0)
    return best[-1], nodes, spread


def cost_of(path, nodes, spread):
    rows = [int(np.linalg.norm(nodes - z, axis=1).argmin()) for z in path]
    total = 0.0
    for a, b in pairwise(rows):
        length = math.dist(nodes[a], nodes[b])
        total += length * ((spread[a] + spread[b]) / 2 + length**2 / 12)
    return total


@given(seed=SEEDS, n=st.integers(1, 13), k=st.integers(1, 4), away=st.sampled_from([0.3, 3.0]))
@settings(deadline=None, max_examples=100)
def test_the_shortest_path_has_the_least_cost(seed, n, k, away):
    rng = np.random.default_rng(seed)
    points, (start, end) = rng.normal(size=(n, k)), away * rng.normal(size=(2, k))
    path = NeighbourGraph(points).shortest_path(start, end)
    least, nodes, spread = cost_by_definition(points, start, end)
    # The ends may be too far apart to be linked, although that would have the least cost.
    if len(path) == 2 or least < cost_of(np.stack([start, end]), nodes, spread):
        assert cost_of(path, nodes, spread) == pytest.approx(least)


@given(
    length=st.floats(0.1, 10),
    a=st.floats(0, 10),
)
@settings(deadline=None)
def test_the_cost_of_a_link_is_the_integral_of_the_power_distance(length, a):
    x = (np.arange(10_000) + 0.5) / 10_000 * length
    integral = np.minimum(a + x**2, a + (length - x) ** 2).mean() * length
    assert paths._cost(length, a, a) == pytest.approx(integral, rel=1e-6)


@given(seed=SEEDS, k=st.sampled_from([1, 2, 15]), factor=st.sampled_from([2.0**-20, 0.5, 2.0**20]))
@settings(deadline=None, max_examples=20)
def test_a_path_does_not_depend_on_the_unit(seed, k, factor):
    rng = np.random.default_rng(seed)
    points = clusters(rng, k)
    start, end = rng.normal(size=(2, k))
    z = along_density(start, end, 30, NeighbourGraph(points))
    scaled = along_density(factor * start, factor * end, 30, NeighbourGraph(factor * points))
    np.testing.assert_allclose(scaled / factor, z, rtol=1e-9, atol=1e-9)


@given(seed=SEEDS, k=st.sampled_from([1, 2, 15]))
@settings(deadline=None, max_examples=20)
def test_a_path_does_not_depend_on_the_order_of_records_or_on_duplicates(seed, k):
    rng = np.random.default_rng(seed)
    points = clusters(rng, k)
    start, end = rng.normal(size=(2, k))
    again = rng.permutation(np.vstack([points, rng.choice(points, 100)]))
    z = [along_density(start, end, 30, NeighbourGraph(cloud)) for cloud in (points, again)]
    assert np.array_equal(*z)


def test_two_clusters_are_linked_where_they_are_nearest():
    rng = np.random.default_rng(0)
    left = rng.uniform(size=(200, 2))
    right = rng.uniform(size=(200, 2)) + np.array([5, 0])
    points = np.vstack([left, right])
    pairs = np.stack([np.arange(399), np.arange(1, 400)], axis=1)
    found = paths._bridges(points, pairs[pairs[:, 0] != 199])
    every = np.linalg.norm(left[:, None] - right, axis=2)
    a, b = np.unravel_index(every.argmin(), every.shape)
    assert np.sort(found).tolist() == [[a, b + 200]]


def test_many_parts_are_linked_by_the_minimum_spanning_tree():
    points = np.random.default_rng(0).normal(size=(60, 3))
    found = paths._bridges(points, np.empty((0, 2), np.intp))
    every = np.linalg.norm(points[:, None] - points, axis=2)
    assert len(found) == 59
    total = every[tuple(found.T)].sum()
    assert total == pytest.approx(minimum_spanning_tree(every).sum())


def test_a_graph_cannot_be_changed(bundle):
    graph = NeighbourGraph(bundle.records.mean[:100])
    for array in (graph.mean, graph.spread, graph.cost.data, graph.cost.indices):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


# --- decoding -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def path(bundle):
    """A path across the shipped map and outside it."""
    start, end = bundle.records.mean[[3, 77]]
    return np.vstack([straight(start, end, 60), traversal(end, 0, -6, 6, 60)])


@pytest.mark.parametrize(("scale", "within"), [(1.0, 1.0), (0.1, 1.0), (0.1, 2.5), (3.0, 0.01)])
def test_near_and_nearest_are_those_of_a_loop_over_the_steps(bundle, path, scale, within):
    found = decode_path(bundle, path, scale=scale, within=within)
    mean, sigma = (part.astype(float) for part in (bundle.records.mean, bundle.records.sigma))
    for step, near, nearest in zip(path, found.near, found.nearest, strict=True):
        distance = np.sqrt((((step - mean) / (scale * sigma)) ** 2).sum(axis=1))
        assert near == (distance <= within).sum()
        assert nearest == distance.argmin()


@pytest.mark.parametrize("k", [1, 2, 3, 15])
def test_near_and_nearest_are_exact_in_any_number_of_dimensions(k):
    rng = np.random.default_rng(k)
    mean, sigma = rng.normal(size=(800, k)), rng.uniform(0.05, 0.5, (800, k))
    z = rng.uniform(-2, 2, (400, k))
    distance = np.linalg.norm((z[:, None] - mean) / sigma, axis=2)
    for within in (0.5, 3.0, 30.0):
        near, nearest = paths._around(Gaussians(mean, sigma), z, within)
        assert near.tolist() == (distance <= within).sum(axis=1).tolist()
        assert nearest.tolist() == distance.argmin(axis=1).tolist()


def test_certainty_is_the_product_over_the_characters_and_weakest_the_smallest(bundle, path):
    found = decode_path(bundle, path)
    blocks = bundle.autoencoder.probabilities(path)
    for i in range(len(path)):
        best = [float(block[i].max()) for block in blocks]
        assert len(best) == 7
        assert found.certainty[i] == pytest.approx(math.prod(best), rel=1e-12)
        assert found.weakest[i] == pytest.approx(min(best), rel=1e-12)
    assert ((found.certainty > 0) & (found.certainty <= found.weakest)).all()


def test_the_codes_are_those_of_the_decoder(bundle, path):
    found = decode_path(bundle, path)
    assert found.codes.tolist() == bundle.autoencoder.decode(path).tolist()
    assert np.array_equal(found.z, path)
    expected = [False, *(a != b for a, b in pairwise(found.codes))]
    assert found.changes.tolist() == expected
    assert 0 < found.changes.sum() < len(path)


def test_a_path_is_decoded_to_codes_of_the_bundles_format():
    toy = toy_bundle()
    found = decode_path(toy, toy.records.mean[:20])
    assert found.codes.dtype == np.dtype("U3")
    assert all(TOY.is_normalised(code) for code in found.codes.tolist())
    assert found.codes.tolist() == toy.autoencoder.decode(toy.records.mean[:20]).tolist()


def test_a_decoded_path_has_the_documented_types(bundle):
    found = decode_path(bundle, [[0, 0], [1, 1]])
    assert found.codes.dtype == np.dtype("U7")
    assert found.z.dtype == found.certainty.dtype == found.weakest.dtype == np.float64
    assert np.issubdtype(found.near.dtype, np.integer)
    assert found.nearest.dtype == np.intp
    assert found.changes.dtype == np.bool_


def test_a_record_is_near_itself_and_no_record_is_near_a_far_point(bundle):
    mean = bundle.records.mean[:5].astype(float)
    at_home = decode_path(bundle, mean, scale=1e-3, within=1e-3)
    assert at_home.nearest.tolist() == list(range(5))
    assert (at_home.near >= 1).all()
    assert decode_path(bundle, [[1e9, 1e9], [-1e9, 0]]).near.tolist() == [0, 0]


def test_a_path_along_the_density_is_near_more_records_than_a_straight_one(bundle, shipped_graph):
    found = decode_path(bundle, along_density([-1.0, 0.5], [1.2, -0.3], 1_000, shipped_graph))
    assert found.codes.shape == (1_000,)
    line = decode_path(bundle, straight([-1.0, 0.5], [1.2, -0.3], 1_000))
    assert found.near.mean() > line.near.mean()


@pytest.mark.parametrize("k", [2, 15])
def test_memory_does_not_grow_with_steps_times_records(k):
    rng = np.random.default_rng(0)
    gaussians = Gaussians(rng.normal(size=(6_000, k)), np.ones((6_000, k)))
    z = rng.normal(size=(1_000, k))
    tracemalloc.start()
    try:
        paths._around(gaussians, z, 1.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10e6  # all distances would take 48 MB


# --- errors ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graph():
    return NeighbourGraph(ring(100))


@pytest.mark.parametrize("steps", [1, 0, -3, 1_001, 2.0, "5", None, True, math.nan, [5]])
def test_steps_are_a_whole_number_from_2_to_1000(graph, steps):
    words = "expected 2 to 1,000 steps, got"
    with pytest.raises(PathError, match=words):
        straight([0, 0], [1, 1], steps)
    with pytest.raises(PathError, match=words):
        along_density([0, 0], [1, 1], steps, graph)
    with pytest.raises(PathError, match=words):
        traversal([0, 0], 0, -1, 1, steps)


WRONG_POINTS = [
    [0.0, math.nan],
    [math.inf, 0.0],
    [0, 1.1e9],
    [10**400, 0],
    ["0", "1"],
    [None, 0],
    [[0, 0]],
    [[0], [0, 1]],
    [],
    [True, False],
    5,
]


@pytest.mark.parametrize("point", WRONG_POINTS)
def test_points_are_finite_numbers(graph, point):
    any_number = "one or more finite numbers of magnitude at most"
    two = r"2 finite numbers of magnitude at most 1e\+09"
    with pytest.raises(PathError, match=rf"{any_number} .* as the start, got"):
        straight(point, [1, 1], 5)
    with pytest.raises(PathError, match=f"{any_number} .* as the point, got"):
        traversal(point, 0, -1, 1, 5)
    with pytest.raises(PathError, match=f"{two} as the end, got"):
        straight([1, 1], point, 5)
    with pytest.raises(PathError, match=f"{two} as the start, got"):
        along_density(point, [1, 1], 5, graph)
    with pytest.raises(PathError, match=f"{two} as the end, got"):
        along_density([1, 1], point, 5, graph)


def test_both_ends_have_the_same_number_of_coordinates(graph):
    with pytest.raises(PathError, match=r"2 finite numbers .* as the end, got \[1, 2, 3\]"):
        straight([0, 0], [1, 2, 3], 5)
    with pytest.raises(PathError, match=r"2 finite numbers .* as the start, got \[1\]"):
        along_density([1], [1], 5, graph)


@pytest.mark.parametrize("axis", [-1, 2, 1.0, "0", None, True])
def test_the_axis_is_one_of_the_points(axis):
    with pytest.raises(PathError, match="an axis from 0 to 1, got"):
        traversal([0, 0], axis, -1, 1, 5)


@pytest.mark.parametrize(("low", "high"), [(1, 1), (2, -2), (0, -1e-9)])
def test_low_is_below_high(low, high):
    with pytest.raises(PathError, match=f"low below high, got {low:g} and {high:g}"):
        traversal([0, 0], 0, low, high, 5)


@pytest.mark.parametrize("bad", [math.nan, math.inf, 2e9, "1", None, [1]])
def test_low_and_high_are_finite_numbers(bad):
    with pytest.raises(PathError, match=r"a finite number .* 1e\+09 as low, got"):
        traversal([0, 0], 0, bad, 1, 5)
    with pytest.raises(PathError, match=r"a finite number .* as high, got"):
        traversal([0, 0], 0, -1, bad, 5)


@pytest.mark.parametrize(
    "z",
    [
        [[0, 0]],
        np.zeros((1_001, 2)),
        np.zeros((5, 3)),
        [0, 0],
        [[0, 0], [0, math.nan]],
        [[0, 0], [0, 2e9]],
        [["a", "b"], ["c", "d"]],
    ],
)
def test_a_path_has_2_to_1000_points_of_the_bundles_dimension(bundle, z):
    with pytest.raises(PathError, match="a path of 2 to 1,000 points, each of 2 finite numbers"):
        decode_path(bundle, z)


@pytest.mark.parametrize("bad", [0, -1, 1e-7, 2e6, math.nan, math.inf, "1", None, [1.0]])
def test_scale_and_within_are_numbers_above_0(bundle, bad):
    for name in ("scale", "within"):
        with pytest.raises(PathError, match=rf"from 1e-06 to 1e\+06 as {name}, got"):
            decode_path(bundle, [[0, 0], [1, 1]], **{name: bad})


@pytest.mark.parametrize(
    "mean", [[1.0, 2.0], np.empty((0, 2)), np.empty((2, 0)), [[math.nan]], [[1e10]], [["a"]], None]
)
def test_the_means_of_a_graph_are_finite_numbers(mean):
    with pytest.raises(PathError, match=r"means of shape \(n, k\) with n and k at least 1"):
        NeighbourGraph(mean)
