"""Small pieces of a page that several panels use."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from dashboard import state, text

_LARGEST_FILE = 1_000_000  # bytes: more than 100,000 regs


def facts(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """A small table of what and how much; every cell is HTML."""
    cells = "".join(f"<th>{cell}</th>" for cell in header)
    head = f"<tr>{cells}</tr>" if header else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    st.html(f'<table class="facts">{head}{body}</table>')


def heading(words: str, key: str) -> None:
    """A section's heading, with a button that clears what it is about."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"##### {words}", width="content")
        st.button(text.CLEAR, key=f"clear-{key}", type="tertiary", on_click=_clear, args=(key,))


def _clear(key: str) -> None:
    st.session_state[key] = state.DEFAULTS.get(key)


def uploader(
    label: str, types: list[str], key: str, take: Callable[[str, str], dict[str, Any]]
) -> None:
    """A file that sets other widgets as soon as it is there.

    `take` gets the file's text and name and returns session values, or raises a `ValueError`.
    """
    st.file_uploader(
        label,
        type=types,
        key=key,
        help=text.UPLOAD_HELP[key],
        max_upload_size=1,  # MB, as `_LARGEST_FILE`
        on_change=_take,
        args=(key, take),
    )
    if st.session_state[key] is None:
        st.session_state.setdefault(state.PROBLEMS, {}).pop(key, None)


def _take(key: str, take: Callable[[str, str], dict[str, Any]]) -> None:
    file = st.session_state[key]
    problems = st.session_state.setdefault(state.PROBLEMS, {})
    problems.pop(key, None)
    if file is None:
        return
    try:
        if file.size > _LARGEST_FILE:
            raise ValueError(f"{file.name} is larger than {_LARGEST_FILE:,} bytes; give a part")
        words = file.getvalue().decode("utf-8", "replace")
        st.session_state.update(take(words, file.name))
    except ValueError as error:
        problems[key] = str(error)
