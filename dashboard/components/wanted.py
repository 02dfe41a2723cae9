"""What is wanted, as an attribute that colours the map as any other does."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from dashboard import state
from dashboard.components.colouring import Colouring
from dashboard.components.transfer import send, version_of
from dashboard.words import common
from regvae import predicates
from regvae.formats import Attribute, Codes
from regvae.model.bundle import Bundle
from regvae.rejection.unwanted import Unwanted


def colour_attribute(colour: str, unwanted: Unwanted | None, bundle: Bundle) -> Attribute:
    """What the map is coloured by: an attribute by its name, or for `WANTED_COLOUR` what is wanted.

    If nothing is unwanted (None), what is wanted is one class of all codes.
    """
    if colour != state.WANTED_COLOUR:
        return bundle.records.attributes[colour]
    if unwanted is None:
        everything = (common.NOTHING_UNWANTED,)
        return Attribute(colour, common.WANTED_COLOUR, "category", _all_alike, (), everything)
    return Attribute(
        colour,
        common.WANTED_COLOUR,
        "boolean",
        lambda codes: ~unwanted.of_codes(codes, bundle),
        unwanted.positions,
        (common.CLASS_UNWANTED.format(unwanted), common.CLASS_WANTED.format(_wanted(unwanted))),
    )


def _all_alike(codes: Codes) -> Codes:
    return np.full(len(codes), common.NOTHING_UNWANTED)


def _wanted(unwanted: Unwanted) -> str:
    """What is wanted, in words."""
    if unwanted.regions or unwanted.codes or unwanted.training:
        return common.ALL_OTHERS
    return predicates.text(predicates.negated(unwanted.predicates))


@dataclass(frozen=True)
class WantedLayer:
    """Which records are wanted, as `Geometry` has the attributes of their format.

    `table` has a row a record and the column `wanted`, whose classes the `legend` describes.
    """

    version: str
    table: pd.DataFrame
    legend: dict[str, Any]

    @classmethod
    def of(cls, unwanted: Unwanted | None, bundle: Bundle) -> "WantedLayer":
        """The layer of a bundle; all are wanted if nothing is unwanted (None)."""
        codes = bundle.records.codes
        colouring = Colouring.of(colour_attribute(state.WANTED_COLOUR, unwanted, bundle), codes)
        table = pd.DataFrame({state.WANTED_COLOUR: colouring.values(codes)})
        legend = colouring.legend(codes)
        # Two sets may have the same records, but not the same words.
        version = version_of(table, pd.DataFrame({"legend": [str(legend)]}))
        return cls(version, table, legend)


def send_wanted(layer: WantedLayer) -> None:
    """Hand to the browser which records are wanted."""
    send("wanted", layer.version, table=layer.table, legend=layer.legend)
