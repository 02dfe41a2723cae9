"""Are the results new, and how sure is that: counted in the space of regs, not of distances.

A latent distance proves nothing for a discrete decoder: two points far apart may decode to one reg.
So every accepted point is decoded and compared, exactly, with all records; what was not seen in n
draws is bounded after Clopper and Pearson, "The use of confidence or fiducial limits illustrated in
the case of the binomial", 1934.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Context

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein
from rapidfuzz.process import cdist
from scipy.special import betaincinv

from regvae.formats.uk_registration import ATTRIBUTES, Regs
from regvae.model.bundle import Bundle
from regvae.rejection.sampling import Samples, Tally

CONFIDENCE = 0.95
CLOSELY = 100_000
"""The first so many results are looked at closely: their distance from records and themselves."""
_COMPARED = 2_000
"""Different regs whose edit distance to every training record is computed."""


def upper_bound(hits: int, draws: int, confidence: float = CONFIDENCE) -> float:
    """The largest rate at which so few hits in so many draws are not unlikely (one-sided).

    Clopper and Pearson's: the rate at which `hits` or fewer have a probability of 1 - confidence.

    >>> f"{upper_bound(0, 1_000_000):.1e}"
    '3.0e-06'
    """
    return 1.0 if hits >= draws else float(betaincinv(hits + 1, draws - hits, confidence))


def interval(hits: int, draws: int, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Two-sided interval of a rate, after Clopper and Pearson; (0, 1) without draws."""
    if not draws:
        return 0.0, 1.0
    tail = (1 - confidence) / 2
    low = float(betaincinv(hits, draws - hits + 1, tail)) if hits else 0.0
    return low, upper_bound(hits, draws, 1 - tail)


def edit_distances(reg: Sequence[str] | Regs, known: Sequence[str] | Regs) -> NDArray[np.int64]:
    """Least number of characters to insert, delete or replace to make each reg (m,) a known one.

    Levenshtein's distance to the nearest of `known` (n,), 0 to 7: (m,).
    """
    known = list(known)
    nearest = [
        cdist(list(reg[start : start + 256]), known, scorer=Levenshtein.distance, dtype=np.uint8)
        for start in range(0, len(reg), 256)
    ]
    return np.concatenate([np.empty(0, int), *(one.min(axis=1).astype(int) for one in nearest)])


def drift(bundle: Bundle, z: NDArray, reg: Regs) -> NDArray[np.float64]:
    """How far each point (m, k) lies from where its own decoded reg is encoded: (m,).

    In sigmas of that reg's Gaussian. Small where the decoder says what it was taught, large where
    it extrapolates.
    """
    mean, sigma = bundle.autoencoder.encode(reg)
    return np.linalg.norm((z - mean) / sigma, axis=1)


@dataclass(frozen=True)
class Audit:
    """What is known of the results of a run.

    `draws` points were accepted, `collisions` of them decoded to a record and `unwanted` to
    something unwanted; the bounds are on those rates, one-sided at `confidence`. `results` are
    those kept. The rest is about the first `looked_at` results: `distinct` different regs; the
    `valid` share by DVLA's rules; `edits` and `edits_held_out` (8,), the shares of different regs
    that are 0 to 7 edits from the nearest training record, for results and for the held-out
    test split; and the `drift`'s median and 95th percentile, with `drift_held_out` the same of the
    test split.
    """

    draws: int
    collisions: int
    collision_bound: float
    unwanted: int
    unwanted_bound: float
    purity_interval: tuple[float, float]
    confidence: float
    results: int
    looked_at: int
    distinct: int
    valid: float | None
    edits: list[float]
    edits_held_out: list[float]
    drift: tuple[float, float] | None
    drift_held_out: tuple[float, float] | None

    def sentence(self) -> str:
        """The finding in words, as it may be quoted."""
        if not self.draws:
            return "nothing was accepted, so nothing is known of collisions"
        bound = _rounded(self.collision_bound, 2, ROUND_CEILING)
        return (
            f"{self.collisions:,} collisions in {self.draws:,} draws: "
            f"below {bound:.1e} at {self.confidence:.0%}"
        )


@dataclass
class Auditor:
    """Collects what an audit needs while a run streams by."""

    bundle: Bundle
    tally: Tally = field(default_factory=Tally)
    _z: list[NDArray] = field(default_factory=list)
    _reg: list[Regs] = field(default_factory=list)

    def add(self, tally: Tally, kept: Samples) -> None:
        """A block of the run and its results."""
        room = CLOSELY - sum(map(len, self._reg))
        if room > 0:
            self._z.append(kept.z[:room])
            self._reg.append(kept.reg[:room])
        self.tally += tally

    def finish(self) -> Audit:
        """The audit of all that was added."""
        tally, records = self.tally, self.bundle.records
        z = np.concatenate([np.empty((0, records.latent_dim)), *self._z])
        reg = np.concatenate([np.empty(0, "U7"), *self._reg])
        distinct = np.unique(reg)
        known = records.reg[records.split == "train"]
        test = records.split == "test"
        means = records.mean[test]
        own = drift(self.bundle, means, self.bundle.autoencoder.decode(means))
        unwanted = tally.accepted - tally.wanted
        return Audit(
            draws=tally.accepted,
            collisions=tally.collisions,
            collision_bound=upper_bound(tally.collisions, tally.accepted),
            unwanted=unwanted,
            unwanted_bound=upper_bound(unwanted, tally.accepted),
            purity_interval=interval(tally.wanted, tally.accepted),
            confidence=CONFIDENCE,
            results=tally.kept,
            looked_at=len(reg),
            distinct=len(distinct),
            valid=float(ATTRIBUTES["valid"].values(reg).mean()) if len(reg) else None,
            edits=_histogram(edit_distances(_some(distinct), known)),
            edits_held_out=_histogram(edit_distances(_some(records.reg[test]), known)),
            drift=_spread(drift(self.bundle, z, reg)) if len(reg) else None,
            drift_held_out=_spread(own) if test.any() else None,
        )


def _rounded(value: float, digits: int, side: str) -> float:
    """A number with so many digits, rounded to one side, as what is said of it must hold."""
    return float(Context(prec=digits, rounding=side).create_decimal_from_float(value))


def _some(reg: Regs) -> Regs:
    """At most `_COMPARED` regs, evenly from all."""
    return reg[:: max(1, -(-len(reg) // _COMPARED))]


def _histogram(distances: NDArray[np.int64]) -> list[float]:
    counts = np.bincount(distances, minlength=8)[:8]
    return (counts / max(1, counts.sum())).tolist()


def _spread(values: NDArray) -> tuple[float, float]:
    median, high = np.percentile(values, [50, 95])
    return float(median), float(high)
