"""Points sorted into cells of a grid, each cell with the few Gaussians that matter in it.

The nearest Gaussian and the density at a point depend only on a few Gaussians. In two and three
dimensions the points are therefore sorted into cells, which are halved along each axis again and
again. After every split, the smallest and the largest possible Mahalanobis distance between a cell
and a Gaussian decide which Gaussians can be left out there. The caller makes that decision (`Keep`)
such that results are exact, or within a bound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_BLOCK = 200_000
"""Pairs of point and Gaussian in one step: arrays of 1.6 MB, which fit the processor's cache."""
_PAIRS = 3_000_000
"""Cells are not split if their bounds would have to be computed for more pairs than this."""
_FINEST = {2: 8, 3: 5}
"""Most splits by dimension: the Morton codes then have 16 bits, which sort fastest."""
_FEW = 32
"""For this many points a grid does not pay."""
_SLACK = 1e-9
"""Cells are enlarged by this share, so that rounding cannot put a point outside its own cell."""

# Time in nanoseconds for the bounds of a pair, for a cell, and for a pair of point and Gaussian;
# measured on a common machine. Only the speed depends on them.
_WEIGHING, _CELL, _PAIR = 20.0, 10_000.0, 3.0

Keep = Callable[["Cells", Floats, Floats], NDArray[np.bool_]]
"""Which pairs of cell and Gaussian to keep, given the squares of the smallest and largest possible
Mahalanobis distance of each pair: (pairs,) booleans, at least one of them true in every cell."""

Group = tuple[Indices, Floats, Indices]
"""Rows of points (g,), the points (g, k), and the Gaussians that matter to them (c,)."""


def grouped(z: Floats, mean: Floats, sigma: Floats, keep: Keep) -> Iterator[Group]:
    """All points z (m, k) in groups, each with the Gaussians (of n, mean and sigma (n, k)) kept.

    Every row is in one group. No group has more than about `_BLOCK` pairs. In other than two or
    three dimensions, and for a few points, all Gaussians are kept.
    """
    rest = np.arange(len(z))
    while z.shape[1] in _FINEST and len(rest) > _FEW:
        near, rest = _split_outliers(z, rest)
        yield from _in_cells(z, near, mean, sigma, keep)
    yield from _blocks(rest, z[rest], np.arange(len(mean)))


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
    def single(cls, low: Floats, high: Floats, n: int) -> "Cells":
        """A single box from `low` (k,) to `high` (k,) with all n Gaussians."""
        nothing = np.zeros((1, len(low)), np.intp)
        return cls(low, high - low, nothing[:, 0], nothing, np.arange(n), np.array([0, n]))

    def __len__(self) -> int:
        return len(self.code)

    @property
    def pairs(self) -> int:
        """Number of pairs of box and Gaussian."""
        return len(self.candidates)

    def of(self, cell: int) -> Indices:
        """The Gaussians of one box."""
        return self.candidates[self.offsets[cell] : self.offsets[cell + 1]]

    def smallest(self, values: Floats) -> Floats:
        """The smallest of the values (pairs,) in each box, repeated for each of its pairs."""
        return self._spread(np.minimum.reduceat(values, self.offsets[:-1]))

    def total(self, values: Floats) -> Floats:
        """The sum of the values (pairs,) in each box, repeated for each of its pairs."""
        return self._spread(np.add.reduceat(values, self.offsets[:-1]))

    def _spread(self, values: NDArray) -> NDArray:
        return np.repeat(values, np.diff(self.offsets))

    def split(self, code: Indices) -> "Cells":
        """The boxes of half the size whose Morton codes are given, sorted; others are left out."""
        k = len(self.low)
        parent = np.searchsorted(self.code, code >> k)
        halves = (code[:, None] >> np.arange(k)) & 1
        counts = np.diff(self.offsets)[parent]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        shift = np.repeat(self.offsets[parent] - offsets[:-1], counts)
        candidates = self.candidates[np.arange(offsets[-1]) + shift]
        place = 2 * self.place[parent] + halves
        return Cells(self.low, self.size / 2, code, place, candidates, offsets)

    def pruned(self, mean: Floats, sigma: Floats, keep: Keep) -> "Cells":
        """The same boxes, each with only those Gaussians (mean and sigma (n, k)) that are kept."""
        parts = [part._kept(mean, sigma, keep) for part in self._parts()]
        candidates = np.concatenate([candidates for candidates, _ in parts])
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([count for _, count in parts]))])
        return replace(self, candidates=candidates, offsets=offsets)

    def _parts(self) -> Iterator["Cells"]:
        """The boxes in parts, each with so few pairs that its arrays fit the processor's cache."""
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

    def _kept(self, mean: Floats, sigma: Floats, keep: Keep) -> tuple[Indices, Indices]:
        """The Gaussians that are kept, box by box, and their number in each box."""
        nearest = np.zeros(self.pairs)  # squared distance to the nearest point of the box
        farthest = np.zeros(self.pairs)  # and to the farthest
        for axis in range(len(self.low)):
            half = self.size[axis] / 2
            middle = self.low[axis] + (self.place[:, axis] + 0.5) * self.size[axis]
            slack = _SLACK * (self.size[axis] + np.abs(self.low[axis]))
            away = self._spread(middle)
            away -= mean[self.candidates, axis]
            np.abs(away, out=away)
            width = sigma[self.candidates, axis]
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


