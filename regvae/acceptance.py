"""Which latent points are accepted: the rules, and what they measure.

`one-sided` is the notebook's: farther than a threshold from every unwanted record. Far from the
unwanted is also far outside the map, where the decoder extrapolates and may say anything, so the
other two ask for something wanted nearby as well: `two-sided` by distances, `posterior` by the
densities of the two sides, with sigmas calibrated on held-out records. Nothing of the decoded text
enters the decision, so the purity of the result is a finding, not a promise.
"""

import math
import operator
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.bundle import Bundle
from regvae.calibration import Calibration
from regvae.density import Mixture
from regvae.distance import NearestGaussian
from regvae.unwanted import Unwanted, UnwantedError

Measures = Mapping[str, NDArray[np.float64]]
"""What a rule decides on, by name, for m points: (m,) each."""

_LARGEST = sys.float_info.max

_HOLDS = {">": operator.gt, ">=": operator.ge, "<=": operator.le}


class AcceptanceError(ValueError):
    """A rule or a number of it that cannot be used; the message says what to change."""


class Limit(NamedTuple):
    """One condition of a rule: a measure, how it compares, and with what.

    The rule's limits come in the order of its numbers; `complement` says that the value is not the
    number but 1 minus it.
    """

    measure: str
    operator: str
    value: float
    complement: bool = False

    def holds(self, measures: Measures) -> NDArray[np.bool_]:
        """For which points it holds: (m,) booleans."""
        return _HOLDS[self.operator](measures[self.measure], self.value)


class _Rule:
    """What all rules share: a name, and limits that must all hold."""

    name: ClassVar[str]

    @property
    def limits(self) -> tuple[Limit, ...]:
        raise NotImplementedError

    def accepts(self, measures: Measures) -> NDArray[np.bool_]:
        """Which of m measured points are accepted: (m,) booleans."""
        return np.logical_and.reduce([limit.holds(measures) for limit in self.limits])

    def parameters(self) -> dict[str, float]:
        """The rule's numbers by name."""
        return asdict(self)  # type: ignore[call-overload]  # every rule is a dataclass

    def _check(self, name: str, low: float, high: float, meaning: str) -> None:
        value = getattr(self, name)
        sane = isinstance(value, int | float) and not isinstance(value, bool)
        if not (sane and low <= value <= min(high, _LARGEST)):
            span = f"from {low:g} to {high:g}" if high < math.inf else f"of {low:g} or more"
            raise AcceptanceError(f"the {name} is {meaning} {span}, not {repr(value)[:40]}")
        object.__setattr__(self, name, float(value))


@dataclass(frozen=True)
class OneSided(_Rule):
    """Farther than `threshold` (Mahalanobis, not squared) from every unwanted record."""

    threshold: float = 2.5
    name: ClassVar[str] = "one-sided"

    def __post_init__(self) -> None:
        self._check("threshold", 0, math.inf, "a distance")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The single limit."""
        return (Limit("to_unwanted", ">", self.threshold),)


@dataclass(frozen=True)
class TwoSided(_Rule):
    """Nearer, by `margin`, to a wanted record than to any unwanted, and within `support` of it."""

    margin: float = 0.5
    support: float = 1.0
    name: ClassVar[str] = "two-sided"

    def __post_init__(self) -> None:
        self._check("margin", 0, math.inf, "a difference of distances")
        self._check("support", 0, math.inf, "a distance")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The margin and the support."""
        return (
            Limit("margin", ">=", self.margin),
            Limit("to_wanted", "<=", self.support),
        )


