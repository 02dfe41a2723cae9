"""The latent map: what it gets, and the gestures that it sends."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state
from dashboard.components.edge import EdgeLayer, send_edge
from dashboard.components.fields import (
    DensityLayer,
    PaintedLayer,
    SampleLayer,
    send_density,
    send_painted,
    send_samples,
)
from dashboard.components.geometry import Geometry
from dashboard.components.gestures import handle, last_handled
from dashboard.components.layers import PointLayer, table_of
from dashboard.components.own_layer import OwnLayer
from dashboard.components.sliders import released, rule_for_browser
from dashboard.components.transfer import module_script, reference, send_own
from dashboard.components.wanted import WantedLayer, send_wanted
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon, polygon_corners
from regvae.rejection.report import Report
from regvae.rejection.rules import Rule

_mount = st.components.v2.component(
    "regvae_map", js=module_script("latent_map/main.js"), isolate_styles=False
)


@dataclass(frozen=True)
class View:
    """The small part of the map's input, which changes from one rerun to the next.

    `model` is the model's name, `colour` a value of `state.COLOUR`. The map shows `plane`, whose
    points are decoded with the other coordinates of `anchor` (k,); `labels` name its axes. `rule`
    is the acceptance rule with its present values, None if nothing can be accepted or rejected;
    `unwanted` describes in words what is unwanted, `noun` what a code is called, and `dot` what
    each dot is. `pin` is a latent point (k,); `card` is what a card beside it tells as `verdict`,
    `reason` and the `kind` of its plate, None for no card.
    `search` is the Gaussian of a searched code, as mean and standard deviations (k,) each; `region`
    the selected polygon of the plane; `layers` are points that lie on the map; `hidden` names what
    of it is not drawn, of `state.LAYERS`; `painted` is whether its colours are to be decoded
    everywhere, where a colour can be; `unlinked` tells what of the page no address has, if
    there is something. `waiting` tells what a map without samples waits for. A model that was
    `released` without its records has no dot.
    """

    model: str
    colour: str
    plane: Plane
    anchor: NDArray
    labels: tuple[str, str] = ("", "")
    rule: Rule | None = None
    unwanted: str = ""
    noun: str = "code"
    dot: str = "a code"
    report: Report | None = None
    pin: Sequence[float] | None = None
    card: Mapping[str, str] | None = None
    search: tuple[Sequence[float], Sequence[float]] | None = None
    region: Polygon | None = None
    layers: Sequence[PointLayer] = ()
    hidden: Sequence[str] = ()
    painted: bool = True
    unlinked: str = ""
    waiting: str = ""
    released: bool = False


@dataclass(frozen=True)
class Gestures:
    """What to call at the beginning of a run for each gesture on the map.

    `pick` gets a clicked latent point (k,), `region` a polygon of (x, y) corners or None when it
    was cleared, `parameter` the name and value of a slider that was released, `layers` the
    values of the session that show and hide layers: of `state.HIDDEN` and `state.COMPUTED`, `card`
    what is pressed on the card at the pin: "read" or "close". What the browser sends is checked
    first: numbers must be finite and within `state.LIMIT`, and what is anything else is dropped.
    """

    pick: Callable[[list[float]], None]
    region: Callable[[Polygon | None], None]
    parameter: Callable[[str, float], None]
    layers: Callable[[dict[str, Any]], None]
    card: Callable[[str], None] = lambda _: None

    def handle(self, key: str) -> None:
        """Handle what was done on the map of a key and has no answer: see `gestures.handle`."""
        handle(
            key,
            {
                "pick": self._pick,
                "region": self._region,
                "parameter": self._parameter,
                "layers": self._layers,
                "card": self._card,
            },
        )

    def _pick(self, sent: Any) -> None:
        if isinstance(sent, list) and sent and all(map(state.is_coordinate, sent)):
            self.pick([float(number) for number in sent])

    def _region(self, sent: Any) -> None:
        try:
            polygon = None if sent is None else polygon_corners(sent).tolist()
        except ValueError:
            return
        if polygon is None or all(
            state.is_coordinate(number) for corner in polygon for number in corner
        ):
            self.region(polygon)

    def _layers(self, sent: Any) -> None:
        if isinstance(sent, list):
            shown = {key: layer not in sent for layer, key in state.COMPUTED.items()}
            self.layers({**shown, state.HIDDEN: [one for one in state.LAYERS if one in sent]})

    def _card(self, sent: Any) -> None:
        if sent in ("read", "close"):
            self.card(sent)

    def _parameter(self, sent: Any) -> None:
        slider = released(sent)
        if slider:
            self.parameter(*slider)


def announce(model: str) -> None:
    """Tell the map which model is coming: what it shows of another one steps back.

    Call it before that model's tables are sent, which takes seconds on a slow line.
    """
    send_own("model", model)


def plane_for_browser(plane: Plane, anchor: NDArray, labels: tuple[str, str]) -> dict[str, Any]:
    """A plane as JSON for plane.js, which decodes `rest` plus the pointer's place times `basis`."""
    return {
        "name": plane.name,
        "origin": plane.origin.tolist(),
        "basis": plane.basis.tolist(),
        "rest": plane.rest(anchor).tolist(),
        "extent": plane.extent,
        "labels": list(labels),
    }


