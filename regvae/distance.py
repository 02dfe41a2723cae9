"""Exact nearest-Gaussian search by Mahalanobis distance."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

_CELLS = 2_000_000
"""Distances held at once: 16 MB of float64, whatever the numbers of points and records."""


@dataclass(frozen=True, init=False)
class NearestGaussian:
    """The nearest of n Gaussians with diagonal covariance, in any number k of dimensions.

    The distance of z from a Gaussian is Mahalanobis's, ||(z - mean) / sigma||: not squared, in
    units of that Gaussian's own sigma. Raises `ValueError` if `mean` and `sigma` (n, k) differ in
    shape, are empty, or hold numbers that are not finite or sigmas that are not positive.

    >>> nearest = NearestGaussian([[0.0, 0.0], [9.0, 0.0]], [[1.0, 1.0], [3.0, 3.0]])
    >>> nearest.query([[3.0, 0.0]])
    (array([2.]), array([1]))
    """

    mean: NDArray[np.float64]
    sigma: NDArray[np.float64]

    def __init__(self, mean: ArrayLike, sigma: ArrayLike) -> None:
        mean, sigma = np.asarray(mean, np.float64), np.asarray(sigma, np.float64)
        if mean.ndim != 2 or mean.shape != sigma.shape or not mean.size:
            raise ValueError(
                "mean and sigma want the same shape (n, k) with n and k at least 1, but came with "
                f"{mean.shape} and {sigma.shape}"
            )
        if not (np.isfinite(mean).all() and np.isfinite(sigma).all() and (sigma > 0).all()):
            raise ValueError("means want finite numbers and sigmas finite numbers above 0")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "sigma", sigma)

    def query(self, z: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Points z (m, k) -> distance (m,) to the nearest Gaussian and its row (m,).

        Raises `ValueError` if z is not (m, k) or holds a number that is not finite.
        """
        z = self._points(z)
        distance = np.empty(len(z))
        index = np.empty(len(z), dtype=np.intp)
        step = max(1, _CELLS // len(self.mean))
        for start in range(0, len(z), step):
            rows = slice(start, start + step)
            squared = self._squared(z[rows])
            index[rows] = squared.argmin(axis=1)
            distance[rows] = np.sqrt(squared[np.arange(len(squared)), index[rows]])
        return distance, index

    def ranked(self, point: ArrayLike, n: int) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """The n nearest Gaussians of one point (k,), nearest first: distances and rows."""
        distance = np.sqrt(self._squared(self._points(np.atleast_2d(point)))[0])
        rows = np.argsort(distance, kind="stable")[:n]
        return distance[rows], rows

    def _squared(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        # One coordinate at a time, so that no points x records x k array is ever built.
        total = np.zeros((len(z), len(self.mean)))
        for mean, sigma, coordinate in zip(self.mean.T, self.sigma.T, z.T, strict=True):
            scaled = coordinate[:, None] - mean
            scaled /= sigma
            scaled *= scaled
            total += scaled
        return total

    def _points(self, z: ArrayLike) -> NDArray[np.float64]:
        z = np.asarray(z, np.float64)
        k = self.mean.shape[1]
        if z.ndim != 2 or z.shape[1] != k:
            raise ValueError(f"points want shape (m, {k}), but came with shape {z.shape}")
        if not np.isfinite(z).all():
            raise ValueError("points want finite coordinates, but some are not")
        return z
