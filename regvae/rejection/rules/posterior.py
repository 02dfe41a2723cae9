"""A rule on densities: nearly all of it from wanted records, and not in a sparse place."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from regvae.rejection.rules.rule import Measure, Measures, Rule, least_typicality, parameter

if TYPE_CHECKING:
    from regvae.rejection.measures import Measurer


@dataclass(frozen=True)
class Posterior(Rule):
    """At least 1 - `alpha` of the density is from wanted records, and typicality is at least `q`.

    The density is that of the mixture of all records' Gaussians, with the calibrated scale. The
    typicality (a conformal p-value, see `Calibration.typicality`) compares the density of the
    training records' mixture with that at held-out records.
    """

    name: ClassVar[str] = "posterior"
    summary: ClassVar[str] = (
        "Where wanted records make up nearly all of the density (all but a share **alpha**), and "
        "where records are typical: denser than a share **q** of held-out records. The standard "
        "deviations have the calibrated scale."
    )
    after: ClassVar[str] = "of held-out records"
    measures: ClassVar[tuple[Measure, ...]] = (
        Measure("wanted_share", "share of the density that is wanted", "%"),
        Measure("typicality", "held-out records in sparser places", "%", relative=True),
    )
    needs_records: ClassVar[bool] = True
    needs_calibration: ClassVar[bool] = True

    alpha: float = parameter(
        0.1,
        measure="wanted_share",
        operator=">=",
        complement=True,
        high=1.0,
        maximum=0.5,
        step=0.01,
        unit="%",
        label="Alpha: unwanted share",
        help="Largest share that the unwanted records may have in the density at a point.",
        before="Accept if unwanted at most",
    )
    q: float = least_typicality()

    @classmethod
    def measure(cls, measurer: "Measurer", z: NDArray[np.float64], codes: Any) -> Measures:
        """`wanted_share` of the density and `typicality`, both 0 to 1."""
        del codes
        wanted_share, typicality = measurer.by_density(z)
        return {"wanted_share": wanted_share, "typicality": typicality}
