"""Points in tiles, each with the few Gaussians that matter to its points."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regvae.latent.cells import Cells, Floats, Indices, Keep, Tree

_BLOCK = 200_000
"""Pairs of point and Gaussian in one step: arrays of 1.6 MB, which fit the processor's cache."""
_PAIRS = 3_000_000
"""Cells are not split if their bounds would have to be computed for more pairs than this."""
_REMEMBERED = 2_000_000
"""Pairs of cell and Gaussian that are remembered, of 8 bytes."""
_FINEST = {2: 8, 3: 5}
"""Most splits by dimension: the Morton codes then have 16 bits, which sort fastest."""
_SIDE = 16
"""Points of a tile: fewer cost more calls, more are often not filled."""
_FEW = 32
"""For this many points cells do not pay."""

# Time in nanoseconds for the bounds of a pair, for a cell, and for a pair of point and Gaussian;
# measured on a common machine. Only the speed depends on them.
_WEIGHING, _CELL, _PAIR = 20.0, 1_000.0, 3.0


@dataclass(frozen=True)
class Tiles:
    """t tiles of s points each; in all points of a tile the same c of n Gaussians matter.

    `rows` (t, s) are the points' rows, `points` (t, s, k) the points, `candidates` (t, c) the
    Gaussians. A tile of fewer points has its last one several times, and a tile of fewer Gaussians
    has the number n in place of each that is missing.
    """

    rows: Indices
    points: Floats
    candidates: Indices


Later = Callable[[], Tiles]
"""Tiles that are gathered when they are called for, which may be in another thread."""


