"""The nearest accepted point to a rejected one, by a short search."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.randomness import generator
from regvae.rejection.measures import Measurer
from regvae.rejection.rules import Rule

_BEYOND = 12.0
"""How far is searched in a release, in standard deviations of the prior."""
_SHELLS, _DIRECTIONS, _TRIED, _HALVINGS, _STEPS = 12, 32, 24, 8, 5

Passes = Callable[[NDArray[np.float64]], NDArray[np.bool_]]
"""Which of some points (n, k) are good: (n,)."""


def accepted_records(measurer: Measurer, rule: Rule) -> NDArray[np.float64]:
    """Means of the wanted records that a rule accepts: (n, k), n may be 0, as of a release."""
    if measurer.sides is None:
        return np.empty((0, measurer.autoencoder.latent_dim))
    mean = measurer.wanted.mean
    return mean[rule.accepts(measurer.measure(rule, mean))]


def nearest_accepted(
    measurer: Measurer,
    rule: Rule,
    point: ArrayLike,
    known: NDArray | None = None,
    wanted: Passes | None = None,
) -> NDArray[np.float64] | None:
    """An accepted point (k,) near a rejected one (k,); None if the search finds none.

    Tries random points on shells of growing radius and `known` (the `accepted_records`, computed if
    not given), moves the nearest accepted ones towards the point by bisection, then tries smaller
    and smaller random steps around the best. With `wanted` only points for which it is true are
    found. Distances are Euclidean. It may miss a nearer point; the same point gives the same
    answer.
    """

    def passes(z: NDArray[np.float64]) -> NDArray[np.bool_]:
        good = rule.accepts(measurer.measure(rule, z))
        if wanted and good.any():
            good[good] = wanted(z[good])
        return good

    z = np.asarray(point, np.float64)
    rng = generator("nearest accepted")
    # Beyond all records, and 12 sigmas more: larger than any sensible threshold.
    reach = _BEYOND
    if measurer.sides:
        reach = 2 * np.abs(measurer.wanted.mean - z).max() + 12 * measurer.unwanted.sigma.max()
    directions = rng.normal(size=(_SHELLS, _DIRECTIONS, len(z)))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    radii = reach * np.geomspace(1e-3, 1, _SHELLS)
    shells = z + (radii[:, None, None] * directions).reshape(-1, len(z))
    known = accepted_records(measurer, rule) if known is None else known
    tried = np.vstack([shells, known])
    good = tried[passes(tried)]
    if not len(good):
        return None
    best = _nearest(z, _towards(passes, z, good[_order(z, good)[:_TRIED]]))
    for step in range(_STEPS):
        width = np.linalg.norm(best - z) * 0.5 ** (step + 1)
        around = best + width * rng.normal(size=(_TRIED, len(z)))
        better = around[passes(around)]
        better = np.vstack([better[_order(z, better)[:8]], best])
        nearer = _nearest(z, _towards(passes, z, better))
        # Measured alone, as the caller will: the last digits of a density depend on the points
        # that it is computed together with.
        best = nearer if passes(nearer[None])[0] else best
    return best if passes(best[None])[0] else None


def _order(point: NDArray, z: NDArray) -> NDArray[np.intp]:
    return np.argsort(np.linalg.norm(z - point, axis=1), kind="stable")


def _nearest(point: NDArray, z: NDArray) -> NDArray:
    return z[_order(point, z)[0]]


def _towards(passes: Passes, point: NDArray, good: NDArray) -> NDArray:
    """Each good point moved towards a point that is not, by bisection, and still good."""
    low, high = np.zeros((len(good), 1)), np.ones((len(good), 1))  # 0 is the point, 1 is good
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        better = passes(point + middle * (good - point))[:, None]
        low, high = np.where(better, low, middle), np.where(better, middle, high)
    return point + high * (good - point)
