"""Small pieces of a page that several panels use."""

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.words import common
from regvae.model.records import Records

_LARGEST_FILE = 1_000_000  # bytes: more than 100,000 regs


def facts(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """A small table; every cell is HTML."""
    cells = "".join(f"<th>{cell}</th>" for cell in header)
    head = f"<tr>{cells}</tr>" if header else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    st.html(f'<table class="facts">{head}{body}</table>')


def bullets(sentences: Iterable[str]) -> str:
    """Sentences, which may hold what somebody typed, as a list in Markdown."""
    return "\n".join(f"- {common.plain(one)}" for one in sentences)


def further(records: Records, row: int) -> list[tuple[str, str]]:
    """What the further columns have of a record, as rows of `facts`."""
    code = records.codes[row : row + 1]
    columns = [one for one in records.attributes.values() if one.is_column]
    values = [(one, one.values(code)[0]) for one in columns]
    return [
        (escape(one.label), escape(str(value) if one.kind == "category" else one.text(value)))
        for one, value in values
    ]


def heading(words: str, key: str) -> None:
    """A section's heading, with a button that sets the session value `key` to its default."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"##### {words}", width="content")
        st.button(common.CLEAR, key=f"clear-{key}", type="tertiary", on_click=_clear, args=(key,))


def _clear(key: str) -> None:
    st.session_state[key] = state.DEFAULTS.get(key)


def uploader(
    words: tuple[str, str], kind: str, key: str, take: Callable[[str, str], dict[str, Any]]
) -> None:
    """A file that sets other widgets as soon as it is uploaded.

    `words` are its label and help, `kind` is the ending of its name. `take` gets the file's text
    and name, and returns the session values to set; the message of a `ValueError` that it raises is
    stored under `state.FILE_PROBLEMS`.
    """
    label, explanation = words
    st.file_uploader(
        label,
        type=[kind],
        key=key,
        help=explanation,
        max_upload_size=1,  # MB, as `_LARGEST_FILE`
        on_change=_take,
        args=(key, take),
    )
    if st.session_state[key] is None:
        st.session_state.setdefault(state.FILE_PROBLEMS, {}).pop(key, None)


def _take(key: str, take: Callable[[str, str], dict[str, Any]]) -> None:
    file = st.session_state[key]
    problems = st.session_state.setdefault(state.FILE_PROBLEMS, {})
    problems.pop(key, None)
    if file is None:
        return
    try:
        if file.size > _LARGEST_FILE:
            raise ValueError(
                f"{file.name}: expected at most {_LARGEST_FILE:,} bytes, got {file.size:,}; "
                "give a part of it"
            )
        content = file.getvalue().decode("utf-8", "replace")
        st.session_state.update(take(content, file.name))
    except ValueError as error:
        problems[key] = str(error)
