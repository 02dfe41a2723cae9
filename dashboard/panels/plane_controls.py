"""Which plane of a latent space the map shows."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import services, state, text
from regvae.latent.plane import Plane


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
