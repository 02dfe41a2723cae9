"""A person's own codes for the browser: where they lie, and how a value of theirs colours them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.components.own_columns import PLAIN, Column, columns
from dashboard.components.transfer import coordinates, version_of
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded


@dataclass(frozen=True)
class OwnLayer:
    """Own codes for the map.

    `table` has a row a code: its mean (`z_1`, …), `code`, `split` ("" for no record) and `value`,
    whose classes or scale the `legend` describes as that of an attribute. `title` stands above it.
    """

    version: str
    table: pa.Table
    legend: dict[str, Any]
    title: str

    @classmethod
    def of(cls, encoded: Encoded, colour: str, rows: NDArray[np.bool_]) -> "OwnLayer":
        """The layer of some rows (n,) of the codes, coloured by one of their `columns`.

        Colours and scale are those of all codes, so that no code changes its colour with the rows.
        """
        column, codes = Column.of(encoded, colour), encoded.reading.codes
        legend = column.legend(rows)
        if colour not in columns(encoded) or colour == PLAIN:
            legend["classes"][0]["colour"] = "own"  # its name in the palette
        table = coordinates(encoded.mean).assign(
            code=codes, split=encoded.split, value=column.values.astype(np.float32)
        )[rows]
        title = words.LEGEND.format(label=column.label)
        if not rows.all():
            title += f" ({words.SHOWN.format(shown=len(table), n=len(rows))})"
        # The legend has what the values do not: what they are called.
        version = version_of(table, pd.DataFrame({"legend": [f"{legend} {title}"]}))
        return cls(version, pa.Table.from_pandas(table, preserve_index=False), legend, title)
