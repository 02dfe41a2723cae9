"""Where a decoder of two latent dimensions decodes to wanted codes, exactly.

This stands above `latent`, which knows what is decoded, because only `Unwanted` knows what of it is
wanted.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regvae.formats import Codes
from regvae.latent.mesh import Floats, Mesh
from regvae.latent.pieces import Decoder, cut_where_characters_change, linear_pieces
from regvae.latent.rings import rings
from regvae.latent.segments import Segments
from regvae.model.bundle import Bundle
from regvae.rejection.unwanted import Unwanted

ANY = "·"
"""Stands for a character that decides nothing."""


@dataclass(frozen=True)
class DecisionRegions:
    """The square [-half_width, half_width]² divided by what is decoded, and whether it is wanted.

    Only the characters at some `positions` (from 0) decide that. A region is a largest connected
    part in which these are the same: `codes` (r,) has them, with `ANY` at the other positions,
    `wanted` (r,) and `areas` (r,) belong to it. `pieces` is the number of the decoder's linear
    pieces. `edge` is where wanted and unwanted regions meet.

    >>> regions = DecisionRegions.of(regvae.load("notebook-2d"), Unwanted.of(["number < 50"]))
    >>> regions.share_wanted, regions.distance([[0.5, -1.2]])
    """

    half_width: float
    positions: tuple[int, ...]
    pieces: int
    codes: Codes
    wanted: NDArray[np.bool_]
    areas: Floats
    edge: Segments
    _mesh: Mesh
    _region: NDArray[np.int64]

    @classmethod
    def of(cls, bundle: Bundle, unwanted: Unwanted, half_width: float = 3.0) -> "DecisionRegions":
        """The regions of a bundle.

        Raises `ValueError` unless it has two latent dimensions and the half-width is from 1e-6 to
        1e6.
        """
        decoder, positions = Decoder(bundle.autoencoder), unwanted.positions
        mesh = linear_pieces(decoder, half_width)
        pieces = mesh.cells
        cut_where_characters_change(mesh, decoder, positions)
        places, kind = np.unique(
            decoder.places(mesh.centres(), positions), axis=0, return_inverse=True
        )
        codes = decoder.onehot.codes(places)
        wanted = ~unwanted.of_codes(codes, bundle)
        edge = mesh.between(wanted[kind])
        count, region = mesh.joined(kind)
        kinds = np.empty(count, np.intp)
        kinds[region] = kind
        return cls(
            half_width,
            positions,
            pieces,
            _deciding(codes, positions)[kinds],
            wanted[kinds],
            np.asarray(np.bincount(region, mesh.areas(), count), np.float64),
            Segments(mesh.points[mesh.tail[edge]], mesh.points[mesh.head[edge]]),
            mesh,
            region,
        )

    @cached_property
    def share_wanted(self) -> float:
        """The part of the square that decodes to wanted codes, 0 to 1."""
        return float(self.areas[self.wanted].sum() / self.areas.sum())

    def distance(self, points: ArrayLike) -> Floats:
        """How far points (n, 2) of the square are from where their answer changes: (n,).

        It is the distance to the edge in the square: where the square's border is nearer, an edge
        beyond it may be nearer too. Infinite if all is wanted or nothing. Raises `ValueError` for
        points of another shape.
        """
        return self.edge.distance(points)

    def polygons(self) -> list[list[Floats]]:
        """Each region's rings of corners (c, 2), in the order of `codes`: its border, then holes.

        A border runs anticlockwise, a hole clockwise.
        """
        return rings(self._mesh, self._region)


def _deciding(codes: Codes, positions: tuple[int, ...]) -> Codes:
    """Codes (n,) with `ANY` at all other positions."""
    shown = [
        "".join(one if place in positions else ANY for place, one in enumerate(code))
        for code in codes
    ]
    return np.array(shown, codes.dtype)
