"""How true the sigmas are: scaled on held-out records, and laid beside what they promise.

A VAE reports a sigma for each record, but nothing makes it the width that records of the same kind
really have. So one factor is sought by which all training sigmas are multiplied: the one under
which the mixture of the training records' Gaussians gives the held-out records the highest
likelihood (Duin, "On the choice of smoothing parameters for Parzen estimators", 1976, with a set
held out in place of leaving one out). A held-out record is a draw from its own Gaussian with the
noise that the model was trained with, as that is what the decoder learned to read.
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
_MOST_PAIRS = 20_000_000
"""Coordinates of pairs of held-out and training record that are weighed: where there would be more,
as in many dimensions, fewer of the held-out are used."""


class CalibrationError(ValueError):
    """Records that leave nothing to calibrate on."""


@dataclass(frozen=True)
class Calibration:
    """The factor for all sigmas, and how densely held-out records lie when it is used.

    `scale` multiplies every reported sigma. `held_out` (h,) are the sorted logarithms of the
    mixture's density at the held-out draws. `nominal` and `reported`, `calibrated` (p,) are the
    calibration curve: the share of its own mass that a Gaussian has within some distance, and the
    share of held-out draws within that distance of a training record, with the sigmas as reported,
    and scaled. Were the sigmas true and the records far apart, the two shares would be equal.
    """

    scale: float
    held_out: NDArray[np.float64] = field(repr=False)
    nominal: NDArray[np.float64] = field(repr=False)
    reported: NDArray[np.float64] = field(repr=False)
    calibrated: NDArray[np.float64] = field(repr=False)

    def __post_init__(self) -> None:
        self.held_out.flags.writeable = False  # shared by many sessions

    def typicality(self, log_density: NDArray[np.float64]) -> NDArray[np.float64]:
        """Share of held-out draws that lie more thinly than the given densities: (m,), 0 to 1.

        A new record has a typicality below q with a probability of about q (split-conformal).
        """
        return np.searchsorted(self.held_out, log_density) / len(self.held_out)


def calibrate(bundle: Bundle, *, seed: int = 0) -> Calibration:
    """Fit the factor to a bundle's held-out records and measure its curve.

    Raises `CalibrationError` if the bundle has no training or no held-out records.
    """
    records = bundle.records
    train = records.split == "train"
    if train.all() or not train.any():
        raise CalibrationError("a calibration wants records in training and records held out of it")
    rng = np.random.default_rng(seed)
    draws = _held_out_draws(records, ~train, bundle.preset.training.noise, rng)
    mean, sigma = records.mean[train], records.sigma[train]
    scale = fit_scale(mean, sigma, draws)
    nominal = np.linspace(0, 1, 51)
    curves = [coverage(mean, sigma * factor, draws, nominal) for factor in (1.0, scale)]
    held_out = np.sort(_mixture(mean, sigma * scale).query(draws)[0])
    return Calibration(scale, held_out, nominal, *curves)


def fit_scale(mean: NDArray, sigma: NDArray, held_out: NDArray) -> float:
    """The factor for sigma (n, k) under which the mixture makes points (h, k) likeliest.

    Found between 0.01 and 4 to about 2 %.
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
    """Share of points (h, k) within the distance of some Gaussian that holds a nominal share: (p,).

    A k-dimensional Gaussian has the nominal share of its mass within the Mahalanobis distance t
    with t^2 the quantile of chi-square with k degrees of freedom; the points are counted that lie
    within t of their nearest Gaussian (n, k).
    """
    distance, _ = NearestGaussian(mean, sigma).query(points)
    own = chdtr(mean.shape[1], np.square(distance))
    return np.searchsorted(np.sort(own), nominal, side="right") / len(own)
