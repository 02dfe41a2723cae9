"""Latent points that were proposed: measured, decoded and judged."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes
from regvae.rejection.rules import Measures


@dataclass(frozen=True)
class Samples:
    """m latent points, measured and decoded.

    `z` (m, k) are the points, `measures` those of a rule by name, (m,) each (see
    `Measurer.measure`), `codes` (m,) the decoded codes, `wanted` (m,) whether a code is wanted, and
    `collision` (m,) whether it is a record. That is not known, and False everywhere, if the bundle
    was `released` without its records. All arrays are read-only.
    """

    z: NDArray[np.float64]
    measures: Measures
    codes: Codes
    wanted: NDArray[np.bool_]
    collision: NDArray[np.bool_]
    released: bool = False

    def __post_init__(self) -> None:
        # Many sessions share samples. Views, so that the caller's own arrays stay writeable.
        for name in ("z", "codes", "wanted", "collision"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))
        measures = {name: _read_only(values) for name, values in self.measures.items()}
        object.__setattr__(self, "measures", measures)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray) -> "Samples":
        """Some of the samples, by row numbers or by a mask (m,)."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        return Samples(
            self.z[rows],
            measures,
            self.codes[rows],
            self.wanted[rows],
            self.collision[rows],
            self.released,
        )

    @property
    def leaks(self) -> NDArray[np.bool_]:
        """Which samples decode to an unwanted code or, as far as it is known, to a record: (m,)
        booleans."""
        return ~self.wanted | self.collision


def _read_only(array: NDArray) -> NDArray:
    view = array.view()
    view.flags.writeable = False
    return view
