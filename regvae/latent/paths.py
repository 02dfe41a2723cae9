"""Paths through the latent space, decoded step by step.

Three kinds of path: straight, along one coordinate, and along the density, which goes where the
records are. The last is a shortest path on a graph of the records' means, on which many short hops
in a crowd cost less than one long leap (Bijral, Ratliff and Srebro, "Semi-supervised learning with
density based distances", 2011). What a way costs is its length times the squared distance to the
records around it: to the nearest 13, in the mean of squares, so that no single record counts for
much (Chazal, Cohen-Steiner and Mérigot, "Geometric inference for probability measures", 2011).
No bandwidth has to be chosen, and it is one method for any number of dimensions.
"""

import operator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra
from scipy.spatial import cKDTree

from regvae.formats import Codes
from regvae.latent.cells import Cells, Floats, Gaussians, Indices
from regvae.model.bundle import Bundle

MOST_STEPS = 1_000
FARTHEST = 1e9
"""Coordinates go this far from 0, as those that can be decoded do."""

_NEIGHBOURS = 12
"""Nearest means that each is joined to: enough to go round about, too few to leap over a gap."""
_THINNING = 4
"""The means are thinned by this factor, again and again, and the nearest of those left joined."""
_LEAF = 64
"""Means in a leaf of the search tree: in 15 dimensions twice as fast as the default."""
_ROUNDS = 3
"""How often corners are cut: 8 points in place of one, and the bend at each an eighth."""
_FACTORS = (1e-6, 1e6)
_SLACK = 1e-9
"""Records are looked at if this much farther, relatively, than they may be: for rounding."""


class PathError(ValueError):
    """A path that cannot be made; the message says what to change."""


# --- paths ----------------------------------------------------------------------------------------


def straight(start: ArrayLike, end: ArrayLike, steps: int) -> Floats:
    """Equally spaced points on the straight line from start (k,) to end (k,): (steps, k).

    Raises `PathError` for steps other than 2 to 1,000, or points that are not k numbers each, of
    at most 1e9.

    >>> straight([0, 0], [2, 4], 3).tolist()
    [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    """
    start = _point("the start", start)
    end = _point("the end", end, len(start))
    return np.linspace(start, end, _steps(steps))


def traversal(point: ArrayLike, axis: int, low: float, high: float, steps: int) -> Floats:
    """One coordinate of a point (k,) taken from low to high, the others kept: (steps, k).

    The axis counts from 0. Raises `PathError` for steps other than 2 to 1,000, a point that is
    not k numbers, an axis that it has not, or bounds that are not low < high, all of at most 1e9.

    >>> traversal([5, 7], 1, -1, 1, 3).tolist()
    [[5.0, -1.0], [5.0, 0.0], [5.0, 1.0]]
    """
    point = _point("the point", point)
    axis = _axis(axis, len(point))
    low, high = _number("low", low), _number("high", high)
    if not low < high:
        raise PathError(f"a traversal wants low below high, but came with {low:g} and {high:g}")
    z = np.tile(point, (_steps(steps), 1))
    z[:, axis] = np.linspace(low, high, len(z))
    return z


def along_density(start: ArrayLike, end: ArrayLike, steps: int, graph: "NeighbourGraph") -> Floats:
    """Points on a path from start (k,) to end (k,) that keeps to where records are: (steps, k).

    The means of the graph's path are the control points of a quadratic B-spline, which stays in the
    triangle of every three successive ones; the points are equally spaced along it, and begin and
    end exactly at the ends. These may lie outside the map: the path then goes to the nearest
    records first. It is straight if they are near each other. Raises `PathError` for steps other
    than 2 to 1,000, or points that are not the graph's k numbers, of at most 1e9.

    >>> graph = NeighbourGraph(bundle.records.mean)
    >>> along_density([-1.0, 0.5], [1.2, -0.3], 50, graph).shape
    (50, 2)
    """
    k, steps = graph.mean.shape[1], _steps(steps)
    start, end = _point("the start", start, k), _point("the end", end, k)
    return _equally_spaced(_rounded(graph.shortest_path(start, end)), steps)


def _rounded(line: Floats) -> Floats:
    """A polyline (p, k) with its corners cut at a quarter of each side, again and again.

    Chaikin, "An algorithm for high-speed curve generation", 1974; the limit is the B-spline.
    """
    for _ in range(_ROUNDS):
        a, b = line[:-1], line[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1)
        line = np.vstack([line[:1], cut.reshape(-1, line.shape[1]), line[-1:]])
    return line


