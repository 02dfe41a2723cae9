"""Straight segments in the plane, and the distance of points from the nearest."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

Floats = NDArray[np.float64]

_BATCH = 20_000


@dataclass(frozen=True)
class Segments:
    """Segments from `start` (s, 2) to `stop` (s, 2); there may be none."""

    start: Floats
    stop: Floats

    @property
    def lengths(self) -> Floats:
        """The length of each: (s,)."""
        return np.linalg.norm(self.stop - self.start, axis=1)

    def distance(self, points: ArrayLike) -> Floats:
        """The distance of points (n, 2) from the nearest segment: (n,); infinite without any.

        Raises `ValueError` for points of another shape.
        """
        points = np.asarray(points, np.float64)
        if points.ndim != 2 or points.shape[1] != 2:
            raise ValueError(
                f"expected points of shape (n, 2), got shape {points.shape}; change the shape"
            )
        if not len(self.start):
            return np.full(len(points), np.inf)
        parts = [points[at : at + _BATCH] for at in range(0, len(points), _BATCH)]
        return np.concatenate([self._distance(part) for part in parts] or [np.empty(0)])

    def _distance(self, points: Floats) -> Floats:
        """Of a segment nearer than the nearest middle, the middle is at most half a length away."""
        start, along, longest = self._short
        near, _ = self._middles.query(points)
        found = self._middles.query_ball_point(points, (near + longest / 2) * (1 + 1e-9))
        sizes = np.array([len(rows) for rows in found])
        rows = np.concatenate(found).astype(np.intp)
        away = np.repeat(points, sizes, axis=0) - start[rows]
        squares = (along[rows] ** 2).sum(axis=1)
        share = (away * along[rows]).sum(axis=1) / np.where(squares > 0, squares, 1)
        away -= np.clip(share, 0, 1)[:, None] * along[rows]
        return np.minimum.reduceat(np.linalg.norm(away, axis=1), np.cumsum(sizes) - sizes)

    @cached_property
    def _short(self) -> tuple[Floats, Floats, float]:
        """The segments in parts: their starts, the vectors to their ends, and the longest length.

        No part is longer than twice the mean, so that few are near a point.
        """
        lengths = self.lengths
        parts = np.maximum(1, np.ceil(lengths / (2 * lengths.mean() or 1))).astype(np.intp)
        along = np.repeat((self.stop - self.start) / parts[:, None], parts, axis=0)
        place = np.arange(len(along)) - np.repeat(np.cumsum(parts) - parts, parts)
        start = np.repeat(self.start, parts, axis=0) + place[:, None] * along
        return start, along, float((lengths / parts).max())

    @cached_property
    def _middles(self) -> cKDTree:
        start, along, _ = self._short
        return cKDTree(start + along / 2)
