"""A plane in a latent space of any dimension, on which it is shown and from which it is decoded."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from regvae.model.records import Records
from regvae.model.spread import Floats, principal_directions

_LEAST_EXTENT = 3.0
_MARGIN = 1.05
_REACH = 2.5
"""Standard deviations of the means that the map of a release shows, as it has none of them."""


class PlaneError(ValueError):
    """Two axes that do not span a plane; the message names those that exist."""


@dataclass(frozen=True)
class Plane:
    """A plane through a latent space of k dimensions.

    A latent point z (k,) is shown at (z - origin) @ basis.T. `basis` (2, k) has orthonormal rows,
    so that lengths in the plane are lengths in the space; for k = 1 the second row is 0 and all
    points are on a line. `share` is the share of the variance of the records' means in the plane,
    0 to 1; `extent` is half the side of a square about the origin that contains all means, or, of a
    release, where nearly all of them lie.
    """

    name: str
    origin: Floats
    basis: Floats
    share: float
    extent: float

    @classmethod
    def axes(cls, records: Records, first: int, second: int) -> "Plane":
        """The plane of two latent axes, counted from 1, with its origin at 0.

        Raises `PlaneError` unless they are two different axes from 1 to k (for k = 1, both are 1).
        """
        k = records.latent_dim
        if not (1 <= first <= k and 1 <= second <= k) or (first == second and k > 1):
            raise PlaneError(
                f"expected two different axes from 1 to {k}, got {first} and {second}; change them"
            )
        basis = np.zeros((2, k))
        basis[0, first - 1] = 1
        if k > 1:
            basis[1, second - 1] = 1
        return cls._of(f"{first},{second}", records, np.zeros(k), basis)

    @classmethod
    def principal(cls, records: Records) -> "Plane":
        """The plane of the first two principal components of the records' means (PCA).

        The origin is the means' mean. The rows of the basis are the covariance's first two
        eigenvectors, with the sign that makes the entry of largest magnitude positive.
        """
        if records.spread:
            return cls._of("principal", records, records.centre, records.spread.widest)
        basis = principal_directions(records.mean)
        return cls._of("principal", records, records.centre, basis)

    @classmethod
    def _of(cls, name: str, records: Records, origin: Floats, basis: Floats) -> "Plane":
        if records.spread:
            total = float(np.square(records.spread.sd).sum())
            principal = name == "principal"
            sd = records.spread.widest_sd if principal else basis @ records.spread.sd
            shown_variance = float(np.square(sd).sum())
            away = np.abs((records.centre - origin) @ basis.T)
            reach = float((away + _REACH * sd).max())
        else:
            mean = records.mean.astype(np.float64)
            shown = (mean - origin) @ basis.T
            total = float(mean.var(axis=0).sum())
            shown_variance = float(shown.var(axis=0).sum())
            reach = float(np.abs(shown).max())
        share = min(1.0, shown_variance / total) if total else 1.0
        extent = max(_LEAST_EXTENT, reach) * _MARGIN
        origin, basis = origin.copy(), basis.copy()
        origin.flags.writeable = basis.flags.writeable = False
        return cls(name, origin, basis, share, extent)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return len(self.origin)

    def project(self, z: ArrayLike) -> Floats:
        """Latent points (n, k) -> their orthogonal projection in the plane, (n, 2)."""
        return (np.asarray(z, np.float64) - self.origin) @ self.basis.T

    def rest(self, anchor: ArrayLike) -> Floats:
        """The latent point (k,) shown at (0, 0) in the slice through an anchor (k,).

        It differs from the anchor only along the plane.
        """
        away = np.asarray(anchor, np.float64) - self.origin
        return self.origin + (away - (away @ self.basis.T) @ self.basis)

    def lift(self, xy: ArrayLike, anchor: ArrayLike) -> Floats:
        """Points of the plane (n, 2) -> the latent points (n, k) shown there, in the slice through
        an anchor (k,).

        They differ from the anchor only along the plane. `project` is the inverse.
        """
        return self.rest(anchor) + np.asarray(xy, np.float64) @ self.basis
