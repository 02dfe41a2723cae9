"""Polygons in the plane: points inside, compared with winding numbers, areas and invariances."""

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from regvae.latent.polygon import in_polygon, parse_polygon, polygon_corners, polygon_text

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
ELL = [(0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3)]
BOW_TIE = [(0, 0), (2, 2), (2, 0), (0, 2)]
PENTAGRAM = [(math.sin(a), math.cos(a)) for a in np.arange(5) * 4 * math.pi / 5]


def inside(point, polygon):
    return bool(in_polygon(np.array([point], dtype=float), polygon)[0])


def winding(point, corners):
    """How many times the border goes round the point: the sum of the angles of its edges."""
    total = 0.0
    for (x1, y1), (x2, y2) in zip(corners, [*corners[1:], corners[0]], strict=True):
        ax, ay, bx, by = x1 - point[0], y1 - point[1], x2 - point[0], y2 - point[1]
        total += math.atan2(ax * by - ay * bx, ax * bx + ay * by)
    return round(total / (2 * math.pi))


def gap(point, corners):
    """Distance of the point from the polygon's border."""
    p, gaps = np.asarray(point), []
    for one, other in zip(corners, [*corners[1:], corners[0]], strict=True):
        a, b = np.asarray(one), np.asarray(other)
        along = np.clip(np.dot(p - a, b - a) / max(np.dot(b - a, b - a), 1e-300), 0, 1)
        gaps.append(np.linalg.norm(p - a - along * (b - a)))
    return min(gaps)


@st.composite
def convex_polygons(draw):
    """Corners on an ellipse in the plane, in the order of their angles."""
    angles = draw(st.lists(st.integers(0, 359), min_size=3, max_size=12, unique=True))
    width, height = draw(st.floats(0.1, 10)), draw(st.floats(0.1, 10))
    x, y = draw(st.floats(-20, 20)), draw(st.floats(-20, 20))
    corners = [
        (x + width * math.cos(math.radians(a)), y + height * math.sin(math.radians(a)))
        for a in sorted(angles)
    ]
    return corners if draw(st.booleans()) else corners[::-1]


POINTS = st.tuples(st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))


# --- in_polygon -----------------------------------------------------------------------------------


@given(corners=convex_polygons(), places=st.lists(POINTS, min_size=1, max_size=20))
@settings(deadline=None)
def test_a_point_is_in_a_convex_polygon_if_the_border_winds_round_it(corners, places):
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    points = [(low + high) / 2 + (high - low) / 2 * place for place in np.array(places)]
    points = [point for point in points if gap(point, corners) > 1e-9]
    assume(points)
    expected = [abs(winding(point, corners)) == 1 for point in points]
    assert in_polygon(np.array(points), corners).tolist() == expected


@given(
    corners=st.lists(st.tuples(*[st.integers(-6, 6)] * 2), min_size=3, max_size=9),
    points=st.lists(st.tuples(*[st.floats(-7, 7)] * 2), min_size=1, max_size=20),
)
@settings(deadline=None)
def test_a_point_is_in_any_polygon_if_the_border_winds_round_it_an_odd_number_of_times(
    corners, points
):
    points = [point for point in points if gap(point, corners) > 1e-9]
    assume(points)
    expected = [winding(point, corners) % 2 == 1 for point in points]
    assert in_polygon(np.array(points), corners).tolist() == expected


@given(
    corners=st.lists(st.tuples(*[st.integers(-6, 6)] * 2), min_size=3, max_size=9),
    turn=st.integers(0, 8),
)
@settings(deadline=None)
def test_neither_the_first_corner_nor_the_direction_matters(corners, turn):
    points = np.random.default_rng(0).uniform(-7, 7, size=(50, 2))
    found = in_polygon(points, corners)
    turn %= len(corners)
    assert np.array_equal(in_polygon(points, corners[turn:] + corners[:turn]), found)
    assert np.array_equal(in_polygon(points, corners[::-1]), found)
    assert np.array_equal(in_polygon(points, [*corners, corners[0]]), found)


def test_only_points_within_its_sides_are_in_a_square():
    points = [(0.5, 0.5), (0.01, 0.99), (-0.01, 0.5), (1.01, 0.5), (0.5, -0.01), (0.5, 1.01)]
    found = in_polygon(np.array(points), SQUARE)
    assert found.tolist() == [True, True, False, False, False, False]


def test_rays_through_corners_and_along_edges_are_counted_correctly():
    diamond = [(1, 0), (0, 1), (-1, 0), (0, -1)]
    assert inside((0, 0), diamond)
    assert inside((-0.5, 0), diamond)
    assert not inside((-2, 0), diamond)
    assert not inside((-1, 1), diamond)  # the ray touches the upper corner
    assert not inside((-1, 1), ELL)  # the ray runs along the level edge at y = 1
    assert inside((0.5, 1), ELL)


