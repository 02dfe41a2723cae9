"""What a rule learns from points whose decoded codes it has seen: where the wanted ones are.

In two and three dimensions the points seen lie so densely that the nearest ones tell; in more they
lie far apart, and a network is fitted to them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from regvae.rejection import network
from regvae.rejection.network import Network
from regvae.rejection.proposals import FEW_DIMENSIONS
from regvae.rejection.rules import RuleError

_SPACED = 10_000
"""Points seen whose distance to the nearest other one is measured, for the spacing."""


@dataclass(frozen=True)
class Nearest:
    """The points seen, wanted and unwanted, and their spacing.

    The spacing is the median distance of a point seen from the nearest other one.
    """

    wanted: cKDTree
    unwanted: cKDTree
    spacing: float

    @classmethod
    def of(cls, z: NDArray[np.float64], wanted: NDArray[np.bool_]) -> "Nearest":
        """Of points z (n, k) that decode to wanted codes or not (n,)."""
        distance = cKDTree(z).query(z[:_SPACED], k=2)[0][:, 1]
        return cls(cKDTree(z[wanted]), cKDTree(z[~wanted]), float(np.median(distance)))

    def score(self, z: ArrayLike) -> NDArray[np.float64]:
        """How much farther points z (m, k) are from the nearest unwanted point seen than from the
        nearest wanted one, in spacings: (m,). Distances are Euclidean."""
        farther = self.unwanted.query(z)[0] - self.wanted.query(z)[0]
        return farther / self.spacing


Predictor = Nearest | Network
"""What was learned; its `score` is above 0 where wanted codes are likelier, and grows with it."""


def points_seen(k: int) -> int:
    """How many decoded points a rule learns from in k dimensions."""
    return 100_000 if k <= FEW_DIMENSIONS else 300_000


def learn(z: NDArray[np.float64], wanted: NDArray[np.bool_], rng: np.random.Generator) -> Predictor:
    """Learn from points z (n, k) that decode to wanted codes or not (n,).

    Takes a second in two dimensions, ten in fifteen. Raises `RuleError` if all are of one kind.
    """
    if wanted.all() or not wanted.any():
        raise RuleError(
            f"expected wanted and unwanted codes among {len(z):,} decoded proposals, got only "
            f"{'wanted' if wanted.all() else 'unwanted'} ones; propose from a larger part, or use "
            "the rule certified"
        )
    return Nearest.of(z, wanted) if z.shape[1] <= FEW_DIMENSIONS else network.fit(z, wanted, rng)
