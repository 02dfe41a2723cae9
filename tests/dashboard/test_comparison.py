"""What the browser sends from the compared maps is checked before it is used."""

from typing import Any

import pytest

from dashboard import state
from dashboard.components import comparison
from tests.dashboard import SQUARE


def received(sent: Any, monkeypatch: pytest.MonkeyPatch) -> tuple:
    monkeypatch.setattr(comparison.st, "session_state", {state.COMPARISON: {"brush": sent}})
    return comparison._brush()


@pytest.mark.parametrize(("side", "polygon"), [("left", SQUARE), ("right", SQUARE[:3])])
def test_a_brush_is_its_side_and_its_polygon(side: str, polygon: list, monkeypatch) -> None:
    assert received({"value": {"side": side, "polygon": polygon}}, monkeypatch) == (side, polygon)


@pytest.mark.parametrize(
    "sent",
    [
        {"value": None},
        {"value": {"side": "middle", "polygon": SQUARE}},
        {"value": {"side": ["left"], "polygon": SQUARE}},
        {"value": {"side": "left"}},
        {"value": {"side": "left", "polygon": "rubbish"}},
        {"value": {"side": "left", "polygon": None}},
        {"value": {"side": "left", "polygon": SQUARE[:2]}},
        {"value": {"side": "left", "polygon": [["1", "2"]] * 3}},
        {"value": {"side": "left", "polygon": [[0, 0, 0]] * 3}},
        {"value": {"side": "left", "polygon": [[0, 0], [1, 0], [1, 1e308]]}},
        {"value": {"side": "left", "polygon": [[0, 0], [1, 0], [1, float("nan")]]}},
        {"value": {"side": "left", "polygon": [[0, 0], [1], [1, 2]]}},
        {"value": {"side": "left", "polygon": [[0, 0]] * 20_000}},
        {"value": [SQUARE]},
        {},
        "rubbish",
        None,
    ],
)
def test_anything_else_is_no_brush(sent: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert received(sent, monkeypatch) == (None, None)
