"""What is drawn about samples and of the density, and which part of the plane a frame shows."""

from typing import Any

import numpy as np
import pytest

from dashboard import palette
from dashboard.components import fields
from tests.static.conftest import Blank

PALETTE = palette.MAP | palette.MAP["light"] | {"background": "#ffffff", "text": "#000000"}
MAKE = """
    const {View} = await import("/core/view.js");
    const overlay = new module.Overlay(document.body, given.palette);
    const {side} = given;
    const axes = {left: 0, top: 0, width: side, height: side, outerWidth: side, outerHeight: side};
    const view = new View(axes, {x: 0, y: 0, reach: 1});
    const pixels = (canvas) => {
        const all = canvas.getContext("2d").getImageData(0, 0, side, side);
        return Array.from(all.data);
    };
"""


def run(blank: Blank, body: str, side: int, **given: Any) -> np.ndarray:
    """The canvas (side, side, 4) that `body` returns, which has an `overlay` and a `view`."""
    values = {"palette": PALETTE, "side": side, **given}
    return np.reshape(blank.run("shared/overlay.js", MAKE + body, values), (side, side, 4))


def width_of_a_sample(blank: Blank, side: int, accepted: int, state: int = 1) -> int:
    """How many pixels wide the mark of a sample is, of so many accepted ones."""
    drawn = run(
        blank,
        """const {accepted, state} = given;
        const far = (_, i) => (i ? 90 : 0); // all but one lie outside
        const places = Array.from({length: accepted + 1}, far);
        const states = places.map((_, i) => (i ? 1 : state));
        const grid = {low: -1, step: 1, size: 3};
        overlay.set({
            samples: {x: places, y: places}, states, edge: {x: [], y: []}, grid,
            slack: new Array(9).fill(1),
        });
        overlay.draw(view);
        return pixels(overlay.over);""",
        side,
        accepted=accepted,
        state=state,
    )
    columns = np.flatnonzero((drawn[..., 3] > 40).any(axis=0))
    return int(columns[-1] - columns[0] + 1)


def test_samples_shrink_with_their_number_and_with_the_map(blank: Blank) -> None:
    few, many = (width_of_a_sample(blank, 520, n) for n in (100, 900))
    assert few > many > 3
    assert width_of_a_sample(blank, 1000, 100) == few  # on a large map they do not grow
    phone = width_of_a_sample(blank, 310, 100)
    assert 0.55 * few < phone < 0.8 * few
    crosses = [width_of_a_sample(blank, side, 100, state=2) for side in (520, 310)]
    assert crosses[1] < crosses[0]


def test_a_sample_is_hollow_on_a_small_map_too(blank: Blank) -> None:
    body = """
        overlay.set({
            samples: {x: [0], y: [0]}, states: [1], edge: {x: [], y: []},
            grid: {low: -1, step: 1, size: 3}, slack: new Array(9).fill(1),
        });
        overlay.draw(view);
        return pixels(overlay.over);"""
    for side in (311, 521):
        opacity = run(blank, body, side)[..., 3]
        assert opacity[side // 2, side // 2] < 0.5 * opacity.max()


def test_the_density_is_shaded_in_three_steps_of_one_colour(blank: Blank) -> None:
    # Ranks that rise from the left to the right, a pixel of the canvas for each of 101 points.
    drawn = run(
        blank,
        """const size = 101;
        const values = Array.from({length: size ** 2}, (_, at) => (at % size) / (size - 1));
        overlay.setDensity({low: -1, step: 0.02, size, values});
        overlay.draw(view);
        return pixels(overlay.under);""",
        404,
    )
    middle = drawn[200].astype(int)
    steps = [int(middle[round(404 * rank), 3]) for rank in (0.02, 0.12, 0.35, 0.8)]
    assert steps[0] == 0
    assert 0 < steps[1] < steps[2] < steps[3] < 0.3 * 255  # quiet: the records are to be seen
    violet = [int(PALETTE["density"][at : at + 2], 16) for at in (1, 3, 5)]
    np.testing.assert_allclose(middle[round(404 * 0.8), :3], violet, atol=6)


@pytest.mark.parametrize(("width", "height"), [(608, 376), (1040, 568), (366, 366), (366, 900)])
def test_the_whole_map_is_no_longer_than_what_is_computed(
    blank: Blank, width: int, height: int
) -> None:
    axes = blank.run("shared/axes.js", "return module.Axes.rectangle(...given);", [width, height])
    sides = axes["width"], axes["height"]
    assert max(sides) <= fields._MARGIN * min(sides) + 1e-9
    assert axes["left"] >= 48
    assert axes["left"] + axes["width"] <= width - 8 + 1e-9
    assert axes["top"] + axes["height"] <= height - 40 + 1e-9
    free = (width - 56) - sides[0], (height - 48) - sides[1]
    assert min(free) == pytest.approx(0)  # as large as there is room
