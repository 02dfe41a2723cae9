"""The borders of joined cells of a mesh, as rings of corners."""

import numpy as np
from numpy.typing import NDArray

from regvae.latent.mesh import OUTSIDE, Floats, Mesh, Whole


def rings(mesh: Mesh, areas: Whole) -> list[list[Floats]]:
    """The border of each area: rings of corners (r, 2), the outer one first, then holes.

    `areas` is what `Mesh.joined` gives. The outer ring runs anticlockwise, holes clockwise.
    """
    # Every edge twice, once from each side: with a cell on its left.
    cell = np.concatenate([mesh.left, mesh.right])
    start = np.concatenate([mesh.tail, mesh.head])
    stop = np.concatenate([mesh.head, mesh.tail])
    area = np.where(cell == OUTSIDE, -1, areas[cell])
    other = np.roll(area, len(mesh.tail))  # that on the right
    after = _after(cell, start, stop, area != other)
    found: list[list[Floats]] = [[] for _ in range(int(areas.max()) + 1)]
    waiting = dict.fromkeys(np.flatnonzero((area != other) & (area >= 0)).tolist())
    while waiting:
        ring, at = [], next(iter(waiting))
        while at in waiting:
            del waiting[at]
            ring.append(at)
            at = int(after[at])
        found[area[ring[0]]].append(mesh.points[start[ring]])
    return [sorted(some, key=signed_area, reverse=True) for some in found]


def signed_area(ring: Floats) -> float:
    """The area within a ring of corners (r, 2), below 0 if it runs clockwise."""
    x, y = ring.T
    return float((x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2)


def _after(cell: Whole, start: Whole, stop: Whole, border: NDArray[np.bool_]) -> Whole:
    """The next edge of the same border for each: (2e,); undefined for others.

    At its end, the area is crossed from cell to cell about that corner, up to its next edge.
    """
    corners = int(start.max()) + 1
    order = np.argsort(cell * corners + start)
    keys = (cell * corners + start)[order]
    places = np.searchsorted(keys, cell * corners + stop)
    after = order[np.minimum(places, len(order) - 1)]
    inside = cell != OUTSIDE
    reverse = np.roll(np.arange(len(cell)), len(cell) // 2)
    while (crossed := inside & border & ~border[after]).any():
        after[crossed] = after[reverse[after[crossed]]]
    return after
