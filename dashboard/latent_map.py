"""The latent map component: one function with a typed input and a typed event.

Large tables travel in mounts of their own (`_transfer`), whose content does not change from one
rerun to the next, so that Streamlit sends them once; the map's own mount stays small.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state, text
from dashboard.colouring import Colouring
from dashboard.layers import PointLayer, table_of
from regvae.onehot import one_hot
from regvae.rejection.measures import Measurer
from regvae.rejection.rules import RULES, Measures, Rule, notebook_tail
from regvae.model.bundle import Bundle
from regvae.latent.polygon import Polygon, polygon_corners
from regvae.latent.plane import Plane
from regvae.latent.gaussians import tail_probability
from regvae.rejection.sampling import Report, Samples

_GRID, _LARGEST_GRID = 241, 481
"""Points along a side of the grid on which the rejected zone and its edge are drawn; more of them
for a box that is larger than the map."""
_COARSE_GRID = 81
"""The same in other than two or three dimensions, where distances take longer (`cells`)."""
_GAPS = [4]
"""Positions of a code, counted from 0, before which a space is shown."""
_RELATIVE = {"typicality"}
"""Measures whose distance from their limit is shown in units of the limit."""
_ENDLESS = 2**53
"""No number from here on is counted exactly in JavaScript."""
_MARGIN = 1.6
"""The grid goes this much farther than the map, for those who zoom out."""


def module_script(module: str) -> str:
    """What a component's `js` is for a module in `static/`: it only loads the real one, because it
    is sent with every message. One line would be taken for a path."""
    url = f"new URL('app/static/{module}', document.baseURI).href"
    return (
        f"const module = import({url});\nexport default async (c) => (await module).default(c);\n"
    )


_transfer = st.components.v2.component("regvae_transfer", js=module_script("shared/store.js"))
_mount = st.components.v2.component(
    "regvae_map", js=module_script("latent_map/main.js"), isolate_styles=False
)


@dataclass(frozen=True)
class Geometry:
    """What the browser needs of a bundle, once: records with attributes, and the decoder."""

    version: str
    records: pd.DataFrame
    weights: pd.DataFrame
    layers: list[list[int]]
    blocks: list[dict[str, Any]]
    gaps: list[int]
    attributes: list[dict[str, Any]]
    likelihood: str

    @classmethod
    def of(cls, bundle: Bundle, beside: Bundle | None = None) -> "Geometry":
        """The geometry of a bundle; `beside` another, both have the same colours for the same."""
        records, decoder = bundle.records, bundle.autoencoder.decoder
        table = _coordinates(records.mean).assign(reg=records.reg, split=records.split)
        seen = np.concatenate([one.records.reg for one in (bundle, beside) if one])
        colourings = [Colouring.of(attribute, seen) for attribute in ATTRIBUTES.values()]
        for one in colourings:
            table[one.attribute.name] = one.codes(records.reg)
        flat = np.concatenate([part.ravel() for d in decoder for part in (d.kernel, d.bias)])
        weights = pd.DataFrame({"weights": flat})
        attributes = [one.legend(records.reg) for one in colourings]
        # A number's code is the same on any scale: the ends tell two of them apart.
        legends = pd.DataFrame({"legend": [str(one) for one in attributes]})
        return cls(
            version=_version(table, weights, legends),
            records=table,
            weights=weights,
            layers=[list(d.kernel.shape) for d in decoder],
            blocks=[asdict(block) for block in vectoriser.BLOCKS],
            gaps=_GAPS,
            attributes=attributes,
            likelihood=bundle.autoencoder.likelihood,
        )


def _coordinates(z: NDArray) -> pd.DataFrame:
    """Latent points (n, k) as a table with a column for each coordinate: z_1, z_2, …"""
    return pd.DataFrame({f"z_{i}": column for i, column in enumerate(z.T, start=1)})


def _grid(reach: float, size: int) -> tuple[NDArray, dict[str, float]]:
    """Points (size², 2) of a square grid from -reach to reach, and how the browser is told of it.

    The first coordinate runs fastest.
    """
    axis = np.linspace(-reach, reach, size)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return points, {"low": -reach, "step": float(axis[1] - axis[0]), "size": size}


def _version(*tables: pd.DataFrame) -> str:
    """A text that differs when anything in the tables does."""
    digest = hashlib.sha256()
    for table in tables:
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
        digest.update(" ".join(map(str, table.columns)).encode())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class SampleLayer:
    """Proposed samples with what a rule measures of them, of a grid, and of held-out records.

    `measures` names the columns that the rule's limits compare; `field` has them at the points of
    the `grid`, which lies in the plane that is shown, `held_out` for the held-out unwanted records,
    measured by a judge that knows the training records only. `tails` has the tail probabilities of
    every step of the rule's distance. All of them are of all k latent dimensions.
    """

    version: str
    measures: list[str]
    samples: pd.DataFrame
    field: pd.DataFrame
    grid: dict[str, float]
    held_out: pd.DataFrame
    tails: pd.DataFrame
    box: float | None

    @classmethod
    def of(
        cls,
        rule: Rule,
        samples: Samples,
        judge: Judge,
        held_out: Measures | None,
        *,
        plane: Plane,
        anchor: NDArray,
        box: float | None,
    ) -> "SampleLayer":
        """From measured samples; the field covers the map and some more.

        The field is that of the slice of `plane` through `anchor` (k,). The `box` is the half-width
        of the proposals' box, if there is one.
        """
        measures = [limit.measure for limit in rule.limits]
        box = None if plane.name == "principal" else box  # whose plane cuts the box askew
        reach = max(plane.extent * _MARGIN, (box or 0.0) * 1.05)
        size = min(_LARGEST_GRID, round(_GRID * reach / (plane.extent * _MARGIN)))
        size = size if plane.latent_dim in (2, 3) else _COARSE_GRID
        points, grid = _grid(reach, size)
        table = _coordinates(samples.z).assign(
            wanted=samples.wanted.astype(np.uint8),
            # float64: the browser must draw the line exactly where Python draws it.
            **{name: samples.measures[name] for name in measures},
            reg=samples.reg,
        )
        field = judge.measure(rule, plane.lift(points, anchor))
        layers = (
            table,
            pd.DataFrame({name: field[name].astype(np.float32) for name in measures}),
            pd.DataFrame({name: held_out[name] if held_out else np.empty(0) for name in measures}),
        )
        return cls(
            version=_version(*layers),
            measures=measures,
            samples=layers[0],
            field=layers[1],
            grid=grid,
            held_out=layers[2],
            tails=_tails(rule, plane.latent_dim),
            box=box,
        )


def _tails(rule: Rule, latent_dim: int) -> pd.DataFrame:
    """The true tail and the notebook's at every step of the slider of the rule's distance."""
    name = reach_parameter(rule)
    slider = state.SLIDERS[name] if name else state.Slider(0.0, 1.0, "")
    steps = np.arange(round(slider.maximum / slider.step) + 1) * slider.step
    return pd.DataFrame(
        {"tail": tail_probability(steps, latent_dim), "notebook": notebook_tail(steps)}
    )


@dataclass(frozen=True)
class DecodedLayer:
    """What the decoder says all over the plane (the decoded manifold), for one attribute.

    `table` has, for every point of the `grid`, the attribute's code (as the records have it) and
    the decoder's certainty of the characters that decide it, 0 to 1.
    """

    version: str
    table: pd.DataFrame
    grid: dict[str, float]

    @classmethod
    def of(
        cls, bundle: Bundle, colouring: Colouring, plane: Plane, anchor: NDArray
    ) -> "DecodedLayer":
        """Of the slice of a plane through an anchor (k,); it covers the map and some more."""
        points, grid = _grid(plane.extent * _MARGIN, _GRID)
        reg, certainty = bundle.autoencoder.decode_with_certainty(plane.lift(points, anchor))
        deciding = certainty[:, list(colouring.attribute.positions)]
        table = pd.DataFrame(
            {
                "code": colouring.codes(reg),
                "certainty": deciding.prod(axis=1).astype(np.float32),
            }
        )
        return cls(_version(table), table, grid)


@dataclass(frozen=True)
class View:
    """The small part of the map's input, which changes from one rerun to the next.

    `plane` is what of the latent space is shown, decoded with the other coordinates of `anchor`
    (k,); `labels` name the axes. `unwanted` says in words what is unwanted, `rule` is the
    acceptance rule with its present numbers, None if what is unwanted cannot be used. `pin` is a
    latent point (k,); `search` the Gaussian of a searched reg, as (mean, sigma); `region` the
    polygon of the plane that is selected; `layers` are points that lie on the map.
    """

    colour: str
    plane: Plane
    anchor: NDArray
    labels: tuple[str, str] = ("", "")
    rule: Rule | None = None
    unwanted: str = ""
    report: Report | None = None
    pin: Sequence[float] | None = None
    search: tuple[Sequence[float], Sequence[float]] | None = None
    region: Polygon | None = None
    layers: Sequence[PointLayer] = ()


def send_geometry(geometry: Geometry, slot: str = "geometry") -> None:
    """Hand the geometry to the browser. Call it outside the fragment that holds the map.

    A page with several maps has a slot for each.
    """
    _send(
        slot,
        geometry.version,
        records=geometry.records,
        weights=geometry.weights,
        layers=geometry.layers,
        blocks=geometry.blocks,
        gaps=geometry.gaps,
        attributes=geometry.attributes,
        likelihood=geometry.likelihood,
    )


def _send(slot: str, version: str, **content: Any) -> None:
    _transfer(key=f"send-{slot}", data={"name": slot, "version": version, **content})


@dataclass(frozen=True)
class Gestures:
    """What to call, before the fragment reruns, when a person did something on the map.

    `pick` gets a clicked latent point (k,), `region` a polygon of (x, y) corners or None when it
    was cleared, `parameter` the name and value of a slider that was released. What the browser
    sends is checked first: anything but finite numbers of a sane size is dropped.
    """

    pick: Callable[[list[float]], None]
    region: Callable[[Polygon | None], None]
    parameter: Callable[[str, float], None]

    def on_pick(self) -> None:
        """A point was clicked."""
        sent = _sent("pick")
        if isinstance(sent, list) and sent and all(map(state.sane, sent)):
            self.pick([float(number) for number in sent])

    def on_region(self) -> None:
        """A region was brushed or cleared."""
        sent = _sent("region")
        try:
            polygon = None if sent is None else polygon_corners(sent).tolist()
        except ValueError:
            return
        if polygon is None or all(state.sane(number) for corner in polygon for number in corner):
            self.region(polygon)

    def on_parameter(self) -> None:
        """A slider was released; its number is kept, even if its value cannot be."""
        sent = _sent("parameter")
        if not isinstance(sent, dict):
            return
        _hear(sent.get("sequence"))
        name: Any = sent.get("name")
        slider = state.SLIDERS.get(name) if isinstance(name, str) else None
        if slider and state.sane(sent.get("value")) and 0 <= sent["value"] <= slider.maximum:
            self.parameter(name, float(sent["value"]))


def _sent(name: str) -> Any:
    """The value of the gesture that is being handled."""
    trigger = st.session_state[state.MAP].get(name)
    return trigger.get("value") if isinstance(trigger, dict) else trigger


def _hear(sequence: Any) -> None:
    """Keep the number of the newest slider that was released, for the browser to know its echo."""
    if isinstance(sequence, int) and 0 <= sequence < _ENDLESS:
        newest = max(sequence, st.session_state.get(state.SEQUENCE, 0))
        st.session_state[state.SEQUENCE] = newest


def _rule(rule: Rule, unwanted: str) -> dict[str, Any]:
    """A rule for the browser: each parameter with its slider and the limit that it sets.

    `complement` says that the limit is 1 minus the parameter, `relative` that a measure's slack is
    told in units of its limit, `tail` which parameter is the distance of a tail probability.
    """
    limits = dict(zip(rule.parameters(), rule.limits, strict=True))
    sliders = {name: {"minimum": 0.0, **asdict(state.SLIDERS[name])} for name in limits}
    return {
        "name": rule.name,
        "parameters": [
            {
                "name": name,
                "value": rule.parameters()[name],
                **sliders[name],
                "before": text.SLIDER[name],
                "measure": limit.measure,
                "operator": limit.operator,
                "complement": limit.complement,
            }
            for name, limit in limits.items()
        ],
        "measures": [
            {
                "name": limit.measure,
                "unit": sliders[name]["unit"],
                "relative": limit.measure in _RELATIVE,
            }
            for name, limit in limits.items()
        ],
        "tail": reach_parameter(rule),
        "notebookTail": isinstance(rule, OneSided),
        "after": text.SLIDER_AFTER[rule.name].format(unwanted=unwanted),
    }


def plane_for_browser(plane: Plane, anchor: NDArray, labels: tuple[str, str]) -> dict[str, Any]:
    """A plane as plane.js takes it; it decodes `rest` + the pointer's place times the basis."""
    return {
        "name": plane.name,
        "origin": plane.origin.tolist(),
        "basis": plane.basis.tolist(),
        "rest": plane.rest(anchor).tolist(),
        "extent": plane.extent,
        "labels": list(labels),
    }


