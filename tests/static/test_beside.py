"""Where a card is put beside a point."""

import pytest

from tests.static.conftest import Blank

AXES = {"left": 48, "top": 8, "width": 500, "height": 400}
PHONE = {"left": 48, "top": 8, "width": 300, "height": 300}
CARD = {"width": 210, "height": 110}


def beside(blank: Blank, px: float, py: float, axes: dict[str, int]) -> tuple[float, float]:
    """Left and top of the card."""
    given = {"point": [px, py], "box": CARD, "axes": axes}
    code = "return module.placeBeside(given.point, given.box, given.axes);"
    left, top = blank.run("core/beside.js", code, given)
    return left, top


@pytest.mark.parametrize("axes", [AXES, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("across", [0, 0.3, 0.5, 0.7, 1])
@pytest.mark.parametrize("down", [0, 0.3, 0.5, 0.7, 1])
def test_it_is_within_the_axes_and_never_over_the_point(
    blank: Blank, axes: dict[str, int], across: float, down: float
) -> None:
    px = axes["left"] + across * axes["width"]
    py = axes["top"] + down * axes["height"]
    left, top = beside(blank, px, py, axes)
    right, bottom = left + CARD["width"], top + CARD["height"]
    assert axes["left"] <= left < right <= axes["left"] + axes["width"]
    assert axes["top"] <= top < bottom <= axes["top"] + axes["height"]
    assert px <= left - 16 or px >= right + 16 or py <= top - 16 or py >= bottom + 16


def test_it_is_at_the_right_if_there_is_room_and_else_at_the_left(blank: Blank) -> None:
    assert beside(blank, 100, 200, AXES) == (116, 145)
    assert beside(blank, 500, 200, AXES) == (500 - 16 - 210, 145)
