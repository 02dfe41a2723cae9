"""Exact nearest-Gaussian search by Mahalanobis distance, and the tails of a Gaussian.

In two and three dimensions only the Gaussians that can be nearest to some point of a cell are
looked at there: those whose smallest possible distance to the cell is no more than the smallest of
the largest possible ones. What remains is a handful, and the answer is as exact as looking at all.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from regvae.latent.cells import Cells, Floats, Gaussians, Indices

_SLACK = 1e-9
"""Distances this much larger, relatively, count as equal when cells are pruned: for rounding."""


@dataclass(frozen=True, init=False)
class NearestGaussian(Gaussians):
    """The nearest of n Gaussians with diagonal covariance, in any number k of dimensions.

    The distance of z from a Gaussian is Mahalanobis's, ||(z - mean) / sigma||: not squared, in
    units of that Gaussian's own sigma. Raises `ValueError` for what `Gaussians` refuses.

    >>> nearest = NearestGaussian([[0.0, 0.0], [9.0, 0.0]], [[1.0, 1.0], [3.0, 3.0]])
    >>> nearest.query([[3.0, 0.0]])
    (array([2.]), array([1]))
    """

    def query(self, z: ArrayLike) -> tuple[Floats, Indices]:
        """Points z (m, k) -> distance (m,) to the nearest Gaussian and its row (m,), both exact.

        Raises `ValueError` if z is not (m, k), or has a coordinate not finite or beyond 1e100.
        """
        z = self.points(z)
        distance = np.empty(len(z))
        index = np.empty(len(z), dtype=np.intp)
        for rows, points, candidates in self.grouped(z, _may_be_nearest):
            squared = self.squared(points, candidates)
            best = squared.argmin(axis=1)
            distance[rows] = squared[np.arange(len(best)), best]
            index[rows] = candidates[best]
        return np.sqrt(distance, out=distance), index

    def ranked(self, point: ArrayLike, n: int) -> tuple[Floats, Indices]:
        """The n nearest Gaussians of one point (k,), nearest first: distances and rows."""
        squared = self.squared(self.points(np.asarray(point)[None]), slice(None))[0]
        rows = np.argsort(squared, kind="stable")[:n]
        return np.sqrt(squared[rows]), rows


def _may_be_nearest(cells: Cells, nearest: Floats, farthest: Floats) -> NDArray[np.bool_]:
    return nearest <= cells.smallest(farthest) * (1 + _SLACK)


def tail_probability(distance: float | NDArray, k: int) -> float | NDArray:
    """Share of a k-dimensional Gaussian farther than `distance` from its mean, by Mahalanobis.

    The squared distance is chi-square with k degrees of freedom, so this is its survival function
    at distance^2; for k = 2 that is exp(-distance^2 / 2).

    >>> round(float(tail_probability(2.5, 2)), 4)
    0.0439
    """
    with np.errstate(over="ignore"):  # the square of a huge distance is infinite: no tail is left
        return chdtrc(k, np.square(distance))
