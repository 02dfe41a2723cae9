"""Points sorted into cells of a grid, each cell with the few Gaussians that matter in it.

Most questions put to many points and many Gaussians at once, such as which one is nearest or how
dense they are, concern only the Gaussians about a point. For two and three dimensions the points
are sorted into cells; the cells are split again and again, and after every split the smallest and
the largest possible distance of each Gaussian to each cell say which ones can be left out there.
What may be left out is the caller's to say (`Keep`); nothing is left out of the answer by chance.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_BLOCK = 200_000
"""Pairs of point and Gaussian worked on at once: arrays of 1.6 MB, which a cache can hold."""
_PAIRS = 3_000_000
"""Cells are split no further when more pairs of cell and Gaussian would have to be weighed."""
_FINEST = {2: 8, 3: 5}
"""Deepest level of splitting by dimension: its Morton codes fit 16 bits, which sort fastest."""
_FEW = 32
"""Points that are not worth a grid."""
_SLACK = 1e-9
"""Cells are taken this much larger, so that rounding cannot put a point outside its own."""

# What the work takes on a common machine, in nanoseconds; only the speed depends on them.
_WEIGHING, _CELL, _PAIR = 20.0, 10_000.0, 3.0

_FARTHEST, _NARROWEST = 1e100, 1e-50
"""Coordinates beyond and sigmas below these are refused: squares of distances would overflow."""

Keep = Callable[["Cells", Floats, Floats], NDArray[np.bool_]]
"""Which pairs of cell and Gaussian to keep, given the squares of the smallest and largest possible
Mahalanobis distance of each pair: (pairs,) booleans, at least one of them true in every cell."""


Group = tuple[Indices, Floats, Indices]
"""Rows of the points, the points themselves, and the Gaussians that matter to them."""


@dataclass(frozen=True, init=False)
class Gaussians:
    """n Gaussians with diagonal covariance in k dimensions: `mean` and `sigma`, both (n, k).

    Raises `ValueError` if the two differ in shape, are empty, or hold means that are not finite or
    beyond 1e100, or sigmas that are not finite or below 1e-50.
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
        if (np.abs(mean) > _FARTHEST).any() or (sigma < _NARROWEST).any():
            raise ValueError(
                f"means go up to {_FARTHEST:g} and sigmas down to {_NARROWEST:g}, but some do not"
            )
        for name, values in (("mean", mean), ("sigma", sigma)):
            values.flags.writeable = False  # one search is shared by many sessions
            object.__setattr__(self, name, values)

    def points(self, z: ArrayLike) -> Floats:
        """Points (m, k) as float64; raises `ValueError` if they are none that can be measured."""
        z = np.asarray(z, np.float64)
        k = self.mean.shape[1]
        if z.ndim != 2 or z.shape[1] != k:
            raise ValueError(f"points want shape (m, {k}), but came with shape {z.shape}")
        if not (np.abs(z) <= _FARTHEST).all():
            raise ValueError(
                f"points want finite coordinates, at most {_FARTHEST:g} from 0, but some are not"
            )
        return z

    def squared(self, z: Floats, candidates: Indices | slice) -> Floats:
        """Squared Mahalanobis distances of points (m, k) to some Gaussians: (m, candidates)."""
        # One coordinate at a time, so that no points x Gaussians x k array is ever built.
        total = self._squared_along(0, z, candidates)
        for axis in range(1, z.shape[1]):
            total += self._squared_along(axis, z, candidates)
        return total

    def _squared_along(self, axis: int, z: Floats, candidates: Indices | slice) -> Floats:
        scaled = np.subtract.outer(z[:, axis], self.mean[candidates, axis])
        scaled /= self.sigma[candidates, axis]
        scaled *= scaled
        return scaled

    def grouped(self, z: Floats, keep: Keep) -> Iterator["Group"]:
        """All points (m, k) in groups, each with the Gaussians that `keep` leaves for it.

        Every row comes once. No group has more than about `_BLOCK` pairs. In other than two or
        three dimensions, and for a few points, all Gaussians are left.
        """
        rest = np.arange(len(z))
        while z.shape[1] in _FINEST and len(rest) > _FEW:
            near, rest = _split_outliers(z, rest)
            yield from self._in_cells(z, near, keep)
        everything = np.arange(len(self.mean))
        yield from _blocks(rest, z[rest], everything)

    def _in_cells(self, z: Floats, rows: Indices, keep: Keep) -> Iterator["Group"]:
        """The points of some rows by cell."""
        points = z[rows]
        low, high = (np.array([part(axis) for axis in points.T]) for part in (np.min, np.max))
        finest = _FINEST[z.shape[1]]
        code = _morton(points, low, high, finest)
        order = np.argsort(code, kind="stable")
        rows, points, code = rows[order], points[order], code[order]
        first = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
        starts = np.append(first, len(code))
        cells, starts = self._refined(low, high, code[first].astype(np.intp), starts, keep)
        for cell, (start, stop) in enumerate(pairwise(starts.tolist())):
            yield from _blocks(rows[start:stop], points[start:stop], cells.of(cell))

    def _refined(
        self, low: Floats, high: Floats, code: Indices, starts: Indices, keep: Keep
    ) -> tuple["Cells", Indices]:
        """A box split as long as that pays, and where the points of each cell start.

        `code` (c,) are the finest cells that hold points, `starts` (c + 1,) where theirs start.
        """
        k, finest = len(low), _FINEST[len(low)]
        cells, ends = Cells.whole(low, high, len(self.mean)), starts[[0, -1]]
        for level in range(1, finest + 1):
            finer = code >> k * (finest - level)
            firsts = np.flatnonzero(np.diff(finer, prepend=-1))
            split = cells.split(finer[firsts])
            weighing = split.pairs * _WEIGHING + (len(split) - len(cells)) * _CELL
            work = float(np.diff(ends) @ np.diff(cells.offsets)) * _PAIR
            # A split leaves out about half of the Gaussians; in the end fewer.
            if split.pairs > _PAIRS or weighing > work / 2:
                break
            cells, ends = split.pruned(self, keep), starts[np.append(firsts, len(code))]
        return cells, ends


