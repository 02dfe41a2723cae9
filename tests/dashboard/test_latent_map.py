"""What the browser sends from the map is checked before it is used."""

import math

import pytest

from dashboard import state
from dashboard.components import gestures, latent_map

TRIANGLE = [[0, 0], [1, 0], [1, 1]]


def layers(off: set[str], hidden: list[str]) -> dict:
    """The values of the session that show and hide layers."""
    shown = {key: name not in off for name, key in state.COMPUTED.items()}
    return {**shown, state.HIDDEN: hidden}


def received(sent: dict, monkeypatch: pytest.MonkeyPatch) -> dict:
    """What the callbacks get after a gesture, by its name."""
    got: dict = {}
    told = [
        {"number": number, "name": name, "value": value}
        for number, (name, value) in enumerate(sent.items(), start=1)
    ]
    monkeypatch.setattr(gestures.st, "session_state", {state.MAP: {"gestures": told}})
    latent_map.Gestures(
        pick=lambda z: got.update(pick=z),
        region=lambda polygon: got.update(region=polygon),
        parameter=lambda name, value: got.update(parameter=(name, value)),
        layers=lambda values: got.update(layers=values),
        card=lambda act: got.update(card=act),
    ).handle(state.MAP)
    return got


@pytest.mark.parametrize(
    ("gesture", "value", "expected"),
    [
        ("pick", [1, 2.5], [1.0, 2.5]),
        ("parameter", {"name": "margin", "value": 1.5}, ("margin", 1.5)),
        ("region", TRIANGLE, TRIANGLE),
        ("region", None, None),
        ("layers", ["colours", "zone"], layers({"colours"}, ["zone"])),
        (
            "layers",
            ["samples", "density", "records"],
            layers({"density"}, ["records", "samples"]),
        ),
        ("layers", ["edge"], layers({"edge"}, [])),
        ("layers", ["sea", 1], layers(set(), [])),
        ("card", "read", "read"),
        ("card", "close", "close"),
    ],
)
def test_a_gesture_calls_its_callback(gesture, value, expected, monkeypatch) -> None:
    assert received({gesture: value}, monkeypatch) == {gesture: expected}


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
        ("layers", "zone"),
        ("card", "open"),
        ("card", ["read"]),
        ("layers", {"hidden": ["zone"]}),
        ("region", TRIANGLE[:2]),
        ("region", [[0, 0], [1, 0], [1, 1e308]]),
        ("region", [[0, 0]] * 20_000),
    ],
)
def test_a_value_that_cannot_be_used_is_dropped(gesture, value, monkeypatch) -> None:
    assert received({gesture: value}, monkeypatch) == {}
