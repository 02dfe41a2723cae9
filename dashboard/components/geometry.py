"""What the browser gets of a bundle, once: its records with their attributes, and the decoder."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.components.colouring import Colouring
from dashboard.components.transfer import coordinates, send, version_of
from regvae.model.bundle import Bundle


@dataclass(frozen=True)
class Geometry:
    """A bundle for the browser.

    `records` has a row a record: its mean (`z_1`, …), `reg`, `split`, and a column of
    `Colouring.values` for every attribute, whose legends are `attributes`. `weights` has the
    decoder's kernels and biases in one column, whose shapes are `layers`; `blocks` is the layout of
    its output; `gaps` are the positions before which a code is shown with a space.
    """

    version: str
    records: pd.DataFrame
    weights: pd.DataFrame
    layers: list[list[int]]
    blocks: list[dict[str, Any]]
    gaps: list[int]
    attributes: list[dict[str, Any]]
    likelihood: str

    @classmethod
    def of(cls, bundle: Bundle, beside: Bundle | None = None) -> "Geometry":
        """The geometry of a bundle. With `beside`, equal values have equal colours in both."""
        records, decoder = bundle.records, bundle.autoencoder.decoder
        table = coordinates(records.mean).assign(reg=records.codes, split=records.split)
        seen = np.concatenate([one.records.codes for one in (bundle, beside) if one])
        attributes = bundle.format.attributes.values()
        colourings = [Colouring.of(attribute, seen) for attribute in attributes]
        for one in colourings:
            table[one.attribute.name] = one.values(records.codes)
        flat = np.concatenate([part.ravel() for d in decoder for part in (d.kernel, d.bias)])
        weights = pd.DataFrame({"weights": flat})
        legends = [one.legend(records.codes) for one in colourings]
        # A number's values are the same on any scale, so the version must depend on its ends too.
        scales = pd.DataFrame({"legend": [str(one) for one in legends]})
        return cls(
            version=version_of(table, weights, scales),
            records=table,
            weights=weights,
            layers=[list(d.kernel.shape) for d in decoder],
            blocks=[asdict(block) for block in bundle.autoencoder.onehot.blocks],
            gaps=list(bundle.format.gaps),
            attributes=legends,
            likelihood=bundle.autoencoder.likelihood,
        )


def send_geometry(geometry: Geometry, slot: str = "geometry") -> None:
    """Hand the geometry to the browser. Call it outside the fragment that holds the map.

    A page with several maps has a slot for each.
    """
    send(
        slot,
        geometry.version,
        records=geometry.records,
        weights=geometry.weights,
        layers=geometry.layers,
        blocks=geometry.blocks,
        gaps=geometry.gaps,
        attributes=geometry.attributes,
        likelihood=geometry.likelihood,
    )
