"""Unwanted codes: by predicates, by regions of the map, as a list, or all of the training split.

These parts are joined by *or*: a code is unwanted if any part includes it. The predicates are
joined by *and*, and together are one part.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regvae import predicates
from regvae.formats import UK_REGISTRATION, Attribute, Codes, Format, FormatError
from regvae.formats.codes import keys
from regvae.latent.polygon import Polygon, in_polygon, polygon_corners
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.predicates import Clause

Region = tuple[tuple[float, float], ...]

_FARTHEST = 1e6
"""Largest coordinate of a corner of a region."""


def usual_wanted(format: Format, codes: Codes) -> str:
    """What is wanted of codes unless somebody chooses: a predicate as text.

    `Format.wanted`, or else the first number, from its median on; if there is none, the more
    frequent half of the values of the first category, or else what the first boolean holds for.
    Empty if none of these tells some codes (n,) from others.
    """
    if format.wanted:
        return format.wanted
    kinds = ("number", "category", "boolean")
    attributes = sorted(format.attributes.values(), key=lambda one: kinds.index(one.kind))
    for attribute in attributes:
        text = _upper_half(attribute, attribute.values(codes))
        try:
            wanted = predicates.parse_all([text], format)
        except predicates.PredicateError:  # a category with a comma in its name
            continue
        holds = predicates.mask(wanted, codes, format)
        if holds.any() and not holds.all():
            return text
    return ""


def _upper_half(attribute: Attribute, values: NDArray) -> str:
    if attribute.kind == "number":
        return f"{attribute.name} >= {int(np.ceil(np.median(values)))}"
    if attribute.kind == "boolean":
        return f"{attribute.name} == true"
    present, counts = np.unique(values, return_counts=True)
    most = present[np.argsort(-counts, kind="stable")[: (len(present) + 1) // 2]]
    return f"{attribute.name} in {', '.join(sorted(most.tolist()))}"


class UnwantedError(ValueError):
    """An unwanted set that is empty or leaves nothing wanted; the message tells what to change."""


@dataclass(frozen=True)
class Unwanted:
    """A set of unwanted codes, defined for records and for any other code.

    A code is unwanted if it fulfils all `predicates`, or its mean lies in one of `regions`
    (polygons in the plane of the first two latent coordinates, at most 1e6 from 0), or it is one of
    `codes` (normalised), or, with `training`, it is a record of the training split. Raises
    `UnwantedError` if all of these are empty, `FormatError` for a text that is not a normalised
    code, and `ValueError` for a region that is not a polygon.
    """

    predicates: tuple[Clause, ...] = ()
    regions: tuple[Region, ...] = ()
    codes: tuple[str, ...] = ()
    training: bool = False
    format: Format = UK_REGISTRATION

    def __post_init__(self) -> None:
        if not (self.predicates or self.regions or self.codes or self.training):
            raise UnwantedError(
                "expected something unwanted, got nothing; give a predicate such as "
                f"{predicates.example(self.format)!r}, a region, a list of {self.format.plural}, "
                "or all of training"
            )
        for region in self.regions:
            polygon_corners(region, _FARTHEST)
        right = self.format.are_normalised(self.codes)
        if not right.all():
            raise FormatError(
                f"expected unwanted {self.format.plural} such as {self.format.example}, got "
                f"{self.codes[right.argmin()]!r}; normalise it with Format.parse"
            )

    @classmethod
    def of(
        cls,
        texts: Sequence[str] = (),
        *,
        wanted: Sequence[str] = (),
        regions: Sequence[Polygon] = (),
        listed: Sequence[str] = (),
        training: bool = False,
        format: Format = UK_REGISTRATION,
    ) -> "Unwanted":
        """From predicates as text, polygons, and codes as typed; a code listed twice counts once.

        Predicates of `texts` are of what is unwanted, those of `wanted` of what is wanted: all
        other codes are unwanted. Raises what the class does, and `PredicateError` for a text that
        is not a predicate.

        >>> str(Unwanted.of(["number<50"], listed=["ab12 cde"]))
        'number < 50 or AB12CDE'
        """
        found = predicates.parse_all(texts, format) if texts else ()
        if wanted:
            others = predicates.negated(predicates.parse_all(wanted, format))
            found = predicates.either(found, others) if found else others
        predicates.text(found)  # raises for what could not be written again
        return cls(
            predicates=found,
            regions=tuple(
                tuple((float(x), float(y)) for x, y in polygon_corners(region))
                for region in regions
            ),
            codes=tuple(dict.fromkeys(format.parse_all(listed))),
            training=training,
            format=format,
        )

    def of_records(self, records: Records) -> NDArray[np.bool_]:
        """Which records are unwanted: (n,) booleans.

        Raises `UnwantedError` for a region in a latent space of one dimension.
        """
        unwanted = self._without_regions(records.codes, records)
        if self.regions and records.latent_dim < 2:
            raise UnwantedError(
                "expected two latent coordinates or more for a region, got records with one; give "
                "a predicate or a list"
            )
        for region in self.regions:
            unwanted |= in_polygon(records.mean[:, :2], region)
        return unwanted

    def of_codes(self, codes: Codes, bundle: Bundle) -> NDArray[np.bool_]:
        """Which codes (m,), records or not, are unwanted: (m,) booleans; regions encode them.

        What the format does not permit is unwanted too, such as excluded texts. Raises as
        `check_records`.
        """
        self.check_records(bundle)
        unwanted = self._without_regions(codes, bundle.records) | ~self.format.permits(codes)
        if self.regions and len(codes):
            mean, _ = bundle.autoencoder.encode(codes)
            for region in self.regions:
                unwanted |= in_polygon(mean[:, :2], region)
        return unwanted

    def _without_regions(self, codes: Codes, records: Records) -> NDArray[np.bool_]:
        """Which codes are unwanted by the parts that need no mean."""
        unwanted = np.zeros(len(codes), bool)
        if self.predicates:
            unwanted |= predicates.mask(self.predicates, codes, self.format)
        listed = [self.format.array(self.codes)] if self.codes else []
        if self.training:
            listed.append(records.codes[records.split == "train"])
        if listed:
            unwanted |= np.isin(keys(codes), keys(np.concatenate(listed)))
        return unwanted

    def check_records(self, bundle: Bundle) -> None:
        """Raises `NoRecordsError` if all training codes are unwanted, of a bundle that was released
        without them."""
        if self.training:
            bundle.require_records(
                "to know which codes it was trained on, all of them unwanted",
                "give a predicate, a region or a list",
            )

    def check_sides(self, selected: NDArray[np.bool_], unseen: Codes) -> None:
        """Check that there is something on both sides: of records (n,) those that are unwanted are
        marked, and u listed codes are no records.

        Raises `UnwantedError` otherwise.
        """
        if not selected.any() and not len(unseen):
            raise UnwantedError(
                f"expected something unwanted, got nothing: none of the {len(selected):,} records "
                f"is unwanted by {str(self)!r}; widen it"
            )
        if selected.all():
            raise UnwantedError(
                f"expected something wanted, got nothing: all {len(selected):,} records are "
                f"unwanted by {str(self)!r}; narrow it"
            )

    @property
    def positions(self) -> tuple[int, ...]:
        """The learned characters that decide whether a code is unwanted, counted from 0."""
        if self.regions or self.codes or self.training:
            return self.format.learned
        return predicates.positions(self.predicates, self.format)

    def unseen(self, records: Records) -> Codes:
        """The listed codes that are not records: (u,). Only the encoder gives them a Gaussian."""
        listed = self.format.array(self.codes)
        return listed[~records.contains(listed)]

    @cached_property
    def fingerprint(self) -> str:
        """A sha256 of the set: equal for equal sets, and quicker to compare than a long list."""
        return hashlib.sha256(repr(self).encode()).hexdigest()

    def __str__(self) -> str:
        parts = []
        if self.predicates:
            parts.append(predicates.text(self.predicates))
        if self.regions:
            parts.append("a mean in " + ("the region" if len(self.regions) == 1 else "the regions"))
        if self.codes:
            several = f"one of {len(self.codes):,} {self.format.plural}"
            one = str(self.format.written(self.codes[:1])[0])
            parts.append(one if len(self.codes) == 1 else several)
        if self.training:
            parts.append("a place in the training data")
        return " or ".join(parts)