@dataclass(frozen=True)
class Posterior(_Rule):
    """A share of the wanted in the density of at least 1 - `alpha`, where records are usual.

    The density is that of the mixture of all records' Gaussians, sigmas scaled by the calibration.
    It must be at least what all but a share `q` of the held-out records have in the mixture of the
    training records alone: what a new record may be expected to have.
    """

    alpha: float = 0.1
    q: float = 0.02
    name: ClassVar[str] = "posterior"

    def __post_init__(self) -> None:
        self._check("alpha", 0, 1, "a share")
        self._check("q", 0, 1, "a share")

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The share and the typicality."""
        return (
            Limit("wanted_share", ">=", 1 - self.alpha, complement=True),
            Limit("typicality", ">=", self.q),
        )


Rule = OneSided | TwoSided | Posterior
RULES: dict[str, type[Rule]] = {rule.name: rule for rule in (OneSided, TwoSided, Posterior)}


def rule(name: str, parameters: Mapping[str, Any] | None = None) -> Rule:
    """A rule by its name and some of its numbers; the others have their defaults.

    Raises `AcceptanceError` if there is no such rule or number of it, or one is out of range.
    """
    if not isinstance(name, str) or name not in RULES:
        raise AcceptanceError(f"there is no rule {str(name)[:40]!r}; there is {', '.join(RULES)}")
    chosen, given = RULES[name], dict(parameters or {})
    there = [one.name for one in fields(chosen)]
    for parameter in given:
        if parameter not in there:
            raise AcceptanceError(
                f"the rule {name} has no {parameter[:40]!r}; it has {' and '.join(there)}"
            )
    return chosen(**given)


@dataclass(frozen=True)
class Judge:
    """Measures latent points against the two sides of an unwanted set.

    `unwanted` and `wanted` find the nearest record of a side, `mixture` the densities of both.
    `rows_unwanted` and `rows_wanted` are the records' rows, -1 for a listed reg that is no record.
    """

    unwanted: NearestGaussian
    wanted: NearestGaussian
    mixture: Mixture | None
    calibration: Calibration | None
    rows_unwanted: NDArray[np.intp]
    rows_wanted: NDArray[np.intp]

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        unwanted: Unwanted,
        calibration: Calibration | None = None,
        *,
        split: str | None = None,
    ) -> "Judge":
        """The judge of a bundle's records, or of one split's; with a calibration, densities too.

        Raises `UnwantedError` if no record is unwanted, or every one is.
        """
        records = bundle.records
        selected = unwanted.of_records(records)
        rows = np.flatnonzero(records.split == split) if split else np.arange(len(records))
        selected = selected[rows]
        unseen = unwanted.unseen(records)
        _check_sides(unwanted, int(selected.sum()) + len(unseen), int((~selected).sum()))
        mean, sigma = records.mean[rows], records.sigma[rows]
        if len(unseen):
            extra = bundle.autoencoder.encode(unseen)
            mean, sigma = np.vstack([mean, extra[0]]), np.vstack([sigma, extra[1]])
            selected = np.append(selected, np.ones(len(unseen), bool))
            rows = np.append(rows, np.full(len(unseen), -1))
        mixture = Mixture(mean, sigma * calibration.scale, ~selected) if calibration else None
        rows.flags.writeable = False
        return cls(
            NearestGaussian(mean[selected], sigma[selected]),
            NearestGaussian(mean[~selected], sigma[~selected]),
            mixture,
            calibration,
            rows[selected],
            rows[~selected],
        )

    def measure(self, rule: Rule | type[Rule], z: ArrayLike) -> Measures:
        """What a rule decides on, for points z (m, k), by name: (m,) each.

        `to_unwanted` and `to_wanted` are Mahalanobis distances to the nearest record of a side,
        `margin` their difference, `wanted_share` the share of the wanted in the density and
        `typicality` that of `Calibration.typicality`. Raises `ValueError` for points that cannot be
        measured, and `AcceptanceError` if densities are asked for without a calibration.
        """
        if rule.name == Posterior.name:
            if self.mixture is None or self.calibration is None:
                raise AcceptanceError("the posterior rule wants a calibration; give one")
            log_density, share = self.mixture.query(z)
            return {
                "wanted_share": share,
                "typicality": self.calibration.typicality(log_density),
            }
        to_unwanted, _ = self.unwanted.query(z)
        if rule.name == OneSided.name:
            return {"to_unwanted": to_unwanted}
        to_wanted, _ = self.wanted.query(z)
        return {
            "to_unwanted": to_unwanted,
            "to_wanted": to_wanted,
            "margin": to_unwanted - to_wanted,
        }


_SHELLS, _DIRECTIONS, _TRIED, _HALVINGS, _STEPS = 12, 32, 24, 8, 5


def accepted_records(judge: Judge, rule: Rule) -> NDArray[np.float64]:
    """Means of the wanted records that a rule accepts: (n, k)."""
    return _accepted(judge, rule, judge.wanted.mean)


def nearest_accepted(
    judge: Judge, rule: Rule, point: ArrayLike, known: NDArray | None = None
) -> NDArray[np.float64] | None:
    """An accepted point near a rejected one (k,), as near as a short search finds; None if none is.

    Looks on shells of growing radius and at `known`, the `accepted_records`, goes back towards the
    point from the nearest that are accepted by halving, then takes ever smaller steps about the
    best. Euclidean distance; the same point gives the same answer.
    """
    z = np.asarray(point, np.float64)
    rng = np.random.default_rng(0)
    # Beyond all records, and as many sigmas more as any sensible threshold.
    reach = 2 * np.abs(judge.wanted.mean - z).max() + 12 * judge.unwanted.sigma.max()
    directions = rng.normal(size=(_SHELLS, _DIRECTIONS, len(z)))
    directions /= np.linalg.norm(directions, axis=2, keepdims=True)
    radii = reach * np.geomspace(1e-3, 1, _SHELLS)
    shells = z + (radii[:, None, None] * directions).reshape(-1, len(z))
    known = accepted_records(judge, rule) if known is None else known
    good = np.vstack([_accepted(judge, rule, shells), known])
    if not len(good):
        return None
    best = _nearest(z, _towards(judge, rule, z, good[_order(z, good)[:_TRIED]]))
    for step in range(_STEPS):
        width = np.linalg.norm(best - z) * 0.5 ** (step + 1)
        around = best + width * rng.normal(size=(_TRIED, len(z)))
        better = _accepted(judge, rule, around)
        better = np.vstack([better[_order(z, better)[:8]], best])
        nearer = _nearest(z, _towards(judge, rule, z, better))
        # Alone, as it will be asked for: a density differs in its last digit with its company.
        best = nearer if len(_accepted(judge, rule, nearer[None])) else best
    return best if len(_accepted(judge, rule, best[None])) else None


def _accepted(judge: Judge, rule: Rule, z: NDArray) -> NDArray:
    return z[rule.accepts(judge.measure(rule, z))]


def _order(point: NDArray, z: NDArray) -> NDArray[np.intp]:
    return np.argsort(np.linalg.norm(z - point, axis=1), kind="stable")


def _nearest(point: NDArray, z: NDArray) -> NDArray:
    return z[_order(point, z)[0]]


def _towards(judge: Judge, rule: Rule, point: NDArray, good: NDArray) -> NDArray:
    """Each accepted point moved towards a rejected one, as far as halving says it may go."""
    low, high = np.zeros((len(good), 1)), np.ones((len(good), 1))  # shares of the way from point
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        passes = rule.accepts(judge.measure(rule, point + middle * (good - point)))[:, None]
        low, high = np.where(passes, low, middle), np.where(passes, middle, high)
    return point + high * (good - point)


def _check_sides(unwanted: Unwanted, on_this: int, on_that: int) -> None:
    if not on_this:
        raise UnwantedError(
            f"no record fulfils {str(unwanted)!r}, so nothing is unwanted; widen it"
        )
    if not on_that:
        raise UnwantedError(
            f"every record fulfils {str(unwanted)!r}, so nothing is wanted; narrow it"
        )
