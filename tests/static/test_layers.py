"""Layers of points: one table from Python, one dictionary of styles in the browser."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from dashboard import palette
from dashboard.components.layers import PointLayer, table_of
from tests.static.conftest import Blank

PALETTE = palette.MAP | palette.MAP["light"] | {"background": "#ffffff"}


def drawn(blank: Blank, layers: Sequence[PointLayer]) -> list[dict[str, Any]]:
    """The parts that the browser makes of layers."""
    table = table_of(layers)
    return blank.run(
        "latent_map/layers.js",
        """const {columns, palette} = given;
        const table = {
            numRows: columns.layer.length,
            getChild: (name) => ({get: (row) => columns[name][row], toArray: () => columns[name]}),
        };
        return module.partsOf(module.byLayer(table), palette);""",
        {"columns": table.to_dict("list"), "palette": PALETTE},
    )


def test_all_layers_travel_in_one_table() -> None:
    points = np.array([[1.5, -2], [0, 4]])
    table = table_of(
        [PointLayer("decoded", points, [True, False]), PointLayer("leaks", [[3.0, 3.0]])]
    )
    assert table["layer"].tolist() == ["decoded", "decoded", "leaks"]
    assert table[["x", "y"]].to_numpy().tolist() == [[1.5, -2], [0, 4], [3, 3]]
    assert table["flag"].tolist() == [1, 0, 0]


@pytest.mark.parametrize("layers", [[], [PointLayer("path", np.empty((0, 2)))]])
def test_a_table_of_nothing_has_the_same_columns(layers: list[PointLayer]) -> None:
    full, empty = table_of([PointLayer("path", [[1, 2]])]), table_of(layers)
    assert empty.empty
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert [str(full.dtypes[name]) for name in ("x", "y", "flag")] == ["float64"] * 2 + ["uint8"]


@pytest.mark.parametrize(
    ("layer", "words"),
    [
        (PointLayer("leaks", [1.0, 2.0]), r"expected points \(n, 2\), got \(2,\)"),
        (PointLayer("leaks", np.zeros((3, 15))), r"expected points \(n, 2\), got \(3, 15\)"),
        (PointLayer("leaks", [[1, 2]], [True, False]), r"expected 1 flags, got \(2,\)"),
    ],
)
def test_a_layer_of_another_shape_is_refused(layer: PointLayer, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        table_of([layer])


def test_every_layer_is_drawn_in_its_style_from_below(blank: Blank) -> None:
    points = [[1.0, -2.0], [0.0, 4.0], [5.0, 5.0]]
    path, leaks = PointLayer("path", points), PointLayer("leaks", points[:2])
    decoded = PointLayer("decoded", points, [False, True, False])
    wanted, unwanted, crosses, halo, line, *marks = drawn(blank, [path, leaks, decoded])
    assert (wanted["x"], wanted["y"], wanted["fill"]) == ([1, 5], [-2, 5], PALETTE["plate"])
    assert (unwanted["x"], unwanted["y"], unwanted["fill"]) == ([0], [4], PALETTE["impure"])
    assert (crosses["x"], crosses["symbol"], crosses["stroke"]) == ([1, 0], "x", PALETTE["impure"])
    for one in (halo, line):
        assert (one["x"], one["y"]) == ([1, 0, 5], [-2, 4, 5])
        assert "symbol" not in one
    assert halo["width"] > line["width"]
    steps, start, end = marks
    assert [one["x"] for one in marks] == [[0], [1], [5]]
    assert [one["layer"] for one in (wanted, crosses, *marks)] == [
        "decoded",
        "leaks",
        *["path"] * 3,
    ]
    assert "fill" in steps
    assert (start["symbol"], end["symbol"]) == ("circle", "square")


@pytest.mark.parametrize(("name", "quiet"), [("path", True), ("leaks", False), ("decoded", False)])
def test_samples_stand_back_for_a_path_alone(blank: Blank, name: str, quiet: bool) -> None:
    parts = drawn(blank, [PointLayer(name, [[1, 2]])])
    assert any(one.get("quiet") for one in parts) == quiet


def test_no_points_are_no_parts(blank: Blank) -> None:
    assert drawn(blank, []) == []


def test_a_layer_without_a_style_is_an_error(blank: Blank) -> None:
    with pytest.raises(Exception, match="there is no style for the layer “toString”"):
        drawn(blank, [PointLayer("toString", [[1, 2]])])