@dataclass(frozen=True)
class Cells:
    """c boxes of one size, each with the Gaussians that matter in it.

    `code` (c,) are the boxes' places in Morton order, `place` (c, k) the same as coordinates in
    units of the box's `size` (k,), from `low` (k,). Box i has the Gaussians
    `candidates[offsets[i]:offsets[i + 1]]`.
    """

    low: Floats
    size: Floats
    code: Indices
    place: Indices
    candidates: Indices
    offsets: Indices

    @classmethod
    def whole(cls, low: Floats, high: Floats, n: int) -> "Cells":
        """A single box from `low` to `high` with all n Gaussians."""
        nothing = np.zeros((1, len(low)), np.intp)
        return cls(low, high - low, nothing[:, 0], nothing, np.arange(n), np.array([0, n]))

    def __len__(self) -> int:
        return len(self.code)

    @property
    def pairs(self) -> int:
        """Pairs of box and Gaussian."""
        return len(self.candidates)

    def of(self, cell: int) -> Indices:
        """The Gaussians of one box."""
        return self.candidates[self.offsets[cell] : self.offsets[cell + 1]]

    def smallest(self, values: Floats) -> Floats:
        """For each pair the smallest of the values (pairs,) that its box has."""
        return self._spread(np.minimum.reduceat(values, self.offsets[:-1]))

    def total(self, values: Floats) -> Floats:
        """For each pair the sum of the values (pairs,) that its box has."""
        return self._spread(np.add.reduceat(values, self.offsets[:-1]))

    def _spread(self, values: NDArray) -> NDArray:
        return np.repeat(values, np.diff(self.offsets))

    def split(self, code: Indices) -> "Cells":
        """Boxes of half the size, of which only those in `code` (sorted) are wanted."""
        k = len(self.low)
        parent = np.searchsorted(self.code, code >> k)
        halves = (code[:, None] >> np.arange(k)) & 1
        counts = np.diff(self.offsets)[parent]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        shift = np.repeat(self.offsets[parent] - offsets[:-1], counts)
        candidates = self.candidates[np.arange(offsets[-1]) + shift]
        place = 2 * self.place[parent] + halves
        return Cells(self.low, self.size / 2, code, place, candidates, offsets)

    def pruned(self, gaussians: Gaussians, keep: Keep) -> "Cells":
        """The same boxes without the Gaussians that `keep` does not keep."""
        parts = [part._kept(gaussians, keep) for part in self._parts()]
        candidates = np.concatenate([candidates for candidates, _ in parts])
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([count for _, count in parts]))])
        return replace(self, candidates=candidates, offsets=offsets)

    def _parts(self) -> Iterator["Cells"]:
        """The boxes in parts whose pairs a cache can hold."""
        step = max(1, _BLOCK // 4)
        ends = np.searchsorted(self.offsets, np.arange(step, self.pairs, step))
        for start, stop in pairwise(np.unique([0, *ends, len(self)]).tolist()):
            offsets = self.offsets[start : stop + 1]
            yield replace(
                self,
                code=self.code[start:stop],
                place=self.place[start:stop],
                candidates=self.candidates[offsets[0] : offsets[-1]],
                offsets=offsets - offsets[0],
            )

    def _kept(self, gaussians: Gaussians, keep: Keep) -> tuple[Indices, Indices]:
        """The Gaussians that are kept, box by box, and how many each box keeps."""
        nearest = np.zeros(self.pairs)  # squared distance to the nearest point of the box
        farthest = np.zeros(self.pairs)  # and to the farthest
        for axis in range(len(self.low)):
            half = self.size[axis] / 2
            middle = self.low[axis] + (self.place[:, axis] + 0.5) * self.size[axis]
            slack = _SLACK * (self.size[axis] + np.abs(self.low[axis]))
            away = self._spread(middle)
            away -= gaussians.mean[self.candidates, axis]
            np.abs(away, out=away)
            width = gaussians.sigma[self.candidates, axis]
            near = np.maximum(away - (half + slack), 0)
            near /= width
            near *= near
            nearest += near
            away += half + slack
            away /= width
            away *= away
            farthest += away
        kept = keep(self, nearest, farthest)
        return self.candidates[kept], np.add.reduceat(kept, self.offsets[:-1], dtype=np.intp)


def _blocks(rows: Indices, points: Floats, candidates: Indices) -> Iterator[Group]:
    step = max(1, _BLOCK // max(1, len(candidates)))
    for start in range(0, len(rows), step):
        yield rows[start : start + step], points[start : start + step], candidates


def _morton(points: Floats, low: Floats, high: Floats, depth: int) -> NDArray[np.uint16]:
    """Morton codes (m,) of points (m, k) in 2^depth cells a side: the parent's is code >> k."""
    k = points.shape[1]
    side = 2**depth
    bits = np.arange(side)
    spread = np.zeros(side, np.uint16)  # the bits of a coordinate, k apart
    for bit in range(depth):
        spread |= (((bits >> bit) & 1) << (k * bit)).astype(np.uint16)
    code = np.zeros(len(points), np.uint16)
    for axis in range(k):
        width = (high[axis] - low[axis]) or 1.0
        place = (points[:, axis] - low[axis]) / width * side
        code |= spread[np.minimum(place, side - 1).astype(np.intp)] << axis
    return code


def _split_outliers(z: Floats, rows: Indices) -> tuple[Indices, Indices]:
    """Rows whose points lie together, and those so far out that they would spoil the grid."""
    points = z[rows]
    some = points[:: max(1, len(points) // 10_000)]
    low, high = np.percentile(some, [1, 99], axis=0)
    reach = 4 * (high - low)
    near = np.ones(len(points), bool)
    for axis, values in enumerate(points.T):
        near &= values >= low[axis] - reach[axis]
        near &= values <= high[axis] + reach[axis]
    return rows[near], rows[~near]
