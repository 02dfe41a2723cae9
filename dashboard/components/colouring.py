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

    `categories` are its values that occur there, in their natural order; a number has none of them,
    but a `span` from its lowest to its highest value.
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
            return cls(attribute, (), (present[0], present[-1]))
        return cls(attribute, tuple(attribute.categories[rank] for rank in present))

    @property
    def is_scale(self) -> bool:
        """Whether codes are coloured along a scale."""
        return not self.categories or len(self.categories) > _MOST_CLASSES

    @property
    def _coloured(self) -> tuple[str, ...]:
        """The categories that have a colour: on a scale, all but the one for a missing value."""
        missing = self.attribute.missing if self.is_scale else ""
        return tuple(category for category in self.categories if category != missing)

    def values(self, codes: Codes) -> NDArray[np.float32]:
        """Codes (n,) -> the index of their class or their position on the scale: (n,).

        NaN for a code without a value, or with a value that is not among `categories`.
        """
        values = self.attribute.values(codes)
        if self.attribute.kind != "category":
            return values.astype(np.float32)
        places = {category: float(place) for place, category in enumerate(self._coloured)}
        unique, inverse = np.unique(values, return_inverse=True)
        found = np.array([places.get(value, np.nan) for value in unique], np.float32)
        return found[inverse]

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
        low, high = self.span or (0, len(self._coloured) - 1)
        ends = (
            (self._coloured[low], self._coloured[high]) if self._coloured else (str(low), str(high))
        )
        return meta | {"low": low, "high": high, "lowLabel": ends[0], "highLabel": ends[1]}