def latent_map(
    geometry: Geometry,
    samples: SampleLayer | None,
    painted: DecodedLayer | None,
    view: View,
    gestures: Gestures,
) -> None:
    """Show the map; a gesture calls its callback and reruns the surrounding fragment."""
    if painted:
        _send("painted", painted.version, table=painted.table, grid=painted.grid)
    if samples:
        _send(
            "samples",
            samples.version,
            measures=samples.measures,
            samples=samples.samples,
            field=samples.field,
            grid=samples.grid,
            heldOut=samples.held_out,
            tails=samples.tails,
            box=samples.box,
        )
    data = {
        "geometry": {"name": "geometry", "version": geometry.version},
        "plane": plane_for_browser(view.plane, view.anchor, view.labels),
        "samples": {"name": "samples", "version": samples.version} if samples else None,
        "painted": {"name": "painted", "version": painted.version} if painted else None,
        "palette": palette.MAP,
        "colour": view.colour,
        "rule": _rule(view.rule, view.unwanted) if view.rule else None,
        "sequence": st.session_state.get(state.SEQUENCE, 0),
        "report": asdict(view.report) if view.report else None,
        "pin": list(view.pin) if view.pin else None,
        "search": {"mean": list(view.search[0]), "sigma": list(view.search[1])}
        if view.search
        else None,
        "region": view.region,
        "layers": table_of(view.layers),
    }
    _mount(
        key=state.MAP,
        data=data,
        on_pick_change=gestures.on_pick,
        on_region_change=gestures.on_region,
        on_parameter_change=gestures.on_parameter,
    )
