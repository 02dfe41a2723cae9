"""A person's own codes for the browser: where they lie, and how a value of theirs colours them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from dashboard.components.transfer import coordinates, version_of
from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded

_FEW = 12
"""Numbers with at most so many different values are classes, with more a scale."""
_MOST = 48
"""Texts with more different values colour nothing."""

_PLAIN, _SPLIT, _EXACT, _P_VALUE = "plain", "split", "exact", "p-value"


@dataclass(frozen=True)
class OwnLayer:
    """Own codes for the map.

    `table` has a row a code: its mean (`z_1`, …), `code`, `split` ("" for no record) and `value`,
    whose classes or scale the `legend` describes as that of an attribute.
    """

    version: str
    table: pa.Table
    legend: dict[str, Any]

    @property
    def title(self) -> str:
        """What stands above the legend."""
        return words.LEGEND.format(label=self.legend["label"])

    @classmethod
    def of(cls, encoded: Encoded, colour: str) -> "OwnLayer":
        """The layer, coloured by one of `colours`."""
        values, legend = _coloured(encoded, colour)
        codes = encoded.reading.codes
        table = coordinates(encoded.mean).assign(code=codes, split=encoded.split, value=values)
        # The legend has what the values do not: what they are called.
        version = version_of(table, pd.DataFrame({"legend": [str(legend)]}))
        return cls(version, pa.Table.from_pandas(table, preserve_index=False), legend)


def colours(encoded: Encoded) -> dict[str, str]:
    """What can colour own codes, with a label each: also the further columns of few values."""
    fixed = {
        _PLAIN: words.PLAIN,
        _SPLIT: words.IN_DATA,
        _EXACT: words.EXACT,
        _P_VALUE: words.P_VALUE,
    }
    further = encoded.reading.further
    usable = [str(name) for name in further if _is_number(further[name]) or _is_few(further[name])]
    return fixed | {_key(name): name for name in usable}


def _key(name: str) -> str:
    return f"column {name}"


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column)


def _is_few(column: pd.Series) -> bool:
    return column.nunique() <= _MOST


def _coloured(encoded: Encoded, colour: str) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The value of each code (n,), and the legend."""
    n = len(encoded.split)
    if colour == _SPLIT:
        names = [common.SPLITS.get(one, words.NO_RECORD) for one in encoded.split.tolist()]
        order = (*common.SPLITS.values(), words.NO_RECORD)
        return _classes(words.IN_DATA, names, order)
    if colour == _EXACT:
        names = [words.YES if one else words.NO for one in encoded.exact.tolist()]
        return _classes(words.EXACT, names, (words.NO, words.YES))
    if colour == _P_VALUE:
        return _scale(words.P_VALUE, encoded.p_value)
    for name, column in encoded.reading.further.items():
        if colour == _key(str(name)):
            return _further(str(name), column)
    values, legend = _classes(words.PLAIN, [words.YOURS] * n, (words.YOURS,))
    legend["classes"][0]["colour"] = "own"  # its name in the palette
    return values, legend


def _further(name: str, column: pd.Series) -> tuple[NDArray[np.float32], dict[str, Any]]:
    if _is_number(column) and column.nunique() > _FEW:
        return _scale(name, column.to_numpy(np.float64))
    if _is_number(column):
        column = column + 0  # -0.0 is 0.0
    present = sorted(column.dropna().unique().tolist())
    shown = [words.EMPTY if pd.isna(one) or one == "" else f"{one}" for one in column.tolist()]
    order = dict.fromkeys([*(f"{one}" for one in present if one != ""), words.EMPTY])
    return _classes(name, shown, tuple(order))


def _classes(
    label: str, names: list[str], order: tuple[str, ...]
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Names (n,) as classes, in an order; those that do not occur are left out."""
    counts = pd.Series(names, dtype=object).value_counts()
    present = [name for name in order if name in counts]
    places = {name: place for place, name in enumerate(present)}
    legend = [{"label": name, "count": int(counts[name])} for name in present]
    values = np.array([places[name] for name in names], np.float32)
    return values, {"name": "value", "label": label, "classes": legend}


def _scale(label: str, numbers: NDArray[np.float64]) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Numbers (n,) on a scale from the lowest to the highest, NaN for none."""
    with np.errstate(over="ignore"):
        values = numbers.astype(np.float32)
    values[~np.isfinite(values)] = np.nan
    known = values[~np.isnan(values)]
    low, high = (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)
    return values, {
        "name": "value",
        "label": label,
        "of": words.YOURS,
        "count": len(values),
        "missing": len(values) - len(known),
        "low": low,
        "high": high,
        "lowLabel": f"{low:.4g}",
        "highLabel": f"{high:.4g}",
    }
