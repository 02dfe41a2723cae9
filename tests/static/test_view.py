"""Where the plane is on the screen: pixels, zoom, and numbers on the axes."""

from typing import Any

import numpy as np
import pytest

from tests.static.conftest import Blank

AXES = {"left": 40, "top": 10, "width": 600, "height": 300, "outerWidth": 660, "outerHeight": 340}
PLACE = {"x": 1.5, "y": -0.5, "reach": 2}
EXTENT = 3


def on_view(blank: Blank, body: str, given: Any = None) -> Any:
    """What a function's body returns of a `view` and of what is `given`."""
    code = "const view = new module.View(given.axes, given.place); const {points} = given;"
    return blank.run("core/view.js", code + body, {"axes": AXES, "place": PLACE, "points": given})


def test_the_nearest_edges_are_as_far_as_the_reach_and_both_directions_have_one_scale(
    blank: Blank,
) -> None:
    low, high, unit = on_view(blank, "return [view.low, view.high, view.unit];")
    assert unit == 4 / 300
    assert (low, high) == ({"x": -2.5, "y": -2.5}, {"x": 5.5, "y": 1.5})


def test_pixels_and_latent_points_are_each_other_s_inverse(blank: Blank) -> None:
    pixels = np.random.default_rng(0).uniform(-100, 700, (50, 2)).tolist()
    back = on_view(
        blank,
        """return points.map(([px, py]) => {
            const {x, y} = view.point(px, py);
            return [view.x(x), view.y(y)];
        });""",
        pixels,
    )
    np.testing.assert_allclose(back, pixels, atol=1e-9)
    assert on_view(blank, "return view.point(340, 160);") == {"x": 1.5, "y": -0.5}


def test_what_lies_outside_the_axes_is_brought_to_their_edge(blank: Blank) -> None:
    points = [[40, 10], [640, 310], [39, 100], [300, 311], [700, -5]]
    held = on_view(blank, "return points.map((one) => view.holds(...one));", points)
    assert held == [True, True, False, False, False]
    nearest = on_view(blank, "return points.map((one) => view.nearest(...one));", points)
    assert nearest == [[40, 10], [640, 310], [40, 100], [300, 310], [640, 10]]


@pytest.mark.parametrize("factor", [0.5, 1, 3])
def test_zooming_leaves_the_point_under_the_pointer_where_it_is(
    blank: Blank, factor: float
) -> None:
    before, after, reach = on_view(
        blank,
        """const [px, py, factor, extent] = points;
        const place = view.zoomed(px, py, factor, extent);
        const zoomed = new module.View(given.axes, place);
        return [view.point(px, py), zoomed.point(px, py), place.reach];""",
        [150, 60, factor, EXTENT],
    )
    assert reach == 2 * factor
    assert after == pytest.approx(before)


@pytest.mark.parametrize(("factor", "reach"), [(1e-9, EXTENT / 2000), (1e9, 1e6)])
def test_zooming_has_an_end(blank: Blank, factor: float, reach: float) -> None:
    place = on_view(blank, "return view.zoomed(100, 100, ...points);", [factor, EXTENT])
    assert place["reach"] == pytest.approx(reach)


def test_what_is_moved_follows_the_pointer(blank: Blank) -> None:
    before, after = on_view(
        blank,
        """const moved = new module.View(given.axes, view.moved(30, -20));
        return [view.point(100, 100), moved.point(130, 80)];""",
    )
    assert after == pytest.approx(before)


@pytest.mark.parametrize(
    ("low", "high", "parts", "expected"),
    [
        (-3, 3, 6, [-3, -2, -1, 0, 1, 2, 3]),
        (0, 1, 4, [0, 0.25, 0.5, 0.75, 1]),
        (0.37, 0.61, 4, [0.4, 0.5, 0.6]),
        (-12_345, 99, 3, [-10_000, -5_000, 0]),
    ],
)
def test_the_numbers_on_an_axis_are_round(
    blank: Blank, low: float, high: float, parts: int, expected: list[float]
) -> None:
    found = blank.run("core/ticks.js", "return module.ticks(...given);", [low, high, parts])
    assert found == pytest.approx(expected)
