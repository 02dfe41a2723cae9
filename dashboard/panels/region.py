"""The selected region: what its records have in common, and what its points decode to."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from dashboard import charts, palette, plates, state
from dashboard.components.colouring import Colouring
from dashboard.components.wanted import colour_attribute
from dashboard.panels.context import Context
from dashboard.widgets import facts, heading
from dashboard.words import common
from dashboard.words import explore as words
from regvae.evaluation.typical import TypicalLetter, typical_letters
from regvae.latent.polygon import Polygon, in_polygon
from regvae.randomness import generator
from regvae.rejection import proposals

_SOME = 12
_CLEARLY = 1.5  # times as common here as among all records: a typical letter


def region(context: Context, polygon: Polygon) -> None:
    """What the records of a region have in common, and what points of it decode to."""
    bundle = context.bundle
    if bundle.released:
        heading(words.REGION_RELEASED, state.REGION)
        st.markdown(common.named(words.REGION_UNKNOWN, bundle.format))
        _decode_region(context, polygon)
        return
    records = bundle.records
    rows = in_polygon(context.shown.plane.project(records.mean), polygon)
    count = int(rows.sum())
    heading(words.REGION.format(n=count, of=len(records)), state.REGION)
    if count:
        _shown_colour(context, rows)
        if any(map(str.isalpha, "".join(bundle.format.alphabets))):
            found = typical_letters(records, rows, 4)
            _typical([one for one in found if one.share_here >= _CLEARLY * one.share_overall])
        st.caption(common.named(words.SOME_CODES, bundle.format))
        some = records.codes[rows][:_SOME]
        st.html(plates.plates(bundle.format, some, context.kinds(some)))
    else:
        st.markdown(common.named(words.REGION_EMPTY, bundle.format))
    _decode_region(context, polygon)


def _shown_colour(context: Context, rows: np.ndarray) -> None:
    """How what colours the map is distributed in a region, beside all records."""
    records, colour = context.bundle.records, st.session_state[state.COLOUR]
    attribute = colour_attribute(colour, context.unwanted, context.bundle)
    colouring = Colouring.of(attribute, records.codes)
    values = colouring.values(records.codes)
    labels, here = colouring.shares(values[rows])
    _, everywhere = colouring.shares(values)
    if colouring.span:
        medians = (colouring.text(_median(one)) for one in (values[rows], values))
        label = common.plain(attribute.label)
        st.markdown(words.REGION_MEDIAN.format(*medians, label=label))
    elif not colouring.is_scale:
        # Of two classes the second, which the attribute is named after; of more the commonest.
        is_named = attribute.kind == "boolean"
        place = 1 if is_named else int(here.argmax())
        value = labels[place] if is_named else f"{attribute.label} {labels[place]}"
        n = int(rows.sum())
        sentence = words.REGION_WANTED if colour == state.WANTED_COLOUR else words.REGION_CLASS
        st.markdown(
            sentence.format(
                found=round(here[place] * n),
                n=n,
                share=here[place],
                value=common.plain(value),
                overall=everywhere[place],
            )
        )
    st.plotly_chart(
        charts.distribution(attribute.label, labels, (here, everywhere), _colours(colouring)),
        key="region-values",
        config={"staticPlot": True},
    )


def _colours(colouring: Colouring) -> tuple[str, ...]:
    """The colours of a distribution's bars, used in turn."""
    if colouring.is_scale:
        return palette.SCALE[1:2]
    return (palette.BELOW, palette.ABOVE) if len(colouring.categories) == 2 else palette.WHEEL


def _median(values: np.ndarray) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else np.nan


def _typical(found: Sequence[TypicalLetter]) -> None:
    st.caption(words.TYPICAL if found else words.NO_TYPICAL)
    if found:
        facts(
            [
                (
                    words.TYPICAL_LETTER.format(letter=one.letter, position=one.position),
                    words.TYPICAL_SHARES.format(here=one.share_here, overall=one.share_overall),
                )
                for one in found
            ]
        )


def _decode_region(context: Context, polygon: Polygon) -> None:
    # Drawn in a callback, which runs before the map is shown again, so that it shows them too.
    st.button(
        words.DECODE_REGION.format(n=state.DECODE), width="stretch", on_click=_draw, args=(polygon,)
    )
    drawn = st.session_state.get(state.DECODED)
    if drawn and drawn.polygon == polygon:
        if drawn.problem:
            st.warning(common.plain(f"{drawn.problem}."))
        else:
            _show_decoded(context, drawn.points)


@dataclass(frozen=True)
class DrawnPoints:
    """Points of the plane (n, 2) drawn from a region, or the `problem` if none could be.

    `press` counts the presses of the button.
    """

    polygon: Polygon
    press: int
    points: np.ndarray
    problem: str = ""


def _draw(polygon: Polygon) -> None:
    """Draw points from a region: other ones at every press, the same ones for the same seed."""
    before = st.session_state.get(state.DECODED)
    press = before.press + 1 if before else 1
    rng = generator("region", st.session_state[state.SEED], press)
    try:
        drawn = DrawnPoints(
            polygon, press, proposals.uniform_polygon(state.DECODE, polygon, rng=rng)
        )
    except ValueError as error:
        drawn = DrawnPoints(polygon, press, np.empty((0, 2)), str(error))
    st.session_state[state.DECODED] = drawn


def _decode(context: Context, points: np.ndarray) -> np.ndarray:
    """The codes (n,) that points (n, 2) of the plane decode to."""
    shown = context.shown
    return context.bundle.autoencoder.decode(shown.plane.lift(points, shown.anchor))


def _show_decoded(context: Context, points: np.ndarray) -> None:
    """What the drawn points (n, 2) decode to, and how many codes are unwanted or records."""
    bundle = context.bundle
    codes = _decode(context, points)
    kinds = context.kinds(codes)
    collisions = int(bundle.records.contains(codes).sum())
    st.caption(
        common.named(
            words.DECODED_RELEASED if bundle.released else words.DECODED_REGION,
            bundle.format,
            different=len(set(codes)),
            n=len(codes),
            unwanted=sum(map(bool, kinds)),
            collisions=collisions,
        )
    )
    st.html(plates.plates(bundle.format, codes, kinds))


def decoded_points(context: Context, polygon: Polygon | None) -> np.ndarray | None:
    """The points drawn from this region, for the map: (n, 3), x, y and whether it is unwanted.

    None if none are drawn.
    """
    drawn = st.session_state.get(state.DECODED)
    if not (drawn and polygon and drawn.polygon == polygon and len(drawn.points)):
        return None
    codes = _decode(context, drawn.points)
    unwanted = [kind == "unwanted" for kind in context.kinds(codes)]
    return np.column_stack([drawn.points, unwanted])
