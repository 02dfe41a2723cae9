"""Calibration of the sigmas: one scale for all, fitted to held-out records, and its coverage.

A VAE reports a sigma for each record, but nothing in its training makes that the spread of similar
records. So all training sigmas are multiplied by one factor: the one under which the mixture of the
training records' Gaussians gives the held-out records the highest likelihood (Duin, "On the choice
of smoothing parameters for Parzen estimators", 1976, with a held-out set instead of leaving one
out). Each held-out record contributes one draw from its own Gaussian, with the noise of the model's
training, because those are the points that the decoder was trained on.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import chdtr

from regvae.latent.gaussians import NearestGaussian
from regvae.latent.mixture import Mixture
from regvae.model.bundle import Bundle
from regvae.model.records import Records

_SCALES = (0.01, 4.0)
"""Smallest and largest factor that is tried."""
_MOST_PAIRS = 20_000_000
"""Limit on (held-out points) x (training records) x (dimensions) when the scale is fitted: beyond
it, as in many dimensions, fewer held-out points are used."""


class CalibrationError(ValueError):
    """Records without a training or a held-out part, on which nothing can be calibrated."""


@dataclass(frozen=True)
class Calibration:
    """The factor for all sigmas, and the densities of held-out draws under it.

    `scale` (0.01 to 4) multiplies every reported sigma. `held_out` (h,) are the sorted logarithms
    of the mixture's density at the held-out draws. `nominal`, `reported` and `calibrated` (p,) are
    the coverage curves, shares from 0 to 1: `nominal` is the share of a Gaussian's mass within some
    distance, the others are the shares of held-out draws within that distance of a training record,
    by the sigmas as reported and by the scaled ones. If the sigmas were right and the records far
    apart, these shares would equal the nominal one.
    """

    scale: float
    held_out: NDArray[np.float64] = field(repr=False)
    nominal: NDArray[np.float64] = field(repr=False)
    reported: NDArray[np.float64] = field(repr=False)
    calibrated: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        self.held_out.flags.writeable = False  # many sessions share one calibration

    def typicality(self, log_density: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of held-out draws with a lower density, for log densities (m,): (m,), 0 to 1.

        A split-conformal p-value: a new record has a typicality below q with a probability of about
        q (Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005).
        """
        return np.searchsorted(self.held_out, log_density) / len(self.held_out)


def calibrate(bundle: Bundle, *, seed: int = 0) -> Calibration:
    """Fit the factor to a bundle's held-out records, and compute the coverage curves.

    The same seed gives the same calibration. Raises `CalibrationError` if the bundle has no
    training or no held-out records.
    """
    records = bundle.records
    train = records.split == "train"
    if train.all() or not train.any():
        found = "training" if train.any() else "held-out"
        raise CalibrationError(
            f"expected training and held-out records, got only {found} ones; use a bundle with both"
        )
    rng = np.random.default_rng(seed)
    draws = _held_out_draws(records, ~train, bundle.preset.training.noise, rng)
    mean, sigma = records.mean[train], records.sigma[train]
    scale = fit_scale(mean, sigma, draws)
    nominal = np.linspace(0, 1, 51)
    curves = [coverage(mean, sigma * factor, draws, nominal) for factor in (1.0, scale)]
    held_out = np.sort(_mixture(mean, sigma * scale).query(draws)[0])
    return Calibration(scale, held_out, nominal, *curves)


def fit_scale(mean: NDArray, sigma: NDArray, held_out: NDArray) -> float:
    """The factor for sigma (n, k) under which the mixture's likelihood of points (h, k) is highest.

    From 0.01 to 4, accurate to about 2 %.
    """
    some = held_out[: max(100, _MOST_PAIRS // mean.size)]

    def cost(log_scale: float) -> float:
        return -float(_mixture(mean, sigma * np.exp(log_scale)).query(some)[0].mean())

    found = minimize_scalar(cost, bounds=np.log(_SCALES), method="bounded", options={"xatol": 0.02})
    return float(np.exp(found.x))


def _mixture(mean: NDArray, sigma: NDArray) -> Mixture:
    return Mixture(mean, sigma, np.ones(len(mean), bool))


def _held_out_draws(
    records: Records, rows: NDArray[np.bool_], noise: float, rng: np.random.Generator
) -> NDArray[np.float64]:
    mean, sigma = (part[rows].astype(float) for part in (records.mean, records.sigma))
    draws = mean + noise * sigma * rng.normal(size=mean.shape)
    return draws[rng.permutation(len(draws))]


def coverage(mean: NDArray, sigma: NDArray, points: NDArray, nominal: NDArray) -> NDArray:
    """Share of points (h, k) inside the nominal region of some Gaussian (n, k), 0 to 1: (p,).

    A k-dimensional Gaussian has the nominal share (p,) of its mass within the Mahalanobis distance
    t, where t^2 is that quantile of chi-square with k degrees of freedom. Counted are the points
    within t of their nearest Gaussian.
    """
    distance, _ = NearestGaussian(mean, sigma).query(points)
    share = chdtr(mean.shape[1], np.square(distance))
    return np.searchsorted(np.sort(share), nominal, side="right") / len(share)
