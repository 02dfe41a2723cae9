"""How an attribute colours codes: as classes, or as a scale from low to high."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Attribute, Codes

_MOST_CLASSES = 48
"""Categories with more values than this are coloured as a scale, in their natural order."""
_FEW_NUMBERS = 12
"""Numbers from a span of at most so many are classes: each has a colour of its own."""
_PARTS = 10
"""Parts of a scale of which shares are told."""


@dataclass(frozen=True)
class Colouring:
    """An attribute as colours, by the values that occur among some codes.

    `categories` are its values that occur there, in their natural order; a number of many values
    has none of them, but a `span` from its lowest to its highest value.
    """

    attribute: Attribute
    categories: tuple[str, ...]
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, attribute: Attribute, codes: Codes) -> "Colouring":
        """The colouring of an attribute by the values that occur among codes (n,)."""
        if attribute.kind == "boolean":
            return cls(attribute, attribute.categories)
        present = np.unique(attribute.ranks(codes)).tolist()
        if attribute.kind == "number":
            if present[-1] - present[0] < _FEW_NUMBERS:
                return cls(attribute, tuple(map(str, present)))
            return cls(attribute, (), (present[0], present[-1]))
        return cls(attribute, tuple(attribute.categories[rank] for rank in present))

    @property
    def is_scale(self) -> bool:
        """Whether codes are coloured along a scale."""
        return not self.categories or len(self.categories) > _MOST_CLASSES

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
        if self.attribute.kind == "boolean" or self.span:
            return values.astype(np.float32)
        places = {category: float(place) for place, category in enumerate(self.coloured)}
        unique, inverse = np.unique(values, return_inverse=True)
        found = np.array([places.get(str(value), np.nan) for value in unique], np.float32)
        return found[inverse]

    def shares(self, values: NDArray[np.float32]) -> tuple[list[str], NDArray[np.float64]]:
        """The share of each class among values (n,), or of each of ten equal parts of a scale.

        Gives their labels (v,) and the shares (v,), 0 to 1; codes without a value have no share.
        """
        if not self.is_scale:
            labels = list(self.categories)
            edges = np.arange(len(labels) + 1, dtype=float)
        else:
            low, high = self.span or (0, len(self.coloured) - 1)
            edges = np.linspace(low, high + 1, _PARTS + 1)
            names = self.coloured or range(high + 1)
            labels = [str(names[int(np.ceil(start))]) for start in edges[:-1]]
        return labels, np.histogram(values, edges)[0] / max(len(values), 1)

    def legend(self, codes: Codes) -> dict[str, Any]:
        """The legend for codes (n,), as JSON: classes with counts, or a scale with its ends."""
        values = self.values(codes)
        meta: dict[str, Any] = {"name": self.attribute.name, "label": self.attribute.label}
        if not self.is_scale:
            known = values[~np.isnan(values)].astype(np.intp)
            counts = np.bincount(known, minlength=len(self.categories)).tolist()
            pairs = zip(self.categories, counts, strict=True)
            return meta | {"classes": [{"label": label, "count": n} for label, n in pairs]}
        meta["missing"] = int(np.isnan(values).sum())
        low, high = self.span or (0, len(self.coloured) - 1)
        ends = (self.coloured[low], self.coloured[high]) if self.coloured else (str(low), str(high))
        return meta | {"low": low, "high": high, "lowLabel": ends[0], "highLabel": ends[1]}
