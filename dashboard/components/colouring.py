"""How an attribute colours codes: as classes, or as a scale from low to high."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Attribute, Codes
from regvae.formats.columns import MOST_CLASSES
from regvae.formats.pattern import NONE

_FEW_NUMBERS = 12
"""A number has classes, each with a colour of its own, if its values span at most so many integers;
a column's, if it has at most so many different ones."""
_PARTS = 10
"""Parts of a scale of which shares are told."""


@dataclass(frozen=True)
class Colouring:
    """An attribute as colours, by the values that occur among some codes.

    `categories` are its values that occur there, in their natural order. A date, or a number of
    many values, has no categories but a `span`, from its lowest to its highest value; the ends are
    float32, as the browser has the values.
    """

    attribute: Attribute
    categories: tuple[str, ...]
    span: tuple[float, float] | None = None

    @classmethod
    def of(cls, attribute: Attribute, codes: Codes) -> "Colouring":
        """The colouring of an attribute by the values that occur among codes (n,)."""
        if attribute.kind == "boolean":
            return cls(attribute, attribute.categories)
        if attribute.kind == "category":
            there = set(np.unique(attribute.values(codes)).tolist())
            return cls(attribute, tuple(one for one in attribute.categories if one in there))
        values = within_float32(attribute.values(codes))
        known = np.unique(values[~np.isnan(values)]).tolist()
        if attribute.kind == "number" and _are_few(known, attribute):
            missing = (NONE,) if np.isnan(values).any() else ()
            return cls(attribute, (*map(attribute.text, known), *missing))
        low, high = (
            (float(np.float32(one)) for one in (known[0], known[-1])) if known else (0.0, 0.0)
        )
        return cls(attribute, (), (low, high))

    @property
    def is_scale(self) -> bool:
        """Whether codes are coloured along a scale: also by more than `MOST_CLASSES` categories, in
        their natural order."""
        return not self.categories or len(self.categories) > MOST_CLASSES

    @property
    def coloured(self) -> tuple[str, ...]:
        """The categories that have a colour: on a scale, all but the one for a missing value."""
        missing = self.attribute.missing if self.is_scale else ""
        return tuple(category for category in self.categories if category != missing)

    def values(self, codes: Codes) -> NDArray[np.float32]:
        """Codes (n,) -> the index of their class or their position on the scale: (n,).

        NaN for a code without a value, or with a value that is not among `categories`.
        """
        values = self.attribute.values(codes)
        if self.span:
            return within_float32(values).astype(np.float32)
        if self.attribute.kind == "boolean":
            return values.astype(np.float32)
        if self.attribute.kind == "number":  # as those that the categories were made of
            values = within_float32(values)
        places = {category: float(place) for place, category in enumerate(self.coloured)}
        unique, inverse = np.unique(values, return_inverse=True)
        named = (
            unique.tolist()
            if self.attribute.kind == "category"
            else map(self.attribute.text, unique)
        )
        found = np.array([places.get(one, np.nan) for one in named], np.float32)
        return found[inverse]

    def shares(self, values: NDArray[np.float32]) -> tuple[list[str], NDArray[np.float64]]:
        """The share of each class among values (n,), or of each of ten equal parts of a scale.

        Gives their labels (v,) and the shares (v,), 0 to 1; codes without a value have no share.
        """
        if not self.is_scale:
            labels = list(self.categories)
            edges = np.arange(len(labels) + 1, dtype=float)
        else:
            low, high = self.ends
            step = float(low % 1 == high % 1 == 0)  # whole numbers: the last part has the last one
            edges = np.linspace(low, high + step, _PARTS + 1)
            labels = [self.text(np.ceil(one) if step else one) for one in edges[:-1].tolist()]
        return labels, np.histogram(values, edges)[0] / max(len(values), 1)

    @property
    def ends(self) -> tuple[float, float]:
        """The lowest and the highest position on a scale."""
        return self.span or (0.0, len(self.coloured) - 1.0)

    def text(self, position: float) -> str:
        """What a position on a scale means."""
        if self.coloured:
            return self.coloured[int(position)]
        return self.attribute.text(float(f"{position:.6g}") if position % 1 else position)

    def legend(self, codes: Codes) -> dict[str, Any]:
        """The legend for codes (n,), as JSON: classes with counts, or a scale with its ends."""
        values = self.values(codes)
        meta: dict[str, Any] = {
            "name": self.attribute.name,
            "label": self.attribute.label,
            "isColumn": self.attribute.is_column,
        }
        if not self.is_scale:
            known = values[~np.isnan(values)].astype(np.intp)
            counts = np.bincount(known, minlength=len(self.categories)).tolist()
            pairs = zip(self.categories, counts, strict=True)
            return meta | {"classes": [{"label": label, "count": n} for label, n in pairs]}
        meta["missing"] = int(np.isnan(values).sum())
        low, high = self.ends
        texts = {"lowLabel": self.text(low), "highLabel": self.text(high)}
        return meta | {"low": low, "high": high} | texts


def _are_few(known: list[float], attribute: Attribute) -> bool:
    if attribute.is_column:
        return len(known) <= _FEW_NUMBERS
    return known[-1] - known[0] < _FEW_NUMBERS


def within_float32(numbers: NDArray) -> NDArray[np.float64]:
    """Numbers (n,), NaN where the browser could not hold them."""
    with np.errstate(over="ignore"):
        return np.where(np.isfinite(numbers.astype(np.float32)), numbers, np.nan).astype(np.float64)
