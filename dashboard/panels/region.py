"""The selected region: what its records have in common, and new codes from it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import charts, plates, state, text
from dashboard.panels.context import Context
from dashboard.widgets import facts, heading
from regvae.evaluation.typical import TypicalLetter, typical_letters
from regvae.latent.polygon import Polygon, in_polygon
from regvae.rejection import proposals

_SOME = 12
_CLEARLY = 1.5  # a letter is called typical when it is this many times as common


def region(context: Context, polygon: Polygon) -> None:
    """What the records of a region have in common, and new regs from it."""
    bundle = context.bundle
    records = bundle.records
    rows = in_polygon(context.shown.plane.project(records.mean), polygon)
    count = int(rows.sum())
    heading(f"{text.REGION}: {count:,} of {len(records):,} records", state.REGION)
    if count:
        number, upper = records.attribute("number"), records.attribute("at_least_50")
        st.markdown(
            f"**{upper[rows].sum():,} of {count:,} ({upper[rows].mean():.1%})** "
            f"have a number ≥ 50; overall {upper.mean():.1%}"
        )
        st.plotly_chart(
            charts.number_distribution(number[rows], number),
            key="region-numbers",
            config={"staticPlot": True},
        )
        found = typical_letters(records, rows, 4)
        _typical([one for one in found if one.share_here >= _CLEARLY * one.share_overall])
        st.caption(text.SOME_REGS)
        some = records.codes[rows][:_SOME]
        st.html(plates.plates(some, context.kinds(some)))
    else:
        st.markdown(text.REGION_EMPTY)
    _decode_region(context, polygon)


def _typical(found: Sequence[TypicalLetter]) -> None:
    st.caption(text.TYPICAL if found else text.NO_TYPICAL)
    if found:
        facts(
            [
                (
                    f"<b>{one.letter}</b> as character {one.position}",
                    f"{one.share_here:.0%}, overall {one.share_overall:.0%}",
                )
                for one in found
            ]
        )


def _decode_region(context: Context, polygon: Polygon) -> None:
    # Drawn in a callback, which runs before the map is shown again: so that it shows them too.
    st.button(
        text.DECODE_REGION.format(n=state.DECODE), width="stretch", on_click=_draw, args=(polygon,)
    )
    kept = st.session_state.get(state.DECODED)
    if kept and kept.polygon == polygon:
        if kept.problem:
            st.warning(text.plain(f"{kept.problem}."))
        else:
            _show_decoded(context, kept.points)


@dataclass(frozen=True)
class Decoded:
    """Points of the plane (n, 2) drawn from a region at some press of the button, or what went
    wrong."""

    polygon: Polygon
    press: int
    points: np.ndarray
    problem: str = ""


def _draw(polygon: Polygon) -> None:
    """Draw new points from a region; every press gives others, the seed decides which."""
    before = st.session_state.get(state.DECODED)
    press = before.press + 1 if before else 1
    rng = np.random.default_rng([st.session_state[state.SEED], press])
    try:
        drawn = Decoded(polygon, press, proposals.uniform_polygon(state.DECODE, polygon, rng=rng))
    except ValueError as error:
        drawn = Decoded(polygon, press, np.empty((0, 2)), str(error))
    st.session_state[state.DECODED] = drawn


def _decode(context: Context, points: np.ndarray) -> np.ndarray:
    """What points (n, 2) of the plane decode to: (n,) regs."""
    shown = context.shown
    return context.bundle.autoencoder.decode(shown.plane.lift(points, shown.anchor))


def _show_decoded(context: Context, points: np.ndarray) -> None:
    """What the drawn points (n, 2) decode to, and how many of the regs are unwanted or records."""
    bundle = context.bundle
    codes = _decode(context, points)
    kinds = context.kinds(codes)
    collisions = int(bundle.records.contain(codes).sum())
    st.caption(
        f"{len(set(codes))} different regs in {len(codes)} points; "
        f"{sum(map(bool, kinds))} are unwanted, {collisions} are records"
    )
    st.html(plates.plates(codes, kinds))


def decoded_points(context: Context, polygon: Polygon | None) -> np.ndarray | None:
    """The points last drawn from that very region, for the map: (n, 3) with a flag of unwanted."""
    kept = st.session_state.get(state.DECODED)
    if not (kept and polygon and kept.polygon == polygon and len(kept.points)):
        return None
    codes = _decode(context, kept.points)
    unwanted = [kind == "unwanted" for kind in context.kinds(codes)]
    return np.column_stack([kept.points, unwanted])
