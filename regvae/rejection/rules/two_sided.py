"""A rule on two distances: nearer to a wanted record than to any unwanted one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regvae.rejection.rules.rule import Measure, Measures, Rule, parameter

if TYPE_CHECKING:
    from regvae.rejection.measures import Measurer


@dataclass(frozen=True)
class TwoSided(Rule):
    """Nearer to a wanted record than to any unwanted one, by `margin`, and within `support` of it.

    Both are Mahalanobis distances, not squared, in calibrated standard deviations; points exactly
    at a limit are accepted.
    """

    name: ClassVar[str] = "two-sided"
    summary: ClassVar[str] = (
        "Nearer to a wanted record than to any unwanted one, by a **margin**, and within a "
        "**support** of the wanted one, in calibrated standard deviations."
    )
    after: ClassVar[str] = "of a wanted {noun}"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("margin", "nearer to the wanted by", "σ"),
        Measure("to_wanted", "from the wanted", "σ"),
    )
    needs_records: ClassVar[bool] = True
    needs_calibration: ClassVar[bool] = True
    tail: ClassVar[str | None] = "support"

    margin: float = parameter(
        2.0,
        measure="margin",
        operator=">=",
        maximum=10.0,
        step=0.01,
        unit="σ",
        label="Margin",
        help="How much nearer a wanted record must be than any unwanted one, in standard "
        "deviations (σ) of the records.",
        before="Accept if nearer by",
    )
    support: float = parameter(
        3.0,
        measure="to_wanted",
        operator="<=",
        maximum=10.0,
        step=0.01,
        unit="σ",
        label="Support",
        help="Largest distance from the nearest wanted record, in its standard deviations (σ).",
        before="and within",
    )

    @classmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """Distances `to_unwanted` and `to_wanted`, each to the nearest record; `margin` is the
        first less the second."""
        del codes
        assert measurer.calibration is not None  # `Measurer.measure` has checked it
        scale = measurer.calibration.scale
        to_unwanted = measurer.unwanted.query(z)[0] / scale
        to_wanted = measurer.wanted.query(z)[0] / scale
        return {
            "to_unwanted": to_unwanted,
            "to_wanted": to_wanted,
            "margin": to_unwanted - to_wanted,
        }
