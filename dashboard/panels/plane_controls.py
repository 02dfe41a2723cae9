"""Which plane of a latent space the map shows."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import services, state
from dashboard.words import common
from dashboard.words import explore as words
from regvae.latent.plane import Plane


@dataclass(frozen=True)
class Slice:
    """What the map shows: a plane, decoded with the other coordinates of `anchor` (k,).

    `choice` are its two axes, counted from 1, or None for the principal plane. `pinned` is whether
    the anchor is the pinned point; otherwise it is the mean of all records.
    """

    choice: tuple[int, int] | None
    plane: Plane
    anchor: NDArray[np.float64]
    pinned: bool

    @property
    def of_regions(self) -> bool:
        """Whether it shows the first two axes (or the only one), where a region can be unwanted."""
        return self.choice == (1, min(self.plane.latent_dim, 2))

    @property
    def labels(self) -> tuple[str, str]:
        """Labels of the map's axes."""
        return common.axis_labels(self.choice)

    @property
    def words(self) -> str:
        """How much of a latent space of more than two dimensions the map shows."""
        shown = words.PLANE_SHARE.format(share=self.plane.share, k=self.plane.latent_dim)
        missing = st.session_state[state.ANCHOR] == "pin" and not self.pinned
        return f"{shown} {words.NO_PIN}" if missing else shown


def usual_choice(name: str, version: str) -> tuple[int, int] | None:
    """The axes that a map shows by default; None (the principal plane) for more than two."""
    k = services.bundle(name, version).records.latent_dim
    return (1, k) if k <= 2 else None


def plane_controls(name: str, version: str) -> DeltaGenerator | None:
    """Widgets that choose the plane of a latent space, and the place for a caption beside them.

    None, and no widgets, for a space of one or two dimensions.
    """
    k = services.bundle(name, version).records.latent_dim
    if k <= 2:
        return None
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="plane-row"):
        st.segmented_control(
            words.PLANE_LABEL,
            list(words.PLANES),
            default=state.DEFAULTS[state.PLANE],
            required=True,
            key=state.PLANE,
            label_visibility="collapsed",
            format_func=words.PLANES.__getitem__,
            on_change=_forget_region,
            bind="query-params",
            width="content",
        )
        _axis_boxes(k)
        st.selectbox(
            words.ANCHOR_LABEL.format(rest=k - 2),
            list(words.ANCHORS),
            key=state.ANCHOR,
            format_func=words.ANCHORS.__getitem__,
            help=words.ANCHOR_HELP,
            bind="query-params",
            width=190,
        )
        return st.container(key="plane-words")


def _axis_boxes(k: int) -> None:
    """Boxes for the two axes; hidden in the widest view, so that their values are not lost."""
    shown = "on" if st.session_state[state.PLANE] == "axes" else "off"
    for key, label in ((state.ACROSS, words.ACROSS), (state.UP, words.UP)):
        with st.container(key=f"{shown}-{key}", width=74):
            st.selectbox(
                label,
                range(1, k + 1),
                index=state.DEFAULTS[key] - 1,
                key=key,
                format_func=common.axis,
                on_change=_forget_region,
                bind="query-params",
            )


def _forget_region() -> None:
    """Drop the region, which lies in the plane in which it was drawn."""
    for key in (state.REGION, state.DECODED):
        st.session_state.pop(key, None)


def slice_shown(
    name: str, version: str, point: tuple[float, ...] | None, problems: list[str]
) -> Slice:
    """The plane that the widgets choose, through the pinned point or the mean of all records."""
    k = services.bundle(name, version).records.latent_dim
    choice = usual_choice(name, version)
    if k > 2 and st.session_state[state.PLANE] == "axes":
        choice = (st.session_state[state.ACROSS], st.session_state[state.UP])
        if choice[0] == choice[1]:
            problems.append(words.SAME_AXES.format(axis=choice[0]))
            choice = None
    plane = services.plane(name, version, choice)
    pinned = k > 2 and point is not None and st.session_state[state.ANCHOR] == "pin"
    anchor = np.array(point) if pinned else services.mean_of_means(name, version)
    return Slice(choice, plane, anchor, pinned)
