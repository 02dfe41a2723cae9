"""The label at the pointer: beside what is pointed at, and in the picture."""

import numpy as np
import pytest

from tests.static.conftest import Blank

SIZE = np.array([96, 24])


def corners(blank: Blank, places: np.ndarray, picture: tuple[int, int], finger: bool) -> np.ndarray:
    """Left top corners of labels beside places (n, 2) in a picture: (n, 2)."""
    found = blank.run(
        "latent_map/label.js",
        """const {places, picture, finger} = given;
        return places.map((at) => Object.values(module.beside(at, picture, finger)));""",
        {"places": places.tolist(), "picture": picture, "finger": finger},
    )
    x, y, left, above = np.transpose(found)
    return np.column_stack([x, y]) - SIZE * np.column_stack([left, above])


@pytest.mark.parametrize("finger", [False, True])
@pytest.mark.parametrize("picture", [(580, 560), (320, 300)])
def test_a_label_is_beside_the_pointer_and_in_the_picture(
    blank: Blank, picture: tuple[int, int], finger: bool
) -> None:
    across, down = picture
    grid = np.meshgrid(np.linspace(0, across, 41), np.linspace(0, down, 41))
    places = np.stack(grid, axis=-1).reshape(-1, 2)
    low = corners(blank, places, picture, finger)
    high = low + SIZE
    assert (low >= -1e-9).all()
    assert (high <= np.array(picture) + 1e-9).all()
    gap = np.maximum(np.maximum(low - places, places - high), 0).max(axis=1)
    assert (gap >= (30 if finger else 10)).all()
    assert (gap <= (40 if finger else 20)).all()


def test_a_finger_has_its_label_above_and_at_its_side_where_there_is_no_room(blank: Blank) -> None:
    places = np.array([[200, 200], [5, 200], [395, 200], [190, 10], [395, 10]])
    low = corners(blank, places, (400, 400), finger=True)
    high = low + SIZE
    assert (high[:3, 1] < places[:3, 1]).all()
    assert low[0, 0] + SIZE[0] / 2 == 200
    np.testing.assert_allclose(high[:3, 1], places[:3, 1] - 34)
    assert low[3, 0] > places[3, 0]  # at its right
    assert high[4, 0] < places[4, 0]  # or left
