"""Somebody's own codes in a model: their Gaussians, reconstructions, and whether they are usual."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import Codes, Reading
from regvae.latent.mixture import Mixture
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import Calibration

UNUSUAL = 0.01
"""Below this p-value a code lies where hardly any held-out record does: one in a hundred."""


@dataclass(frozen=True)
class HeldOut:
    """Where held-out records lie: their densities among the training records.

    `mixture` is that of the training records' Gaussians with calibrated sigmas; `log_density` (h,)
    are the sorted logarithms of its density at the held-out records' means.
    """

    mixture: Mixture
    log_density: NDArray[np.float64]

    @classmethod
    def of(cls, bundle: Bundle, calibration: Calibration) -> "HeldOut":
        """The held-out records of a bundle, validation and test."""
        records = bundle.records
        train = records.split == "train"
        mean, sigma = records.mean[train], records.sigma[train] * calibration.scale
        mixture = Mixture(mean, sigma, np.ones(len(mean), bool))
        return cls(mixture, np.sort(mixture.query(records.mean[~train])[0]))

    def p_values(self, mean: NDArray, split: NDArray[np.str_]) -> NDArray[np.float64]:
        """Conformal p-values of codes with these means (m, k) and splits ("" for none): (m,).

        The share of the held-out records and the code itself whose density is at most the code's.
        Of new records like the held-out ones a share of at most p has a p-value of p or below
        (Vovk, Gammerman and Shafer, "Algorithmic learning in a random world", 2005). NaN for a
        training record, whose own Gaussian is part of the density.
        """
        log_density = self.mixture.query(mean)[0]
        at_most = np.searchsorted(self.log_density, log_density, side="right")
        new = split == ""  # a held-out record is counted among them already
        counted = np.maximum(at_most + new, 1)  # itself at least, if it was rounded differently
        p_values = counted / (len(self.log_density) + new)
        return np.where(split == "train", np.nan, p_values)


@dataclass(frozen=True)
class Encoded:
    """n codes that were read, in a model.

    `split` is "" for a code that is no record; `mean` and `sigma` are (n, k) in the model's latent
    space; `reconstruction` is decoded from the mean.
    """

    reading: Reading
    split: NDArray[np.str_]
    mean: NDArray[np.floating]
    sigma: NDArray[np.floating]
    reconstruction: Codes
    held_out: HeldOut

    @classmethod
    def of(cls, reading: Reading, bundle: Bundle, held_out: HeldOut) -> "Encoded":
        """Encode the codes of a reading with a bundle."""
        mean, sigma = bundle.autoencoder.encode(reading.codes)
        rows = bundle.records.rows_of(reading.codes)
        split = np.where(rows < 0, "", bundle.records.split[rows])
        reconstruction = bundle.autoencoder.decode(mean)
        return cls(reading, split, mean, sigma, reconstruction, held_out)

    @cached_property  # it takes longer than all else, and the map does not need it
    def p_value(self) -> NDArray[np.float64]:
        """As `HeldOut.p_values`, (n,)."""
        return self.held_out.p_values(self.mean, self.split)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whether each code is reconstructed exactly, (n,)."""
        return self.reconstruction == self.reading.codes

    @property
    def unusual(self) -> NDArray[np.bool_]:
        """Whether each code lies where hardly any held-out record does, (n,)."""
        return self.p_value < UNUSUAL

    def sentences(self) -> list[str]:
        """How many codes are records, are reconstructed exactly, and lie unusually."""
        n, tested = len(self.split), int((self.split != "train").sum())
        return [
            f"{int((self.split != '').sum()):,} of {n:,} are records of the model, "
            f"{int((self.split == 'train').sum()):,} of them in its training data",
            f"{int(self.exact.sum()):,} of {n:,} are reconstructed exactly",
            f"{int(self.unusual.sum()):,} of the {tested:,} outside the training data lie where "
            f"fewer than {UNUSUAL:.0%} of the held-out records lie (p-value below {UNUSUAL:g})",
        ]

    def table(self) -> pd.DataFrame:
        """A row a code: code, mean_*, sigma_*, split, reconstruction, exact, p_value, further.

        A further column of one of these names has "given " before it.
        """
        columns: dict[str, NDArray] = {"code": self.reading.codes.astype(object)}
        for name, values in (("mean", self.mean), ("sigma", self.sigma)):
            columns |= {f"{name}_{axis}": one for axis, one in enumerate(values.T, start=1)}
        columns |= {
            "split": self.split.astype(object),
            "reconstruction": self.reconstruction.astype(object),
            "exact": self.exact,
            "p_value": self.p_value,
        }
        columns |= self.reading.further_beside(columns)
        return pd.DataFrame(columns)
