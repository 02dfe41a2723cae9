"""Polygons in the browser: the same points inside as in Python, and fewer corners."""

import numpy as np
import pytest

from regvae.latent.polygon import in_polygon
from tests.static.conftest import Blank


@pytest.mark.parametrize("corners", [3, 7, 40])
def test_the_points_inside_are_those_that_python_finds(blank: Blank, corners: int) -> None:
    rng = np.random.default_rng(corners)
    polygon = rng.uniform(-1, 1, (corners, 2))  # it crosses itself
    points = rng.uniform(-1.2, 1.2, (3000, 2))
    rows = blank.run(
        "core/polygon.js",
        "return module.inside(given.polygon, given.x, given.y);",
        {"polygon": polygon.tolist(), "x": points[:, 0].tolist(), "y": points[:, 1].tolist()},
    )
    assert rows == np.flatnonzero(in_polygon(points, polygon)).tolist()


def test_a_circle_needs_few_corners_and_stays_within_the_tolerance(blank: Blank) -> None:
    angles = np.linspace(0, 2 * np.pi, 600, endpoint=False)
    circle = 200 * np.column_stack([np.cos(angles), np.sin(angles)])
    few = np.array(
        blank.run("core/polygon.js", "return module.simplified(given, 1);", circle.tolist())
    )
    assert 20 < len(few) < 80
    assert {tuple(corner) for corner in few} <= {tuple(corner) for corner in circle.tolist()}
    middles = (few + np.roll(few, -1, axis=0)) / 2
    assert np.hypot(*middles.T).min() > 198.5


@pytest.mark.parametrize(
    ("corners", "expected"),
    [
        ([[0, 0], [5, 0.5], [10, 0]], [[0, 0], [10, 0]]),
        ([[0, 0], [5, 2], [10, 0]], [[0, 0], [5, 2], [10, 0]]),
        ([[0, 0], [9, 0], [9, 9], [0, 0]], [[0, 0], [9, 0], [9, 9], [0, 0]]),
        ([[1, 1], [2, 2]], [[1, 1], [2, 2]]),
    ],
)
def test_corners_near_the_line_of_the_others_are_left_out(
    blank: Blank, corners: list[list[float]], expected: list[list[float]]
) -> None:
    assert blank.run("core/polygon.js", "return module.simplified(given, 1);", corners) == expected
