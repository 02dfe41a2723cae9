"""Journeys in the panel: a path between two regs or points, a traversal, and what is decoded."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import plates, services, state, text
from dashboard.panels.context import Context
from dashboard.widgets import facts
from regvae.formats import FormatError
from regvae.latent import paths
from regvae.latent.paths import DecodedPath

_SURE = 0.02  # of a certainty, below which it is shown as "<"


@dataclass(frozen=True)
class ChosenPath:
    """The steps of a path (s, k) as the widgets have it; None with a reason if there is none."""

    z: NDArray[np.float64] | None
    problem: str = ""


def controls(context: Context) -> None:
    """What is painted on the map, and which way to go."""
    label, explanation = text.PAINT
    st.toggle(label, key=state.PAINT, help=explanation, bind="query-params")
    st.segmented_control(
        text.PATH,
        list(text.PATHS),
        default=state.DEFAULTS[state.PATH],
        required=True,
        key=state.PATH,
        format_func=lambda kind: text.PATHS[kind],
        label_visibility="collapsed",
        width="stretch",
        bind="query-params",
    )
    kind = st.session_state[state.PATH]
    st.caption(text.PATH_HELP[kind])
    if kind == "traversal":
        _traversal_controls(context)
    else:
        places = zip(st.columns(2), (state.FROM, state.TO), (text.FROM, text.TO), strict=True)
        for column, key, label in places:
            with column:
                _end(key, label)
    st.slider(
        text.STEPS, 5, 60, key=state.STEPS, value=state.DEFAULTS[state.STEPS], bind="query-params"
    )


def _end(key: str, label: str) -> None:
    st.text_input(label, key=key, placeholder=text.END_PLACEHOLDER, bind="query-params")
    pinned = st.session_state[state.POINT].strip()
    if pinned:
        st.button(
            text.USE_PIN, key=f"pin-{key}", type="tertiary", on_click=_set, args=(key, pinned)
        )


def _set(key: str, value: str) -> None:
    st.session_state[key] = value


def _traversal_controls(context: Context) -> None:
    k = context.latent_dim
    axis, low, high = st.columns(3)
    reach = float(np.ceil(context.shown.plane.extent))
    axis.selectbox(
        text.AXIS_LABEL,
        range(1, k + 1),
        key=state.AXIS,
        format_func=lambda one: f"z{one}",
        persist_state="session",
    )
    for column, key, label, usual in (
        (low, state.LOW, text.LOW, -reach),
        (high, state.HIGH, text.HIGH, reach),
    ):
        column.number_input(label, -1e6, 1e6, usual, 0.5, key=key, persist_state="session")


# --- what the widgets say -------------------------------------------------------------------------


def chosen(context: Context, point: tuple[float, ...] | None) -> ChosenPath:
    """The path of the widgets: along one axis of the pinned point, or between two ends."""
    kind, steps = st.session_state[state.PATH], st.session_state[state.STEPS]
    try:
        if kind == "traversal":
            start = context.shown.anchor if point is None else np.array(point)
            axis = st.session_state[state.AXIS] - 1
            low, high = st.session_state[state.LOW], st.session_state[state.HIGH]
            return ChosenPath(paths.traversal(start, axis, low, high, steps))
        ends = [_place(context, st.session_state[key]) for key in (state.FROM, state.TO)]
        if ends[0] is None or ends[1] is None:
            return ChosenPath(None)
        if kind == "straight":
            return ChosenPath(paths.straight(ends[0], ends[1], steps))
        graph = services.neighbour_graph(context.name, context.version)
        return ChosenPath(paths.along_density(ends[0], ends[1], steps, graph))
    except ValueError as error:
        return ChosenPath(None, str(error))


def _place(context: Context, typed: str) -> NDArray[np.float64] | None:
    """Where a typed reg or point lies, (k,); None if nothing is typed. Raises `ValueError`."""
    if not typed.strip():
        return None
    k = context.latent_dim
    numbers = state.numbers(typed, k)
    if numbers:
        return np.array(numbers)
    try:
        mean, _ = context.bundle.autoencoder.encode([context.bundle.format.parse(typed)])
    except FormatError:
        raise ValueError(
            text.NO_PLACE.format(typed=typed[:40], coordinates=text.coordinates(k))
        ) from None
    return mean[0].astype(np.float64)


# --- what is shown --------------------------------------------------------------------------------


def show(context: Context, path: ChosenPath) -> None:
    """The journey's plates, step by step, with how sure they are and how many records are near."""
    if path.problem:
        st.warning(text.plain(f"{path.problem}."))
        return
    if path.z is None:
        st.caption(text.NO_PATH)
        return
    within = float(np.sqrt(context.latent_dim / 2))
    found = paths.decode_path(context.bundle, path.z, within=within)
    st.markdown(
        text.PATH_FOUND.format(
            different=text.different(len(set(found.codes))),
            steps=len(found.codes),
            near=int((found.near > 0).sum()),
            within=within,
        )
    )
    lost = _lost(context, found)
    if lost:
        st.caption(text.ENDS_LOST.format(ends="; ".join(lost)))
    facts([_row(context, found, step) for step in range(len(found.codes))], text.PATH_HEADER)


def _lost(context: Context, found: DecodedPath) -> list[str]:
    """In words, those of the two ends that were given as codes and are reconstructed as others."""
    if st.session_state[state.PATH] == "traversal":
        return []
    format, words = context.bundle.format, []
    for key, decoded in ((state.FROM, found.codes[0]), (state.TO, found.codes[-1])):
        typed = st.session_state[key]
        if not state.numbers(typed, context.latent_dim) and format.parse(typed) != decoded:
            given = format.shown(format.parse(typed))
            words.append(text.RECONSTRUCTED_AS.format(given=given, decoded=format.shown(decoded)))
    return words


def _row(context: Context, found: DecodedPath, step: int) -> tuple[Any, ...]:
    kind = context.kinds(found.codes[step : step + 1])[0]
    shown = plates.plate(str(found.codes[step]), f"small {kind}")
    # What is the same as before stands back, so that the eye finds where something changes.
    if step and not found.changes[step]:
        shown = f'<span class="same">{shown}</span>'
    count = int(found.near[step])
    sure = found.weakest[step]
    return (
        f"{step + 1}",
        shown,
        f"{sure:.0%}" if sure >= _SURE else f"&lt; {_SURE:.0%}",
        text.NEAR.format(n=count) if count else text.NOTHING_NEAR,
    )