def _in_cells(z: Floats, rows: Indices, mean: Floats, sigma: Floats, keep: Keep) -> Iterator[Group]:
    """The points in some rows of z (m, k), grouped by cell."""
    points = z[rows]
    low, high = (np.array([part(axis) for axis in points.T]) for part in (np.min, np.max))
    code = _morton(points, low, high, _FINEST[z.shape[1]])
    order = np.argsort(code, kind="stable")
    rows, points, code = rows[order], points[order], code[order]
    first = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
    starts = np.append(first, len(code))
    box = Cells.single(low, high, len(mean))
    cells, starts = _refined(box, code[first].astype(np.intp), starts, mean, sigma, keep)
    for cell, (start, stop) in enumerate(pairwise(starts.tolist())):
        yield from _blocks(rows[start:stop], points[start:stop], cells.of(cell))


def _refined(
    cells: Cells, code: Indices, starts: Indices, mean: Floats, sigma: Floats, keep: Keep
) -> tuple[Cells, Indices]:
    """A single box split for as long as that saves time, and where the points of each cell start.

    `code` (c,) are the finest cells that contain points, `starts` (c + 1,) where theirs start.
    """
    k, finest = len(cells.low), _FINEST[len(cells.low)]
    ends = starts[[0, -1]]
    for level in range(1, finest + 1):
        finer = code >> k * (finest - level)
        firsts = np.flatnonzero(np.diff(finer, prepend=-1))
        split = cells.split(finer[firsts])
        weighing = split.pairs * _WEIGHING + (len(split) - len(cells)) * _CELL
        work = float(np.diff(ends) @ np.diff(cells.offsets)) * _PAIR
        # A split leaves out about half of the Gaussians; the last splits fewer.
        if split.pairs > _PAIRS or weighing > work / 2:
            break
        cells, ends = split.pruned(mean, sigma, keep), starts[np.append(firsts, len(code))]
    return cells, ends


def _blocks(rows: Indices, points: Floats, candidates: Indices) -> Iterator[Group]:
    step = max(1, _BLOCK // max(1, len(candidates)))
    for start in range(0, len(rows), step):
        yield rows[start : start + step], points[start : start + step], candidates


def _morton(points: Floats, low: Floats, high: Floats, depth: int) -> NDArray[np.uint16]:
    """Morton codes (m,) of points (m, k) in a grid of 2^depth cells along each axis.

    The code of a cell's parent is code >> k.
    """
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
    """The rows without outliers, and the outliers: with these, the cells would be too large."""
    points = z[rows]
    some = points[:: max(1, len(points) // 10_000)]
    low, high = np.percentile(some, [1, 99], axis=0)
    reach = 4 * (high - low)
    near = np.ones(len(points), bool)
    for axis, values in enumerate(points.T):
        near &= values >= low[axis] - reach[axis]
        near &= values <= high[axis] + reach[axis]
    return rows[near], rows[~near]
