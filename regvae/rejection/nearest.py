"""The nearest accepted point to a rejected one, by a short search."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.rejection.measures import Measurer
from regvae.rejection.rules import Rule

_SHELLS, _DIRECTIONS, _TRIED, _HALVINGS, _STEPS = 12, 32, 24, 8, 5


def accepted_records(measurer: Measurer, rule: Rule) -> NDArray[np.float64]:
    """Means of the wanted records that a rule accepts: (n, k), n may be 0."""
    return _accepted(measurer, rule, measurer.wanted.mean)


def nearest_accepted(
    measurer: Measurer, rule: Rule, point: ArrayLike, known: NDArray | None = None
) -> NDArray[np.float64] | None:
    """An accepted point (k,) near a rejected one (k,); None if the search finds none.

    Tries random points on shells of growing radius and `known` (the `accepted_records`, computed if
    not given), moves the nearest accepted ones towards the point by bisection, then tries smaller
    and smaller random steps around the best. Distances are Euclidean. It may miss a nearer point;
    the same point gives the same answer.
    """
    z = np.asarray(point, np.float64)
    rng = np.random.default_rng(0)
    # Beyond all records, and 12 sigmas more: larger than any sensible threshold.
    reach = 2 * np.abs(measurer.wanted.mean - z).max() + 12 * measurer.unwanted.sigma.max()
    directions = rng.normal(size=(_SHELLS, _DIRECTIONS, len(z)))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    radii = reach * np.geomspace(1e-3, 1, _SHELLS)
    shells = z + (radii[:, None, None] * directions).reshape(-1, len(z))
    known = accepted_records(measurer, rule) if known is None else known
    good = np.vstack([_accepted(measurer, rule, shells), known])
    if not len(good):
        return None
    best = _nearest(z, _towards(measurer, rule, z, good[_order(z, good)[:_TRIED]]))
    for step in range(_STEPS):
        width = np.linalg.norm(best - z) * 0.5 ** (step + 1)
        around = best + width * rng.normal(size=(_TRIED, len(z)))
        better = _accepted(measurer, rule, around)
        better = np.vstack([better[_order(z, better)[:8]], best])
        nearer = _nearest(z, _towards(measurer, rule, z, better))
        # Measured alone, as the caller will: the last digits of a density depend on the points
        # that it is computed together with.
        best = nearer if len(_accepted(measurer, rule, nearer[None])) else best
    return best if len(_accepted(measurer, rule, best[None])) else None


def _accepted(measurer: Measurer, rule: Rule, z: NDArray) -> NDArray:
    return z[rule.accepts(measurer.measure(rule, z))]


def _order(point: NDArray, z: NDArray) -> NDArray[np.intp]:
    return np.argsort(np.linalg.norm(z - point, axis=1), kind="stable")


def _nearest(point: NDArray, z: NDArray) -> NDArray:
    return z[_order(point, z)[0]]


def _towards(measurer: Measurer, rule: Rule, point: NDArray, good: NDArray) -> NDArray:
    """Each accepted point moved towards a rejected one by bisection, and still accepted."""
    low, high = np.zeros((len(good), 1)), np.ones((len(good), 1))  # 0 is the point, 1 is good
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        passes = rule.accepts(measurer.measure(rule, point + middle * (good - point)))[:, None]
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    return point + high * (good - point)
