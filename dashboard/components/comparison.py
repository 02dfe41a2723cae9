"""The two linked maps of the page Compare: what they get, and the gestures that they send."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state
from dashboard.components.fields import (
    PaintedLayer,
    SampleLayer,
    send_painted,
    send_samples,
)
from dashboard.components.geometry import Geometry, send_geometry
from dashboard.components.gestures import handle, last_handled
from dashboard.components.latent_map import plane_for_browser
from dashboard.components.sliders import released
from dashboard.components.transfer import module_script, reference
from dashboard.words import common, compare
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon, polygon_corners
from regvae.rejection.report import Report

SIDES = ("left", "right")

Rows = tuple[NDArray[np.intp] | None, NDArray[np.intp] | None]
"""Rows of the left and of the right model's records."""

_mount = st.components.v2.component(
    "regvae_comparison", js=module_script("comparison/main.js"), isolate_styles=False
)


@dataclass(frozen=True)
class Shown:
    """One of the two maps: a model's name, its geometry, the plane shown, and the axes' labels.

    What lies between the plane's points is decoded with the other coordinates of `anchor` (k,).
    """

    name: str
    geometry: Geometry
    plane: Plane
    anchor: NDArray[np.float64]
    labels: tuple[str, str]


@dataclass(frozen=True)
class Cover:
    """What covers one of the maps: an attribute decoded everywhere, None for one that no decoded
    code has; proposed samples, and Python's report on them, None if nothing can be proposed."""

    painted: PaintedLayer | None
    samples: SampleLayer | None = None
    report: Report | None = None


@dataclass(frozen=True)
class Selected:
    """The records that light up: `rows` of each model, (n,).

    They are None for a model that has no record in common with the one that was brushed. `name`
    differs from one selection to another. `brush` is the side on which they were brushed and the
    outline there; None if they were selected by a predicate.
    """

    name: str
    rows: Rows
    brush: tuple[str, Polygon] | None


@dataclass(frozen=True)
class Gestures:
    """What to call at the beginning of a run for each gesture on the maps.

    `brush` gets the side and the polygon of a brush, or None and None when it was cleared;
    `parameter` the name and value of a slider that was released.
    """

    brush: Callable[[str | None, Polygon | None], None]
    parameter: Callable[[str, float], None]

    def handle(self) -> None:
        """Handle what was done on the maps, and has no answer yet: see `gestures.handle`."""
        handle(state.COMPARISON, {"brush": self._brush, "parameter": self._parameter})

    def _brush(self, sent: Any) -> None:
        self.brush(*brushed(sent))

    def _parameter(self, sent: Any) -> None:
        slider = released(sent)
        if slider:
            self.parameter(*slider)


def send(shown: tuple[Shown, Shown]) -> None:
    """Hand both geometries to the browser. Call it outside the fragment that holds the maps."""
    for side, one in zip(SIDES, shown, strict=True):
        send_geometry(one.geometry, side)


def comparison(
    shown: tuple[Shown, Shown],
    covers: tuple[Cover, Cover],
    rule: dict[str, Any],
    colour: str,
    selected: Selected | None,
) -> None:
    """Show two maps under one `rule`, as `rule_for_browser` gives it."""
    data: dict[str, Any] = {
        "palette": palette.MAP,
        "colour": colour,
        "rule": rule,
        "handled": last_handled(),
        "selected": _selected(selected) if selected else None,
    }
    for side, one, cover in zip(SIDES, shown, covers, strict=True):
        data[side] = _side(side, one, cover)
    _mount(key=state.COMPARISON, data=data, on_gestures_change=lambda: None)


def _side(side: str, one: Shown, cover: Cover) -> dict[str, Any]:
    """One of the maps as JSON; its tables are sent on their own."""
    painted, samples = f"painted-{side}", f"samples-{side}"
    if cover.painted:
        send_painted(cover.painted, painted)
    if cover.samples:
        send_samples(cover.samples, samples)
    return {
        "name": one.name,
        "geometry": reference(side, one.geometry),
        "painted": reference(painted, cover.painted),
        "samples": reference(samples, cover.samples),
        "report": asdict(cover.report) if cover.report else None,
        "plane": plane_for_browser(one.plane, one.anchor, one.labels),
    }


def _selected(selected: Selected) -> dict[str, Any]:
    """A selection as JSON."""
    rows = [None if one is None else one.tolist() for one in selected.rows]
    outline = dict([selected.brush]) if selected.brush else {}
    return {"id": selected.name, "outline": outline, **dict(zip(SIDES, rows, strict=True))}


def brushed(sent: Any) -> tuple[str | None, Polygon | None]:
    """The side and the polygon of a brush; None and None if what was sent is not valid."""
    if not isinstance(sent, dict) or sent.get("side") not in SIDES:
        return None, None
    try:
        polygon = polygon_corners(sent.get("polygon", []), state.LIMIT).tolist()
    except ValueError:
        return None, None
    return sent["side"], polygon


def caption_of(shown: Shown) -> str:
    """How much of its latent space a map shows; empty if it shows all of it."""
    if shown.plane.latent_dim <= 2:
        return ""
    return compare.PLANE_SHARE.format(
        name=common.plain(shown.name), share=shown.plane.share, k=shown.plane.latent_dim
    )
