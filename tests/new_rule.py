"""A rule that no other file knows of: with it in the dictionary of rules, all else follows."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from regvae.rejection.rules import Measure, Rule, parameter


@dataclass(frozen=True)
class Toy(Rule):
    """The first latent coordinate is at least `least`."""

    name: ClassVar[str] = "toy"
    summary: ClassVar[str] = "Points at the right of the map."
    measures: ClassVar[tuple[Measure, ...]] = (Measure("first", "first coordinate", ""),)

    least: float = parameter(
        0.5,
        measure="first",
        operator=">=",
        maximum=3.0,
        step=0.1,
        unit="",
        label="Least coordinate",
        help="Least first coordinate.",
        before="Accept from",
    )

    @classmethod
    def measure(cls, measurer: object, z: ArrayLike, codes: object) -> dict[str, np.ndarray]:  # noqa: ARG003
        return {"first": np.asarray(z)[:, 0]}
