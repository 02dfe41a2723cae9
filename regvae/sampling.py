"""Rejection sampling: propose latent points, accept them by a rule, decode them, report.

The one-sided rule is the notebook's: accept what lies farther than a threshold from every unwanted
record, by Mahalanobis distance. Nothing of the decoded text enters the decision, so the purity of
the result is a finding, not a promise.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, erfc

from regvae import rules
from regvae.bundle import Bundle
from regvae.distance import NearestGaussian
from regvae.latent import Polygon, Records, in_polygon, polygon_corners
from regvae.regs import Regs

MAX_PROPOSALS = 10_000_000


class SamplingError(ValueError):
    """A request that cannot be sampled; the message says what to change."""


@dataclass(frozen=True)
class Samples:
    """m proposals with all that a threshold decides on.

    `z` (m, k) are the points, `distance` (m,) is to the nearest unwanted record (Mahalanobis, not
    squared), `reg` (m,) is what each decodes to, `wanted` (m,) whether that reg escapes the
    unwanted rules, and `collision` (m,) whether it is a record.
    """

    z: NDArray[np.float64]
    distance: NDArray[np.float64]
    reg: Regs
    wanted: NDArray[np.bool_]
    collision: NDArray[np.bool_]

    def __post_init__(self) -> None:
        for array in (self.z, self.distance, self.reg, self.wanted, self.collision):
            array.flags.writeable = False  # shared by many sessions

    def accepted(self, threshold: float) -> NDArray[np.bool_]:
        """Which samples lie farther than the threshold from every unwanted record: (m,)."""
        return self.distance > threshold


@dataclass(frozen=True)
class Report:
    """What a threshold did to some samples.

    `purity` is the share of accepted samples that decode to wanted regs, None if none is accepted;
    `tail_probability` is the share of a Gaussian record's own mass beyond the threshold;
    `notebook_tail` is what the notebook gave for it.
    """

    rule: str
    threshold: float
    proposed: int
    accepted: int
    acceptance: float
    purity: float | None
    collisions: int
    tail_probability: float
    notebook_tail: float


def uniform_box(n: int, half_width: float, k: int, *, rng: np.random.Generator) -> NDArray:
    """n points, uniform in [-half_width, half_width]^k: (n, k) float64.

    Raises `SamplingError` unless n is from 1 to `MAX_PROPOSALS` and the width above 0, up to 1e6.
    """
    _check_count(n)
    if not (math.isfinite(half_width) and 0 < half_width <= 1e6):
        raise SamplingError(f"the box wants a half-width above 0, up to 1e6, not {half_width}")
    return rng.uniform(-half_width, half_width, size=(n, k))


def _check_count(n: int) -> None:
    if not 1 <= n <= MAX_PROPOSALS:
        raise SamplingError(f"the number of samples goes from 1 to {MAX_PROPOSALS:,}, not {n:,}")


def uniform_polygon(n: int, polygon: Polygon, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """n points, uniform inside a polygon in the plane: (n, 2) float64.

    Draws from the polygon's bounding box and keeps what lies inside. Raises `SamplingError` if the
    polygon is so thin that 1,000 draws a point are not enough or n is out of range, and
    `ValueError` if it is no polygon.
    """
    _check_count(n)
    corners = polygon_corners(polygon)
    low, high = corners.min(axis=0), corners.max(axis=0)
    kept = [np.empty((0, 2))]
    for _ in range(100):
        if sum(map(len, kept)) >= n:
            return np.concatenate(kept)[:n]
        z = rng.uniform(low, high, size=(10 * n, 2))
        kept.append(z[in_polygon(z, polygon)])
    raise SamplingError("the region is too thin to draw points from; draw a wider one")


def forbidden(records: Records, unwanted: Sequence[rules.Rule]) -> NearestGaussian:
    """Search among the Gaussians of the unwanted records.

    Raises `SamplingError` if no record is unwanted.
    """
    selected = records.select(unwanted)
    if not selected.any():
        said = " and ".join(map(str, unwanted))
        raise SamplingError(f"no record fulfils {said!r}, so nothing is unwanted; widen the rule")
    return NearestGaussian(records.mean[selected], records.sigma[selected])


def judge(
    bundle: Bundle, unwanted: Sequence[rules.Rule], nearest: NearestGaussian, z: NDArray
) -> Samples:
    """Measure and decode proposed points z (m, k)."""
    reg = bundle.autoencoder.decode(z)
    return Samples(
        z=z,
        distance=nearest.query(z)[0],
        reg=reg,
        wanted=~rules.mask(unwanted, reg),
        collision=np.isin(reg, bundle.records.reg),
    )


def sample(
    bundle: Bundle, unwanted: Sequence[rules.Rule], *, n: int, box: float, seed: int
) -> Samples:
    """Propose n points uniformly in [-box, box]^k and measure them; same seed, same samples.

    Raises `SamplingError` if n, the box or the seed is out of range or nothing is unwanted.

    >>> bundle = regvae.load("notebook-2d")
    >>> unwanted = regvae.rules.parse_all(["number < 50"])
    >>> samples = regvae.sample(bundle, unwanted, n=1000, box=3.0, seed=0)
    >>> regvae.report(samples, threshold=2.5).accepted
    """
    if seed < 0:
        raise SamplingError(f"the seed wants to be 0 or more, not {seed}")
    nearest = forbidden(bundle.records, unwanted)
    z = uniform_box(n, box, bundle.autoencoder.latent_dim, rng=np.random.default_rng(seed))
    return judge(bundle, unwanted, nearest, z)


def report(samples: Samples, threshold: float) -> Report:
    """Apply the one-sided rule at a threshold (a Mahalanobis distance, 0 or more, not squared).

    Raises `SamplingError` if the threshold is negative or not finite.
    """
    if not (math.isfinite(threshold) and threshold >= 0):
        raise SamplingError(f"the threshold is a distance of 0 or more, not {threshold}")
    accepted = samples.accepted(threshold)
    count = int(accepted.sum())
    return Report(
        rule="one-sided",
        threshold=threshold,
        proposed=len(accepted),
        accepted=count,
        acceptance=count / len(accepted),
        purity=float(samples.wanted[accepted].mean()) if count else None,
        collisions=int(samples.collision[accepted].sum()),
        tail_probability=float(tail_probability(threshold, samples.z.shape[1])),
        notebook_tail=float(notebook_tail(threshold)),
    )


def tail_probability(threshold: float | NDArray, k: int) -> float | NDArray:
    """Share of a k-dimensional Gaussian farther than `threshold` from its mean, by Mahalanobis.

    The squared distance is chi-square with k degrees of freedom, so this is its survival function
    at threshold^2; for k = 2 that is exp(-threshold^2 / 2).

    >>> round(float(tail_probability(2.5, 2)), 4)
    0.0439
    """
    with np.errstate(over="ignore"):  # the square of a huge threshold is infinite: no tail is left
        return chdtrc(k, np.square(threshold))


def notebook_tail(threshold: float | NDArray) -> float | NDArray:
    """The notebook's "theoretical probability", 2 (1 - erf(threshold / 2)).

    It is the tail of no Gaussian here (0.154 at 2.5, where the truth in two dimensions is 0.0439);
    it is shown beside the right one because it was published.
    """
    return 2 * erfc(np.asarray(threshold) / 2)
