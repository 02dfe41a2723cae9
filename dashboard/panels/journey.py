"""Journeys: a path between two codes or points or along an axis, and what its steps decode to."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import plates, services, state
from dashboard.panels.context import Context
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import journey as words
from regvae.formats import Format, FormatError
from regvae.latent import paths
from regvae.latent.paths import DecodedPath

_SURE = 0.02  # a probability below this is shown as "<"


@dataclass(frozen=True)
class ChosenPath:
    """The steps of a path (s, k); None if the widgets define none, or because of a `problem`."""

    z: NDArray[np.float64] | None
    problem: str = ""


def controls(context: Context) -> None:
    """Widgets that define a path."""
    st.segmented_control(
        words.PATH_LABEL,
        list(words.PATHS),
        default=state.DEFAULTS[state.PATH],
        required=True,
        key=state.PATH,
        format_func=words.PATHS.__getitem__,
        label_visibility="collapsed",
        width="stretch",
        bind="query-params",
    )
    kind = st.session_state[state.PATH]
    st.caption(common.named(words.PATH_HELP[kind], context.bundle.format))
    if kind == "traversal":
        _traversal_controls(context)
    else:
        places = zip(st.columns(2), (state.FROM, state.TO), (words.FROM, words.TO), strict=True)
        for column, key, label in places:
            with column:
                _end(key, label, context.bundle.format)
    st.slider(
        words.STEPS, 5, 60, key=state.STEPS, value=state.DEFAULTS[state.STEPS], bind="query-params"
    )


def _end(key: str, label: str, format: Format) -> None:
    placeholder = common.named(words.END_PLACEHOLDER, format)
    st.text_input(label, key=key, placeholder=placeholder, bind="query-params")
    pinned = st.session_state[state.POINT].strip()
    if pinned:
        st.button(
            words.USE_PIN, key=f"pin-{key}", type="tertiary", on_click=_set, args=(key, pinned)
        )


def _set(key: str, value: str) -> None:
    st.session_state[key] = value


def _traversal_controls(context: Context) -> None:
    k = context.latent_dim
    axis, low, high = st.columns(3)
    reach = float(np.ceil(context.shown.plane.extent))
    axis.selectbox(
        words.AXIS_LABEL,
        range(1, k + 1),
        key=state.AXIS,
        format_func=common.axis,
        persist_state="session",
    )
    for column, key, label, usual in (
        (low, state.LOW, words.LOW, -reach),
        (high, state.HIGH, words.HIGH, reach),
    ):
        column.number_input(label, -1e6, 1e6, usual, 0.5, key=key, persist_state="session")


# --- the path -------------------------------------------------------------------------------------


def chosen(context: Context, point: tuple[float, ...] | None) -> ChosenPath:
    """The path that the widgets define: along an axis through the pinned point, or between ends."""
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
    """Where a typed code or point lies, (k,); None if nothing is typed.

    Raises `ValueError` if it is neither.
    """
    if not typed.strip():
        return None
    k = context.latent_dim
    numbers = state.numbers(typed, k)
    if numbers:
        return np.array(numbers)
    format = context.bundle.format
    try:
        mean, _ = context.bundle.autoencoder.encode([format.parse(typed)])
    except FormatError:
        raise ValueError(
            common.named(words.NO_END, format, typed=typed[:40], coordinates=common.coordinates(k))
        ) from None
    return mean[0].astype(np.float64)


# --- what is shown --------------------------------------------------------------------------------


def show(context: Context, path: ChosenPath) -> None:
    """The codes along a path, with their least probability and how many records are near."""
    if path.problem:
        st.warning(common.plain(f"{path.problem}."))
        return
    if path.z is None:
        st.caption(common.plain(common.named(words.NO_PATH, context.bundle.format)))
        return
    within = float(np.sqrt(context.latent_dim / 2))
    found = paths.decode_path(context.bundle, path.z, within=within)
    different = words.different(len(set(found.codes)), context.bundle.format)
    told = words.PATH_DECODED.format(different=different, steps=len(found.codes))
    if found.near is not None:
        told += words.PATH_NEAR.format(near=int((found.near > 0).sum()), within=within)
    st.markdown(told + words.PATH_ENDS)
    changed = _changed_ends(context, found)
    if changed:
        st.caption(words.ENDS_DIFFER.format(ends=common.plain("; ".join(changed))))
    header = words.PATH_HEADER if found.near is not None else words.PATH_HEADER[:-1]
    facts([_row(context, found, step) for step in range(len(found.codes))], header)


def _changed_ends(context: Context, found: DecodedPath) -> list[str]:
    """In words, the ends that were given as codes and are reconstructed as other codes."""
    if st.session_state[state.PATH] == "traversal":
        return []
    format, sentences = context.bundle.format, []
    for key, decoded in ((state.FROM, found.codes[0]), (state.TO, found.codes[-1])):
        typed = st.session_state[key]
        if not state.numbers(typed, context.latent_dim) and format.parse(typed) != decoded:
            given = format.shown(format.parse(typed))
            sentences.append(
                words.RECONSTRUCTED_AS.format(given=given, decoded=format.shown(decoded))
            )
    return sentences


def _row(context: Context, found: DecodedPath, step: int) -> tuple[Any, ...]:
    kind = context.kinds(found.codes[step : step + 1])[0]
    shown = plates.plate(context.bundle.format, str(found.codes[step]), f"small {kind}")
    # The same code as before is dimmed, so that changes are easy to find.
    if step and not found.changes[step]:
        shown = f'<span class="same">{shown}</span>'
    sure = found.weakest[step]
    row = (f"{step + 1}", shown, f"{sure:.0%}" if sure >= _SURE else f"&lt; {_SURE:.0%}")
    if found.near is None:
        return row
    count = int(found.near[step])
    return (*row, words.NEAR.format(n=count) if count else words.NONE_NEAR)
