"""What covers the map: samples with a rule's zone, an attribute decoded everywhere, the density."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from dashboard.components.colouring import Colouring
from dashboard.components.transfer import coordinates, send, version_of
from regvae.latent.gaussians import tail_probability
from regvae.latent.grid import Grid
from regvae.latent.mixture import Mixture
from regvae.latent.plane import Plane
from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection.measures import Measurer
from regvae.rejection.rules import Measures, Rule, notebook_tail
from regvae.rejection.samples import Samples

_GRID, _LARGEST_GRID = 241, 481
"""Points along a side of the grid on which the rejected zone and its edge are drawn: as usual, and
at most, where the box of the proposals is larger than the map."""
_COARSE_GRID = 81
"""The same for latent dimensions other than two or three, where distances take longer to find."""
_MARGIN = 1.6
"""The grid's half-width in those of the map, so that zooming out shows some more of it."""


@dataclass(frozen=True)
class SampleLayer:
    """Proposed samples, with a rule's measures of them, of a grid, and of held-out records.

    `measures` names the columns that the rule compares. `samples` has them for the m proposals,
    with their coordinates (`z_1`, …), `wanted` (0 or 1) and `code`; `field` for the points of the
    `grid`, which lies in the plane that is shown; `held_out` for the held-out unwanted records,
    measured by the training records alone. `tails` has, for every step of the slider of the rule's
    distance, the `tail` probability and the `notebook`'s. All use all k latent dimensions. `box` is
    the half-width of the proposals' box, if one is to be drawn.
    """

    version: str
    measures: list[str]
    samples: pd.DataFrame
    field: pd.DataFrame
    grid: Grid
    held_out: pd.DataFrame
    tails: pd.DataFrame
    box: float | None

    @classmethod
    def of(
        cls,
        rule: Rule,
        samples: Samples,
        measurer: Measurer,
        held_out: Measures | None,
        *,
        plane: Plane,
        anchor: NDArray,
        box: float | None,
    ) -> "SampleLayer":
        """The layer of measured samples.

        The field covers the map and some more, in the slice of `plane` through `anchor` (k,).
        `box` is the half-width of the proposals' box, if there is one.
        """
        measures = [one.name for one in rule.measures]
        box = None if plane.name == "principal" else box  # that plane cuts the box at an angle
        reach = max(plane.extent * _MARGIN, (box or 0.0) * 1.05)
        size = min(_LARGEST_GRID, round(_GRID * reach / (plane.extent * _MARGIN)))
        size = size if plane.latent_dim in (2, 3) else _COARSE_GRID
        grid = Grid.of(reach, size)
        table = coordinates(samples.z).assign(
            wanted=samples.wanted.astype(np.uint8),
            # float64: the browser must draw the line exactly where Python draws it.
            **{name: samples.measures[name] for name in measures},
            code=samples.codes,
        )
        field = measurer.measure(rule, plane.lift(grid.points, anchor))
        layers = (
            table,
            pd.DataFrame({name: field[name].astype(np.float32) for name in measures}),
            pd.DataFrame({name: held_out[name] if held_out else np.empty(0) for name in measures}),
        )
        return cls(
            version=version_of(*layers),
            measures=measures,
            samples=layers[0],
            field=layers[1],
            grid=grid,
            held_out=layers[2],
            tails=_tails(rule, plane.latent_dim),
            box=box,
        )


def _tails(rule: Rule, k: int) -> pd.DataFrame:
    """The true tail and the notebook's at every step of the slider of the rule's distance.

    One row, for the distance 0, if the rule has no distance.
    """
    steps = [one.steps for one in rule.parameters() if one.name == rule.tail] or [np.zeros(1)]
    return pd.DataFrame(
        {"tail": tail_probability(steps[0], k), "notebook": notebook_tail(steps[0])}
    )


def send_samples(layer: SampleLayer, slot: str = "samples") -> None:
    """Hand proposed samples to the browser. A page with several maps has a slot for each."""
    send(
        slot,
        layer.version,
        measures=layer.measures,
        samples=layer.samples,
        field=layer.field,
        grid=asdict(layer.grid),
        heldOut=layer.held_out,
        tails=layer.tails,
        box=layer.box,
    )


@dataclass(frozen=True)
class PaintedLayer:
    """One attribute of the codes decoded everywhere on the plane (the decoded manifold).

    `table` has, for every point of the `grid`, the attribute's value as in `Colouring.values`
    (`code`), and the probability of the learned characters that it depends on, 0 to 1
    (`certainty`).
    """

    version: str
    table: pd.DataFrame
    grid: Grid

    @classmethod
    def of(
        cls, bundle: Bundle, colouring: Colouring, plane: Plane, anchor: NDArray
    ) -> "PaintedLayer":
        """The layer of a plane through an anchor (k,); it covers the map and some more."""
        grid = Grid.of(plane.extent * _MARGIN, _GRID)
        codes, certainty = bundle.autoencoder.decode_with_certainty(plane.lift(grid.points, anchor))
        deciding = certainty[:, _deciding(bundle, colouring.attribute.positions)]
        table = pd.DataFrame(
            {
                "code": colouring.values(codes),
                # Two digits are more than can be seen, and travel well compressed.
                "certainty": deciding.prod(axis=1).round(2).astype(np.float32),
            }
        )
        return cls(version_of(table), table, grid)


def _deciding(bundle: Bundle, positions: Iterable[int]) -> list[int]:
    """The numbers of the learned characters on which those at some positions of a code depend."""
    return [bundle.autoencoder.onehot.index(one) for one in bundle.format.deciding(positions)]


@dataclass(frozen=True)
class DensityLayer:
    """How densely the records lie in the plane.

    `table` has, for every point of the `grid`, its `rank` in the density of the records, see
    `Mixture.rank`; of more than two latent dimensions in the slice that is shown.
    """

    version: str
    table: pd.DataFrame
    grid: Grid

    @classmethod
    def of(cls, records: Records, plane: Plane, anchor: NDArray) -> "DensityLayer":
        """The layer of a plane through an anchor (k,); it covers the map and some more."""
        size = _GRID if plane.latent_dim in (2, 3) else _COARSE_GRID
        grid = Grid.of(plane.extent * _MARGIN, size)
        mixture = Mixture(records.mean, records.sigma, np.ones(len(records), bool))
        rank = mixture.rank(plane.lift(grid.points, anchor))
        table = pd.DataFrame({"rank": rank.round(3).astype(np.float32)})
        return cls(version_of(table), table, grid)


def send_density(layer: DensityLayer) -> None:
    """Hand the density of the records to the browser."""
    send("density", layer.version, table=layer.table, grid=asdict(layer.grid))


def send_painted(layer: PaintedLayer, slot: str = "painted") -> None:
    """Hand what is decoded everywhere to the browser, under a slot like `send_samples`."""
    send(slot, layer.version, table=layer.table, grid=asdict(layer.grid))
