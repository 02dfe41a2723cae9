"""The component of two linked maps: one function with a typed input and a typed event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state, text
from dashboard.components.geometry import Geometry, send_geometry
from dashboard.components.latent_map import plane_for_browser
from dashboard.components.transfer import module_script
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon, polygon_corners

SIDES = ("left", "right")

MODULE = "comparison/main.js"
_mount = st.components.v2.component(
    "regvae_comparison", js=module_script(MODULE), isolate_styles=False
)


@dataclass(frozen=True)
class Shown:
    """One of the two maps: a model by name, its geometry, and the plane of it that is shown."""

    name: str
    geometry: Geometry
    plane: Plane
    labels: tuple[str, str]


@dataclass(frozen=True)
class Selected:
    """What lights up: a name for it, the rows in both models' records, and where it was drawn.

    `brush` is the side and its outline there, None if it was asked for by a rule.
    """

    name: str
    rows: tuple[NDArray[np.intp], NDArray[np.intp]]
    brush: tuple[str, Polygon] | None


def send(shown: tuple[Shown, Shown]) -> None:
    """Hand both geometries to the browser. Call it outside the fragment that holds the maps."""
    for side, one in zip(SIDES, shown, strict=True):
        send_geometry(one.geometry, side)


def comparison(
    shown: tuple[Shown, Shown],
    colour: str,
    selected: Selected | None,
    on_brush: Callable[[str | None, Polygon | None], None],
) -> None:
    """Show two maps; brushing calls `on_brush` with the side and the polygon, or None and None."""
    data: dict[str, Any] = {
        "palette": palette.MAP,
        "colour": colour,
        "selected": {
            "id": selected.name,
            "outline": dict([selected.brush]) if selected.brush else {},
            **{side: rows.tolist() for side, rows in zip(SIDES, selected.rows, strict=True)},
        }
        if selected
        else None,
    }
    for side, one in zip(SIDES, shown, strict=True):
        data[side] = {
            "slot": side,
            "version": one.geometry.version,
            "name": one.name,
            "plane": plane_for_browser(one.plane, one.plane.origin, one.labels),
        }

    def brushed() -> None:
        side, polygon = _brush()
        on_brush(side, polygon)

    _mount(key=state.COMPARISON, data=data, on_brush_change=brushed)


def _brush() -> tuple[str | None, Polygon | None]:
    """What the browser says was brushed, checked: anything odd is nothing."""
    trigger = st.session_state[state.COMPARISON].get("brush")
    sent = trigger.get("value") if isinstance(trigger, dict) else None
    if not isinstance(sent, dict) or sent.get("side") not in SIDES:
        return None, None
    try:
        polygon = polygon_corners(sent.get("polygon", []), state.LIMIT).tolist()
    except ValueError:
        return None, None
    return sent["side"], polygon


def words_of(shown: Shown) -> str:
    """What part of its space a map shows, if it is not all of it."""
    if shown.plane.latent_dim <= 2:
        return ""
    return text.PLANE_SHARE.format(
        name=text.plain(shown.name), share=shown.plane.share, k=shown.plane.latent_dim
    )