def test_the_notch_of_a_concave_polygon_is_outside():
    points = [(0.5, 0.5), (2.5, 0.5), (0.5, 2.5), (2, 2), (1.5, 1.5), (1.01, 1.01)]
    assert in_polygon(np.array(points), ELL).tolist() == [True, True, True, False, False, False]


def test_a_border_that_crosses_itself_has_holes():
    assert inside((1.5, 1), BOW_TIE)
    assert inside((0.5, 1), BOW_TIE)
    assert not inside((1, 1.5), BOW_TIE)
    assert not inside((1, 0.5), BOW_TIE)
    assert winding((0, 0), PENTAGRAM) in (2, -2)
    assert not inside((0, 0), PENTAGRAM)
    assert all(inside((0.8 * x, 0.8 * y), PENTAGRAM) for x, y in PENTAGRAM)


def test_no_point_is_in_a_polygon_whose_border_goes_round_twice():
    points = np.random.default_rng(0).uniform(-1, 4, size=(200, 2))
    assert in_polygon(points, ELL).any()
    assert not in_polygon(points, ELL + ELL).any()


def test_every_point_is_in_exactly_one_of_adjacent_tiles():
    quarters = np.arange(0, 12) / 4
    points = np.stack(np.meshgrid(quarters, quarters), axis=-1).reshape(-1, 2)
    tiles = [[(i + x, j + y) for x, y in SQUARE] for i in range(3) for j in range(3)]
    assert np.array_equal(sum(in_polygon(points, tile).astype(int) for tile in tiles), [1] * 144)


@pytest.mark.parametrize(("polygon", "area"), [(SQUARE, 1), (ELL, 5), (BOW_TIE, 2)])
def test_the_share_of_a_fine_grid_inside_is_the_area(polygon, area):
    ticks = (np.arange(400) + 0.5) / 100
    grid = np.stack(np.meshgrid(ticks, ticks), axis=-1).reshape(-1, 2)
    assert in_polygon(grid, polygon).sum() / 100**2 == pytest.approx(area, abs=0.03)


@given(shift=st.tuples(*[st.integers(-100, 100)] * 2), factor=st.integers(-9, 9))
@settings(deadline=None)
def test_moving_and_scaling_polygon_and_points_together_changes_nothing(shift, factor):
    assume(factor)
    points = np.random.default_rng(1).integers(-8, 24, size=(80, 2)) / 8 + 1 / 16
    found = in_polygon(points, ELL)
    moved = in_polygon(points * factor + shift, np.array(ELL) * factor + shift)
    assert np.array_equal(moved, found)


def test_no_points_give_an_empty_mask():
    found = in_polygon(np.empty((0, 2)), SQUARE)
    assert found.shape == (0,)
    assert found.dtype == bool


def test_no_point_is_in_a_polygon_without_area():
    points = np.random.default_rng(0).uniform(-1, 3, size=(100, 2))
    assert not in_polygon(points, [(0, 0), (1, 1), (2, 2)]).any()
    assert not in_polygon(points, [(1, 1)] * 3).any()


@pytest.mark.parametrize(
    "polygon",
    [
        [],
        [(0, 0), (1, 1)],
        [1, 2, 3],
        [(0, 0, 0), (1, 0, 0), (0, 1, 0)],
        [(0, 0), (1,), (2, 2)],
        [(0, 0), (1, 0), ("a", "b")],
        "square",
        None,
    ],
)
def test_other_values_than_corners_are_refused(polygon):
    with pytest.raises(
        ValueError, match=r"a region with 3 to 10,000 corners, each a pair \(x, y\)"
    ):
        in_polygon(np.zeros((1, 2)), polygon)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_corners_are_finite(bad):
    with pytest.raises(ValueError, match="corners of finite coordinates"):
        in_polygon(np.zeros((1, 2)), [(0, 0), (1, 0), (0, bad)])


def test_corners_can_have_a_farthest_coordinate_and_a_greatest_number():
    assert polygon_corners(SQUARE, 1).tolist() == [list(corner) for corner in SQUARE]
    with pytest.raises(ValueError, match=r"at most 0\.9 from 0"):
        polygon_corners(SQUARE, 0.9)
    assert len(polygon_corners(SQUARE * 2_500)) == 10_000
    with pytest.raises(ValueError, match="3 to 10,000 corners"):
        polygon_corners([*SQUARE * 2_500, (0, 0)])


def test_a_polygon_is_read_as_it_is_written():
    polygon = [[0.1, -1e-7], [2.0, 3.5], [1e5, 1 / 3]]
    assert parse_polygon(polygon_text(polygon)) == polygon
    assert polygon_text([[0, 1], [2, 3], [4, 5]]) == "0.0,1.0 2.0,3.0 4.0,5.0"


@pytest.mark.parametrize("text", ["", "1,1 2,2", "1,1 2,2 3", "a,b c,d e,f", "0,0 1,0 nan,1"])
def test_another_text_is_no_polygon(text):
    with pytest.raises(ValueError, match="expected a region of three corners or more, got"):
        parse_polygon(text)
