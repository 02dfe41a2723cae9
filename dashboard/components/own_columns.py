"""What is known of each of a person's own codes: classes or numbers, to colour and to filter by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded

_FEW = 12
"""Numbers with at most so many different values are classes, with more a scale."""
_MOST = 48
"""Texts with more different values are no classes."""

PLAIN = "plain"
"""The column that has one class for all."""
_SPLIT, _EXACT, _P_VALUE = "split", "exact", "p-value"


def columns(encoded: Encoded) -> dict[str, str]:
    """The columns of own codes, with a label each: also the further ones of few values."""
    fixed = {
        PLAIN: words.PLAIN,
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


@dataclass(frozen=True)
class Column:
    """A value of each of n codes: with `classes` its place among these labels, else a number.

    `values` is (n,), NaN for no number.
    """

    label: str
    values: NDArray[np.float64]
    classes: tuple[str, ...] = ()

    @classmethod
    def of(cls, encoded: Encoded, name: str) -> "Column":
        """One of the `columns` by its name; the plain one for any other name."""
        if name == _SPLIT:
            splits = [common.SPLITS.get(one, words.NO_RECORD) for one in encoded.split.tolist()]
            order = (*common.SPLITS.values(), words.NO_RECORD)
            return _classes(words.IN_DATA, splits, order)
        if name == _EXACT:
            exact = [words.YES if one else words.NO for one in encoded.exact.tolist()]
            return _classes(words.EXACT, exact, (words.NO, words.YES))
        if name == _P_VALUE:
            return cls(words.P_VALUE, encoded.p_value)
        for label, column in encoded.reading.further.items():
            if name == _key(str(label)):
                return _further(str(label), column)
        return _classes(words.PLAIN, [words.YOURS] * len(encoded.split), (words.YOURS,))

    def legend(self, rows: NDArray[np.bool_]) -> dict[str, Any]:
        """What the values mean, as of an attribute; `rows` (n,) are those that are counted."""
        shown = self.values[rows]
        described = {"name": "value", "label": self.label}
        if self.classes:
            counts = np.bincount(shown.astype(int), minlength=len(self.classes)).tolist()
            pairs = zip(self.classes, counts, strict=True)
            return described | {"classes": [{"label": one, "count": n} for one, n in pairs]}
        low, high = self.span
        return described | {
            "of": words.YOURS,
            "count": len(shown),
            "missing": int(np.isnan(shown).sum()),
            "low": low,
            "high": high,
            "lowLabel": f"{low:.4g}",
            "highLabel": f"{high:.4g}",
        }

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest number of all; 0 and 0 if there is none."""
        known = self.values[~np.isnan(self.values)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)


def _further(label: str, column: pd.Series) -> Column:
    if _is_number(column) and column.nunique() > _FEW:
        return Column(label, _within_float32(column.to_numpy(np.float64)))
    if _is_number(column):
        column = column + 0  # -0.0 is 0.0
    present = sorted(column.dropna().unique().tolist())
    shown = [words.EMPTY if pd.isna(one) or one == "" else f"{one}" for one in column.tolist()]
    order = dict.fromkeys([*(f"{one}" for one in present if one != ""), words.EMPTY])
    return _classes(label, shown, tuple(order))


def _within_float32(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Numbers (n,), NaN where the browser could not hold them."""
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(numbers.astype(np.float32)), numbers, np.nan)


def _classes(label: str, names: Sequence[str], order: Sequence[str]) -> Column:
    """Names (n,) as classes, in an order; those that do not occur are left out."""
    there = set(names)
    present = tuple(name for name in order if name in there)
    places = {name: place for place, name in enumerate(present)}
    return Column(label, np.array([places[name] for name in names], np.float64), present)
