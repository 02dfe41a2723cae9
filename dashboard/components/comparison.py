"""The two linked maps of the page Compare: what they get, and the brush that they send."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import palette, state
from dashboard.components.geometry import Geometry, send_geometry
from dashboard.components.latent_map import plane_for_browser
from dashboard.components.transfer import module_script
from dashboard.words import common, compare
from regvae.latent.plane import Plane
from regvae.latent.polygon import Polygon, polygon_corners

SIDES = ("left", "right")

_mount = st.components.v2.component(
    "regvae_comparison", js=module_script("comparison/main.js"), isolate_styles=False
)


@dataclass(frozen=True)
class Shown:
    """One of the two maps: a model's name, its geometry, the plane shown, and the axes' labels."""

    name: str
    geometry: Geometry
    plane: Plane
    labels: tuple[str, str]


@dataclass(frozen=True)
class Selected:
    """The records that light up: `rows` of the left and the right model's records, (n,) each.

    `name` differs from one selection to another. `brush` is the side on which they were brushed
    and the outline there; None if they were selected by a predicate.
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
    """Show two maps. `on_brush` gets the side and the polygon of a brush, or None and None."""
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
    """The side and the polygon that the browser sent; None and None if they are not valid."""
    trigger = st.session_state[state.COMPARISON].get("brush")
    sent = trigger.get("value") if isinstance(trigger, dict) else None
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
