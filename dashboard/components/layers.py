"""Layers of points on the map: one table carries all of them, whatever they mean.

A new layer is a `PointLayer` in the list that the page builds, and an entry under its name in
`STYLES` of `static/latent_map/layers.js`, which defines how it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike


@dataclass(frozen=True)
class PointLayer:
    """Points of the plane that is shown, (n, 2), with the name of their style.

    `flags` (n,) mark the points that are drawn differently; None marks none.
    """

    name: str
    points: ArrayLike
    flags: ArrayLike | None = None

    @property
    def table(self) -> pd.DataFrame:
        """The points as rows of `table_of`. Raises `ValueError` for a wrong shape."""
        points = np.asarray(self.points, np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"layer {self.name}: expected points (n, 2), got {points.shape}; reshape them"
            )
        flags = np.zeros(len(points)) if self.flags is None else np.asarray(self.flags)
        if flags.shape != (len(points),):
            raise ValueError(
                f"layer {self.name}: expected {len(points)} flags, got {flags.shape}; "
                "give one a point"
            )
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

    Raises `ValueError` for points or flags of another shape than `PointLayer` has.
    """
    empty = PointLayer("", np.empty((0, 2)))  # so that no layers give the same columns
    return pd.concat([layer.table for layer in (empty, *layers)], ignore_index=True)
