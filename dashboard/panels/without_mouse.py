"""What the keyboard and text fields do in place of the mouse."""

from collections.abc import Callable

import streamlit as st

from dashboard import state, text


def without_mouse(on_box: Callable[[], None]) -> None:
    """How to use the map without a mouse."""
    with st.expander(text.KEYBOARD):
        st.markdown(text.KEYBOARD_HELP)
        st.text_input(
            text.BOX_CORNERS_LABEL,
            key=state.BOX_CORNERS,
            placeholder="-1, -0.5, 0, 0.5",
            on_change=on_box,
        )
        typed = st.session_state[state.BOX_CORNERS]
        if typed.strip() and not state.numbers(typed, 4):
            sentence = f"A box is four numbers such as -1, -0.5, 0, 0.5; “{typed[:40]}” is not."
            st.warning(text.plain(sentence))
