"""How an attribute colours regs: as classes, or as a scale from low to high."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.formats.uk_registration import NO_PERIOD, Attribute, Regs

_MOST_CLASSES = 48
"""Categories with more values than this are coloured as a scale, in their natural order."""


@dataclass(frozen=True)
class Colouring:
    """An attribute as colours, by what is found among some regs.

    `categories` are its classes that occur there, in their natural order; a number has none, but
    a `span` from the lowest to the highest.
    """

    attribute: Attribute
    categories: tuple[str, ...]
    span: tuple[int, int] | None = None

    @classmethod
    def of(cls, attribute: Attribute, reg: Regs) -> "Colouring":
        """By what occurs among regs (n,)."""
        if attribute.kind == "boolean":
            return cls(attribute, attribute.categories)
        present = np.unique(attribute.ranks(reg)).tolist()
        if attribute.kind == "number":
            return cls(attribute, (), (present[0], present[-1]))
        return cls(attribute, tuple(attribute.categories[rank] for rank in present))

    @property
    def is_scale(self) -> bool:
        """Whether regs are coloured along a scale."""
        return not self.categories or len(self.categories) > _MOST_CLASSES

    @property
    def _coded(self) -> tuple[str, ...]:
        """The categories that have a code: their place here."""
        return tuple(c for c in self.categories if not (self.is_scale and c == NO_PERIOD))

    def codes(self, reg: Regs) -> NDArray[np.float32]:
        """Regs (n,) -> the number of their class or their place on the scale, (n,).

        NaN where a reg has none, or one that did not occur.
        """
        values = self.attribute.values(reg)
        if self.attribute.kind != "category":
            return values.astype(np.float32)
        places = {category: float(place) for place, category in enumerate(self._coded)}
        unique, inverse = np.unique(values, return_inverse=True)
        codes = np.array([places.get(value, np.nan) for value in unique], np.float32)
        return codes[inverse]

    def legend(self, reg: Regs) -> dict[str, Any]:
        """What the map's legend says of regs (n,): classes with their counts, or the scale."""
        codes = self.codes(reg)
        meta: dict[str, Any] = {"name": self.attribute.name, "label": self.attribute.label}
        if not self.is_scale:
            known = codes[~np.isnan(codes)].astype(np.intp)
            counts = np.bincount(known, minlength=len(self.categories)).tolist()
            pairs = zip(self.categories, counts, strict=True)
            return meta | {"classes": [{"label": label, "count": n} for label, n in pairs]}
        meta["missing"] = int(np.isnan(codes).sum())
        low, high = self.span or (0, len(self._coded) - 1)
        ends = (self._coded[low], self._coded[high]) if self._coded else (str(low), str(high))
        return meta | {"low": low, "high": high, "lowLabel": ends[0], "highLabel": ends[1]}
