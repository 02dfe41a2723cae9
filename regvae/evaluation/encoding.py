"""Somebody's own codes in a model: their Gaussians, reconstructions, and whether they are usual."""

from concurrent.futures import Executor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import Codes, Reading
from regvae.model.autoencoder import Autoencoder
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import Calibration
from regvae.workers import in_order

UNUSUAL = 0.01
"""Below this p-value a code lies where hardly any held-out record does: one in a hundred."""
_TOGETHER = 2**14
"""Codes that are encoded, or measured, at a time."""


@dataclass(frozen=True)
class Encoded:
    """n codes that were read, in a model.

    `split` is "" for a code that is no record; `mean` and `sigma` are (n, k) in the model's latent
    space; `reconstruction` is decoded from the mean. A bundle that was released without its records
    has no calibration, and every `split` is "": which codes are records is not known.
    """

    reading: Reading
    split: NDArray[np.str_]
    mean: NDArray[np.floating]
    sigma: NDArray[np.floating]
    reconstruction: Codes
    calibration: Calibration | None

    @classmethod
    def of(
        cls,
        reading: Reading,
        bundle: Bundle,
        calibration: Calibration | None,
        executor: Executor | None = None,
    ) -> "Encoded":
        """Encode the codes of a reading with a bundle; only a release has no calibration.

        The workers of an `executor` (see `regvae.workers`) compute p-values too; without one they
        are computed when they are first used. Raises what the workers raise.
        """
        codes = reading.codes
        rows = bundle.records.rows_of(codes)
        split = np.append(bundle.records.split, "")[rows]  # -1 is the last: no record
        encoded = in_order(_encode, bundle.autoencoder, _batches(codes), executor)
        mean, sigma, reconstruction = map(np.concatenate, zip(*encoded, strict=True))
        found = cls(reading, split, mean, sigma, reconstruction, calibration)
        if executor and calibration:  # now, while there are workers: the property finds it
            found.__dict__["_typicality"] = _typicality(calibration, mean, executor)
        return found

    @cached_property  # it takes longer than all else, and the map does not need it
    def _typicality(self) -> NDArray[np.float64]:
        if self.calibration is None:
            return np.full(len(self.split), np.nan)
        return _typicality(self.calibration, self.mean, None)

    @property
    def p_value(self) -> NDArray[np.float64]:
        """`Calibration.typicality` of the means, (n,): how usual a code is among held-out records.

        NaN for a training record, whose own Gaussian is part of the density, and if there is no
        calibration.
        """
        return np.where(self.split == "train", np.nan, self._typicality)

    @property
    def exact(self) -> NDArray[np.bool_]:
        """Whether each code is reconstructed exactly, (n,)."""
        return self.reconstruction == self.reading.codes

    @property
    def unusual(self) -> NDArray[np.bool_]:
        """Whether each code lies where hardly any held-out record does, (n,)."""
        return self.p_value < UNUSUAL

    def sentences(self, rows: NDArray[np.bool_] | None = None) -> list[str]:
        """How many codes are records, are reconstructed exactly, and lie unusually: of some rows
        (n,), all of them by default."""
        rows = np.ones(len(self.split), bool) if rows is None else rows
        split, n = self.split[rows], int(rows.sum())
        exact = f"{int(self.exact[rows].sum()):,} of {n:,} are reconstructed exactly"
        if self.calibration is None:
            return [
                exact,
                "the model was released without its records, so which of the codes are records, "
                "and how usual they are, is not known",
            ]
        tested = int((split != "train").sum())
        return [
            f"{int((split != '').sum()):,} of {n:,} are records of the model, "
            f"{int((split == 'train').sum()):,} of them in its training data",
            exact,
            f"{int(self.unusual[rows].sum()):,} of the {tested:,} outside the training data lie "
            f"where fewer than {UNUSUAL:.0%} of the held-out records lie (p-value below "
            f"{UNUSUAL:g})",
        ]

    def table(self) -> pd.DataFrame:
        """A row a code: code, mean_*, sigma_*, split, reconstruction, exact, p_value, further.

        Without a calibration neither split nor p-value is known, and their columns are not there.
        A further column of one of these names has "given " before it.
        """
        written = self.reading.format.written
        columns: dict[str, NDArray] = {"code": written(self.reading.codes).astype(object)}
        for name, values in (("mean", self.mean), ("sigma", self.sigma)):
            columns |= {f"{name}_{axis}": one for axis, one in enumerate(values.T, start=1)}
        columns |= {
            "split": self.split.astype(object),
            "reconstruction": written(self.reconstruction).astype(object),
            "exact": self.exact,
            "p_value": self.p_value,
        }
        if self.calibration is None:
            del columns["split"], columns["p_value"]
        columns |= self.reading.further_beside(columns)
        return pd.DataFrame(columns)


def _batches(rows: NDArray) -> list[NDArray]:
    return [rows[start : start + _TOGETHER] for start in range(0, len(rows), _TOGETHER)]


def _encode(autoencoder: Autoencoder, codes: Codes) -> tuple[NDArray, NDArray, Codes]:
    """The means and sigmas (n, k) of codes (n,), and their reconstructions (n,)."""
    mean, sigma = autoencoder.encode(codes)
    return mean, sigma, autoencoder.decode(mean)


def _typicality(
    calibration: Calibration, mean: NDArray, executor: Executor | None
) -> NDArray[np.float64]:
    """The typicality of means (n, k): (n,)."""
    work = Calibration.typicality
    return np.concatenate([*in_order(work, calibration, _batches(mean), executor)])
