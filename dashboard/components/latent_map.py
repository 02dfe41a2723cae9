"""The latent map: what it gets, and the gestures that it sends."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state
from dashboard.components.fields import PaintedLayer, SampleLayer
from dashboard.components.geometry import Geometry
from dashboard.components.layers import PointLayer, table_of
from dashboard.components.own_layer import OwnLayer
from dashboard.components.transfer import module_script, send, send_own
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon, polygon_corners
from regvae.rejection.rules import Rule
from regvae.rejection.sampling import Report

_LARGEST = 2**53
"""Whole numbers from here on are not exact in the browser."""

_mount = st.components.v2.component(
    "regvae_map", js=module_script("latent_map/main.js"), isolate_styles=False
)


@dataclass(frozen=True)
class View:
    """The small part of the map's input, which changes from one rerun to the next.

    `colour` names an attribute. The map shows `plane`, whose points are decoded with the other
    coordinates of `anchor` (k,); `labels` name its axes. `rule` is the acceptance rule with its
    present values, None if nothing can be accepted or rejected; `unwanted` describes in words what
    is unwanted. `pin` is a latent point (k,); `search` the Gaussian of a searched code, as mean and
    standard deviations (k,) each; `region` the selected polygon of the plane; `layers` are points
    that lie on the map.
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


@dataclass(frozen=True)
class Gestures:
    """What to call, before the fragment reruns, after a gesture on the map.

    `pick` gets a clicked latent point (k,), `region` a polygon of (x, y) corners or None when it
    was cleared, `parameter` the name and value of a slider that was released, `painted` whether
    what is decoded everywhere is to be shown. What the browser sends is checked first: anything but
    finite numbers within `state.LIMIT` is dropped.
    """

    pick: Callable[[list[float]], None]
    region: Callable[[Polygon | None], None]
    parameter: Callable[[str, float], None]
    painted: Callable[[bool], None]

    def on_pick(self) -> None:
        """A point was clicked."""
        sent = _sent("pick")
        if isinstance(sent, list) and sent and all(map(state.is_coordinate, sent)):
            self.pick([float(number) for number in sent])

    def on_region(self) -> None:
        """A region was brushed or cleared."""
        sent = _sent("region")
        try:
            polygon = None if sent is None else polygon_corners(sent).tolist()
        except ValueError:
            return
        if polygon is None or all(
            state.is_coordinate(number) for corner in polygon for number in corner
        ):
            self.region(polygon)

    def on_painted(self) -> None:
        """The layer of what is decoded was switched on or off."""
        sent = _sent("painted")
        if isinstance(sent, bool):
            self.painted(sent)

    def on_parameter(self) -> None:
        """A slider was released; its sequence number counts even if its value is refused."""
        sent = _sent("parameter")
        if not isinstance(sent, dict):
            return
        _store_sequence(sent.get("sequence"))
        name: Any = sent.get("name")
        slider = state.PARAMETERS.get(name) if isinstance(name, str) else None
        if (
            slider
            and state.is_coordinate(sent.get("value"))
            and 0 <= sent["value"] <= slider.maximum
        ):
            self.parameter(name, float(sent["value"]))


def _sent(name: str) -> Any:
    """The value of the gesture that is being handled."""
    trigger = st.session_state[state.MAP].get(name)
    return trigger.get("value") if isinstance(trigger, dict) else trigger


def _store_sequence(sequence: Any) -> None:
    """Store the number of the last release, so that the browser ignores answers to earlier ones."""
    if isinstance(sequence, int) and 0 <= sequence < _LARGEST:
        newest = max(sequence, st.session_state.get(state.SEQUENCE, 0))
        st.session_state[state.SEQUENCE] = newest


def _rule(rule: Rule, unwanted: str) -> dict[str, Any]:
    """A rule as JSON: its parameters with their sliders and limits, and its measures."""
    return {
        "name": rule.name,
        "parameters": [
            {
                "name": one.name,
                "value": getattr(rule, one.name),
                "minimum": 0.0,
                "maximum": one.maximum,
                "step": one.step,
                "unit": one.unit,
                "before": one.before,
                "measure": one.measure,
                "operator": one.operator,
                "complement": one.complement,
            }
            for one in rule.parameters()
        ],
        "measures": [
            {"name": one.name, "unit": one.unit, "relative": one.relative} for one in rule.measures
        ],
        "tail": rule.tail,
        "notebookTail": rule.notebook_tail() is not None,
        "after": rule.after.format(unwanted=unwanted),
    }


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


def _reference(
    name: str, sent: Geometry | SampleLayer | PaintedLayer | OwnLayer | None
) -> dict[str, str] | None:
    """The name and the version under which the browser finds what was sent; None for nothing."""
    return {"name": name, "version": sent.version} if sent else None


def _send_layers(
    samples: SampleLayer | None, painted: PaintedLayer | None, own: OwnLayer | None
) -> None:
    """Send the large tables, which the map finds by their versions."""
    if own:
        send_own("own", own.version, table=own.table, legend=own.legend, title=own.title)
    if painted:
        send("painted", painted.version, table=painted.table, grid=asdict(painted.grid))
    if samples:
        send(
            "samples",
            samples.version,
            measures=samples.measures,
            samples=samples.samples,
            field=samples.field,
            grid=asdict(samples.grid),
            heldOut=samples.held_out,
            tails=samples.tails,
            box=samples.box,
        )


def latent_map(
    geometry: Geometry,
    samples: SampleLayer | None,
    painted: PaintedLayer | None,
    own: OwnLayer | None,
    view: View,
    gestures: Gestures,
) -> None:
    """Show the map; a gesture calls its callback and reruns the surrounding fragment."""
    _send_layers(samples, painted, own)
    data = {
        "geometry": _reference("geometry", geometry),
        "plane": plane_for_browser(view.plane, view.anchor, view.labels),
        "samples": _reference("samples", samples),
        "painted": _reference("painted", painted),
        "own": _reference("own", own),
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
        on_painted_change=gestures.on_painted,
    )
