"""The nearest accepted point to one that is rejected."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.rejection.measures import Measurer
from regvae.rejection.rules import Rule

_SHELLS, _DIRECTIONS, _TRIED, _HALVINGS, _STEPS = 12, 32, 24, 8, 5


def accepted_records(measurer: Measurer, rule: Rule) -> NDArray[np.float64]:
    """Means of the wanted records that a rule accepts: (n, k)."""
    return _accepted(measurer, rule, measurer.wanted.mean)


def nearest_accepted(
    measurer: Measurer, rule: Rule, point: ArrayLike, known: NDArray | None = None
) -> NDArray[np.float64] | None:
    """An accepted point near a rejected one (k,), as near as a short search finds; None if none is.

    Looks on shells of growing radius and at `known`, the `accepted_records`, goes back towards the
    point from the nearest that are accepted by halving, then takes ever smaller steps about the
    best. Euclidean distance; the same point gives the same answer.
    """
    z = np.asarray(point, np.float64)
    rng = np.random.default_rng(0)
    # Beyond all records, and as many sigmas more as any sensible threshold.
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
        # Alone, as it will be asked for: a density differs in its last digit with its company.
        best = nearer if len(_accepted(measurer, rule, nearer[None])) else best
    return best if len(_accepted(measurer, rule, best[None])) else None


def _accepted(measurer: Measurer, rule: Rule, z: NDArray) -> NDArray:
    return z[rule.accepts(measurer.measure(rule, z))]


def _order(point: NDArray, z: NDArray) -> NDArray[np.intp]:
    return np.argsort(np.linalg.norm(z - point, axis=1), kind="stable")


def _nearest(point: NDArray, z: NDArray) -> NDArray:
    return z[_order(point, z)[0]]


def _towards(measurer: Measurer, rule: Rule, point: NDArray, good: NDArray) -> NDArray:
    """Each accepted point moved towards a rejected one, as far as halving says it may go."""
    low, high = np.zeros((len(good), 1)), np.ones((len(good), 1))  # shares of the way from point
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        passes = rule.accepts(measurer.measure(rule, point + middle * (good - point)))[:, None]
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    return point + high * (good - point)
