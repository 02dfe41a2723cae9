"""Gaussians with diagonal covariance: Mahalanobis distances, the nearest of many, and tails.

In two and three dimensions only the Gaussians that can be nearest to some point of a cell are
examined there: those whose smallest possible distance to the cell is at most the smallest of the
largest possible distances. That leaves a few, and the result is as exact as examining all.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc

from regvae.latent.cells import Cells, Floats, Indices
from regvae.latent.tiles import Later, Tiles, Tiling
from regvae.parallel import each

_SLACK = 1e-9
"""Distances are treated as equal within this share when cells are pruned, because of rounding."""

_FEW = 3
"""Dimensions up to which points are sorted into cells; beyond, matrix products are faster."""
_LARGEST_TERM = 1e7
"""Matrix products are not used beyond: their error stays below `_ROUNDED`."""
_ROUNDED = 1e-8
_FARTHEST, _NARROWEST = 1e100, 1e-50
"""Largest coordinate and smallest sigma: beyond them squares of distances could overflow."""


def latent_points(z: ArrayLike, k: int) -> Floats:
    """Points (m, k) as float64.

    Raises `ValueError` if z is not (m, k), or has a coordinate not finite or beyond 1e100.
    """
    z = np.asarray(z, np.float64)
    if z.ndim != 2 or z.shape[1] != k:
        raise ValueError(
            f"expected points of shape (m, {k}), got shape {z.shape}; change the shape"
        )
    if not (np.abs(z) <= _FARTHEST).all():
        raise ValueError(
            f"expected points with finite coordinates, at most {_FARTHEST:g} from 0, got "
            "others; remove those points"
        )
    return z


@dataclass(frozen=True, init=False)
class Gaussians:
    """n Gaussians with diagonal covariance in k dimensions: `mean` and `sigma`, both (n, k).

    Sigma is a standard deviation per coordinate. Raises `ValueError` if the two differ in shape or
    are empty, if a mean is not finite or beyond 1e100, or a sigma not finite or below 1e-50.
    """

    mean: Floats
    sigma: Floats

    def __init__(self, mean: ArrayLike, sigma: ArrayLike) -> None:
        mean, sigma = np.array(mean, np.float64), np.array(sigma, np.float64)
        if mean.ndim != 2 or mean.shape != sigma.shape or not mean.size:
            raise ValueError(
                "expected mean and sigma of one shape (n, k) with n and k at least 1, got "
                f"{mean.shape} and {sigma.shape}; change them"
            )
        if not (np.abs(mean) <= _FARTHEST).all():
            raise ValueError(
                f"expected finite means, at most {_FARTHEST:g} from 0, got others; change them"
            )
        if not ((sigma >= _NARROWEST) & (sigma < np.inf)).all():
            raise ValueError(
                f"expected finite sigmas of at least {_NARROWEST:g}, got others; change them"
            )
        for name, values in (("mean", mean), ("sigma", sigma)):
            values.flags.writeable = False  # sessions share one search
            object.__setattr__(self, name, values)

    def points(self, z: ArrayLike) -> Floats:
        """Points (m, k) as float64. Raises as `latent_points`."""
        return latent_points(z, self.mean.shape[1])

    def squared(self, tiles: Tiles) -> Floats:
        """Squared Mahalanobis distances (t, s, c) of the points to the Gaussians of their tile,
        infinite for a missing one.

        In many dimensions by matrix products, with an absolute error below 1e-8.
        """
        if len(tiles.points) == 1 and tiles.candidates.shape[1] == len(self.mean):
            by_products = self.by_products(tiles.points[0])
            if by_products is not None:
                return by_products[None]
        # One coordinate at a time, without an array of points x Gaussians x k.
        total = self._squared_along(0, tiles)
        for axis in range(1, tiles.points.shape[2]):
            total += self._squared_along(axis, tiles)
        return total

    def by_products(self, z: Floats) -> Floats | None:
        """Squared distances of points (m, k) to all n Gaussians by matrix products: (m, n).

        Several times as fast in many dimensions, with an absolute error of about 1e-16 times the
        largest term; None in few dimensions, and where that error could exceed 1e-8.
        """
        if z.shape[1] <= _FEW or not len(z) or np.abs(z).max() > self._reach:
            return None
        total = np.hstack([np.square(z), z, np.ones((len(z), 1))]) @ self._factors
        return np.maximum(total, 0, out=total)

    @cached_property
    def _factors(self) -> Floats:
        """What [z^2, z, 1] is multiplied with for squared distances: (2 k + 1, n)."""
        weight = 1 / np.square(self.sigma)
        weighted = self.mean * weight
        constant = (self.mean * weighted).sum(axis=1, keepdims=True)
        return np.hstack([weight, -2 * weighted, constant]).T.copy()

    @cached_property
    def _reach(self) -> float:
        """The largest coordinate for which matrix products are accurate; 0 if for none."""
        narrowest, k = float(self.sigma.min()), self.mean.shape[1]
        reach = narrowest * np.sqrt(_LARGEST_TERM / k)
        return float(reach) if np.abs(self.mean).max() <= reach else 0.0

    @cached_property
    def _with_none(self) -> tuple[Floats, Floats]:
        """Means and sigmas, (k, n + 1) each; the last Gaussian is infinitely far from all points:
        it stands for a missing one."""
        k = self.mean.shape[1]
        return np.vstack([self.mean, np.full(k, np.inf)]).T.copy(), np.vstack(
            [self.sigma, np.ones(k)]
        ).T.copy()

    def _squared_along(self, axis: int, tiles: Tiles) -> Floats:
        mean, sigma = (values[axis].take(tiles.candidates) for values in self._with_none)
        scaled = tiles.points[:, :, axis, None] - mean[:, None]
        scaled /= sigma[:, None]
        scaled *= scaled
        return scaled

    def _exactly(self, z: Floats, rows: Indices) -> Floats:
        """Squared distances of points (m, k), each to the Gaussian of its row (m,): (m,)."""
        total = np.zeros(len(z))
        means, sigmas = self._with_none
        for axis in range(z.shape[1]):  # in the order of `squared`, so that the digits are the same
            scaled = z[:, axis] - means[axis].take(rows)
            scaled /= sigmas[axis].take(rows)
            total += np.square(scaled)
        return total


@dataclass(frozen=True, init=False)
class NearestGaussian(Gaussians):
    """The nearest of n Gaussians with diagonal covariance, in any number k of dimensions.

    The distance of z from a Gaussian is Mahalanobis's, ||(z - mean) / sigma||: not squared, in
    units of that Gaussian's own sigma. Raises `ValueError` as `Gaussians`.

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

        def nearest(gathered: Later) -> None:
            tiles = gathered()
            squared = self.squared(tiles)
            if tiles.points.shape[2] > _FEW:  # again, exactly, where rounding may have decided
                close = squared <= squared.min(axis=2, keepdims=True) + _ROUNDED
                _, of, column = np.nonzero(close)
                squared = np.where(close, 0.0, np.inf)
                squared[0, of, column] = self._exactly(tiles.points[0, of], column)
            best = squared.argmin(axis=2)
            distance[tiles.rows] = np.take_along_axis(squared, best[:, :, None], axis=2)[:, :, 0]
            index[tiles.rows] = np.take_along_axis(tiles.candidates, best, axis=1)

        each(nearest, self._tiling.of(z))
        return np.sqrt(distance, out=distance), index

    @cached_property
    def _tiling(self) -> Tiling:
        return Tiling(self.mean, self.sigma, _may_be_nearest)

    def ranked(self, point: ArrayLike, n: int) -> tuple[Floats, Indices]:
        """The n Gaussians nearest to one point (k,), nearest first: distances and rows, (n,) each.

        Raises `ValueError` as `query`.
        """
        points, every = self.points(np.asarray(point)[None]), np.arange(len(self.mean))
        squared = self._exactly(np.repeat(points, len(every), axis=0), every)
        rows = np.argsort(squared, kind="stable")[:n]
        return np.sqrt(squared[rows]), rows


def _may_be_nearest(cells: Cells, nearest: Floats, farthest: Floats) -> NDArray[np.bool_]:
    return nearest <= cells.smallest(farthest) * (1 + _SLACK)


def tail_probability(distance: float | NDArray, k: int) -> float | NDArray:
    """The probability that a point of a k-dimensional Gaussian is farther than a Mahalanobis
    distance from its mean.

    The squared distance is chi-square with k degrees of freedom, so this is its survival function
    at distance^2; for k = 2 that is exp(-distance^2 / 2).

    >>> round(float(tail_probability(2.5, 2)), 4)
    0.0439
    """
    with np.errstate(over="ignore"):  # the square may be infinite, the probability is then 0
        return chdtrc(k, np.square(distance))
