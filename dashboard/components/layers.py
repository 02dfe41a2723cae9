"""Layers of points on the map: one table carries all of them, whatever they mean.

A new layer is a `PointLayer` where Python builds the list, and an entry of its name in `STYLES` of
`static/latent_map/layers.js`, which says how it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class PointLayer:
    """Points of the plane that is shown, (n, 2), under the name of their style.

    `flags` (n,) mark the points that differ from the others of the layer; None marks none.
    """

    name: str
    points: ArrayLike
    flags: ArrayLike | None = None

    @property
    def table(self) -> pd.DataFrame:
        """The points as rows of `table_of`. Raises `ValueError` if a shape does not fit."""
        points = np.asarray(self.points, np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(f"layer {self.name}: expected points (n, 2), got {points.shape}")
        flags = np.zeros(len(points)) if self.flags is None else np.asarray(self.flags)
        if flags.shape != (len(points),):
            raise ValueError(f"layer {self.name}: expected {len(points)} flags, got {flags.shape}")
        return pd.DataFrame(
            {
                "layer": pd.Series([self.name] * len(points), dtype=str),
                "x": points[:, 0],
                "y": points[:, 1],
                "flag": flags.astype(bool).astype(np.uint8),
            }
        )


def table_of(layers: Sequence[PointLayer]) -> pd.DataFrame:
    """All points of all layers, in order: `layer`, `x`, `y` (float64) and `flag` (uint8, 0 or 1).

    Raises `ValueError` if a layer's points or flags are of another shape than it says.
    """
    nothing = PointLayer("", np.empty((0, 2)))
    return pd.concat([layer.table for layer in (nothing, *layers)], ignore_index=True)
