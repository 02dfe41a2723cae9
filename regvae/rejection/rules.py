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
from numpy.typing import NDArray
from scipy.special import erfc

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


def notebook_tail(threshold: float | NDArray) -> float | NDArray:
    """The notebook's "theoretical probability", 2 (1 - erf(threshold / 2)).

    It is the tail of no Gaussian here (0.154 at 2.5, where the truth in two dimensions is 0.0439);
    it is shown beside the right one because it was published.
    """
    return 2 * erfc(np.asarray(threshold) / 2)
