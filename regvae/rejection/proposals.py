"""Proposal distributions of latent points: a box, the prior, around the records, a region."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri, ndtri

from regvae.latent.gaussians import NearestGaussian
from regvae.latent.polygon import Polygon, in_polygon, polygon_corners
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection.calibration import Calibration, calibrate

OUTSIDE = 1e-6
"""Share of the points of unbounded proposals beyond what `contains` tells."""
_LARGEST_SCALE = 100
_WIDEST = 1e6
"""Largest half-width of a box, and largest coordinate of a corner of a region."""


class ProposalError(ValueError):
    """Proposals that cannot be drawn; the message tells what to change."""


@dataclass(frozen=True)
class Box:
    """Uniform in [-half_width, half_width]^k, with a half-width above 0, at most 1e6.

    Raises `ProposalError` for another half-width.
    """

    half_width: float = 3.0
    name: ClassVar[str] = "box"

    def __post_init__(self) -> None:
        width = self.half_width
        number = isinstance(width, int | float) and not isinstance(width, bool)
        if not number or not 0 < width <= _WIDEST:
            raise ProposalError(
                f"expected a half-width above 0, at most 1e6, got {repr(width)[:40]}; change it"
            )
        object.__setattr__(self, "half_width", float(width))

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k)."""
        return rng.uniform(-self.half_width, self.half_width, (n, bundle.records.latent_dim))

    def contains(self, z: NDArray[np.float64], bundle: Bundle) -> NDArray[np.bool_]:
        """Which points z (m, k) may be proposed: (m,)."""
        del bundle
        return np.all(np.abs(z) <= self.half_width, axis=1)


@dataclass(frozen=True)
class Prior:
    """The standard normal distribution in k dimensions, the prior of the autoencoder."""

    name: ClassVar[str] = "prior"

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k)."""
        return rng.normal(size=(n, bundle.records.latent_dim))

    def contains(self, z: NDArray[np.float64], bundle: Bundle) -> NDArray[np.bool_]:
        """Which points z (m, k) lie where all but a share `OUTSIDE` of the points do: (m,)."""
        del bundle
        return np.square(z).sum(axis=1) <= chdtri(z.shape[1], OUTSIDE)


@dataclass(frozen=True)
class Around:
    """Around records: the Gaussian of a training record drawn at random, with its sigma scaled.

    `scale` is above 0, at most 100; None for the calibrated one (`Calibration.draw_scale`). Raises
    `ProposalError` for another scale.
    """

    scale: float | None = None
    name: ClassVar[str] = "around"

    def __post_init__(self) -> None:
        if self.scale is None:
            return
        number = isinstance(self.scale, int | float) and not isinstance(self.scale, bool)
        if not number or not 0 < self.scale <= _LARGEST_SCALE:
            raise ProposalError(
                f"expected a scale above 0, at most {_LARGEST_SCALE}, got {repr(self.scale)[:40]}; "
                "change it"
            )
        object.__setattr__(self, "scale", float(self.scale))

    def fitted(self, bundle: Bundle, calibration: Calibration | None = None) -> "Around":
        """The same with a number as its scale. Raises what `calibrate` raises."""
        if self.scale is not None:
            return self
        if calibration is None:
            self._records(bundle)
            calibration = calibrate(bundle)
        return Around(calibration.draw_scale)

    @staticmethod
    def _records(bundle: Bundle) -> Records:
        return bundle.require_records("to propose around", "propose from the prior or a box")

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, k). Raises what `calibrate` raises."""
        records, scale = self._records(bundle), self.fitted(bundle).scale
        train = np.flatnonzero(records.split == "train")
        # One row of uniform numbers for each point, so that more points begin with the same ones.
        uniform = rng.random((n, 1 + records.latent_dim))
        rows = train[(uniform[:, 0] * len(train)).astype(np.intp)]
        normal = ndtri(np.maximum(uniform[:, 1:], 2.0**-54))  # of 0, which is possible: -infinity
        return records.mean[rows] + records.sigma[rows] * (scale * normal)

    def contains(self, z: NDArray[np.float64], bundle: Bundle) -> NDArray[np.bool_]:
        """Which points z (m, k) are so near to a training record as all but a share `OUTSIDE` of
        the points around it: (m,)."""
        records, scale = self._records(bundle), self.fitted(bundle).scale
        train = records.split == "train"
        nearest = NearestGaussian(records.mean[train], records.sigma[train] * scale)
        return np.square(nearest.query(z)[0]) <= chdtri(z.shape[1], OUTSIDE)