class Tiling:
    """Puts points into tiles, by cells that it remembers: later points need fewer new ones.

    The Gaussians are n of mean and sigma (n, k); `keep` decides which of them matter in a cell.
    What it gives for some points does not depend on those before.
    """

    def __init__(self, mean: Floats, sigma: Floats, keep: Keep) -> None:
        self._mean, self._sigma, self._keep = mean, sigma, keep
        self._trees: dict[tuple[float, ...], Tree] = {}

    def of(self, z: Floats) -> Iterator[Later]:
        """All points z (m, k) in groups of tiles: every row is in one tile.

        Groups have no more than about `_BLOCK` pairs of point and Gaussian. In other than two or
        three dimensions, and for a few points, all Gaussians are kept, and a group is one tile.
        """
        axes, rest = np.ascontiguousarray(z.T), np.arange(len(z))
        while len(axes) in _FINEST and len(rest) > _FEW:
            near, rest = _split_outliers(axes, rest)
            yield from self._in_cells(axes, near)
        step = max(1, _BLOCK // len(self._mean))
        for start in range(0, len(rest), step):
            yield partial(_with_all, z, rest[start : start + step], len(self._mean))

    def _in_cells(self, axes: Floats, rows: Indices) -> Iterator[Later]:
        """The points in some rows, of coordinates (k, m), in tiles by cell."""
        points = axes.take(rows, axis=1)
        low, size = _round_box(points.min(axis=1), points.max(axis=1))
        code = _morton(points, low, size, _FINEST[len(axes)])
        order = np.argsort(code, kind="stable")
        rows, points, code = rows.take(order), points.take(order, axis=1), code.take(order)
        first = np.flatnonzero(np.append(True, code[1:] != code[:-1]))
        starts = np.append(first, len(code))
        tree = self._tree(low, size)
        tiled = _Tiled.of(
            rows, points, *_refined(tree, code[first].astype(np.intp), starts), len(self._mean)
        )
        for start, stop in tiled.groups():
            yield partial(tiled.tiles, start, stop)

    def _tree(self, low: Floats, size: Floats) -> Tree:
        """The tree of a box, the same one each time for as long as not too much is remembered."""
        if sum(tree.pairs for tree in list(self._trees.values())) > _REMEMBERED:
            self._trees = {}
        new = Tree(low, size, self._mean, self._sigma, self._keep)
        return self._trees.setdefault((*low.tolist(), *size.tolist()), new)


def _with_all(z: Floats, rows: Indices, n: int) -> Tiles:
    """One tile: the points in some rows, with all n Gaussians."""
    return Tiles(rows[None], z[rows][None], np.arange(n)[None])


def _refined(tree: Tree, code: Indices, starts: Indices) -> tuple[Cells, Indices, Indices]:
    """Cells split for as long as that saves time: the cells, the numbers of those with points (c,),
    and where the points of each start (c + 1,).

    `code` are the finest cells that contain points, `starts` where their points start. Whether
    cells are remembered does not change how far they are split.
    """
    cells, chosen, ends = tree.box, np.array([0]), starts[[0, -1]]
    k = len(cells.low)
    parents = np.array([0])
    for level in range(1, _FINEST[k] + 1):
        finer = code >> k * (_FINEST[k] - level)
        firsts = np.flatnonzero(np.diff(finer, prepend=-1))
        finer = finer[firsts]
        counts = cells.counts[chosen]
        pairs = int(counts[np.searchsorted(parents, finer >> k)].sum())
        weighing = pairs * _WEIGHING + (len(finer) - len(chosen)) * _CELL
        work = float(_tiles(ends) @ counts) * _SIDE * _PAIR
        # A split leaves out about half of the Gaussians; the last splits fewer.
        if pairs > _PAIRS or weighing > work / 2:
            break
        cells = tree.level(level, finer, cells)
        chosen, parents = np.searchsorted(cells.code, finer), finer
        ends = starts[np.append(firsts, len(code))]
    return cells, chosen, ends


@dataclass(frozen=True)
class _Tiled:
    """Sorted points, cut into t tiles of at most `_SIDE` points of one cell.

    `rows` (m,) and `points` (k, m) are the points. The tiles are in the order of their number of
    Gaussians, `count` (t,), so that those of a group have about as many. Tile i has the points from
    `first[i]` to `last[i]`, and the Gaussians of `candidates` from `start[i]` on. `n` is the number
    of all Gaussians.
    """

    rows: Indices
    points: Floats
    first: Indices
    last: Indices
    candidates: Indices
    start: Indices
    count: Indices
    n: int

    @classmethod
    def of(
        cls,
        rows: Indices,
        points: Floats,
        cells: Cells,
        chosen: Indices,
        starts: Indices,
        n: int,
    ) -> "_Tiled":
        """Tiles of the chosen cells (c,), whose points start at `starts` (c + 1,)."""
        tiles = _tiles(starts)
        cell = np.repeat(np.arange(len(chosen)), tiles)
        within = np.arange(len(cell)) - np.repeat(np.cumsum(tiles) - tiles, tiles)
        count = cells.counts[chosen[cell]]
        order = np.argsort(count, kind="stable")
        cell, count = cell[order], count[order]
        first = starts[cell] + _SIDE * within[order]
        last = np.minimum(first + _SIDE, starts[cell + 1]) - 1
        return cls(
            rows, points, first, last, cells.candidates, cells.offsets[chosen[cell]], count, n
        )

    def groups(self) -> Iterator[tuple[int, int]]:
        """The first and the last tile, exclusive, of groups with about `_BLOCK` pairs."""
        start = 0
        while start < len(self.count):
            # By the smallest number of Gaussians in the group, then by the largest.
            some = self.count[start : start + max(1, _BLOCK // (_SIDE * self.count[start]))]
            pairs = _SIDE * some * np.arange(1, len(some) + 1)
            stop = start + max(1, int(np.searchsorted(pairs, _BLOCK, side="right")))
            yield start, stop
            start = stop

    def tiles(self, start: int, stop: int) -> Tiles:
        """The tiles of a group."""
        place = self.first[start:stop, None] + np.arange(_SIDE)
        place = np.minimum(place, self.last[start:stop, None])
        count = self.count[start:stop, None]
        column = np.arange(self.count[stop - 1])
        candidates = self.candidates.take(
            self.start[start:stop, None] + np.minimum(column, count - 1)
        )
        candidates[column >= count] = self.n
        points = np.stack([axis.take(place) for axis in self.points], axis=2)
        return Tiles(self.rows.take(place), points, candidates)


def _tiles(starts: Indices) -> Indices:
    """Number of tiles of each cell, whose points start at `starts` (c + 1,): (c,)."""
    return -(-np.diff(starts) // _SIDE)


def _split_outliers(axes: Floats, rows: Indices) -> tuple[Indices, Indices]:
    """The rows without outliers, and the outliers: with these, the cells would be too large."""
    points = axes.take(rows, axis=1)
    some = points[:, :: max(1, len(rows) // 10_000)]
    low, high = np.percentile(some, [1, 99], axis=1)
    reach = 4 * (high - low)
    near = np.ones(len(rows), bool)
    for axis, values in enumerate(points):
        near &= values >= low[axis] - reach[axis]
        near &= values <= high[axis] + reach[axis]
    return rows[near], rows[~near]


def _round_box(low: Floats, high: Floats) -> tuple[Floats, Floats]:
    """A box of round numbers around another one (k,): its low corner and its size, (k,) each.

    Points that are drawn in the same way then have the same box, mostly. It is at most one and a
    half times as large, but never without a size.
    """
    span, farthest = high - low, np.maximum(np.abs(low), np.abs(high))
    least = np.maximum(farthest * 2.0**-40, 2.0**-600)
    step = 2.0 ** (np.floor(np.log2(np.maximum(span, least))) - 2)
    start = np.floor(low / step) * step
    return start, np.ceil((high - start) / step + 0.5) * step


def _morton(points: Floats, low: Floats, size: Floats, depth: int) -> NDArray[np.uint16]:
    """Morton codes (m,) of points (k, m) in a grid of 2^depth cells along each axis.

    The code of a cell's parent is code >> k.
    """
    k = len(points)
    side = 2**depth
    bits = np.arange(side)
    spread = np.zeros(side, np.uint16)  # the bits of a coordinate, k apart
    for bit in range(depth):
        spread |= (((bits >> bit) & 1) << (k * bit)).astype(np.uint16)
    code = np.zeros(points.shape[1], np.uint16)
    for axis in range(k):
        place = (points[axis] - low[axis]) / size[axis] * side
        code |= spread[np.minimum(place, side - 1).astype(np.intp)] << axis
    return code
