"""How densely the records lie: the mixture of their Gaussians, and what each side of it says.

Every record's Gaussian is a component of equal weight. In two and three dimensions a component is
left out of a cell where all those left out together cannot matter: their sum, everywhere in the
cell, is at most `LEFT_OUT` of the density.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.latent.cells import Cells, Floats, Gaussians

LEFT_OUT = 1e-6
"""The largest share of the density, at any point, that is not counted."""


@dataclass(frozen=True, init=False)
class Mixture(Gaussians):
    """n Gaussians with diagonal covariance and equal weights, in any number k of dimensions.

    The density is p(z) = 1/n sum_i prod_j N(z_j; mean_ij, sigma_ij^2). `part` (n,) says of each
    component whether it belongs to the part whose share is asked for. Raises `ValueError` for the
    shapes and numbers that `Gaussians` refuses, or if `part` has another length.

    >>> mixture = Mixture([[0.0], [4.0]], [[1.0], [1.0]], [True, False])
    >>> log_density, share = mixture.query([[2.0]])
    >>> share
    array([0.5])
    """

    part: NDArray[np.bool_]

    log_height: Floats
    """Logarithm of each component's density at its own mean, weight included: (n,)."""

    def __init__(self, mean: ArrayLike, sigma: ArrayLike, part: ArrayLike) -> None:
        super().__init__(mean, sigma)
        part = np.array(part, bool)
        if part.shape != self.mean.shape[:1]:
            raise ValueError(
                f"part wants one flag a Gaussian, {self.mean.shape[:1]}, but came as {part.shape}"
            )
        part.flags.writeable = False
        object.__setattr__(self, "part", part)
        n, k = self.mean.shape
        log_height = -np.log(self.sigma).sum(axis=1) - 0.5 * k * np.log(2 * np.pi) - np.log(n)
        log_height.flags.writeable = False
        object.__setattr__(self, "log_height", log_height)

    def query(self, z: ArrayLike) -> tuple[Floats, Floats]:
        """Points z (m, k) -> logarithm of the density, and share of the part in it: (m,) each.

        In two and three dimensions the density is too small by at most the share `LEFT_OUT`.
        Raises `ValueError` if z is not (m, k), or has a coordinate not finite or beyond 1e100.
        """
        z = self.points(z)
        log_density, share = np.empty(len(z)), np.empty(len(z))
        for rows, points, candidates in self.grouped(z, self._matters):
            log_terms = self.squared(points, candidates)
            log_terms *= -0.5
            log_terms += self.log_height[candidates]
            highest = log_terms.max(axis=1)  # so that something is left however far the point
            log_terms -= highest[:, None]
            terms = np.exp(log_terms, out=log_terms)
            part = self.part[candidates]
            # Two sums rather than one and the total: where the other part adds nothing it is 1.
            ours, others = (terms @ np.column_stack([part, ~part]).astype(float)).T
            log_density[rows] = highest + np.log(ours + others)
            share[rows] = ours / (ours + others)
        return log_density, share

    def _matters(self, cells: Cells, nearest: Floats, farthest: Floats) -> NDArray[np.bool_]:
        # Left out is what is everywhere below 1/n-th of LEFT_OUT of the least that all sum up to.
        height = self.log_height[cells.candidates]
        least, most = height - farthest / 2, height - nearest / 2
        scale = -cells.smallest(-least)  # the largest of each cell
        floor = scale + np.log(cells.total(np.exp(least - scale)))
        return most >= floor + np.log(LEFT_OUT / len(self.mean))
