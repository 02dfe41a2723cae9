"""Small bundles for tests: the shipped one with other records."""

import dataclasses

import numpy as np

from regvae.latent.mixture import Mixture
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection.calibration import Calibration


def with_rows(bundle: Bundle, rows) -> Bundle:
    """The bundle with some of its records: a slice, a mask or row numbers."""
    old = bundle.records
    arrays = (array[rows] for array in (old.codes, old.split, old.mean, old.sigma))
    return dataclasses.replace(bundle, records=Records(*arrays, old.format))


def with_codes(bundle: Bundle, changes: dict[int, str]) -> Bundle:
    """The bundle with other codes in some rows, and the same Gaussians."""
    codes = bundle.records.codes.copy()
    for row, code in changes.items():
        codes[row] = code
    return dataclasses.replace(bundle, records=dataclasses.replace(bundle.records, codes=codes))


def with_gaussians(bundle: Bundle, mean, sigma, *, codes=None, split=None) -> Bundle:
    """The bundle with the given Gaussians (n, k) as its records."""
    n = len(mean)
    records = Records(
        np.array(bundle.records.codes[:n] if codes is None else codes, "U7"),
        np.array(["train"] * n if split is None else split, "U10"),
        np.array(mean, np.float32),
        np.array(sigma, np.float32),
        bundle.records.format,
    )
    return dataclasses.replace(bundle, records=records)


def calibrated(bundle: Bundle, scale=1.0, held_out=(-2.0, -1.0)) -> Calibration:
    """A calibration of all records of a bundle, with a scale and densities given by hand."""
    mean, sigma, no_curve = bundle.records.mean, bundle.records.sigma * scale, np.empty(0)
    mixture = Mixture(mean, sigma, np.ones(len(mean), bool))
    return Calibration(scale, scale, mixture, np.array(held_out), no_curve, no_curve, no_curve)