def _equally_spaced(line: Floats, steps: int) -> Floats:
    """Points (steps, k) on a polyline (p, k), equally far apart along it, its ends included."""
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    where = np.linspace(0, at[-1], steps)
    z = np.stack([np.interp(where, at, values) for values in line.T], axis=1)
    z[0], z[-1] = line[0], line[-1]
    return z


# --- the graph ------------------------------------------------------------------------------------


@dataclass(frozen=True, init=False)
class NeighbourGraph:
    """The means of records, joined to their nearest ones; all of them are connected.

    `mean` (n, k) are the distinct means, `spread` (n,) the mean squared distances to their nearest,
    `cost` (n, n) what the links cost, both ways. 12,000 means take 0.2 s in two dimensions and 1
    to 2 s in 15, so make it once; it is never changed and can be shared. Raises `PathError` if
    the means are not (n, k), with n and k at least 1, or not all finite numbers of at most 1e9.
    """

    mean: Floats
    spread: Floats = field(repr=False)
    cost: csr_array = field(repr=False)
    tree: cKDTree = field(repr=False)

    def __init__(self, mean: ArrayLike) -> None:
        numbers = _numbers(mean)
        if numbers is None or numbers.ndim != 2 or not numbers.size:
            raise PathError(
                "the means of a graph want shape (n, k), with n and k at least 1, and finite "
                f"numbers of at most {FARTHEST:g}, not {_shown(mean)}"
            )
        # Each once: equal ones would be each other's only neighbours.
        distinct = np.unique(numbers, axis=0)
        tree = cKDTree(distinct, leafsize=_LEAF)
        distance, near = _nearest(tree, distinct)
        spread = np.square(distance).mean(axis=1)
        cost = _costs(distinct, spread, _links(distinct, near))
        for array in (distinct, spread, cost.data, cost.indices, cost.indptr):
            array.flags.writeable = False  # one graph is shared by many sessions
        for name, value in (("mean", distinct), ("spread", spread), ("cost", cost), ("tree", tree)):
            object.__setattr__(self, name, value)

    def shortest_path(self, start: Floats, end: Floats) -> Floats:
        """The cheapest way from start (k,) to end (k,): both and the means between them, (p, k).

        Both are joined to their nearest means, and to each other if they are no farther than those.
        """
        here, there = self._joined(start), self._joined(end)
        into, out = here.cost, there.cost
        # Of the ways in, only what one costs more than another counts: for an end far away the
        # whole cost is so high that what follows would be lost to rounding. Likewise out.
        spent, before = self._cheapest(into - into.min(), here.rows)
        through = spent[there.rows] + (out - out.min())
        length = np.linalg.norm(end - start)
        direct = _cost(length, here.spread, there.spread)
        if (
            length <= max(here.reach, there.reach)
            and direct <= through.min() + into.min() + out.min()
        ):
            return np.stack([start, end])
        rows = _walk_back(before, there.rows[through.argmin()])
        return np.vstack([start, self.mean[rows], end])

    def _joined(self, point: Floats) -> "_Joined":
        distance, rows = _nearest(self.tree, point)
        spread = np.square(distance).mean()
        return _Joined(rows, _cost(distance, spread, self.spread[rows]), spread, distance[-1])

    def _cheapest(self, into: Floats, first: Indices) -> tuple[Floats, Indices]:
        """What it costs to come to each node (n + 1,) from the last, and the node before it.

        The last node is the start: it has links of cost `into` to the means `first`.
        """
        n = len(self.mean)
        cost = np.concatenate([self.cost.data, into])
        indices = np.concatenate([self.cost.indices, first])
        indptr = np.append(self.cost.indptr, len(indices))
        graph = csr_array((cost, indices, indptr), (n + 1, n + 1))
        return dijkstra(graph, indices=n, return_predecessors=True)


class _Joined(NamedTuple):
    """How a point is joined to a graph: to which means, and at what cost, (links,) each.

    `spread` is its mean squared distance to them, `reach` the longest distance.
    """

    rows: Indices
    cost: Floats
    spread: float
    reach: float


def _cost(length: Any, a: Any, b: Any) -> Any:
    """What links cost from their lengths and the spreads at both ends, numbers or arrays.

    The squared power distance, the lesser of a + x^2 and b + (length - x)^2 at x from one end,
    integrated along the link, with the mean of a and b for both. The spread there is at most twice
    that (Buchet, Chazal, Oudot and Sheehy, "Efficient and robust persistent homology for measures",
    2016). A link that leaps over a gap so costs as the third power of the gap's width.
    """
    return length * ((a + b) / 2 + length**2 / 12)


