"""Polygons in the plane: valid corners, and points inside."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Polygon = Sequence[Sequence[float]]
"""Corners (x, y) of a region in the plane; the last is joined to the first."""

_MOST_CORNERS = 10_000  # a lasso has hundreds, and each is tested against every point


def in_polygon(points: NDArray, polygon: Polygon) -> NDArray[np.bool_]:
    """Which points (n, 2) are inside a polygon, a list of (x, y) corners: (n,) booleans.

    By the even-odd rule: a point is inside if a ray to the right crosses the border an odd number
    of times, so a lasso that crosses itself has holes. Raises as `polygon_corners`.

    >>> in_polygon(np.array([[0.5, 0.5], [2.0, 0.5]]), [(0, 0), (1, 0), (1, 1), (0, 1)])
    array([ True, False])
    """
    corners = polygon_corners(polygon)
    x, y = np.asarray(points, dtype=np.float64).T
    inside = np.zeros(len(x), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:  # a horizontal ray does not cross a horizontal edge
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def polygon_corners(polygon: Polygon, farthest: float = np.inf) -> NDArray[np.float64]:
    """The corners of a polygon as an array (c, 2).

    Raises `ValueError` if it has fewer than 3 or more than 10,000 corners, or one that is not a
    pair of finite numbers of magnitude at most `farthest`.
    """
    try:
        corners = np.asarray(polygon)
        # Refuses texts that NumPy could convert to numbers, and integers too large for a float.
        corners = corners.astype(np.float64) if corners.dtype.kind in "iuf" else np.empty(0)
    except (TypeError, ValueError):
        corners = np.empty(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or not 3 <= len(corners) <= _MOST_CORNERS:
        raise ValueError(
            f"expected a region with 3 to {_MOST_CORNERS:,} corners, each a pair (x, y) of "
            "numbers, got others; change them"
        )
    if not np.isfinite(corners).all():
        raise ValueError(
            "expected a region with corners of finite coordinates, got others; change them"
        )
    if np.abs(corners).max() > farthest:
        raise ValueError(
            f"expected a region with corners at most {farthest:g} from 0, got others; change them"
        )
    return corners


def parse_polygon(text: str) -> list[list[float]]:
    """The corners of a polygon from a text like "0,0 1,0 1,1". Raises `ValueError` for others."""
    try:
        corners = [[float(number) for number in part.split(",")] for part in text.split()]
        polygon_corners(corners)
    except ValueError:
        raise ValueError(
            f"expected a region of three corners or more, got {text[:60]!r}; write it like "
            "'0,0 1,0 1,1'"
        ) from None
    return corners


def polygon_text(polygon: Polygon) -> str:
    """A polygon as `parse_polygon` reads it, with all digits."""
    return " ".join(f"{float(x)!r},{float(y)!r}" for x, y in polygon)
