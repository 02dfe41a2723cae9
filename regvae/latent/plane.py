"""The plane on which a latent space of any dimension is shown, and points are decoded from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.model.records import Records

Floats = NDArray[np.float64]

_LEAST_EXTENT = 3.0
_MARGIN = 1.05


class PlaneError(ValueError):
    """Axes that make no plane; the message says which there are."""


@dataclass(frozen=True)
class Plane:
    """Two directions through a latent space of k dimensions.

    A latent point z (k,) is shown at (z - origin) @ basis.T. `basis` (2, k) has orthonormal rows,
    so that lengths in the plane are lengths in the space; with k = 1 the second is 0 and everything
    lies on a line. `share` is the share of the records' variance that the plane shows, 0 to 1;
    `extent` half the side of a square about the middle that holds all their means.
    """

    name: str
    origin: Floats
    basis: Floats
    share: float
    extent: float

    @classmethod
    def axes(cls, records: Records, first: int, second: int) -> "Plane":
        """The plane of two latent coordinates, counted from 1, about 0.

        Raises `PlaneError` unless they are two different ones of the k (with k = 1, both are it).
        """
        k = records.latent_dim
        if not (1 <= first <= k and 1 <= second <= k) or (first == second and k > 1):
            raise PlaneError(
                f"a plane wants two different axes from 1 to {k}, but came {first} and {second}"
            )
        basis = np.zeros((2, k))
        basis[0, first - 1] = 1
        if k > 1:
            basis[1, second - 1] = 1
        return cls._of(f"{first},{second}", records, np.zeros(k), basis)

    @classmethod
    def principal(cls, records: Records) -> "Plane":
        """The plane in which the records' means vary most, about their middle (PCA).

        The rows of the basis are the covariance's first two eigenvectors; of the two signs each
        could have, the one whose largest entry is positive.
        """
        mean = records.mean.astype(np.float64)
        centre = mean.mean(axis=0)
        if records.latent_dim == 1:
            return cls._of("principal", records, centre, np.array([[1.0], [0.0]]))
        vectors = np.linalg.eigh(np.cov((mean - centre).T))[1]
        basis = vectors[:, ::-1].T[:2]
        largest = np.take_along_axis(basis, np.abs(basis).argmax(axis=1)[:, None], axis=1)
        return cls._of("principal", records, centre, basis * np.sign(largest))

    @classmethod
    def _of(cls, name: str, records: Records, origin: Floats, basis: Floats) -> "Plane":
        mean = records.mean.astype(np.float64)
        shown = (mean - origin) @ basis.T
        total = float(mean.var(axis=0).sum())
        share = float(shown.var(axis=0).sum()) / total if total else 1.0
        extent = float(max(_LEAST_EXTENT, np.abs(shown).max()) * _MARGIN)
        origin.flags.writeable = basis.flags.writeable = False
        return cls(name, origin, basis, share, extent)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return len(self.origin)

    def project(self, z: ArrayLike) -> Floats:
        """Latent points (n, k) -> where they are shown, (n, 2)."""
        return (np.asarray(z, np.float64) - self.origin) @ self.basis.T

    def rest(self, anchor: ArrayLike) -> Floats:
        """The point (k,) that is shown at (0, 0) and has an anchor's (k,) other coordinates."""
        away = np.asarray(anchor, np.float64) - self.origin
        return self.origin + (away - (away @ self.basis.T) @ self.basis)

    def lift(self, xy: ArrayLike, anchor: ArrayLike) -> Floats:
        """Points of the plane (n, 2) -> the latent points (n, k) that are shown there and have an
        anchor's (k,) other coordinates: a slice through the space. `project` is the inverse."""
        return self.rest(anchor) + np.asarray(xy, np.float64) @ self.basis
