"""The exact edge on the map, and how far a point is from it in the panel."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

import regvae
from dashboard import state
from dashboard.components.edge import EdgeLayer
from dashboard.panels import point as panel
from dashboard.words import explore as words
from regvae.latent.segments import Segments
from regvae.rejection.unwanted import Unwanted

BELOW_50 = Unwanted.of(["number < 50"])


@pytest.fixture(scope="module")
def layer() -> EdgeLayer:
    return EdgeLayer.of(regvae.load("principled-2d"), BELOW_50)


def test_the_edge_separates_wanted_from_unwanted_codes(layer: EdgeLayer) -> None:
    bundle = regvae.load("principled-2d")
    ends = layer.table.to_numpy(np.float64)
    assert list(layer.table) == ["x1", "y1", "x2", "y2"]
    middle, along = (ends[:, :2] + ends[:, 2:]) / 2, ends[:, 2:] - ends[:, :2]
    length = np.linalg.norm(along, axis=1)
    across = along[:, ::-1] * [1, -1] / length[:, None]
    one, other = (
        BELOW_50.of_codes(bundle.autoencoder.decode(middle + side * 1e-4 * across), bundle)
        for side in (1, -1)
    )
    assert (one != other)[length > 0.01].mean() > 0.98


def test_the_edge_covers_more_than_the_map(layer: EdgeLayer) -> None:
    extent = np.abs(regvae.load("principled-2d").records.mean).max()
    assert layer.half_width > 1.6 * extent
    assert np.abs(layer.table.to_numpy()).max() > 1.3 * extent


def test_the_panel_tells_the_distance_while_the_edge_is_shown(
    layer: EdgeLayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = Segments(np.array([[-9.0, 1.0]]), np.array([[9.0, 1.0]]))
    flat = replace(layer, segments=line, half_width=2.0)
    told: list[str] = []
    monkeypatch.setattr(panel.services, "edge_layer", lambda *_: flat)
    monkeypatch.setattr(panel.st, "caption", told.append)
    context = SimpleNamespace(name="", version="", unwanted=BELOW_50, latent_dim=2)
    for shown, z in ((False, (0, 0)), (True, (0, 0.958)), (True, (0, -1.5)), (True, (0, 3.0))):
        monkeypatch.setattr(panel.st, "session_state", {state.EDGE: shown})
        panel._to_the_edge(context, z)
    assert told == [
        words.FROM_THE_EDGE.format(distance="0.042"),
        words.FROM_THE_EDGE.format(distance="at most 2.50"),  # the border is nearer
    ]


def test_a_point_has_no_distance_where_there_is_no_edge(layer: EdgeLayer) -> None:
    empty = replace(layer, segments=Segments(np.empty((0, 2)), np.empty((0, 2))))
    assert empty.distance((0.0, 0.0)) is None
