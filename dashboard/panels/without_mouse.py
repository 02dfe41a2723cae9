"""The keys and text fields that do what the mouse does."""

from collections.abc import Callable

import streamlit as st

from dashboard import state
from dashboard.words import common
from dashboard.words import explore as words


def without_mouse(on_box: Callable[[], None]) -> None:
    """How to use the map without a mouse. A typed box that is complete calls `on_box`."""
    with st.expander(words.KEYBOARD):
        st.markdown(words.KEYBOARD_HELP)
        st.text_input(
            words.BOX_CORNERS_LABEL,
            key=state.BOX_CORNERS,
            placeholder="-1, -0.5, 0, 0.5",
            on_change=on_box,
        )
        typed = st.session_state[state.BOX_CORNERS]
        if typed.strip() and not state.numbers(typed, 4):
            st.warning(common.plain(words.NO_BOX.format(typed=typed[:40])))
