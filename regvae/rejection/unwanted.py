"""What to stay clear of: records named by rules, by regions of the map, one by one, or all of them.

The parts are joined by *or*: a record is unwanted as soon as one part names it. The rules among
themselves are joined by *and*, and so make up one part.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regvae import predicates
from regvae.formats import uk_registration
from regvae.formats.uk_registration import Regs
from regvae.latent.polygon import Polygon, in_polygon, polygon_corners
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.predicates import Rule

Region = tuple[tuple[float, float], ...]


_FARTHEST = 1e6


class UnwantedError(ValueError):
    """An unwanted set that leaves nothing to do; the message says what to change."""


@dataclass(frozen=True)
class Unwanted:
    """A set of regs to stay clear of, defined for records and for any other reg alike.

    A reg is unwanted if it fulfils all of `rules`, or its mean lies in one of `regions` (polygons
    in the plane of the first two latent coordinates), or it is one of `regs` (normalised), or, with
    `training`, it is a record of the training split. Raises `UnwantedError` if nothing is named,
    `RegError` for a reg that is none, and `ValueError` for a region that is no polygon.
    """

    rules: tuple[Rule, ...] = ()
    regions: tuple[Region, ...] = ()
    regs: tuple[str, ...] = ()
    training: bool = False

    def __post_init__(self) -> None:
        if not (self.rules or self.regions or self.regs or self.training):
            raise UnwantedError(
                "nothing is unwanted; give a rule such as 'number < 50', a region, a list of regs, "
                "or all of training"
            )
        for region in self.regions:
            polygon_corners(region, _FARTHEST)
        for reg in self.regs:
            if not uk_registration.is_normalised(reg):
                raise uk_registration.RegError(
                    f"unwanted regs want the form AB12CDE, but came {reg!r}"
                )

    @classmethod
    def of(
        cls,
        texts: Sequence[str] = (),
        *,
        regions: Sequence[Polygon] = (),
        listed: Sequence[str] = (),
        training: bool = False,
    ) -> "Unwanted":
        """From rules as text, polygons, and regs as typed; each reg of the list is kept once.

        >>> Unwanted.of(["number < 50"])
        """
        return cls(
            rules=predicates.parse_all(texts) if texts else (),
            regions=tuple(
                tuple((float(x), float(y)) for x, y in polygon_corners(region))
                for region in regions
            ),
            regs=tuple(dict.fromkeys(uk_registration.parse(reg) for reg in listed)),
            training=training,
        )

    def of_records(self, records: Records) -> NDArray[np.bool_]:
        """Which records are unwanted: (n,) booleans."""
        unwanted = self._named(records.reg, records)
        if self.regions and records.latent_dim < 2:
            raise UnwantedError(
                "a region lies in the plane of two latent coordinates, but these records have one; "
                "name the unwanted by a rule or a list"
            )
        for region in self.regions:
            unwanted |= in_polygon(records.mean[:, :2], region)
        return unwanted

    def of_regs(self, reg: Regs, bundle: Bundle) -> NDArray[np.bool_]:
        """Which regs (m,), records or not, are unwanted: (m,) booleans."""
        unwanted = self._named(reg, bundle.records)
        if self.regions and len(reg):
            mean, _ = bundle.autoencoder.encode(reg)
            for region in self.regions:
                unwanted |= in_polygon(mean[:, :2], region)
        return unwanted

    def _named(self, reg: Regs, records: Records) -> NDArray[np.bool_]:
        """Which regs the parts that need no latent space name."""
        named = predicates.mask(self.rules, reg) if self.rules else np.zeros(len(reg), bool)
        listed = [np.array(self.regs, "U7")] if self.regs else []
        if self.training:
            listed.append(records.reg[records.split == "train"])
        if listed:
            named |= np.isin(
                uk_registration.keys(reg), uk_registration.keys(np.concatenate(listed))
            )
        return named

    def unseen(self, records: Records) -> Regs:
        """The listed regs that are no records, and so have a Gaussian only when encoded."""
        listed = np.array(self.regs, "U7")
        return listed[~records.contain(listed)]

    @cached_property
    def fingerprint(self) -> str:
        """A text that differs when the set does: quicker to compare than a long list."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def __str__(self) -> str:
        parts = []
        if self.rules:
            parts.append(" and ".join(map(str, self.rules)))
        if self.regions:
            parts.append("a mean in " + ("the region" if len(self.regions) == 1 else "the regions"))
        if self.regs:
            parts.append(self.regs[0] if len(self.regs) == 1 else f"one of {len(self.regs):,} regs")
        if self.training:
            parts.append("a place in the training data")
        return " or ".join(parts)
