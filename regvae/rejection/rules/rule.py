"""What every acceptance rule has: parameters that describe themselves, measures, limits.

A rule is one file. It declares its parameters as fields made by `parameter`, each with the limit
that it sets on a measure, and says how its measures are computed. Command line, page, sliders,
curves, leak hunt, audit and study read that description and nothing else.
"""

import math
import operator
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
from numpy.typing import NDArray

from regvae.latent.gaussians import tail_probability

if TYPE_CHECKING:
    from regvae.rejection.measures import Measurer

Measures = Mapping[str, NDArray[np.float64]]
"""The values that a rule decides on, by measure, for m points: (m,) each."""

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_LARGEST = sys.float_info.max


class RuleError(ValueError):
    """A rule or a parameter of it that cannot be used; the message says what to change."""


@dataclass(frozen=True)
class Measure:
    """A number that a rule computes for every point.

    `label` names it where a verdict is explained; `unit` is "σ" for distances and "%" for shares,
    which are stored as 0 to 1. How far a point is from a limit is shown in the measure's own scale,
    or, if `relative`, in units of the limit.
    """

    name: str
    label: str
    unit: str
    relative: bool = False


@dataclass(frozen=True)
class Parameter:
    """One number of a rule, and the limit that it sets.

    A point is accepted if its measure compares with the parameter as `operator` says; with
    `complement` the measure is compared with 1 minus the parameter. `low` and `high` are the values
    that it may have, `maximum` and `step` those of its slider, which starts at 0. `label` and
    `help` are for forms; `before` is the start of the sentence in which the slider stands.
    """

    name: str
    default: float
    measure: str
    operator: str
    maximum: float
    step: float
    unit: str
    label: str
    help: str
    before: str
    low: float = 0.0
    high: float = math.inf
    complement: bool = False

    @property
    def lower_is_stricter(self) -> bool:
        """Whether fewer points are accepted at lower values."""
        return (self.operator[0] == "<") != self.complement

    @property
    def steps(self) -> NDArray[np.float64]:
        """Every step of its slider, from 0 to `maximum`: (s,)."""
        return np.arange(round(self.maximum / self.step) + 1, dtype=np.float64) * self.step

    def limit(self, value: float) -> "Limit":
        """The limit that a value of the parameter sets."""
        return Limit(self.measure, self.operator, 1 - value if self.complement else value)

    def check(self, value: Any) -> float:
        """The value as a float. Raises `RuleError` unless it is a number within the range."""
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and self.low <= value <= min(self.high, _LARGEST)):
            most = f" to {self.high:g}" if self.high < math.inf else ""
            raise RuleError(
                f"expected a {self.name} from {self.low:g}{most}, got {repr(value)[:40]}; change it"
            )
        return float(value)

    @property
    def span(self) -> tuple[float, float]:
        """The strictest and the least strict value that it may have."""
        low, high = self.low, min(self.high, _LARGEST)
        return (low, high) if self.lower_is_stricter else (high, low)

    def least_strict_rejecting(self, value: float) -> float | None:
        """The least strict value at which a point with this value of the measure is rejected.

        Exact: the next float on the other side accepts it. None if even the strictest value accepts
        it, as when a share rounds to 1.
        """

        def rejects(bits: int) -> bool:
            limit = self.limit(float(np.int64(bits).view(np.float64)))
            return not limit.holds({self.measure: np.array([value])})[0]

        # The bits of floats from 0 are in the order of the floats.
        strict, lax = (int(np.float64(end).view(np.int64)) for end in self.span)
        if not rejects(strict):
            return None
        if rejects(lax):
            return self.span[1]
        while abs(strict - lax) > 1:
            middle = (strict + lax) // 2
            strict, lax = (middle, lax) if rejects(middle) else (strict, middle)
        return float(np.int64(strict).view(np.float64))

    def on_step(self, value: float) -> float:
        """The value on the nearest step of the slider, as the slider's own text has it."""
        return round(round(value / self.step) * self.step, 6)

    def strict_step(self, value: float) -> float | None:
        """The least strict step of the slider that is at least as strict as a value; None if no
        step of the slider is."""
        rounding = math.floor if self.lower_is_stricter else math.ceil
        step = round(rounding(value / self.step) * self.step, 6)
        return step if 0 <= step <= self.maximum else None

    def shown(self, value: float) -> str:
        """The value as it is written, with its unit."""
        return f"{value:.1%}" if self.unit == "%" else f"{value:g} {self.unit}"


def parameter(default: float, **description: Any) -> Any:
    """A dataclass field that is a rule's parameter; the rest is as in `Parameter`."""
    return field(default=default, metadata={"parameter": description})


@dataclass(frozen=True)
class Limit:
    """One condition of a rule: a measure, a comparison, and the value to compare with."""

    measure: str
    operator: str
    value: float

    def holds(self, measures: Measures) -> NDArray[np.bool_]:
        """For which points it holds: (m,) booleans."""
        return _COMPARE[self.operator](measures[self.measure], self.value)

    def ease(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the measure as numbers that are larger the easier they pass."""
        return -values if self.operator[0] == "<" else values


class Rule(ABC):
    """An acceptance rule; its subclasses are frozen dataclasses whose fields are its parameters.

    `name` identifies it; `summary` says in a sentence or two (Markdown) what it accepts; `after`
    ends the sentence of its sliders, and may hold `{unwanted}`. `measures` are what it compares.
    `needs_calibration` and `needs_codes` say whether `measure` needs the mixture with the
    calibrated scale, or the decoded codes. `tail` names the parameter that is a distance from a
    record, whose tail probability is of interest; None if none is.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    after: ClassVar[str] = ""
    measures: ClassVar[tuple[Measure, ...]]
    needs_calibration: ClassVar[bool] = False
    needs_codes: ClassVar[bool] = False
    tail: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        for one in self.parameters():
            object.__setattr__(self, one.name, one.check(getattr(self, one.name)))

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Its parameters, in the order in which they are offered."""
        return tuple(
            Parameter(name=one.name, default=cast(float, one.default), **one.metadata["parameter"])
            for one in fields(cls)  # type: ignore[arg-type]  # every rule is a dataclass
        )

    @classmethod
    @abstractmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """Its measures of points z (m, k), by name: (m,) each; more than it compares are allowed.

        `codes` (m,) are the decoded codes, if it needs them, else None.
        """

    def with_value(self, name: str, value: float) -> "Rule":
        """The same rule with another value of one parameter."""
        return type(self)(**self.values() | {name: value})

    def values(self) -> dict[str, float]:
        """The values of its parameters, by name."""
        return asdict(self)  # type: ignore[call-overload]  # every rule is a dataclass

    @property
    def limits(self) -> tuple[Limit, ...]:
        """What a point must fulfil to be accepted, one limit for each parameter."""
        return tuple(one.limit(getattr(self, one.name)) for one in self.parameters())

    def accepts(self, measures: Measures) -> NDArray[np.bool_]:
        """Which of m measured points are accepted: (m,) booleans."""
        return np.logical_and.reduce([limit.holds(measures) for limit in self.limits])

    def tail_probability(self, k: int) -> float | None:
        """Share of a k-dimensional Gaussian beyond the rule's distance; None if it has none."""
        if self.tail is None:
            return None
        return float(tail_probability(getattr(self, self.tail), k))

    def notebook_tail(self) -> float | None:
        """The notebook's figure for its threshold; None for all rules but the notebook's."""
        return None