@dataclass(frozen=True)
class Region:
    """Uniform inside a polygon in the plane: for bundles of two latent dimensions.

    Raises `ValueError` for what is not a polygon, or has a corner farther than 1e6 from 0.
    """

    polygon: tuple[tuple[float, float], ...]
    name: ClassVar[str] = "region"

    def __post_init__(self) -> None:
        corners = polygon_corners(self.polygon, _WIDEST)
        object.__setattr__(self, "polygon", tuple((float(x), float(y)) for x, y in corners))

    def draw(self, n: int, bundle: Bundle, rng: np.random.Generator) -> NDArray[np.float64]:
        """n points: (n, 2). Raises `ProposalError` in other dimensions, or if it is too thin."""
        if bundle.records.latent_dim != 2:
            raise ProposalError(
                "expected two latent dimensions to propose from a region, got "
                f"{bundle.records.latent_dim} in {bundle.name}; propose from box, prior or around"
            )
        return uniform_polygon(n, self.polygon, rng=rng)

    def contains(self, z: NDArray[np.float64], bundle: Bundle) -> NDArray[np.bool_]:
        """Which points z (m, 2) may be proposed: (m,)."""
        del bundle
        return in_polygon(z, self.polygon)


Proposal = Box | Prior | Around | Region
PROPOSALS: dict[str, type[Proposal]] = {kind.name: kind for kind in (Box, Prior, Around, Region)}
FEW_DIMENSIONS = 3
"""Most latent dimensions in which a box is a sensible proposal: its corners grow with 2^k."""


def usual(bundle: Bundle) -> Proposal:
    """The proposals for a bundle unless others are chosen: a box, in many dimensions around
    records, or from the prior if it was released without them or if its weights are private: what
    is drawn around records is not covered by epsilon."""
    if bundle.records.latent_dim <= FEW_DIMENSIONS:
        return Box()
    return Prior() if bundle.released or bundle.privacy else Around()


def proposal(name: str, parameters: Mapping[str, Any] | None = None) -> Proposal:
    """Proposals by their name and parameters.

    Raises `ProposalError` for an unknown name or parameter, and what the class raises for a value.
    """
    if not isinstance(name, str) or name not in PROPOSALS:
        raise ProposalError(
            f"expected proposals by name ({', '.join(PROPOSALS)}), got {str(name)[:40]!r}; "
            "choose one of them"
        )
    kind, given = PROPOSALS[name], dict(parameters or {})
    known = [one.name for one in fields(kind)]
    if given.keys() - set(known) or (kind is Region and not given):
        expected = ", ".join(known) or "no parameters"
        found = ", ".join(map(str, given)) or "none"
        raise ProposalError(
            f"expected {expected} for the proposals {name}, got {found[:60]}; correct them"
        )
    return kind(**given)


def uniform_polygon(n: int, polygon: Polygon, *, rng: np.random.Generator) -> NDArray[np.float64]:
    """n points, uniform inside a polygon in the plane: (n, 2) float64.

    Draws from the polygon's bounding box and rejects points outside. Raises `ProposalError` if the
    polygon is so thin that 1,000 draws for each point are too few, and `ValueError` if it is not a
    polygon.
    """
    corners = polygon_corners(polygon)
    low, high = corners.min(axis=0), corners.max(axis=0)
    inside = [np.empty((0, 2))]
    for _ in range(100):
        z = rng.uniform(low, high, size=(10 * n, 2))
        inside.append(z[in_polygon(z, polygon)])
        if sum(map(len, inside)) >= n:
            return np.concatenate(inside)[:n]
    raise ProposalError(
        "expected a wider region, got one too thin to draw points from; draw a wider one"
    )
