"""The measures that a rule compares: latent points against the wanted and the unwanted records."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.formats import Codes
from regvae.latent.gaussians import NearestGaussian, latent_points
from regvae.latent.mixture import Mixture
from regvae.model.autoencoder import Autoencoder
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import Calibration
from regvae.rejection.learning import Predictor
from regvae.rejection.margins import Margins
from regvae.rejection.rules import Measures, Rule, RuleError
from regvae.rejection.unwanted import Unwanted


@dataclass(frozen=True)
class Measurer:
    """Measures latent points against the unwanted and the wanted records.

    `sides` are `unwanted` and `wanted`, which find the nearest record of each kind, None for a
    bundle that was released without its records; `margins` are the decoder's; `mixture` has the
    density of all records and in it the shares of the wanted and of the training records, None
    without a calibration.
    `rows_unwanted` and `rows_wanted` are the rows of these records in the bundle, -1 for a listed
    code that is not a record. `predictor` is what a rule has learned, None for rules that learn
    nothing.
    """

    autoencoder: Autoencoder
    sides: tuple[NearestGaussian, NearestGaussian] | None
    margins: Margins
    mixture: Mixture | None
    calibration: Calibration | None
    rows_unwanted: NDArray[np.intp]
    rows_wanted: NDArray[np.intp]
    predictor: Predictor | None = None

    @classmethod
    def of(
        cls,
        bundle: Bundle,
        unwanted: Unwanted,
        calibration: Calibration | None = None,
        *,
        split: str | None = None,
    ) -> "Measurer":
        """The measurer of a bundle's records, or of one split's; a calibration adds densities.

        Listed codes that are not records are encoded and measured against too. Raises
        `UnwantedError` if nothing is unwanted, or no record is wanted. That of a release measures
        only for rules that need no records.
        """
        records = bundle.records
        selected = unwanted.of_records(records)
        unwanted.check_records(bundle)
        if bundle.released:
            none = np.empty(0, np.intp)
            margins = Margins(bundle, unwanted)
            return cls(bundle.autoencoder, None, margins, None, None, none, none)
        rows = np.flatnonzero(records.split == split) if split else np.arange(len(records))
        selected = selected[rows]
        unseen = unwanted.unseen(records)
        unwanted.check_sides(selected, unseen)
        mean, sigma = records.mean[rows], records.sigma[rows]
        if len(unseen):
            extra = bundle.autoencoder.encode(unseen)
            mean, sigma = np.vstack([mean, extra[0]]), np.vstack([sigma, extra[1]])
            selected = np.append(selected, np.ones(len(unseen), bool))
            rows = np.append(rows, np.full(len(unseen), -1))
        mixture = None
        if calibration:
            train = (rows >= 0) & (records.split[rows] == "train")
            parts = np.column_stack([~selected, train])
            mixture = Mixture(mean, sigma * calibration.scale, parts)
        rows.flags.writeable = False
        return cls(
            bundle.autoencoder,
            (
                NearestGaussian(mean[selected], sigma[selected]),
                NearestGaussian(mean[~selected], sigma[~selected]),
            ),
            Margins(bundle, unwanted),
            mixture,
            calibration,
            rows[selected],
            rows[~selected],
        )

    @property
    def bundle(self) -> Bundle:
        """The bundle whose records it measures against."""
        return self.margins.bundle

    @property
    def unwanted(self) -> NearestGaussian:
        """The unwanted records. Raises `NoRecordsError` for a release."""
        return self._sides[0]

    @property
    def wanted(self) -> NearestGaussian:
        """The wanted records. Raises `NoRecordsError` for a release."""
        return self._sides[1]

    @property
    def _sides(self) -> tuple[NearestGaussian, NearestGaussian]:
        if self.sides is None:
            self.bundle.require_records("to measure distances from")
        assert self.sides is not None
        return self.sides

    def by_density(self, z: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        """Points z (m, k) -> the wanted share of the density, and `Calibration.typicality` by the
        training records' part of it: (m,) each, 0 to 1. It needs a calibration."""
        assert self.mixture is not None
        assert self.calibration is not None
        log_density, shares = self.mixture.query(z)
        wanted, train = shares.T
        with np.errstate(divide="ignore"):  # far from every training record
            log_train = log_density + np.log(train / self.mixture.part[:, 1].mean())
        return wanted, self.calibration.rank(log_train)

    def measure(
        self, rule: Rule | type[Rule], z: ArrayLike, codes: Codes | None = None
    ) -> Measures:
        """A rule's measures of points z (m, k), by name: (m,) each.

        `codes` (m,) are what the points decode to: the likeliest codes unless given. Raises
        `ValueError` for points of another shape or not finite, `NoRecordsError` if the rule needs
        records and there are none, and `RuleError` if it needs a calibration, or to have learned,
        and there is none.
        """
        _check_distances(rule, self.bundle)
        points = latent_points(z, self.bundle.records.latent_dim)
        calibrated = self.calibration is not None or self.bundle.released
        if rule.needs_calibration and not calibrated:
            raise RuleError(
                f"expected a calibration for the {rule.name} rule, got none; give one to "
                "Measurer.of"
            )
        if rule.needs_codes and codes is None:
            codes = self.autoencoder.decode(points)
        return rule.measure(self, points, codes)


def check_records(rule: Rule, bundle: Bundle) -> None:
    """Raises `NoRecordsError` if a rule, with its numbers, needs records and the bundle was
    released without them."""
    _check_distances(rule, bundle)
    for one in rule.parameters():
        if one.of_records and getattr(rule, one.name) > 0:
            bundle.require_records(
                f"for the rule {rule.name} with {one.name} above 0, which is about them",
                f"set {one.name} to 0",
            )


def _check_distances(rule: Rule | type[Rule], bundle: Bundle) -> None:
    if rule.needs_records:
        bundle.require_records(
            f"for the rule {rule.name}, which measures points against them",
            "use the rule learned, or certified with q 0",
        )
