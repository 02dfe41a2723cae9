"""What every acceptance rule has: parameters that describe themselves, measures, limits.

A rule is one file. It declares its parameters as fields with `parameter`, each with the limit that
it sets on a measure, and computes its measures. Command line, page, sliders, curves, leak hunt,
audit and study read this description and know nothing else of a rule.
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
"""What a rule compares, by the name of the measure, for m points: (m,) each."""

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_LARGEST = sys.float_info.max


class RuleError(ValueError):
    """A rule, or a value of a parameter, that cannot be used; the message tells what to change."""


@dataclass(frozen=True)
class Measure:
    """A number that a rule computes for every point.

    `label` is for the explanation of one point; `unit` is "σ" for distances and "%" for shares,
    which are stored as 0 to 1. The distance of a point from a limit is shown in the measure's own
    scale, or, if `relative`, as a multiple of the limit.
    """

    name: str
    label: str
    unit: str
    relative: bool = False


@dataclass(frozen=True)
class Parameter:
    """One number of a rule, and the limit that it sets.

    A point is accepted if `measure operator value` is true, such as to_unwanted > 2.5; with
    `complement` the measure is compared with 1 - value. `operator` is >, >=, < or <=. A value may
    be from `low` (0 or more) to `high`; the slider goes from 0 to `maximum` by `step`. `label` and
    `help` are for forms; `before` is the text before the slider. One that is `of_records` must be 0
    for a bundle that was released without them.
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
    of_records: bool = False

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
            upper = f" to {self.high:g}" if self.high < math.inf else " up"
            raise RuleError(
                f"expected a number from {self.low:g}{upper} for {self.name}, got "
                f"{repr(value)[:40]}; change it"
            )
        return float(value)

    @property
    def span(self) -> tuple[float, float]:
        """The strictest and the least strict value."""
        low, high = self.low, min(self.high, _LARGEST)
        return (low, high) if self.lower_is_stricter else (high, low)

    def least_strict_rejecting(self, value: float) -> float | None:
        """The least strict parameter at which a point with this value of the measure is rejected.

        Exact: the next less strict float accepts the point. None if even the strictest parameter
        accepts it, as with a share that rounds to 1.
        """

        def rejects(bits: int) -> bool:
            limit = self.limit(float(np.int64(bits).view(np.float64)))
            return not limit.holds({self.measure: np.array([value])})[0]

        # Read as integers, the bits of floats from 0 up have the order of the floats.
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
        """The nearest multiple of the slider's step, rounded as the slider shows it."""
        return round(round(value / self.step) * self.step, 6)

    def strict_step(self, value: float) -> float | None:
        """The least strict step of the slider that is at least as strict as a value, None if none
        is."""
        steps = [self.on_step(i * self.step) for i in range(round(self.maximum / self.step) + 1)]
        if self.lower_is_stricter:
            return max((step for step in steps if step <= value), default=None)
        return min((step for step in steps if step >= value), default=None)

    def shown(self, value: float) -> str:
        """The value with its unit, as text; shares as percentages."""
        return f"{value:.1%}" if self.unit == "%" else f"{value:g} {self.unit}".rstrip()


def parameter(default: float, **description: Any) -> Any:
    """A dataclass field that is a rule's parameter, with the attributes of `Parameter`."""
    return field(default=default, metadata={"parameter": description})


def least_typicality() -> Any:
    """The parameter of the rules that accept typical places only (`Calibration.typicality`)."""
    return parameter(
        0.02,
        measure="typicality",
        operator=">=",
        high=1.0,
        maximum=0.2,
        step=0.001,
        unit="%",
        label="q: typical places",
        help="Share of held-out records that lie in sparser places than any accepted point; a "
        "higher one accepts only where records are denser.",
        before="and denser than",
        of_records=True,
    )


@dataclass(frozen=True)
class Limit:
    """One condition of a rule: a measure, a comparison, and the value to compare with."""

    measure: str
    operator: str
    value: float

    def holds(self, measures: Measures) -> NDArray[np.bool_]:
        """Which of m measured points fulfil it: (m,) booleans."""
        return _COMPARE[self.operator](measures[self.measure], self.value)

    def ease(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the measure, negated if needed so that larger ones pass more easily."""
        return -values if self.operator[0] == "<" else values


class Rule(ABC):
    """An acceptance rule; its subclasses are frozen dataclasses whose fields are its parameters.

    `name` identifies it; `summary` describes in a sentence or two (Markdown) what it accepts;
    `after` is the text after its sliders, and may contain `{unwanted}`, and `{noun}` for what a
    code is. `measures` are what it compares. `measure` needs records to measure against if it
    `needs_records`, the mixture with the calibrated scale if `needs_calibration` (but for a bundle
    that was released without its records, which has none), and the decoded codes if `needs_codes`;
    if it is `certain`, all that it accepts is wanted by construction. If it `needs_learning`, it
    predicts from decoded proposals that it has seen, and results need a guarantee. `tail` is the
    name of the parameter that is a distance from a record, for the report's tail probability, or
    None. A value out of range raises `RuleError`.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    after: ClassVar[str] = ""
    measures: ClassVar[tuple[Measure, ...]]
    needs_records: ClassVar[bool] = False
    needs_calibration: ClassVar[bool] = False
    needs_codes: ClassVar[bool] = False
    needs_learning: ClassVar[bool] = False
    certain: ClassVar[bool] = False
    tail: ClassVar[str | None] = None

    def __post_init__(self) -> None:
        for one in self.parameters():
            object.__setattr__(self, one.name, one.check(getattr(self, one.name)))

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Descriptions of its parameters, in the order of forms; the leak hunt varies the first."""
        return tuple(
            Parameter(name=one.name, default=cast(float, one.default), **one.metadata["parameter"])
            for one in fields(cls)  # type: ignore[arg-type]  # every rule is a dataclass
        )

    @classmethod
    @abstractmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """Its measures of points z (m, k), by name: (m,) each; there may be more than it compares.

        `codes` (m,) are the decoded codes if it needs them, else None.
        """

    def with_value(self, name: str, value: float) -> "Rule":
        """The same rule with another value of one parameter."""
        return type(self)(**self.values() | {name: value})

    def values(self) -> dict[str, float]:
        """The values of its parameters, by name."""
        return asdict(self)  # type: ignore[call-overload]  # every rule is a dataclass

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The conditions of an accepted point, one for each parameter, in the same order."""
        return tuple(one.limit(getattr(self, one.name)) for one in self.parameters())

    def accepts(self, measures: Measures) -> NDArray[np.bool_]:
        """Which of m measured points are accepted: (m,) booleans."""
        return np.logical_and.reduce([limit.holds(measures) for limit in self.limits])

    def tail_probability(self, k: int) -> float | None:
        """Share of a k-dimensional Gaussian beyond its `tail` distance; None without one."""
        if self.tail is None:
            return None
        return float(tail_probability(getattr(self, self.tail), k))

    def notebook_tail(self) -> float | None:
        """The notebook's figure for its threshold; None for all rules but the notebook's."""
        return None
