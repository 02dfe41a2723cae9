"""The density of the records: a mixture of their Gaussians, all with equal weight.

In two and three dimensions only some components are evaluated in a cell: the sum of those left out
is at most the share `LEFT_OUT` of the density, everywhere in the cell.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.latent.cells import Cells, Floats
from regvae.latent.gaussians import Gaussians
from regvae.latent.tiles import Later, Tiling
from regvae.parallel import each

LEFT_OUT = 1e-6
"""The largest share of the density that is left out at any point."""


@dataclass(frozen=True, init=False)
class Mixture(Gaussians):
    """n Gaussians with diagonal covariance and equal weights, in any number k of dimensions.

    The density is p(z) = 1/n sum_i prod_j N(z_j; mean_ij, sigma_ij^2). `part` (n,) marks the
    components whose share of the density is computed, or (n, p) those of p parts. Raises
    `ValueError` as `Gaussians`, and if `part` has another shape.

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
        if part.ndim not in (1, 2) or len(part) != len(self.mean):
            raise ValueError(
                f"expected part of shape {self.mean.shape[:1]}, one flag for each Gaussian, got "
                f"{part.shape}; change it"
            )
        part.flags.writeable = False
        object.__setattr__(self, "part", part)
        n, k = self.mean.shape
        log_height = -np.log(self.sigma).sum(axis=1) - 0.5 * k * np.log(2 * np.pi) - np.log(n)
        log_height.flags.writeable = False
        object.__setattr__(self, "log_height", log_height)

    def query(self, z: ArrayLike) -> tuple[Floats, Floats]:
        """Points z (m, k) -> logarithm of the density (m,) and the part's share of it (m,), 0 to 1;
        of p parts, the shares (m, p).

        In two and three dimensions the density is too small by at most the share `LEFT_OUT`.
        Raises `ValueError` if z is not (m, k), or has a coordinate not finite or beyond 1e100.
        """
        z = self.points(z)
        marks = self.part.reshape(len(self.part), -1)
        weights = np.vstack([np.hstack([marks, ~marks]), np.zeros(2 * marks.shape[1])])
        log_height = np.append(self.log_height, 0.0)  # of a missing component, infinitely far
        log_density, share = np.empty(len(z)), np.empty((len(z), marks.shape[1]))

        def weigh(gathered: Later) -> None:
            tiles = gathered()
            log_terms = self.squared(tiles)
            log_terms *= -0.5
            log_terms += log_height.take(tiles.candidates)[:, None]
            highest = log_terms.max(axis=2)  # scaled by it, one term is 1 even for a far point
            log_terms -= highest[:, :, None]
            terms = np.exp(log_terms, out=log_terms)
            # Two sums, so that the share is exactly 1 where the other components add nothing.
            ours, others = np.split(terms @ weights.take(tiles.candidates, axis=0), 2, axis=2)
            log_density[tiles.rows] = highest + np.log(ours[:, :, 0] + others[:, :, 0])
            share[tiles.rows] = ours / (ours + others)

        each(weigh, self._tiling.of(z))
        return log_density, share.reshape(len(z), *self.part.shape[1:])

    def rank(self, z: ArrayLike) -> Floats:
        """Points z (m, k) -> the share of the Gaussians' means that lie at a lower density: (m,).

        So the points of rank 0.2 or more hold the densest 80 % of the means. Raises `ValueError` as
        `query`.
        """
        at_means = np.sort(self.query(self.mean)[0])
        return np.searchsorted(at_means, self.query(z)[0]) / len(at_means)

    @cached_property
    def _tiling(self) -> Tiling:
        return Tiling(self.mean, self.sigma, self._matters)

    def _matters(self, cells: Cells, nearest: Floats, farthest: Floats) -> NDArray[np.bool_]:
        # A component is left out where its largest value in the cell is below LEFT_OUT / n times
        # the smallest density in the cell.
        height = self.log_height[cells.candidates]
        least, most = height - farthest / 2, height - nearest / 2
        scale = -cells.smallest(-least)  # the largest of each cell
        floor = scale + np.log(cells.total(np.exp(least - scale)))
        return most >= floor + np.log(LEFT_OUT / len(self.mean))
