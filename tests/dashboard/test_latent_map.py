"""What the browser sends from the map is checked before it is used."""

import math

import pytest

from dashboard import state
from dashboard.components import latent_map

TRIANGLE = [[0, 0], [1, 0], [1, 1]]


def received(sent: dict, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the callbacks get after a gesture, by its name."""
    got: dict = {}
    monkeypatch.setattr(latent_map.st, "session_state", {state.MAP: sent})
    gestures = latent_map.Gestures(
        pick=lambda z: got.update(pick=z),
        region=lambda polygon: got.update(region=polygon),
        parameter=lambda name, value: got.update(parameter=(name, value)),
        layers=lambda painted, hidden: got.update(layers=(painted, hidden)),
    )
    for name in sent:
        getattr(gestures, f"on_{name}")()
    return got


@pytest.mark.parametrize(
    ("gesture", "value", "expected"),
    [
        ("pick", [1, 2.5], [1.0, 2.5]),
        ("parameter", {"name": "margin", "value": 1.5}, ("margin", 1.5)),
        ("region", TRIANGLE, TRIANGLE),
        ("region", None, None),
        ("layers", {"hidden": ["colours", "zone"], "sequence": 1}, (False, ["zone"])),
        ("layers", {"hidden": ["samples", "records"]}, (True, ["records", "samples"])),
        ("layers", {"hidden": ["sea", 1]}, (True, [])),
    ],
)
def test_a_gesture_calls_its_callback(gesture, value, expected, monkeypatch) -> None:
    assert received({gesture: {"value": value}}, monkeypatch) == {gesture: expected}


@pytest.mark.parametrize(
    ("gesture", "value"),
    [
        ("pick", ["1", 2]),
        ("pick", [math.nan, 2]),
        ("pick", [1e39, 2]),
        ("pick", []),
        ("pick", {"x": 1, "y": 2}),
        ("parameter", {"name": "margin", "value": "1.5"}),
        ("parameter", {"name": "margin", "value": -1}),
        ("parameter", {"name": "alpha", "value": 0.7}),
        ("parameter", {"name": "seed", "value": 1}),
        ("parameter", {"name": ["margin"], "value": 1}),
        ("parameter", 1.5),
        ("layers", {"hidden": "zone"}),
        ("layers", ["zone"]),
        ("region", TRIANGLE[:2]),
        ("region", [[0, 0], [1, 0], [1, 1e308]]),
        ("region", [[0, 0]] * 20_000),
    ],
)
def test_a_value_that_cannot_be_used_is_dropped(gesture, value, monkeypatch) -> None:
    assert received({gesture: {"value": value}}, monkeypatch) == {}


@pytest.mark.parametrize("gesture", ["pick", "parameter", "region", "layers"])
def test_something_else_than_a_trigger_is_dropped(gesture: str, monkeypatch) -> None:
    assert received({gesture: "rubbish"}, monkeypatch) == {}
