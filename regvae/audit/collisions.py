"""Whether results are new codes, and how certain that is: counted on codes, not distances.

A distance in latent space proves nothing, because two distant points may decode to one code. So
every accepted point is decoded and compared exactly with all records. The rates of what n draws
showed, or did not show, have confidence bounds (`regvae.intervals`).
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import ROUND_CEILING

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist

from regvae.audit.exposure import Exposure, exposures
from regvae.formats import Codes, Format
from regvae.intervals import CONFIDENCE, interval, rounded, upper_bound
from regvae.model.bundle import Bundle
from regvae.parallel import THREADS
from regvae.rejection.report import Tally
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted

CLOSELY = 100_000
"""Edit distances and drift are computed for this many results, the first."""
_COMPARED = 2_000
"""Most different codes whose edit distance to every training record is computed."""


def edit_distances(codes: Codes, known: Codes) -> NDArray[np.int64]:
    """Levenshtein distance of each code (m,) to the nearest of `known` (n,), n at least 1: (m,).

    The least number of characters to insert, delete or replace, from 0 to a code's length.
    """
    nearest = [
        cdist(
            list(codes[start : start + 256]),
            list(known),
            scorer=Levenshtein.distance,
            dtype=np.uint8,
            workers=THREADS,
        )
        for start in range(0, len(codes), 256)
    ]
    return np.concatenate([np.empty(0, int), *(one.min(axis=1).astype(int) for one in nearest)])


def drift(bundle: Bundle, z: NDArray, codes: Codes) -> NDArray[np.float64]:
    """Re-encoding drift: distance of points (m, k) from their decoded codes' (m,) means: (m,).

    In standard deviations of that code's Gaussian (Mahalanobis). Small near the training data,
    large where the decoder extrapolates.
    """
    mean, sigma = bundle.autoencoder.encode(codes)
    return np.linalg.norm((z - mean) / sigma, axis=1)


@dataclass(frozen=True)
class Audit:
    """Counts, bounds and distances of the accepted points and results of a policy.

    `draws` is the number of accepted points; `collisions` of them decode to a record, which
    `exposures` tells by split, and `unwanted` to an unwanted code. The bounds are on these rates
    per draw of this policy, one-sided at `confidence`; `purity_interval` is two-sided. Of a bundle
    that was released without its records collisions, edits and what is held out are not known:
    None, or no shares. `results` is the number of results, `distinct` that of their different
    codes, and `leaking` of them are unwanted or records. The rest is about the first `checked` of
    them: `valid` is the share with the attribute of that name, None if the
    format has none; `edits` and `edits_held_out` (p + 1,) are the shares of different codes of p
    characters that are 0 to p edits from the nearest training record, for results and for the test
    split; `drift` and `drift_held_out` are the median and 95th percentile of the re-encoding drift,
    for results and for the means of the test split, None without any.
    """

    draws: int
    collisions: int | None
    collision_bound: float | None
    exposures: tuple[Exposure, ...]
    unwanted: int
    unwanted_bound: float
    purity_interval: tuple[float, float]
    confidence: float
    results: int
    distinct: int
    leaking: int
    checked: int
    valid: float | None
    edits: list[float]
    edits_held_out: list[float]
    drift: tuple[float, float] | None
    drift_held_out: tuple[float, float] | None

    def headline(self, format: Format) -> str:
        """How many different codes of a format the results are, and how many leak.

        >>> audit.headline(UK_REGISTRATION)
        '5,000 new regs: all different, none a record, none unwanted'
        """
        plural = format.plural
        if self.collisions is None:
            return self._of_release(format)
        if not self.results:
            return f"no new {plural}"
        if self.results == 1:
            leaks = "a record or unwanted" if self.leaking else "no record, not unwanted"
            return f"1 {'' if self.leaking else 'new '}{format.noun}: {leaks}"
        new = "" if self.leaking else "new "
        number = (
            f"{self.results:,} {new}{plural}: all different"
            if self.distinct == self.results
            else f"{self.results:,} results: {self.distinct:,} different {new}{plural}"
        )
        leaking = (
            f"{self.leaking:,} of them records or unwanted"
            if self.leaking
            else "none a record, none unwanted"
        )
        return f"{number}, {leaking}"

    def _of_release(self, format: Format) -> str:
        """The headline of a model without records, by which results are neither new nor not."""
        if not self.results:
            return f"no {format.plural}"
        leaking = f"{self.leaking:,} of them unwanted" if self.leaking else "none unwanted"
        plural = format.noun if self.distinct == 1 else format.plural
        return (
            f"{self.results:,} results: {self.distinct:,} different {plural}, {leaking}; whether "
            "any is a record is not known"
        )

    def sentence(self) -> str:
        """The collisions and the bound on their rate per draw, in words."""
        if self.collisions is None or self.collision_bound is None:
            return (
                "collisions are not known: the model was released without its records, and a "
                "result may be one of them"
            )
        if not self.draws:
            return "no point was accepted, so nothing is known of collisions"
        bound = rounded(self.collision_bound, 2, ROUND_CEILING)
        return (
            f"{self.collisions:,} collision{'' if self.collisions == 1 else 's'} in "
            f"{self.draws:,} draw{'' if self.draws == 1 else 's'}: "
            f"below {bound:.1e} at {self.confidence:.0%}"
        )

    def exposed_sentence(self) -> str:
        """How many different records those were, by split, beside chance, in words."""
        parts = [
            f"{one.exposed:,} of {one.records:,} records of {one.split} "
            f"({one.by_chance:.2g} by chance)"
            for one in self.exposures
        ]
        return f"different records among the accepted: {', '.join(parts)}" if parts else ""


@dataclass(frozen=True)
class Counted:
    """What some accepted points add to an audit: their counts, how often each record is among them
    (`hits`), how many results leak, and points `z` (m, k) with `codes` (m,) of results to look at
    closely."""

    tally: Tally
    hits: Counter[str]
    leaking: int
    z: NDArray[np.float64]
    codes: Codes

    @classmethod
    def of(cls, tally: Tally, accepted: Samples, kept: Samples, room: int) -> "Counted":
        """Of points by their counts, and of the results among them; the first `room` of these are
        to be looked at closely."""
        hits = Counter(accepted.codes[accepted.collision].tolist())
        return cls(tally, hits, int(kept.leaks.sum()), kept.z[:room], kept.codes[:room])

    @classmethod
    def none(cls, bundle: Bundle) -> "Counted":
        """Of no points of a bundle."""
        z = np.empty((0, bundle.records.latent_dim))
        return cls(Tally(), Counter(), 0, z, np.empty(0, bundle.records.codes.dtype))

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(
            self.tally + other.tally,
            self.hits + other.hits,
            self.leaking + other.leaking,
            np.concatenate([self.z, other.z]),
            np.concatenate([self.codes, other.codes]),
        )


@dataclass
class Auditor:
    """Collects what an audit needs, block by block. `tally` are the counts so far.

    The held-out codes beside the results are the wanted ones of the test split, or all of them if
    none is wanted.
    """

    bundle: Bundle
    unwanted: Unwanted
    tally: Tally = field(default_factory=Tally)
    _z: list[NDArray] = field(default_factory=list)
    _codes: list[Codes] = field(default_factory=list)
    _hits: Counter[str] = field(default_factory=Counter)
    _leaking: int = 0

    def add(self, tally: Tally, accepted: Samples, kept: Samples) -> None:
        """Add points by their counts, the accepted ones and the results among them."""
        self.include(Counted.of(tally, accepted, kept, self.room))

    @property
    def room(self) -> int:
        """How many more results will be looked at closely."""
        return max(0, CLOSELY - self.tally.kept)

    def include(self, counted: Counted) -> None:
        """Add what has been counted."""
        self._hits.update(counted.hits)
        if len(counted.codes):
            self._z.append(counted.z)
            self._codes.append(counted.codes)
        self._leaking += counted.leaking
        self.tally += counted.tally

    def finish(self) -> Audit:
        """The audit of all blocks that were added."""
        tally, records, released = self.tally, self.bundle.records, self.bundle.released
        z = np.concatenate([np.empty((0, records.latent_dim)), *self._z])
        codes = np.concatenate([np.empty(0, records.codes.dtype), *self._codes])
        longest = self.bundle.format.length
        known = records.codes[records.split == "train"]
        test = records.split == "test"
        wanted = test & ~self.unwanted.of_records(records)
        test = wanted if wanted.any() else test
        means = records.mean[test]
        own = drift(self.bundle, means, self.bundle.autoencoder.decode(means))
        edits, edits_held_out = (
            [] if released else _histogram(edit_distances(_some(some), known), longest)
            for some in (np.unique(codes), records.codes[test])
        )
        unwanted = tally.accepted - tally.wanted
        return Audit(
            draws=tally.accepted,
            collisions=None if released else tally.collisions,
            collision_bound=None if released else upper_bound(tally.collisions, tally.accepted),
            exposures=exposures(self.bundle, self._hits, tally.accepted),
            unwanted=unwanted,
            unwanted_bound=upper_bound(unwanted, tally.accepted),
            purity_interval=interval(tally.wanted, tally.accepted),
            confidence=CONFIDENCE,
            results=tally.kept,
            checked=len(codes),
            distinct=tally.distinct,
            leaking=self._leaking,
            valid=self._valid(codes),
            edits=edits,
            edits_held_out=edits_held_out,
            drift=_spread(drift(self.bundle, z, codes)) if len(codes) else None,
            drift_held_out=_spread(own) if test.any() else None,
        )

    def _valid(self, codes: Codes) -> float | None:
        attribute = self.bundle.format.attributes.get("valid")
        return float(attribute.values(codes).mean()) if attribute and len(codes) else None


def _some(codes: Codes) -> Codes:
    """At most `_COMPARED` codes, evenly spaced among all."""
    return codes[:: max(1, -(-len(codes) // _COMPARED))]


def _histogram(distances: NDArray[np.int64], most: int) -> list[float]:
    counts = np.bincount(distances, minlength=most + 1)[: most + 1]
    return (counts / max(1, counts.sum())).tolist()


def _spread(values: NDArray) -> tuple[float, float]:
    median, high = np.percentile(values, [50, 95])
    return float(median), float(high)
