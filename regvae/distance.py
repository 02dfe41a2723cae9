"""Exact nearest-Gaussian search by Mahalanobis distance.

For two and three dimensions the points are sorted into cells of a grid, and each cell keeps only
the Gaussians that can be nearest to some point in it: those whose smallest possible distance to the
cell is no more than the smallest of the largest possible ones. The candidates of a cell are sought
among those of the cell twice its size, so that most Gaussians are never looked at in most cells.
What remains is a handful a cell, and the answer is as exact as looking at all of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

_BLOCK = 1_000_000
"""Distances computed at once: some arrays of 8 MB, whatever the numbers of points and Gaussians."""
_POINTS_A_CELL = 200
"""About as many points as make a cell's own overhead small against its arithmetic."""
_PAIRS = 2_000_000
"""Cells are split no further when more pairs of cell and candidate would have to be weighed."""
_SLACK = 1e-9
"""Cells are taken this much larger, so that rounding cannot put a point outside its own."""

_FARTHEST = 1e100
"""Coordinates beyond this are refused: their squares would overflow."""

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]


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

    mean: Floats
    sigma: Floats

    def __init__(self, mean: ArrayLike, sigma: ArrayLike) -> None:
        mean, sigma = np.array(mean, np.float64), np.array(sigma, np.float64)
        if mean.ndim != 2 or mean.shape != sigma.shape or not mean.size:
            raise ValueError(
                "mean and sigma want the same shape (n, k) with n and k at least 1, but came with "
                f"{mean.shape} and {sigma.shape}"
            )
        if not (np.isfinite(mean).all() and np.isfinite(sigma).all() and (sigma > 0).all()):
            raise ValueError("means want finite numbers and sigmas finite numbers above 0")
        for name, values in (("mean", mean), ("sigma", sigma)):
            values.flags.writeable = False  # one search is shared by many sessions
            object.__setattr__(self, name, values)

    def query(self, z: ArrayLike) -> tuple[Floats, Indices]:
        """Points z (m, k) -> distance (m,) to the nearest Gaussian and its row (m,), both exact.

        Raises `ValueError` if z is not (m, k), or has a coordinate not finite or beyond 1e100.
        """
        z = self._points(z)
        distance = np.empty(len(z))
        index = np.empty(len(z), dtype=np.intp)
        for rows, candidates in self._work(z):
            squared = self._squared(z[rows], candidates)
            best = squared.argmin(axis=1)
            distance[rows] = np.sqrt(squared[np.arange(len(best)), best])
            index[rows] = candidates[best]
        return distance, index

    def ranked(self, point: ArrayLike, n: int) -> tuple[Floats, Indices]:
        """The n nearest Gaussians of one point (k,), nearest first: distances and rows."""
        everything = np.arange(len(self.mean))
        squared = self._squared(self._points(np.asarray(point)[None]), everything)[0]
        rows = np.argsort(squared, kind="stable")[:n]
        return np.sqrt(squared[rows]), rows

    def _work(self, z: Floats) -> Iterator[tuple[Indices, Indices]]:
        """All points in groups, each with the Gaussians among which its nearest ones are."""
        rest = np.arange(len(z))
        while z.shape[1] in (2, 3) and len(rest) > 2 * _POINTS_A_CELL:
            near, rest = _split_outliers(z, rest)
            yield from self._cells(z, near)
        everything = np.arange(len(self.mean))
        step = max(1, _BLOCK // len(everything))
        for start in range(0, len(rest), step):
            yield rest[start : start + step], everything

    def _cells(self, z: Floats, rows: Indices) -> Iterator[tuple[Indices, Indices]]:
        """The points of some rows by cell, each cell with its candidates."""
        points = z[rows]
        low, high = points.min(axis=0), points.max(axis=0)
        k = z.shape[1]
        depth = max(0, int(np.log2(max(1, len(rows) / _POINTS_A_CELL)) / k))
        grid = ((points - low) * (2**depth / np.where(high > low, high - low, 1))).astype(np.intp)
        code = _interleave(np.clip(grid, 0, 2**depth - 1), depth)
        order = np.argsort(code, kind="stable")
        code = code[order]
        cells, level = self._refined(_Cells.whole(low, high, len(self.mean)), code, depth)
        code >>= k * (depth - level)
        starts = np.append(np.flatnonzero(np.diff(code, prepend=-1)), len(code))
        step = max(1, _BLOCK // max(1, cells.most))
        for cell, (start, stop) in enumerate(pairwise(starts.tolist())):
            candidates = cells.candidates[cells.offsets[cell] : cells.offsets[cell + 1]]
            for first in range(start, stop, step):
                yield rows[order[first : min(first + step, stop)]], candidates

    def _refined(self, cells: "_Cells", code: Indices, depth: int) -> tuple["_Cells", int]:
        """Cells split and pruned down to a level, at most `depth`, and only where points lie."""
        k = self.mean.shape[1]
        for level in range(1, depth + 1):
            if cells.pairs * 2**k > _PAIRS:
                return cells, level - 1
            cells = cells.split(np.unique(code >> k * (depth - level)))
            cells = cells.prune(self.mean, self.sigma)
        return cells, depth

    def _squared(self, z: Floats, candidates: Indices) -> Floats:
        # One coordinate at a time, so that no points x Gaussians x k array is ever built.
        total = np.zeros((len(z), len(candidates)))
        for axis in range(z.shape[1]):
            scaled = z[:, axis, None] - self.mean[candidates, axis]
            scaled /= self.sigma[candidates, axis]
            scaled *= scaled
            total += scaled
        return total

    def _points(self, z: ArrayLike) -> Floats:
        z = np.asarray(z, np.float64)
        k = self.mean.shape[1]
        if z.ndim != 2 or z.shape[1] != k:
            raise ValueError(f"points want shape (m, {k}), but came with shape {z.shape}")
        if not (np.abs(z) <= _FARTHEST).all():
            raise ValueError(
                f"points want finite coordinates, at most {_FARTHEST:g} from 0, but some are not"
            )
        return z


@dataclass(frozen=True)
class _Cells:
    """Boxes of one size, each with the Gaussians that may be nearest to a point in it.

    `code` (c,) are the boxes' places in Morton order, `place` (c, k) the same as coordinates in
    units of the box's `size` (k,), from `low` (k,). Box i has the candidates
    `candidates[offsets[i]:offsets[i + 1]]`.
    """

    low: Floats
    size: Floats
    code: Indices
    place: Indices
    candidates: Indices
    offsets: Indices

    @classmethod
    def whole(cls, low: Floats, high: Floats, n: int) -> "_Cells":
        """A single box from `low` to `high` whose candidates are all n Gaussians."""
        nothing = np.zeros((1, len(low)), np.intp)
        return cls(low, high - low, nothing[:, 0], nothing, np.arange(n), np.array([0, n]))

    @property
    def pairs(self) -> int:
        """Candidates of all boxes together."""
        return len(self.candidates)

    @property
    def most(self) -> int:
        """Candidates of the box that has most."""
        return int(np.diff(self.offsets).max())

    def split(self, code: Indices) -> "_Cells":
        """Boxes of half the size, of which only those in `code` (sorted) are wanted."""
        k = len(self.low)
        parent = np.searchsorted(self.code, code >> k)
        halves = (code[:, None] >> np.arange(k)) & 1
        counts = np.diff(self.offsets)[parent]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        shift = np.repeat(self.offsets[parent] - offsets[:-1], counts)
        candidates = self.candidates[np.arange(offsets[-1]) + shift]
        place = 2 * self.place[parent] + halves
        return _Cells(self.low, self.size / 2, code, place, candidates, offsets)

    def prune(self, mean: Floats, sigma: Floats) -> "_Cells":
        """The same boxes without the candidates that cannot be nearest to any point in them."""
        counts = np.diff(self.offsets)
        nearest = np.zeros(
            self.pairs
        )  # squared distance to the nearest and farthest point of the box
        farthest = np.zeros(self.pairs)
        for axis in range(len(self.low)):
            slack = _SLACK * (self.size[axis] + np.abs(self.low[axis]))
            low = self.low[axis] + self.place[:, axis] * self.size[axis] - slack
            high = low + self.size[axis] + 2 * slack
            centre, width = mean[self.candidates, axis], sigma[self.candidates, axis]
            below = (np.repeat(low, counts) - centre) / width
            above = (np.repeat(high, counts) - centre) / width
            nearest += np.maximum(np.maximum(below, -above), 0) ** 2
            farthest += np.maximum(-below, above) ** 2
        bound = np.minimum.reduceat(farthest, self.offsets[:-1]) * (1 + _SLACK)
        kept = nearest <= np.repeat(bound, counts)
        total = np.concatenate([[0], np.cumsum(kept)])
        return _Cells(
            self.low,
            self.size,
            self.code,
            self.place,
            self.candidates[kept],
            total[self.offsets],
        )


def _interleave(grid: Indices, depth: int) -> Indices:
    """Morton codes (m,) of grid coordinates (m, k) below 2^depth: a cell's parent is code >> k."""
    k = grid.shape[1]
    code = np.zeros(len(grid), dtype=np.intp)
    for bit in range(depth):
        for axis in range(k):
            code |= ((grid[:, axis] >> bit) & 1) << (k * bit + axis)
    return code


def _split_outliers(z: Floats, rows: Indices) -> tuple[Indices, Indices]:
    """Rows whose points lie together, and those so far out that they would spoil the grid."""
    points = z[rows]
    low, high = np.percentile(points, [1, 99], axis=0)
    reach = 4 * (high - low)
    near = ((points >= low - reach) & (points <= high + reach)).all(axis=1)
    return rows[near], rows[~near]