@dataclass(frozen=True)
class Tables:
    """What is sent to the map once, each in a slot of its name; None for what is not shown."""

    geometry: Geometry
    samples: SampleLayer | None
    wanted: WantedLayer | None
    painted: PaintedLayer | None
    density: DensityLayer | None
    own: OwnLayer | None
    edge: EdgeLayer | None


def _rule(view: View) -> dict[str, Any] | None:
    if view.rule is None:
        return None
    return rule_for_browser(view.rule, view.unwanted, view.noun, released=view.released)


def _report(view: View, rule: dict[str, Any] | None) -> dict[str, Any] | None:
    """The report, about the parameters of the rule for the browser, which compares the two."""
    if view.report is None:
        return None
    known = [one["name"] for one in rule["parameters"]] if rule else view.report.parameters
    parameters = {name: view.report.parameters[name] for name in known}
    return {**asdict(view.report), "parameters": parameters}


def latent_map(tables: Tables, view: View, key: str) -> None:
    """Show the map; a gesture reruns the surrounding fragment, which handles it first."""
    if tables.wanted:
        send_wanted(tables.wanted)
    if tables.painted:
        send_painted(tables.painted)
    if tables.density:
        send_density(tables.density)
    if tables.samples:
        send_samples(tables.samples)
    if own := tables.own:
        send_own("own", own.version, table=own.table, legend=own.legend, title=own.title)
    if tables.edge:
        send_edge(tables.edge)
    computed = {"colours": view.painted, "density": tables.density, "edge": tables.edge}
    off = [layer for layer in state.COMPUTED if not computed[layer]]
    rule = _rule(view)
    data = {
        **{slot: reference(slot, getattr(tables, slot)) for slot in Tables.__dataclass_fields__},
        "plane": plane_for_browser(view.plane, view.anchor, view.labels),
        "palette": palette.MAP,
        "link": {"model": view.model, "without": view.unlinked},
        "colour": view.colour,
        "rule": rule,
        "dot": "" if view.released else view.dot,
        "waiting": view.waiting,
        "handled": last_handled(),
        "report": _report(view, rule),
        "pin": list(view.pin) if view.pin else None,
        "card": view.card,
        "search": {"mean": list(view.search[0]), "sigma": list(view.search[1])}
        if view.search
        else None,
        "region": view.region,
        "layers": table_of(view.layers),
        "hidden": sorted([*view.hidden, *off]),
    }
    _mount(key=key, data=data, on_gestures_change=lambda: None)
