"""What is known of each of a person's own codes: classes or numbers, to colour and to filter by."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.components.colouring import Colouring, within_float32
from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded
from regvae.formats import Codes
from regvae.formats.columns import MOST_CLASSES, attribute_of, is_scale
from regvae.formats.format import date_text

PLAIN = "plain"
"""The column that has one class for all."""
_SPLIT, _EXACT, _P_VALUE = "split", "exact", "p-value"


def columns(encoded: Encoded) -> dict[str, str]:
    """The columns of own codes, with a label each: also further ones of numbers, dates, or few
    different texts."""
    fixed = {
        PLAIN: words.PLAIN,
        _SPLIT: words.IN_DATA,
        _EXACT: words.EXACT,
        _P_VALUE: words.P_VALUE,
    }
    if encoded.calibration is None:  # of a model without records
        del fixed[_SPLIT], fixed[_P_VALUE]
    typed = encoded.reading.typed
    usable = [str(name) for name in typed if _is_usable(typed[name])]
    return fixed | {_key(name): name for name in usable}


def _key(name: str) -> str:
    return f"column {name}"


def _is_usable(series: pd.Series) -> bool:
    return is_scale(series) or series.nunique() <= MOST_CLASSES


@dataclass(frozen=True)
class Column:
    """A value of each of n codes: with `classes` its place among these labels, else a number.

    `values` is (n,), NaN for no number; if `dates`, they are days since 1970.
    """

    label: str
    values: NDArray[np.float64]
    classes: tuple[str, ...] = ()
    dates: bool = False

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
        for label, series in encoded.reading.typed.items():
            if name == _key(str(label)):
                return _further(str(label), series, encoded.reading.codes)
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
            "lowLabel": self.text(low),
            "highLabel": self.text(high),
        }

    def text(self, value: float) -> str:
        """A number, or a date, as people read it."""
        return date_text(value) if self.dates else f"{value:.4g}"

    @property
    def span(self) -> tuple[float, float]:
        """The lowest and the highest number of all; 0 and 0 if there is none."""
        known = self.values[~np.isnan(self.values)]
        return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)


def _further(label: str, series: pd.Series, codes: Codes) -> Column:
    attribute = attribute_of(label, codes, series)
    colouring = Colouring.of(attribute, codes)
    if colouring.is_scale:
        numbers = within_float32(attribute.values(codes))
        return Column(label, numbers, dates=attribute.kind == "date")
    return Column(label, colouring.values(codes).astype(np.float64), colouring.categories)


def _classes(label: str, names: Sequence[str], order: Sequence[str]) -> Column:
    """Names (n,) as classes, in an order; those that do not occur are left out."""
    there = set(names)
    present = tuple(name for name in order if name in there)
    places = {name: place for place, name in enumerate(present)}
    return Column(label, np.array([places[name] for name in names], np.float64), present)
