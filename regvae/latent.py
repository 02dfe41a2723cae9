"""The encoded records: every reg with its split and its Gaussian in the latent space."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae import regs, vectoriser
from regvae.forward import Autoencoder
from regvae.regs import ATTRIBUTES, SPLITS, Regs

Polygon = Sequence[Sequence[float]]
"""Corners (x, y) of a region in the plane; the last joins the first."""

_MOST_CORNERS = 10_000  # a lasso has hundreds; each is tested against every point


@dataclass(frozen=True)
class Records:
    """n records: `reg` (n,) ``U7``, `split` (n,) of `SPLITS`, `mean` and `sigma` (n, k) float32.

    Sigma is a standard deviation per latent coordinate. The arrays are made read-only, so that
    one copy can be shared.
    """

    reg: Regs
    split: Regs
    mean: NDArray[np.float32]
    sigma: NDArray[np.float32]

    def __post_init__(self) -> None:
        for array in (self.reg, self.split, self.mean, self.sigma):
            array.flags.writeable = False

    @classmethod
    def encode(cls, splits: dict[str, Regs], autoencoder: Autoencoder) -> "Records":
        """Encode regs given by split, e.g. those of `regs.notebook_dataset`."""
        reg = np.concatenate([splits[name] for name in SPLITS])
        split = np.repeat(np.array(SPLITS), [len(splits[name]) for name in SPLITS])
        return cls(reg, split, *autoencoder.encode(reg))

    def __len__(self) -> int:
        return len(self.reg)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return self.mean.shape[1]

    def attribute(self, name: str) -> NDArray:
        """The named attribute of every record, (n,)."""
        return ATTRIBUTES[name].values(self.reg)

    def sizes(self) -> dict[str, int]:
        """How many records each split has."""
        return {name: int((self.split == name).sum()) for name in SPLITS}

    def row_of(self, reg: str) -> int | None:
        """The row of that normalised reg, or None if it is no record."""
        rows = np.flatnonzero(self.reg == reg)
        return int(rows[0]) if len(rows) else None

    def contain(self, reg: Regs) -> NDArray[np.bool_]:
        """Which of the regs (m,) are records: (m,) booleans."""
        return np.isin(regs.keys(reg), regs.keys(self.reg))

    def data_hash(self) -> str:
        """sha256 of the splits and regs in their order: the same data, the same hash."""
        text = "\n".join(f"{s},{r}" for s, r in zip(self.split, self.reg, strict=True))
        return hashlib.sha256(text.encode()).hexdigest()


def in_polygon(points: NDArray, polygon: Polygon) -> NDArray[np.bool_]:
    """Which points (n, 2) lie inside the polygon, a list of (x, y) corners: (n,) booleans.

    By the even-odd rule: a point is inside if a ray to the right crosses the border an odd number
    of times, so a lasso that crosses itself has holes. Raises `ValueError` if `polygon_corners`
    does.

    >>> in_polygon(np.array([[0.5, 0.5], [2.0, 0.5]]), [(0, 0), (1, 0), (1, 1), (0, 1)])
    array([ True, False])
    """
    corners = polygon_corners(polygon)
    x, y = np.asarray(points, dtype=np.float64).T
    inside = np.zeros(len(x), dtype=bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:  # a level edge crosses no level ray
            crosses = (y1 > y) != (y2 > y)
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside


def polygon_corners(polygon: Polygon, farthest: float = np.inf) -> NDArray[np.float64]:
    """The corners of a polygon as an array (c, 2).

    Raises `ValueError` if it has fewer than 3 corners, more than 10,000, or one that is not a pair
    of finite numbers, at most `farthest` from 0.
    """
    try:
        corners = np.asarray(polygon)
        # Not what merely could be read as numbers, such as texts or whole numbers beyond floats.
        corners = corners.astype(np.float64) if corners.dtype.kind in "iuf" else np.empty(0)
    except (TypeError, ValueError):
        corners = np.empty(0)
    if corners.ndim != 2 or corners.shape[1] != 2 or not 3 <= len(corners) <= _MOST_CORNERS:
        raise ValueError(
            f"a region wants 3 to {_MOST_CORNERS:,} corners, each a pair (x, y) of numbers"
        )
    if not np.isfinite(corners).all():
        raise ValueError("a region wants corners with finite coordinates, but some are not")
    if np.abs(corners).max() > farthest:
        raise ValueError(f"a region wants corners up to {farthest:g} from 0, but some are farther")
    return corners


@dataclass(frozen=True)
class TypicalLetter:
    """A letter that is commoner at a position (from 1) of some records than of all."""

    position: int
    letter: str
    share_here: float
    share_overall: float


def typical_letters(records: Records, rows: NDArray[np.bool_], n: int) -> list[TypicalLetter]:
    """The n letters most over-represented among the records of a mask (m,), clearest first.

    Ordered by the z score of the share here against the share among all records, so that a rare
    letter seen twice does not outrank a common one seen often. Empty if no record is selected.
    """
    here = records.reg[rows]
    if not len(here):
        return []
    found = []
    shares_here, shares = (vectoriser.encode(regs).mean(axis=0) for regs in (here, records.reg))
    spread = np.sqrt(np.maximum(shares * (1 - shares), 1e-12) / len(here))
    scores = (shares_here - shares) / spread
    for block in vectoriser.BLOCKS:
        for column, character in enumerate(block.alphabet, start=block.start):
            if character.isalpha() and scores[column] > 0:
                shown = float(shares_here[column]), float(shares[column])
                found.append((scores[column], TypicalLetter(block.position + 1, character, *shown)))
    return [letter for _, letter in sorted(found, key=lambda one: -one[0])[:n]]