def _costs(mean: Floats, spread: Floats, links: Indices) -> csr_array:
    """The costs of links (l, 2) as a matrix (n, n)."""
    n = len(mean)
    a, b = links.T
    a, b = np.divmod(np.unique(np.concatenate([a * n + b, b * n + a])), n)  # each link once
    cost = _cost(np.linalg.norm(mean[a] - mean[b], axis=1), spread[a], spread[b])
    return csr_array((cost, (a, b)), (n, n))


def _nearest(tree: cKDTree, points: Floats) -> tuple[Floats, Indices]:
    """Distances and rows of the means nearest to points (..., k): 12, and one for the point."""
    return tree.query(points, k=np.arange(1, min(tree.n, _NEIGHBOURS + 1) + 1))


def _links(mean: Floats, near: Indices) -> Indices:
    """Pairs of rows to be joined, (l, 2), given the rows near each mean (n, near).

    The nearest of all may lie in one crowd and never lead out of it. So the nearest are joined of
    ever fewer means drawn at random as well, as in Malkov and Yashunin's hierarchical graphs of
    2018, and the crowds where the gaps between them are narrowest.
    """
    pairs = [_pairs(np.arange(len(mean)), near)]
    pairs.append(_bridges(mean, pairs[0]))
    rows = np.random.default_rng(0).permutation(len(mean))
    while len(rows) > _THINNING * _NEIGHBOURS:
        rows = rows[: len(rows) // _THINNING]
        _, near = _nearest(cKDTree(mean[rows], leafsize=_LEAF), mean[rows])
        pairs.append(_pairs(rows, rows[near]))
    return np.vstack(pairs)


def _pairs(rows: Indices, near: Indices) -> Indices:
    """Each row (n,) with each of those near it (n, near), but not with itself: (l, 2)."""
    pairs = np.stack([np.repeat(rows, near.shape[1]), near.ravel()], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _bridges(mean: Floats, links: Indices) -> Indices:
    """The shortest links that connect what the links (l, 2) leave apart: (parts - 1, 2).

    By Prim's algorithm: from the first part always on to the nearest of the rest.
    """
    n = len(mean)
    joined = coo_array((np.ones(len(links)), links.T), (n, n))
    _, part = connected_components(joined, directed=False)
    distance, origin = np.full(n, np.inf), np.zeros(n, np.intp)
    new, rest = np.flatnonzero(part == 0), np.flatnonzero(part)
    bridges = []
    while len(rest):
        to_new, place = cKDTree(mean[new]).query(mean[rest])
        nearer = to_new < distance[rest]
        distance[rest[nearer]], origin[rest[nearer]] = to_new[nearer], new[place[nearer]]
        nearest = rest[distance[rest].argmin()]
        bridges.append((origin[nearest], nearest))
        entered = part[rest] == part[nearest]
        new, rest = rest[entered], rest[~entered]
    return np.array(bridges, np.intp).reshape(-1, 2)


def _walk_back(before: Indices, last: int) -> Indices:
    """The nodes on the way to `last`, in their order, without the one where it starts."""
    rows = []
    while before[last] >= 0:
        rows.append(last)
        last = before[last]
    return np.array(rows[::-1], np.intp)


# --- what is decoded ------------------------------------------------------------------------------


@dataclass(frozen=True)
class DecodedPath:
    """The steps of a path through the latent space (s, k), decoded, and the records near them.

    `codes` (s,) is decoded at each step. `certainty` (s,) is the probability of the decoded code,
    the product of the probabilities of its characters; `weakest` (s,) is the least of those; both
    above 0, up to 1. `near` (s,) counts the records near the step, and `nearest` (s,) is the row of
    the nearest one, by Mahalanobis distance.
    """

    z: Floats
    codes: Codes
    certainty: Floats
    weakest: Floats
    near: Indices
    nearest: Indices

    @property
    def changes(self) -> NDArray[np.bool_]:
        """Where the code differs from that of the step before: (s,) booleans, the first False."""
        return np.append(False, self.codes[1:] != self.codes[:-1])


def decode_path(
    bundle: Bundle, z: ArrayLike, *, scale: float = 1.0, within: float = 1.0
) -> DecodedPath:
    """Decode every step z (s, k) and count the records near it.

    `near` counts the records whose Mahalanobis distance from the step, in units of the record's
    sigma times `scale`, is at most `within`. The default 1 is the two-sided rule's support; of a
    Gaussian's own draws it holds 39 % in two dimensions and hardly any in 15, where half lie
    within 3.8. `Calibration.scale` is the calibrated scale. Raises `PathError` if z is not 2 to
    1,000 points of the bundle's k numbers, of at most 1e9, or if scale or within is not a number
    from 1e-6 to 1e6.

    >>> path = decode_path(bundle, straight([-1.0, 0.5], [1.2, -0.3], 50))
    >>> path.codes[path.changes]
    """
    z = _path(z, bundle.autoencoder.latent_dim)
    scale, within = _factor("scale", scale), _factor("within", within)
    codes, certainty = bundle.autoencoder.decode_with_certainty(z)
    sigma = bundle.records.sigma.astype(np.float64) * scale
    near, nearest = _around(Gaussians(bundle.records.mean, sigma), z, within)
    return DecodedPath(z, codes, certainty.prod(axis=1), certainty.min(axis=1), near, nearest)


def _around(gaussians: Gaussians, z: Floats, within: float) -> tuple[Indices, Indices]:
    """How many Gaussians are within a distance of points (s, k), and the nearest one: (s,) each."""

    def matters(cells: Cells, closest: Floats, farthest: Floats) -> NDArray[np.bool_]:
        bound = np.maximum(within**2, cells.smallest(farthest))
        return closest <= bound * (1 + _SLACK)

    near, nearest = np.empty(len(z), np.intp), np.empty(len(z), np.intp)
    for rows, points, candidates in gaussians.grouped(z, matters):
        squared = gaussians.squared(points, candidates)
        near[rows] = (squared <= within**2).sum(axis=1)
        nearest[rows] = candidates[squared.argmin(axis=1)]
    return near, nearest


# --- checks ---------------------------------------------------------------------------------------


def _numbers(values: ArrayLike) -> Floats | None:
    """The values as float64, or None if they are not all numbers of at most 1e9."""
    try:
        array = np.asarray(values)
        # Not what merely could be read as numbers, such as texts or whole numbers beyond floats.
        numbers = array.astype(np.float64) if array.dtype.kind in "iuf" else np.array(np.nan)
    except (TypeError, ValueError):
        return None
    return numbers if (np.abs(numbers) <= FARTHEST).all() else None


def _point(what: str, values: ArrayLike, k: int | None = None) -> Floats:
    point = _numbers(values)
    if point is None or point.ndim != 1 or not len(point) or k not in (None, len(point)):
        raise PathError(
            f"{what} wants {k or 'one or more'} finite numbers of at most {FARTHEST:g}, "
            f"not {_shown(values)}"
        )
    return point


def _path(values: ArrayLike, k: int) -> Floats:
    z = _numbers(values)
    if z is None or z.ndim != 2 or z.shape[1] != k or not 2 <= len(z) <= MOST_STEPS:
        came = "others" if z is None else f"shape {z.shape}"
        raise PathError(
            f"a journey wants 2 to {MOST_STEPS:,} points of {k} finite numbers of at most "
            f"{FARTHEST:g}, but came with {came}"
        )
    return z


def _steps(steps: int) -> int:
    number = _whole(steps)
    if number is None or not 2 <= number <= MOST_STEPS:
        raise PathError(f"steps want a whole number from 2 to {MOST_STEPS:,}, not {_shown(steps)}")
    return number


def _axis(axis: int, k: int) -> int:
    number = _whole(axis)
    if number is None or not 0 <= number < k:
        raise PathError(f"the axis wants a whole number from 0 to {k - 1}, not {_shown(axis)}")
    return number


def _number(what: str, value: float) -> float:
    number = _numbers(value)
    if number is None or number.ndim:
        raise PathError(
            f"{what} wants a finite number of at most {FARTHEST:g}, not {_shown(value)}"
        )
    return float(number)


def _factor(what: str, value: float) -> float:
    number = _numbers(value)
    least, most = _FACTORS
    if number is None or number.ndim or not least <= number <= most:
        raise PathError(f"{what} wants a number from {least:g} to {most:g}, not {_shown(value)}")
    return float(number)


def _whole(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        return None


def _shown(value: Any) -> str:
    return " ".join(repr(value).split())[:40]
