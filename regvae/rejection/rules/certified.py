"""The rule that judges the decoded code itself, so that every result is wanted and new."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regvae.rejection.rules.rule import Measure, Measures, Rule, least_typicality, parameter

if TYPE_CHECKING:
    from regvae.rejection.measures import Measurer


@dataclass(frozen=True)
class Certified(Rule):
    """The decoded code is wanted and no record, by a margin of at least `m`, and typical.

    The margin is the log probability of the best wanted code less that of the best unwanted one
    (`Margins`), and typicality is at least `q` (`Calibration.typicality`). What is accepted is
    wanted by construction: its purity is 1, not an estimate. Of a bundle that was released without
    its records neither typical places nor what is a record is known: `q` must be 0.
    """

    name: ClassVar[str] = "certified"
    summary: ClassVar[str] = (
        "Decodes each point first: the code must be **wanted** and **no record**, clearly so for "
        "the decoder (by **m**), in a place that is typical of records. Every result is wanted, by "
        "construction."
    )
    after: ClassVar[str] = "of held-out records"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("margin", "decoder's margin for a wanted, new code", "nats"),
        Measure("typicality", "held-out records in sparser places", "%", relative=True),
    )
    needs_calibration: ClassVar[bool] = True
    needs_codes: ClassVar[bool] = True
    certain: ClassVar[bool] = True

    m: float = parameter(
        0.001,
        measure="margin",
        operator=">=",
        maximum=5.0,
        step=0.001,
        unit="nats",
        label="m: clearly wanted",
        help="Least log probability of the best wanted code over that of the best unwanted one, in "
        "nats: 0.7 nats are twice as likely, 2.3 ten times.",
        before="Accept if wanted by",
    )
    q: float = least_typicality()

    @classmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """`margin` in nats, and `typicality`, 0 to 1: 0 where the code is refused anyway, and for a
        release, where it is not known."""
        margin = measurer.margins.of(z, codes)
        typicality = np.zeros(len(z))
        good = margin >= 0  # densities take longest
        if measurer.calibration:
            typicality[good] = measurer.calibration.typicality(z[good])
        return {"margin": margin, "typicality": typicality}
