"""What the browser gets of a bundle, once: its records with their attributes, and the decoder."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard.components.colouring import Colouring
from dashboard.components.transfer import coordinates, send, version_of
from regvae.formats import Format
from regvae.model.bundle import Bundle


@dataclass(frozen=True)
class Geometry:
    """A bundle for the browser.

    `records` has a row a record: its mean (`z_1`, …), `code` and `split`; `values` a column of
    `Colouring.values` for every attribute, also for further columns, whose legends are
    `attributes`. `weights` has the decoder's kernels and biases in one column, whose shapes are
    `layers`; `blocks` is the layout of its output; `format` is as `format_for_browser` gives it.
    """

    version: str
    records: pd.DataFrame
    values: pd.DataFrame
    weights: pd.DataFrame
    layers: list[list[int]]
    blocks: list[dict[str, Any]]
    format: dict[str, Any]
    attributes: list[dict[str, Any]]
    likelihood: str

    @classmethod
    def of(cls, bundle: Bundle, beside: Bundle | None = None) -> "Geometry":
        """The geometry of a bundle. With `beside`, if its codes have the same format, equal values
        have equal colours in both."""
        records, decoder = bundle.records, bundle.autoencoder.decoder
        table = coordinates(records.mean).assign(code=records.codes, split=records.split)
        alike = [one for one in (bundle, beside) if one and one.format == bundle.format]
        seen = np.concatenate([one.seen_codes for one in alike])
        colourings = [
            Colouring.of(attribute, records.codes if attribute.is_column else seen)
            for attribute in records.attributes.values()
        ]
        values = pd.DataFrame({one.attribute.name: one.values(records.codes) for one in colourings})
        flat = np.concatenate([part.ravel() for d in decoder for part in (d.kernel, d.bias)])
        weights = pd.DataFrame({"weights": flat})
        legends = [one.legend(records.codes) for one in colourings]
        format = format_for_browser(bundle.format)
        # A number's values are the same on any scale, so the version must depend on its ends too.
        words = pd.DataFrame({"words": [str(one) for one in (format, *legends)]})
        return cls(
            version=version_of(table, values, weights, words),
            records=table,
            values=values,
            weights=weights,
            layers=[list(d.kernel.shape) for d in decoder],
            blocks=[asdict(block) for block in bundle.autoencoder.onehot.blocks],
            format=format,
            attributes=legends,
            likelihood=bundle.autoencoder.likelihood,
        )


def format_for_browser(format: Format) -> dict[str, Any]:
    """A format as JSON: for plate.js, and for code.js, which adds to what a model decodes the
    characters that it has not learned."""
    return {
        "example": format.example,
        "alphabets": list(format.alphabets),
        "separators": list(format.separators),
        "learned": list(format.learned),
        "movable": format.pattern.movable < format.length,
        "check": format.check.to_dict() if format.check else None,
        "look": format.plate,
        "noun": format.noun,
        "one": format.one,
        "plural": format.plural,
    }


def send_geometry(geometry: Geometry, slot: str = "geometry") -> None:
    """Hand the geometry to the browser. Call it outside the fragment that holds the map.

    A page with several maps has a slot for each.
    """
    send(
        slot,
        geometry.version,
        records=geometry.records,
        values=geometry.values,
        weights=geometry.weights,
        layers=geometry.layers,
        blocks=geometry.blocks,
        format=geometry.format,
        attributes=geometry.attributes,
        likelihood=geometry.likelihood,
    )
