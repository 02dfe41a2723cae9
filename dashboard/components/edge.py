"""The exact edge between what decodes to wanted codes and all else, as a layer of the map."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from dashboard.components.transfer import send, version_of
from regvae.latent.plane import Plane
from regvae.latent.segments import Segments
from regvae.model.bundle import Bundle
from regvae.rejection.decision_regions import DecisionRegions
from regvae.rejection.unwanted import Unwanted

_MARGIN = 1.6
"""The square's half-width in those of the map: wide windows and zooming out show more of it."""


@dataclass(frozen=True)
class EdgeLayer:
    """The edge within a square about 0, of so large a `half_width` that it covers the map.

    `table` has a row for each of its `segments`: from (`x1`, `y1`) to (`x2`, `y2`), in the two
    latent coordinates, which are those of the map.
    """

    version: str
    table: pd.DataFrame
    segments: Segments
    half_width: float

    @classmethod
    def of(cls, bundle: Bundle, unwanted: Unwanted) -> "EdgeLayer":
        """The layer of a bundle. Raises `ValueError` unless it has two latent dimensions."""
        half_width = (
            _MARGIN * Plane.axes(bundle.records, 1, min(2, bundle.records.latent_dim)).extent
        )
        edge = DecisionRegions.of(bundle, unwanted, half_width).edge
        columns = np.hstack([edge.start, edge.stop]).astype(np.float32)
        table = pd.DataFrame(columns, columns=["x1", "y1", "x2", "y2"])
        return cls(version_of(table), table, edge, half_width)

    def distance(self, point: tuple[float, ...]) -> tuple[float, bool] | None:
        """How far a point (2,) is from the edge, and whether no nearer one can lie off the square.

        None for a point off the square, or if there is no edge.
        """
        inward = self.half_width - float(np.abs(point).max())
        found = float(self.segments.distance([point])[0])
        return (found, found <= inward) if inward >= 0 and np.isfinite(found) else None


def send_edge(layer: EdgeLayer) -> None:
    """Hand the edge to the browser."""
    send("edge", layer.version, table=layer.table)
