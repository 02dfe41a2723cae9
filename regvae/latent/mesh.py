"""A square of the plane, divided into convex cells by cuts along lines."""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

OUTSIDE = -1
"""The cell on the other side of the square's border."""

_ROUNDING = 1e-12
"""A value so small beside the largest of a cut is 0: the cut passes through that vertex."""


class Mesh:
    """Convex cells that share vertices and edges, so that no gap or overlap can form.

    An edge runs from its `tail` to its `head`, with a cell `left` and a cell `right` of it. Each
    vertex carries numbers, linear in each cell, which a cut interpolates at its new vertices.
    """

    def __init__(self, half_width: float) -> None:
        """The square [-half_width, half_width]² as one cell."""
        corners = np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
        self.points: Floats = half_width * corners
        self.values: Floats = np.empty((4, 0))
        self.tail: Whole = np.arange(4)
        self.head: Whole = np.roll(self.tail, -1)
        self.left: Whole = np.zeros(4, np.int64)
        self.right: Whole = np.full(4, OUTSIDE, np.int64)
        self.cells = 1

    def carry(self, values: Floats) -> None:
        """Give every vertex its numbers: (v, c)."""
        self.values = np.asarray(values, np.float64)

    def cut(self, height: Floats, only: NDArray[np.bool_] | None = None) -> Whole:
        """Divide the cells along the line on which a height, linear in each, is 0.

        `height` (v,) is that of the vertices; `only` (cells,) are those that may be divided. The
        divided cells keep the side above 0; returns the cell that each new one, numbered from the
        former `cells`, was a part of. A line through a vertex or along an edge adds none there.
        """
        sign = _signs(height)
        mixed = np.flatnonzero(sign[self.tail] != sign[self.head])
        divided = self._divided(sign, mixed, only)
        parents = np.flatnonzero(divided[:-1])
        if len(parents):
            crossing = mixed[sign[self.tail[mixed]] * sign[self.head[mixed]] < 0]
            known = divided[self.left[crossing]] | divided[self.right[crossing]]
            sign = self._divide_edges(height, sign, crossing[known])
            self._divide_cells(sign, divided, parents)
        return parents

    def areas(self) -> Floats:
        """The area of each cell: (cells,). They sum to the square's, since all edges are shared."""
        (x1, y1), (x2, y2) = self.points[self.tail].T, self.points[self.head].T
        twice = x1 * y2 - y1 * x2
        return (self._by_cell(self.left, twice) - self._by_cell(self.right, twice)) / 2

    def centres(self) -> Floats:
        """The mean of each cell's corners, a point inside: (cells, 2)."""
        ends = self.points[self.tail] + self.points[self.head]
        ones = np.ones(len(ends))
        x, y, corners = (
            self._by_cell(self.left, numbers) + self._by_cell(self.right, numbers)
            for numbers in (*ends.T, 2 * ones)
        )
        return np.stack([x, y], axis=1) / corners[:, None]

    def _by_cell(self, cells: Whole, numbers: Floats) -> Floats:
        """The sum of the edges' numbers over each cell, but the outside: (cells,)."""
        return np.asarray(np.bincount(cells + 1, numbers, self.cells + 1)[1:], np.float64)

    def between(self, kinds: NDArray) -> NDArray[np.bool_]:
        """Which edges have cells of different kinds (cells,) on their sides; none on the border."""
        inner = (self.left != OUTSIDE) & (self.right != OUTSIDE)
        return inner & (kinds[self.left] != kinds[self.right])

    def joined(self, kinds: NDArray) -> tuple[int, Whole]:
        """Cells of one kind that share an edge, joined: how many areas, and each cell's area."""
        inner = (self.left != OUTSIDE) & (self.right != OUTSIDE)
        same = inner & (kinds[self.left] == kinds[self.right])
        pairs = (np.ones(same.sum(), bool), (self.left[same], self.right[same]))
        count, found = connected_components(coo_array(pairs, shape=(self.cells, self.cells)))
        return int(count), found.astype(np.int64)

    def _divided(
        self, sign: Whole, mixed: Whole, only: NDArray[np.bool_] | None
    ) -> NDArray[np.bool_]:
        """Which cells have vertices on both sides: (cells + 1,), False for the last, outside."""
        sides = np.zeros((2, self.cells + 1), bool)
        for end in (self.tail[mixed], self.head[mixed]):
            for side, wanted in zip(sides, (1, -1), strict=True):
                edges = mixed[sign[end] == wanted]
                side[self.left[edges]] = side[self.right[edges]] = True
        divided = sides[0] & sides[1]
        divided[OUTSIDE] = False
        if only is not None:
            divided[:-1] &= only
        return divided

    def _divide_edges(self, height: Floats, sign: Whole, edges: Whole) -> Whole:
        """A new vertex on each of some edges, where the height is 0; returns the signs of all."""
        tail, head = self.tail[edges], self.head[edges]
        share = (height[tail] / (height[tail] - height[head]))[:, None]
        new = len(self.points) + np.arange(len(edges))

        def between(numbers: Floats) -> Floats:
            return np.vstack([numbers, (1 - share) * numbers[tail] + share * numbers[head]])

        self.points, self.values = between(self.points), between(self.values)
        self.head[edges] = new
        self._add_edges(new, head, self.left[edges], self.right[edges])
        return np.append(sign, np.zeros(len(new), sign.dtype))

    def _divide_cells(self, sign: Whole, divided: NDArray[np.bool_], parents: Whole) -> None:
        """Give the part of each parent below 0 to a new cell, with an edge between the two."""
        child = np.zeros(self.cells + 1, np.int64)
        child[parents] = self.cells + np.arange(len(parents))
        below = (sign[self.tail] < 0) | (sign[self.head] < 0)
        left = np.flatnonzero(below & divided[self.left])
        right = np.flatnonzero(below & divided[self.right])
        cell = np.concatenate([self.left[left], self.right[right]]) * len(self.points)
        start = cell + np.concatenate([self.tail[left], self.head[right]])
        stop = cell + np.concatenate([self.head[left], self.tail[right]])
        # The border of the lower part is a chain of edges: only its ends are in one of the two.
        first = np.sort(start[np.isin(start, stop, invert=True)])
        last = np.sort(stop[np.isin(stop, start, invert=True)])
        assert (first // len(self.points) == parents).all()
        assert (last // len(self.points) == parents).all()
        self.left[left] = child[self.left[left]]
        self.right[right] = child[self.right[right]]
        points = len(self.points)
        self._add_edges(last % points, first % points, child[parents], parents)
        self.cells += len(parents)

    def _add_edges(self, tail: Whole, head: Whole, left: Whole, right: Whole) -> None:
        self.tail, self.head = np.append(self.tail, tail), np.append(self.head, head)
        self.left, self.right = np.append(self.left, left), np.append(self.right, right)


def _signs(height: Floats) -> Whole:
    """-1, 0 or 1 for each height: (v,)."""
    largest = np.abs(height).max()
    return (height > _ROUNDING * largest).astype(np.int64) - (height < -_ROUNDING * largest)
