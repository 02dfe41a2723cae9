"""The distance of points from segments, against plain formulas."""

import numpy as np
import pytest

from regvae.latent.segments import Segments


def by_hand(segments, point):
    """The distance of a point from the nearest of all points along each segment."""
    along = segments.stop - segments.start
    squares = np.maximum((along**2).sum(axis=1), 1e-300)
    share = np.clip(((point - segments.start) * along).sum(axis=1) / squares, 0, 1)
    return np.linalg.norm(segments.start + share[:, None] * along - point, axis=1).min()


def test_the_distance_is_from_the_side_or_from_the_end():
    segments = Segments(np.array([[0.0, 0.0]]), np.array([[10.0, 0.0]]))
    found = segments.distance([[5.0, 2.0], [13.0, 4.0], [-3.0, 0.0], [1.0, 0.0]])
    assert found.tolist() == [2.0, 5.0, 3.0, 0.0]


@pytest.mark.parametrize("longest", [0.0, 0.1, 20.0])
def test_many_distances_are_those_by_hand(longest):
    rng = np.random.default_rng(0)
    start = rng.uniform(-3, 3, (200, 2))
    length = longest * rng.uniform(size=(200, 1)) ** 8  # a few are long
    segments = Segments(start, start + length * rng.normal(size=(200, 2)))
    points = rng.uniform(-4, 4, (300, 2))
    expected = [by_hand(segments, point) for point in points]
    np.testing.assert_allclose(segments.distance(points), expected, atol=1e-12)


def test_without_segments_the_distance_is_infinite():
    empty = Segments(np.empty((0, 2)), np.empty((0, 2)))
    assert empty.distance([[0.0, 1.0]]).tolist() == [np.inf]
    assert empty.lengths.sum() == 0
    some = Segments(np.zeros((1, 2)), np.ones((1, 2)))
    assert some.distance(np.empty((0, 2))).tolist() == []


def test_points_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"expected points of shape \(n, 2\), got shape \(2,\)"):
        Segments(np.zeros((1, 2)), np.ones((1, 2))).distance([1.0, 2.0])
