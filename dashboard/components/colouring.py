"""How an attribute colours codes: as classes, or as a scale from low to high."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Attribute, Codes

_MOST_CLASSES = 48
"""Categories with more values than this are coloured as a scale, in their natural order."""


@dataclass(frozen=True)
class Colouring:
    """An attribute as colours, by the values that occur among some codes.

    `categories` are its classes that occur there, in their natural order; a number has none, but
    a `span` from the lowest to the highest.
    """

    attribute: Attribute
    categories: tuple[str, ...]
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, attribute: Attribute, codes: Codes) -> "Colouring":
        """By the values that occur among codes (n,)."""
        if attribute.kind == "boolean":
            return cls(attribute, attribute.categories)
        present = np.unique(attribute.ranks(codes)).tolist()
        if attribute.kind == "number":
            return cls(attribute, (), (present[0], present[-1]))
        return cls(attribute, tuple(attribute.categories[rank] for rank in present))

    @property
    def is_scale(self) -> bool:
        """Whether codes are coloured along a scale."""
        return not self.categories or len(self.categories) > _MOST_CLASSES

    @property
    def _shown(self) -> tuple[str, ...]:
        """The categories that have a colour."""
        missing = self.attribute.missing if self.is_scale else ""
        return tuple(category for category in self.categories if category != missing)

    def values(self, codes: Codes) -> NDArray[np.float32]:
        """Codes (n,) -> the index of their class or their position on the scale, (n,).

        NaN for a code without a value, or with one that did not occur.
        """
        values = self.attribute.values(codes)
        if self.attribute.kind != "category":
            return values.astype(np.float32)
        places = {category: float(place) for place, category in enumerate(self._shown)}
        unique, inverse = np.unique(values, return_inverse=True)
        found = np.array([places.get(value, np.nan) for value in unique], np.float32)
        return found[inverse]

    def legend(self, codes: Codes) -> dict[str, Any]:
        """The map's legend for codes (n,): classes with their counts, or the scale."""
        values = self.values(codes)
        meta: dict[str, Any] = {"name": self.attribute.name, "label": self.attribute.label}
        if not self.is_scale:
            known = values[~np.isnan(values)].astype(np.intp)
            counts = np.bincount(known, minlength=len(self.categories)).tolist()
            pairs = zip(self.categories, counts, strict=True)
            return meta | {"classes": [{"label": label, "count": n} for label, n in pairs]}
        meta["missing"] = int(np.isnan(values).sum())
        low, high = self.span or (0, len(self._shown) - 1)
        ends = (self._shown[low], self._shown[high]) if self._shown else (str(low), str(high))
        return meta | {"low": low, "high": high, "lowLabel": ends[0], "highLabel": ends[1]}
