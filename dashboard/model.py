"""Which model a page shows, and which plane of its latent space the map does."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import services, state, text
from regvae.evaluation.diagnosis import Diagnosis
from regvae.latent.plane import Plane
from regvae.model import store


def chosen() -> tuple[str, str] | None:
    """Name and version of the model to show, or None and the reason on the page."""
    usual, kept = state.DEFAULTS[state.MODEL], _kept()
    if kept and kept not in store.available():  # it was deleted here, or by another session
        st.toast(text.MODEL_GONE.format(gone=text.plain(kept), usual=usual))
        show(usual)
    return loaded(_kept() or usual)


def of_the_notebook() -> tuple[str, str] | None:
    """The faithful model, for pages that tell the notebook's story; or None and the reason."""
    return loaded(state.DEFAULTS[state.MODEL])


def loaded(name: str) -> tuple[str, str] | None:
    """A model's name and version if it can be loaded, or None and the reason on the page."""
    try:
        version = services.version_of(name)
        services.bundle(name, version)
    except ValueError as error:
        st.error(text.plain(f"{error}."))
        return None
    return name, version


def diagnosed(name: str, version: str) -> Diagnosis | None:
    """What a model is good at and what not, or None and the reason on the page."""
    try:
        return services.diagnosed(name, version)
    except ValueError as error:  # it has nothing in one of its splits
        st.error(text.plain(f"{error}."))
        return None


def choose() -> None:
    """The box that names the model; call `chosen` after it."""
    if (kept := _kept()) in store.available():
        # The box of every page is a widget of its own, and would begin with the usual model.
        st.session_state[state.MODEL] = kept
    st.session_state[state.KEPT_MODEL] = box(text.MODEL_LABEL, state.MODEL, _another)


def box(label: str, key: str, on_change: Callable[..., None], *arguments: str) -> str | None:
    """A box of all models, which begins with the usual one of its key; None if there is none."""
    there, usual = store.available(), state.DEFAULTS[key]
    return st.selectbox(
        label,
        there,
        index=there.index(usual) if usual in there else 0,
        key=key,
        on_change=on_change,
        args=arguments,
        bind="query-params",
    )


def choose_above() -> tuple[str, str] | None:
    """The box above a page that shows one model, and what is chosen."""
    with st.container(key="model-above"):
        choose()
        complain_of_address()
    return chosen()


def complain_of_address() -> None:
    """Say what in the address could not be used. Call it below the widgets that it names."""
    for sentence in state.judge_address():
        st.warning(text.plain(sentence))


def _kept() -> str | None:
    """The model that was last chosen, on whatever page."""
    return st.session_state.get(state.KEPT_MODEL) or st.session_state.get(state.MODEL)


def _another() -> None:
    show(st.session_state[state.MODEL])


def show(name: str) -> None:
    """Show another model, on all pages from now on. Call it in a callback.

    What was pointed at, selected or made lies in the space of the one before, and is forgotten.
    """
    st.session_state[state.KEPT_MODEL] = name
    for key in (state.POINT, state.BOX_CORNERS):
        st.session_state[key] = ""
    for key in (state.FROM, state.TO):
        typed = st.session_state.get(key, "")
        if state.numbers(typed, 1 + typed.count(",")):  # a reg lies somewhere in every model
            st.session_state[key] = ""
    for key in (state.REGION, state.DECODED, state.RESULTS, state.HUNT, state.LOW, state.HIGH):
        st.session_state.pop(key, None)
    for key in (state.PLANE, state.ACROSS, state.UP, state.ANCHOR):
        st.session_state[key] = state.DEFAULTS[key]


@dataclass(frozen=True)
class Slice:
    """What the map shows: a plane, and the anchor (k,) whose other coordinates are decoded: those
    of the pinned point, or of the middle of the records."""

    choice: tuple[int, int] | None
    plane: Plane
    anchor: NDArray[np.float64]
    pinned: bool

    @property
    def of_regions(self) -> bool:
        """Whether it shows the first two axes (or the only one), which regions are drawn on."""
        return self.choice == (1, min(self.plane.latent_dim, 2))

    @property
    def labels(self) -> tuple[str, str]:
        """What the map's axes are called."""
        return text.axis_labels(self.choice)

    @property
    def words(self) -> str:
        """How much of a space of more than two dimensions the map shows."""
        words = text.PLANE_WORDS.format(share=self.plane.share, k=self.plane.latent_dim)
        missing = st.session_state[state.ANCHOR] == "pin" and not self.pinned
        return f"{words} {text.NO_PIN}" if missing else words


def usual_choice(name: str, version: str) -> tuple[int, int] | None:
    """The axes that a map shows unless others are chosen; None for the widest plane of many."""
    k = services.bundle(name, version).records.latent_dim
    return (1, k) if k <= 2 else None


def plane_controls(name: str, version: str) -> DeltaGenerator | None:
    """Widgets for a latent space of more than two dimensions, and a place for words beside them.

    There are none for other spaces.
    """
    k = services.bundle(name, version).records.latent_dim
    if k <= 2:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="plane-row"):
        st.segmented_control(
            text.PLANE_LABEL,
            list(text.PLANES),
            default=state.DEFAULTS[state.PLANE],
            required=True,
            key=state.PLANE,
            label_visibility="collapsed",
            format_func=text.PLANES.__getitem__,
            on_change=_forget_region,
            bind="query-params",
            width="content",
        )
        _axis_boxes(k)
        st.selectbox(
            text.ANCHOR_LABEL.format(rest=k - 2),
            list(text.ANCHORS),
            key=state.ANCHOR,
            format_func=text.ANCHORS.__getitem__,
            help=text.ANCHOR_HELP,
            bind="query-params",
            width=190,
        )
        return st.container(key="plane-words")


def _axis_boxes(k: int) -> None:
    """Which two axes; kept out of sight in the widest view, lest what was chosen be lost."""
    shown = "on" if st.session_state[state.PLANE] == "axes" else "off"
    for key, label in ((state.ACROSS, text.ACROSS), (state.UP, text.UP)):
        with st.container(key=f"{shown}-{key}", width=74):
            st.selectbox(
                label,
                range(1, k + 1),
                index=state.DEFAULTS[key] - 1,
                key=key,
                format_func=lambda axis: text.AXIS.format(axis=axis),
                on_change=_forget_region,
                bind="query-params",
            )


def _forget_region() -> None:
    """A region lies in the plane in which it was drawn."""
    for key in (state.REGION, state.DECODED):
        st.session_state.pop(key, None)


def slice_shown(
    name: str, version: str, point: tuple[float, ...] | None, complaints: list[str]
) -> Slice:
    """The plane that the widgets say, through the pinned point or the middle of the records."""
    k = services.bundle(name, version).records.latent_dim
    choice = usual_choice(name, version)
    if k > 2 and st.session_state[state.PLANE] == "axes":
        choice = (st.session_state[state.ACROSS], st.session_state[state.UP])
        if choice[0] == choice[1]:
            complaints.append(text.SAME_AXES.format(axis=choice[0]))
            choice = None
    plane = services.plane(name, version, choice)
    pinned = k > 2 and point is not None and st.session_state[state.ANCHOR] == "pin"
    anchor = np.array(point) if pinned else services.mean_of_means(name, version)
    return Slice(choice, plane, anchor, pinned)
