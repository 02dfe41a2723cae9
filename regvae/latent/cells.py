"""Cells of a grid, each with the few Gaussians that matter in it.

The nearest Gaussian and the density at a point depend only on a few Gaussians. In two and three
dimensions a box is therefore halved along each axis again and again. After every split, the
smallest and the largest possible Mahalanobis distance between a cell and a Gaussian decide which
Gaussians can be left out there. The caller makes that decision (`Keep`) such that results are
exact, or within a bound.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Indices = NDArray[np.intp]

_PART = 50_000
"""Pairs of cell and Gaussian in one step: their arrays fit the processor's cache."""
_SLACK = 1e-9
"""Cells are enlarged by this share, so that rounding cannot put a point outside its own cell."""

Keep = Callable[["Cells", Floats, Floats], NDArray[np.bool_]]
"""Which pairs of cell and Gaussian to keep, given the squares of the smallest and largest possible
Mahalanobis distance of each pair: (pairs,) booleans, at least one of them true in every cell."""


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

    @property
    def counts(self) -> Indices:
        """Number of Gaussians of each box: (c,)."""
        return np.diff(self.offsets)

    def smallest(self, values: Floats) -> Floats:
        """The smallest of the values (pairs,) in each box, repeated for each of its pairs."""
        return self._spread(np.minimum.reduceat(values, self.offsets[:-1]))

    def total(self, values: Floats) -> Floats:
        """The sum of the values (pairs,) in each box, repeated for each of its pairs."""
        return self._spread(np.add.reduceat(values, self.offsets[:-1]))

    def _spread(self, values: NDArray) -> NDArray:
        return np.repeat(values, self.counts)

    def split(self, code: Indices) -> "Cells":
        """The boxes of half the size whose Morton codes are given, sorted; others are left out."""
        k = len(self.low)
        parent = np.searchsorted(self.code, code >> k)
        halves = (code[:, None] >> np.arange(k)) & 1
        place = 2 * self.place[parent] + halves
        return Cells(self.low, self.size / 2, code, place, *self._gathered(parent))

    def joined(self, others: "Cells") -> "Cells":
        """These boxes and others of the same size, in the order of their codes."""
        code = np.concatenate([self.code, others.code])
        place = np.concatenate([self.place, others.place])
        both = replace(
            self,
            candidates=np.concatenate([self.candidates, others.candidates]),
            offsets=np.concatenate([self.offsets, self.pairs + others.offsets[1:]]),
        )
        order = np.argsort(code)
        return Cells(self.low, self.size, code[order], place[order], *both._gathered(order))

    def _gathered(self, boxes: Indices) -> tuple[Indices, Indices]:
        """The `candidates` and `offsets` of some boxes, in any order and several times."""
        counts = self.counts[boxes]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        shift = np.repeat(self.offsets[boxes] - offsets[:-1], counts)
        return self.candidates[np.arange(offsets[-1]) + shift], offsets

    def pruned(self, mean: Floats, sigma: Floats, keep: Keep) -> "Cells":
        """The same boxes, each with only those Gaussians (mean and sigma (n, k)) that are kept."""
        parts = [part._kept(mean, sigma, keep) for part in self._parts()]
        candidates = np.concatenate([candidates for candidates, _ in parts])
        offsets = np.concatenate([[0], np.cumsum(np.concatenate([count for _, count in parts]))])
        return replace(self, candidates=candidates, offsets=offsets)

    def _parts(self) -> Iterator["Cells"]:
        """The boxes in parts, each with so few pairs that its arrays fit the processor's cache."""
        ends = np.searchsorted(self.offsets, np.arange(_PART, self.pairs, _PART))
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


class Tree:
    """A box whose cells are split where they are needed. They are remembered.

    `low` and `size` (k,) are the box's, k is 2 or 3; mean and sigma (n, k) are the Gaussians'.
    """

    def __init__(self, low: Floats, size: Floats, mean: Floats, sigma: Floats, keep: Keep) -> None:
        self.box = Cells.single(low, low + size, len(mean))
        self._mean, self._sigma, self._keep = mean, sigma, keep
        self._levels: dict[int, Cells] = {}

    @property
    def pairs(self) -> int:
        """Number of pairs of cell and Gaussian that are remembered."""
        return sum(cells.pairs for cells in self._levels.values())

    def level(self, level: int, code: Indices, parents: Cells) -> Cells:
        """The cells of a level that are known, among them those of the sorted codes (c,).

        `parents` are the cells of the level above, with those of which the others are parts.
        """
        known = self._levels.get(level)
        missing = code if known is None else np.setdiff1d(code, known.code, assume_unique=True)
        if len(missing):
            added = parents.split(missing).pruned(self._mean, self._sigma, self._keep)
            # Another thread may do so too: then the cells of one of the two are forgotten.
            known = self._levels[level] = known.joined(added) if known else added
        assert known is not None
        return known
