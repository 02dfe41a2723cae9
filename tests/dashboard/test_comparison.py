"""What the browser sends from the compared maps is checked before it is used."""

from typing import Any

import pytest

from dashboard.components.comparison import brushed
from tests.dashboard import SQUARE


@pytest.mark.parametrize(("side", "polygon"), [("left", SQUARE), ("right", SQUARE[:3])])
def test_a_brush_is_its_side_and_its_polygon(side: str, polygon: list) -> None:
    assert brushed({"side": side, "polygon": polygon}) == (side, polygon)


@pytest.mark.parametrize(
    "sent",
    [
        None,
        {"side": "middle", "polygon": SQUARE},
        {"side": ["left"], "polygon": SQUARE},
        {"side": "left"},
        {"side": "left", "polygon": "rubbish"},
        {"side": "left", "polygon": None},
        {"side": "left", "polygon": SQUARE[:2]},
        {"side": "left", "polygon": [["1", "2"]] * 3},
        {"side": "left", "polygon": [[0, 0, 0]] * 3},
        {"side": "left", "polygon": [[0, 0], [1, 0], [1, 1e308]]},
        {"side": "left", "polygon": [[0, 0], [1, 0], [1, float("nan")]]},
        {"side": "left", "polygon": [[0, 0], [1], [1, 2]]},
        {"side": "left", "polygon": [[0, 0]] * 20_000},
        [SQUARE],
        {},
        "rubbish",
    ],
)
def test_anything_else_is_no_brush(sent: Any) -> None:
    assert brushed(sent) == (None, None)
