"""Where proposed latent points come from: a box, the prior, around the records, a region."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from regvae.latent.polygon import Polygon, in_polygon, polygon_corners
from regvae.model.bundle import Bundle

_WIDEST = 1e6


class ProposalError(ValueError):
    """Proposals that cannot be drawn; the message says what to change."""


@dataclass(frozen=True)
class Box:
    """Uniform in [-half_width, half_width]^k."""

    half_width: float = 3.0
    name: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        width = self.half_width
        number = isinstance(width, int | float) and not isinstance(width, bool)
        if not number or not 0 < width <= _WIDEST:
            shown = repr(width)[:40]
            raise ProposalError(f"the box wants a half-width above 0, up to 1e6, not {shown}")
        object.__setattr__(self, "half_width", float(width))

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k)."""
        return rng.uniform(-self.half_width, self.half_width, (n, bundle.records.latent_dim))


@dataclass(frozen=True)
class Prior:
    """The standard normal distribution in k dimensions, towards which training pulls."""

    name: ClassVar[str] = "prior"

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k)."""
        return rng.normal(size=(n, bundle.records.latent_dim))


@dataclass(frozen=True)
class Around:
    """The aggregated posterior: around a record drawn at random, with the model's own noise."""

    name: ClassVar[str] = "records"

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k)."""
        records = bundle.records
        # A row of uniform numbers a point, so that more points begin with the same ones.
        uniform = rng.random((n, 1 + records.latent_dim))
        rows = (uniform[:, 0] * len(records)).astype(np.intp)
        normal = ndtri(np.maximum(uniform[:, 1:], 2.0**-54))  # 0, if it ever came, would be endless
        noise = bundle.preset.training.noise * normal
        return records.mean[rows] + records.sigma[rows] * noise


@dataclass(frozen=True)
class Region:
    """Uniform inside a polygon in the plane: for bundles of two latent dimensions."""

    polygon: tuple[tuple[float, float], ...]
    name: ClassVar[str] = "region"

    def __post_init__(self) -> None:
        corners = polygon_corners(self.polygon, _WIDEST)
        object.__setattr__(self, "polygon", tuple((float(x), float(y)) for x, y in corners))

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, 2)."""
        if bundle.records.latent_dim != 2:
            raise ProposalError(
                f"a region is drawn in the plane, but {bundle.name} has "
                f"{bundle.records.latent_dim} latent dimensions; propose from box, prior or records"
            )
        return uniform_polygon(n, self.polygon, rng=rng)


Proposal = Box | Prior | Around | Region
PROPOSALS: dict[str, type[Proposal]] = {kind.name: kind for kind in (Box, Prior, Around, Region)}


def proposal(name: str, parameters: Mapping[str, Any] | None = None) -> Proposal:
    """A kind of proposals by its name and numbers.

    Raises `ProposalError` if there is no such kind, or its numbers are others.
    """
    if not isinstance(name, str) or name not in PROPOSALS:
        raise ProposalError(
            f"there are no proposals {str(name)[:40]!r}; there are {', '.join(PROPOSALS)}"
        )
    kind, given = PROPOSALS[name], dict(parameters or {})
    there = [one.name for one in fields(kind)]
    if given.keys() - set(there) or (kind is Region and not given):
        wants = " and ".join(there) or "no numbers"
        came = ", ".join(map(str, given)) or "nothing"
        raise ProposalError(f"proposals from {name} want {wants}, but came with {came[:60]}")
    return kind(**given)


def uniform_polygon(n: int, polygon: Polygon, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """n points, uniform inside a polygon in the plane: (n, 2) float64.

    Draws from the polygon's bounding box and keeps what lies inside. Raises `ProposalError` if the
    polygon is so thin that 1,000 draws a point are too few, and `ValueError` if it is no polygon.
    """
    corners = polygon_corners(polygon)
    low, high = corners.min(axis=0), corners.max(axis=0)
    kept = [np.empty((0, 2))]
    for _ in range(100):
        z = rng.uniform(low, high, size=(10 * n, 2))
        kept.append(z[in_polygon(z, polygon)])
        if sum(map(len, kept)) >= n:
            return np.concatenate(kept)[:n]
    raise ProposalError("the region is too thin to draw points from; draw a wider one")
