"""Calibration of the sigmas: one scale for all, fitted to held-out records, and its coverage.

A VAE reports a sigma for each record, but nothing in its training makes that the spread of similar
records. So all training sigmas are multiplied by one factor: the one under which the mixture of the
training records' Gaussians gives the means of held-out records the highest likelihood (Duin, "On
the choice of smoothing parameters for Parzen estimators", 1976, with a held-out set instead of
leaving one out). The factor is the bandwidth of a density estimate. It is not the noise of the
model's training: in two dimensions it is smaller, since 10,000 records lie densely, and in fifteen
larger, since they lie far apart.

Half of the held-out records, drawn at random, fit the factor; the other half are the reference of
`Calibration.typicality`, so that no record is both.

Draws from an estimate of the highest likelihood are sparser than what it was fitted to, because
every kernel adds its own variance (Silverman and Young, "The bootstrap: to smooth or not to
smooth?", 1987): much so in fifteen dimensions. So points are proposed with a second, smaller
factor, the largest under which they lie as densely as held-out records.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq, minimize_scalar
from scipy.special import chdtr

from regvae.latent.gaussians import NearestGaussian
from regvae.latent.mixture import Mixture
from regvae.model.bundle import Bundle
from regvae.randomness import generator

_SCALES = (0.01, 4.0)
"""Smallest and largest factor that is tried."""
_DRAWS = 1_000
"""Draws, and held-out points, whose densities are compared."""
_MOST_PAIRS = 20_000_000
"""Limit on (held-out points) x (training records) x (dimensions) when the scale is fitted: beyond
it, as in many dimensions, fewer held-out points are used."""


class CalibrationError(ValueError):
    """Records without a training or a held-out part, on which nothing can be calibrated."""


@dataclass(frozen=True)
class Calibration:
    """The factor for all sigmas, and the densities at held-out records under it.

    `scale` (0.01 to 4) multiplies every reported sigma. `draw_scale`, at most as large, does so for
    draws: under it the mean log density of draws from the mixture is that at held-out records.
    `mixture` is that of the training records'
    Gaussians with scaled sigmas, `held_out` (h,) are the sorted logarithms of its density at the
    means of the held-out records that did not fit the scale. `nominal`, `reported` and `calibrated`
    (p,) are the coverage curves, shares from 0 to 1: `nominal` is the share of a Gaussian's mass
    within some distance, the others are the shares of those records within that distance of a
    training record, by the sigmas as reported and by the scaled ones. If the sigmas were right and
    the records far apart, these shares would equal the nominal one.
    """

    scale: float
    draw_scale: float
    mixture: Mixture = field(repr=False)
    held_out: NDArray[np.float64] = field(repr=False)
    nominal: NDArray[np.float64] = field(repr=False)
    reported: NDArray[np.float64] = field(repr=False)
    calibrated: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        self.held_out.flags.writeable = False  # many sessions share one calibration

    def typicality(self, z: ArrayLike) -> NDArray[np.float64]:
        """How dense points z (m, k) lie among h held-out records: (m,), 1 / (h + 1) to 1.

        By the density of the training records' mixture. The typicality is 1 plus the number of
        held-out records in places at most as dense, divided by h + 1: a split-conformal p-value. A
        new record, exchangeable with the held-out ones, has a typicality of at most q with a
        probability of at most q, for every h (Vovk, Gammerman and Shafer, "Algorithmic learning in
        a random world", 2005).
        """
        return self.rank(self.mixture.query(z)[0])

    def rank(self, log_density: NDArray[np.float64]) -> NDArray[np.float64]:
        """The typicality of places with these log densities of the training records' mixture (m,):
        (m,)."""
        at_most = np.searchsorted(self.held_out, log_density, side="right")
        return (1 + at_most) / (1 + len(self.held_out))


def calibrate(bundle: Bundle, *, seed: int = 0) -> Calibration:
    """Fit the factor to half of a bundle's held-out records, and measure the other half under it.

    The same seed gives the same calibration. Raises `CalibrationError` if the bundle has no
    training records, or fewer than two held-out ones, and `NoRecordsError` for a release.
    """
    records = bundle.require_records("to calibrate its standard deviations")
    train = records.split == "train"
    if not train.any() or (~train).sum() < 2:
        raise CalibrationError(
            f"expected training records and two held-out ones or more, got {train.sum():,} and "
            f"{(~train).sum():,}; use a bundle with both"
        )
    mean, sigma = (part[train].astype(float) for part in (records.mean, records.sigma))
    means = records.mean[~train].astype(float)
    means = means[generator("calibration", seed).permutation(len(means))]
    fitting, measured = means[: len(means) // 2], means[len(means) // 2 :]
    scale = fit_scale(mean, sigma, fitting)
    nominal = np.linspace(0, 1, 51)
    curves = [coverage(mean, sigma * factor, measured, nominal) for factor in (1.0, scale)]
    mixture = _mixture(mean, sigma * scale)
    held_out = np.sort(mixture.query(measured)[0])
    draw_scale = fit_draw_scale(mean, sigma, fitting, scale, generator("draw scale", seed))
    return Calibration(scale, draw_scale, mixture, held_out, nominal, *curves)


def fit_scale(mean: NDArray, sigma: NDArray, held_out: NDArray) -> float:
    """The factor for sigma (n, k) under which the mixture's likelihood of points (h, k) is highest.

    From 0.01 to 4, accurate to about 2 %.
    """
    some = held_out[: max(100, _MOST_PAIRS // mean.size)]

    def cost(log_scale: float) -> float:
        return -float(_mixture(mean, sigma * np.exp(log_scale)).query(some)[0].mean())

    found = minimize_scalar(cost, bounds=np.log(_SCALES), method="bounded", options={"xatol": 0.02})
    return float(np.exp(found.x))


def fit_draw_scale(
    mean: NDArray, sigma: NDArray, held_out: NDArray, scale: float, rng: np.random.Generator
) -> float:
    """The largest factor for sigma (n, k), at most `scale`, at which draws are as dense as points.

    Dense is the mean log density of the mixture with that factor, of draws from it and of points
    (h, k). From a quarter of `scale`, accurate to about 1 %.
    """
    rows = rng.integers(len(mean), size=_DRAWS)
    normal = rng.normal(size=(_DRAWS, mean.shape[1]))

    def denser(factor: float) -> float:
        mixture = _mixture(mean, sigma * factor)
        drawn = mean[rows] + sigma[rows] * factor * normal
        return float(mixture.query(drawn)[0].mean() - mixture.query(held_out[:_DRAWS])[0].mean())

    if denser(scale) >= 0:
        return scale
    if denser(scale / 4) <= 0:
        return scale / 4
    return float(brentq(denser, scale / 4, scale, xtol=0.01 * scale))


def _mixture(mean: NDArray, sigma: NDArray) -> Mixture:
    return Mixture(mean, sigma, np.ones(len(mean), bool))


def coverage(mean: NDArray, sigma: NDArray, points: NDArray, nominal: NDArray) -> NDArray:
    """Share of points (h, k) inside the nominal region of some Gaussian (n, k), 0 to 1: (p,).

    A k-dimensional Gaussian has the nominal share (p,) of its mass within the Mahalanobis distance
    t, where t^2 is that quantile of chi-square with k degrees of freedom. Counted are the points
    within t of their nearest Gaussian.
    """
    distance, _ = NearestGaussian(mean, sigma).query(points)
    share = chdtr(mean.shape[1], np.square(distance))
    return np.searchsorted(np.sort(share), nominal, side="right") / len(share)
