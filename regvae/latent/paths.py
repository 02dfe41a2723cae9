"""Paths through the latent space, decoded step by step.

Three kinds of path: straight, along one coordinate, and along the density, which follows the
records. The last is a shortest path on a graph of the records' means, on which many short links in
a dense region cost less than one long link (Bijral, Ratliff and Srebro, "Semi-supervised learning
with density based distances", 2011). The cost of a path is its length times the squared distance to
the records around it: the mean of squares over the nearest 13, so that a single record has little
influence (Chazal, Cohen-Steiner and Mérigot, "Geometric inference for probability measures", 2011).
This has no bandwidth to choose and works in any number of dimensions.
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
from regvae.latent.cells import Cells, Floats, Indices
from regvae.latent.gaussians import Gaussians
from regvae.latent.tiles import Tiling
from regvae.model.bundle import Bundle
from regvae.randomness import generator

MOST_STEPS = 1_000
FARTHEST = 1e9
"""Largest coordinate, the same as for decoding."""

_NEIGHBOURS = 12
"""Nearest means to which each mean is linked: enough for detours, too few to link across gaps."""
_THINNING = 4
"""Links between fewer and fewer means: each time a random sample, smaller by this factor."""
_LEAF = 64
"""Means in a leaf of the search tree: in 15 dimensions twice as fast as the default."""
_ROUNDS = 3
"""Rounds of corner cutting: each corner becomes 8, each with an eighth of the turn."""
_FACTORS = (1e-6, 1e6)
_SLACK = 1e-9
"""Distances are treated as equal within this share when cells are pruned, because of rounding."""


class PathError(ValueError):
    """Values from which a path cannot be computed; the message tells which to change."""


# --- paths ----------------------------------------------------------------------------------------


def straight(start: ArrayLike, end: ArrayLike, steps: int) -> Floats:
    """Equally spaced points on the straight line from start (k,) to end (k,): (steps, k).

    Raises `PathError` if steps are not 2 to 1,000, or the ends not k numbers of magnitude at most
    1e9.

    >>> straight([0, 0], [2, 4], 3).tolist()
    [[0.0, 0.0], [1.0, 2.0], [2.0, 4.0]]
    """
    start = _point("the start", start)
    end = _point("the end", end, len(start))
    return np.linspace(start, end, _steps(steps))


def traversal(point: ArrayLike, axis: int, low: float, high: float, steps: int) -> Floats:
    """A point (k,) with one coordinate varied from low to high in equal steps: (steps, k).

    The axis counts from 0. Raises `PathError` if steps are not 2 to 1,000, the point not k numbers,
    the axis not 0 to k - 1, or low not below high; all numbers of magnitude at most 1e9.

    >>> traversal([5, 7], 1, -1, 1, 3).tolist()
    [[5.0, -1.0], [5.0, 0.0], [5.0, 1.0]]
    """
    point = _point("the point", point)
    axis = _axis(axis, len(point))
    low, high = _number("low", low), _number("high", high)
    if not low < high:
        raise PathError(f"expected low below high, got {low:g} and {high:g}; change them")
    z = np.tile(point, (_steps(steps), 1))
    z[:, axis] = np.linspace(low, high, len(z))
    return z


def along_density(start: ArrayLike, end: ArrayLike, steps: int, graph: "NeighbourGraph") -> Floats:
    """Points on a path from start (k,) to end (k,) through regions with many records: (steps, k).

    The means on the graph's shortest path are the control points of a quadratic B-spline, which
    lies in the triangles of every three successive ones. The points are equally spaced along it,
    the first exactly at start and the last at end. Ends may be far from all records: the path then
    first goes to the nearest ones. It is straight between ends near each other. Raises `PathError`
    if steps are not 2 to 1,000, or the ends not k numbers of magnitude at most 1e9.

    >>> graph = NeighbourGraph(bundle.records.mean)
    >>> along_density([-1.0, 0.5], [1.2, -0.3], 50, graph).shape
    (50, 2)
    """
    k, steps = graph.mean.shape[1], _steps(steps)
    start, end = _point("the start", start, k), _point("the end", end, k)
    return _equally_spaced(_rounded(graph.shortest_path(start, end)), steps)


def _rounded(line: Floats) -> Floats:
    """A polyline (p, k) with its corners cut at a quarter of each side, in several rounds.

    Chaikin, "An algorithm for high-speed curve generation", 1974; the limit is the B-spline.
    """
    for _ in range(_ROUNDS):
        a, b = line[:-1], line[1:]
        cut = np.stack([0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b], axis=1)
        line = np.vstack([line[:1], cut.reshape(-1, line.shape[1]), line[-1:]])
    return line


def _equally_spaced(line: Floats, steps: int) -> Floats:
    """Equally spaced points (steps, k) along a polyline (p, k), including its ends."""
    lengths = np.linalg.norm(np.diff(line, axis=0), axis=1)
    at = np.concatenate([[0.0], np.cumsum(lengths)])
    where = np.linspace(0, at[-1], steps)
    z = np.stack([np.interp(where, at, values) for values in line.T], axis=1)
    z[0], z[-1] = line[0], line[-1]
    return z


# --- the graph ------------------------------------------------------------------------------------


@dataclass(frozen=True, init=False)
class NeighbourGraph:
    """A connected graph of records' means, each linked to its nearest ones.

    `mean` (n, k) are the distinct means, `spread` (n,) the mean squared distances to their nearest,
    `cost` (n, n) the symmetric costs of the links. Building it for 12,000 means takes 0.2 s in two
    dimensions and 1 to 2 s in 15; it does not change, so it can be shared. Raises `PathError` if
    the means are not (n, k) with n and k at least 1, or not numbers of magnitude at most 1e9.
    """

    mean: Floats
    spread: Floats = field(repr=False)
    cost: csr_array = field(repr=False)
    tree: cKDTree = field(repr=False)

    def __init__(self, mean: ArrayLike) -> None:
        numbers = _numbers(mean)
        if numbers is None or numbers.ndim != 2 or not numbers.size:
            raise PathError(
                "expected means of shape (n, k) with n and k at least 1, finite numbers of "
                f"magnitude at most {FARTHEST:g}, got {_shown(mean)}; change them"
            )
        # Without duplicates, which would be each other's only neighbours.
        distinct = np.unique(numbers, axis=0)
        tree = cKDTree(distinct, leafsize=_LEAF)
        distance, near = _nearest(tree, distinct)
        spread = np.square(distance).mean(axis=1)
        cost = _costs(distinct, spread, _links(distinct, near))
        for array in (distinct, spread, cost.data, cost.indices, cost.indptr):
            array.flags.writeable = False  # sessions share one graph
        for name, value in (("mean", distinct), ("spread", spread), ("cost", cost), ("tree", tree)):
            object.__setattr__(self, name, value)

    def shortest_path(self, start: Floats, end: Floats) -> Floats:
        """The path of least cost from start (k,) to end (k,), through means: (p, k), both included.

        Both are linked to their nearest means, and to each other if they are no farther apart.
        """
        here, there = self._joined(start), self._joined(end)
        into, out = here.cost, there.cost
        # Minus the least cost of these links, to which the rest would be lost by rounding if an end
        # is far away.
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
        """The least cost to each node (n + 1,) from the last node, and each node's predecessor.

        The last node is the start of the path, with links of cost `into` to the means `first`.
        """
        n = len(self.mean)
        cost = np.concatenate([self.cost.data, into])
        indices = np.concatenate([self.cost.indices, first])
        indptr = np.append(self.cost.indptr, len(indices))
        graph = csr_array((cost, indices, indptr), (n + 1, n + 1))
        return dijkstra(graph, indices=n, return_predecessors=True)


class _Joined(NamedTuple):
    """The links of a point to the means of a graph: their rows and costs, (links,) each.

    `spread` is the mean squared distance to them, `reach` the largest distance.
    """

    rows: Indices
    cost: Floats
    spread: float
    reach: float


def _cost(length: Any, a: Any, b: Any) -> Any:
    """The costs of links, from their lengths and the spreads at both ends (numbers or arrays).

    The integral along the link of the squared power distance: the smaller of a + x^2 and
    b + (length - x)^2 at x from one end, with the mean of a and b in place of both. The spread at x
    is at most twice that (Buchet, Chazal, Oudot and Sheehy, "Efficient and robust persistent
    homology for measures", 2016). The cost of a link across a gap grows with the cube of its width.
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
    """Distances and rows of the 13 means nearest to points (..., k): 12 besides a mean itself."""
    return tree.query(points, k=np.arange(1, min(tree.n, _NEIGHBOURS + 1) + 1))


def _links(mean: Floats, near: Indices) -> Indices:
    """Pairs of rows to link, (l, 2), given the rows near each mean (n, near).

    The nearest means of a cluster are all in the cluster. So the shortest links between the
    clusters are added, and links to the nearest in ever smaller random samples of the means, as in
    the hierarchical graphs of Malkov and Yashunin, 2018.
    """
    pairs = [_pairs(np.arange(len(mean)), near)]
    pairs.append(_bridges(mean, pairs[0]))
    rows = generator("links of paths").permutation(len(mean))
    while len(rows) > _THINNING * _NEIGHBOURS:
        rows = rows[: len(rows) // _THINNING]
        _, near = _nearest(cKDTree(mean[rows], leafsize=_LEAF), mean[rows])
        pairs.append(_pairs(rows, rows[near]))
    return np.vstack(pairs)


def _pairs(rows: Indices, near: Indices) -> Indices:
    """Each row (n,) with every row near it (n, near), except itself: (l, 2)."""
    pairs = np.stack([np.repeat(rows, near.shape[1]), near.ravel()], axis=1)
    return pairs[pairs[:, 0] != pairs[:, 1]]


def _bridges(mean: Floats, links: Indices) -> Indices:
    """The shortest links that connect the parts of a graph with links (l, 2): (parts - 1, 2).

    By Prim's algorithm: starting with the first part, the nearest other part is added each time.
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
    """The nodes of the path to `last`, given each node's predecessor, without the first node."""
    rows = []
    while before[last] >= 0:
        rows.append(last)
        last = before[last]
    return np.array(rows[::-1], np.intp)


# --- decoding -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DecodedPath:
    """A path z (s, k) through the latent space, decoded, with the records near it.

    `codes` (s,) are the decoded codes. `certainty` (s,) is the probability of the decoded code, the
    product of the probabilities of its characters; `weakest` (s,) is the smallest of those; both
    are above 0, at most 1. `near` (s,) is the number of records near the step, `nearest` (s,) the
    row of the nearest record by Mahalanobis distance; None for a bundle that was released without
    its records.
    """

    z: Floats
    codes: Codes
    certainty: Floats
    weakest: Floats
    near: Indices | None
    nearest: Indices | None

    @property
    def changes(self) -> NDArray[np.bool_]:
        """Steps whose code differs from that of the step before: (s,) booleans, the first False."""
        return np.append(False, self.codes[1:] != self.codes[:-1])


def decode_path(
    bundle: Bundle, z: ArrayLike, *, scale: float = 1.0, within: float = 1.0
) -> DecodedPath:
    """Decode every step z (s, k) and count the records near it.

    `near` counts the records whose Mahalanobis distance from the step, in units of the record's
    sigma times `scale`, is at most `within`. The default 1 is the two-sided rule's support. Of a
    Gaussian's own points 39 % are that near in two dimensions and hardly any in 15, where half are
    within 3.8. `Calibration.scale` is the calibrated scale. Raises `PathError` if z is not 2 to
    1,000 points of k numbers of magnitude at most 1e9, or scale or within not 1e-6 to 1e6.

    >>> path = decode_path(bundle, straight([-1.0, 0.5], [1.2, -0.3], 50))
    >>> path.codes[path.changes]
    """
    z = _path(z, bundle.autoencoder.latent_dim)
    scale, within = _factor("scale", scale), _factor("within", within)
    codes, certainty = bundle.autoencoder.decode_with_certainty(z)
    near = nearest = None
    if not bundle.released:
        sigma = bundle.records.sigma.astype(np.float64) * scale
        near, nearest = _around(Gaussians(bundle.records.mean, sigma), z, within)
    return DecodedPath(z, codes, certainty.prod(axis=1), certainty.min(axis=1), near, nearest)


def _around(gaussians: Gaussians, z: Floats, within: float) -> tuple[Indices, Indices]:
    """The number of Gaussians within a distance of points (s, k), and the nearest: (s,) each."""

    def matters(cells: Cells, closest: Floats, farthest: Floats) -> NDArray[np.bool_]:
        bound = np.maximum(within**2, cells.smallest(farthest))
        return closest <= bound * (1 + _SLACK)

    near, nearest = np.empty(len(z), np.intp), np.empty(len(z), np.intp)
    for gathered in Tiling(gaussians.mean, gaussians.sigma, matters).of(z):
        tiles = gathered()
        squared = gaussians.squared(tiles)
        near[tiles.rows] = (squared <= within**2).sum(axis=2)
        nearest[tiles.rows] = np.take_along_axis(tiles.candidates, squared.argmin(axis=2), axis=1)
    return near, nearest


# --- checks ---------------------------------------------------------------------------------------


def _numbers(values: ArrayLike) -> Floats | None:
    """The values as float64, or None if they are not all numbers of magnitude at most 1e9."""
    try:
        array = np.asarray(values)
        # Refuses texts that NumPy could convert to numbers, and integers too large for a float.
        numbers = array.astype(np.float64) if array.dtype.kind in "iuf" else np.array(np.nan)
    except (TypeError, ValueError):
        return None
    return numbers if (np.abs(numbers) <= FARTHEST).all() else None


def _point(what: str, values: ArrayLike, k: int | None = None) -> Floats:
    point = _numbers(values)
    if point is None or point.ndim != 1 or not len(point) or k not in (None, len(point)):
        raise PathError(
            f"expected {k or 'one or more'} finite numbers of magnitude at most {FARTHEST:g} as "
            f"{what}, got {_shown(values)}; change it"
        )
    return point


def _path(values: ArrayLike, k: int) -> Floats:
    z = _numbers(values)
    if z is None or z.ndim != 2 or z.shape[1] != k or not 2 <= len(z) <= MOST_STEPS:
        got = "others" if z is None else f"shape {z.shape}"
        raise PathError(
            f"expected a path of 2 to {MOST_STEPS:,} points, each of {k} finite numbers of "
            f"magnitude at most {FARTHEST:g}, got {got}; change it"
        )
    return z


def _steps(steps: int) -> int:
    number = _integer(steps)
    if number is None or not 2 <= number <= MOST_STEPS:
        raise PathError(f"expected 2 to {MOST_STEPS:,} steps, got {_shown(steps)}; change them")
    return number


def _axis(axis: int, k: int) -> int:
    number = _integer(axis)
    if number is None or not 0 <= number < k:
        raise PathError(f"expected an axis from 0 to {k - 1}, got {_shown(axis)}; change it")
    return number


def _number(what: str, value: float) -> float:
    number = _numbers(value)
    if number is None or number.ndim:
        raise PathError(
            f"expected a finite number of magnitude at most {FARTHEST:g} as {what}, got "
            f"{_shown(value)}; change it"
        )
    return float(number)


def _factor(what: str, value: float) -> float:
    number = _numbers(value)
    least, most = _FACTORS
    if number is None or number.ndim or not least <= number <= most:
        raise PathError(
            f"expected a number from {least:g} to {most:g} as {what}, got {_shown(value)}; "
            "change it"
        )
    return float(number)


def _integer(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        return None


def _shown(value: Any) -> str:
    return " ".join(repr(value).split())[:40]
