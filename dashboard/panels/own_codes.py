"""A person's own codes: brought as a file or a text, shown on the map and in a table."""

import io
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import services, state
from dashboard.components.own_layer import OwnLayer, colours
from dashboard.panels.context import Context
from dashboard.widgets import heading
from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded
from regvae.formats import Format, Reading, read_codes
from regvae.formats.tables import WRITERS
from regvae.latent.polygon import Polygon, in_polygon

T = TypeVar("T")

_KINDS = ["csv", "tsv", "txt", "parquet", "xlsx"]
_LARGEST_FILE = 20  # MB, as the server's limit
_MIMES = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}
_TABLE = 300  # pixels


@dataclass(frozen=True)
class Source:
    """What a person brought: the bytes of a file or a text, and the column that they chose."""

    name: str
    content: bytes
    column: str | None = None


# --- what the session has -------------------------------------------------------------------------


def encoded(context: Context) -> Encoded | None:
    """The own codes in the model that is shown; None if there are none, or none of its format.

    They belong to one session, so they are not in `services`, whose caches all sessions share.
    """
    source = st.session_state.get(state.OWN)
    if source is None:
        _forget()
        return None
    format = context.bundle.format
    try:
        reading = _stored(state.OWN_READ, (source, format.name), lambda: _read(source, format))
    except ValueError as error:  # no codes in this model's format
        st.session_state[state.OWN_PROBLEM] = str(error)
        return None

    def encode() -> Encoded:
        calibration = services.calibration(context.name, context.version)
        return Encoded.of(reading, context.bundle, calibration)

    return _stored(state.OWN_ENCODED, (context.name, context.version, source, format.name), encode)


def _forget() -> None:
    """Forget what is known of codes that were cleared."""
    if st.session_state.pop(state.OWN_READ, None):
        for key in (state.OWN_ENCODED, state.OWN_LAYER, state.OWN_PROBLEM):
            st.session_state.pop(key, None)


def layer(context: Context) -> OwnLayer | None:
    """The own codes for the map, in the chosen colours."""
    found = encoded(context)
    if found is None:
        return None
    colour = st.session_state.get(state.OWN_COLOUR) or ""
    of = (context.name, context.version, st.session_state[state.OWN], colour)
    return _stored(state.OWN_LAYER, of, lambda: OwnLayer.of(found, colour))


def _stored(key: str, of: Any, compute: Callable[[], T]) -> T:
    """A value that the session has of something, or computes if it has that of something else."""
    held = st.session_state.get(key)
    if held is None or held[0] != of:
        held = st.session_state[key] = (of, compute())
    return held[1]


def _read(source: Source, format: Format) -> Reading:
    return read_codes(source.content, source.name, format, source.column, state.MAX_OWN)


def _take(source: Source, format: Format) -> None:
    """Use what a person brought, or store why it cannot be used."""
    try:
        reading = _read(source, format)
    except ValueError as error:
        st.session_state[state.OWN_PROBLEM] = str(error)
        return
    st.session_state[state.OWN_PROBLEM] = None
    st.session_state[state.OWN] = source
    st.session_state[state.OWN_READ] = ((source, format.name), reading)


# --- the panel ------------------------------------------------------------------------------------


def show(context: Context, region: Polygon | None) -> None:
    """What brings own codes, or what is known of those that were brought."""
    found = encoded(context)
    problem = st.session_state.get(state.OWN_PROBLEM)
    if problem:
        st.warning(common.plain(f"{problem}."))
    if st.session_state.get(state.OWN) is None:
        _bring(context.bundle.format)
        return
    heading(words.TITLE, state.OWN)
    if found is None:
        return
    _sentences(found)
    _choices(found, context.bundle.format)
    _table(found, context, region)
    _downloads(found, context)


def _bring(format: Format) -> None:
    st.markdown(words.INTRO)
    label, explanation = words.FILE
    st.file_uploader(
        label,
        type=_KINDS,
        key=state.OWN_FILE,
        help=explanation.format(most=state.MAX_OWN),
        max_upload_size=_LARGEST_FILE,
        on_change=_take_file,
        args=(format,),
    )
    label, explanation = words.TEXT
    st.text_area(
        label,
        key=state.OWN_TEXT,
        help=explanation,
        height=110,
        placeholder=f"{format.shown(format.example)}\n…",
    )
    st.button(words.SHOW, on_click=_take_text, args=(format,), width="stretch")


def _take_file(format: Format) -> None:
    file = st.session_state[state.OWN_FILE]
    if file is not None:
        _take(Source(file.name, file.getvalue()), format)


def _take_text(format: Format) -> None:
    text = st.session_state[state.OWN_TEXT]
    if not text.strip():
        st.session_state[state.OWN_PROBLEM] = words.NO_TEXT.rstrip(".")
        return
    _take(Source(words.PASTED, text.encode()), format)


def _take_column(format: Format) -> None:
    source = st.session_state[state.OWN]
    _take(Source(source.name, source.content, st.session_state[state.OWN_COLUMN]), format)


def _sentences(found: Encoded) -> None:
    reading = found.reading
    first, *lines = reading.sentences()
    told = [*found.sentences(), *([reading.summary()] if reading.dropped else [])]
    with st.container(key="own-words"):
        st.markdown(f"**{common.plain(first)}.**")
        st.markdown(_bullets(told))
        if lines:
            with st.expander(words.DROPPED):
                st.markdown(_bullets(lines))


def _bullets(sentences: Sequence[str]) -> str:
    return "\n".join(f"- {common.plain(one)}" for one in sentences)


def _choices(found: Encoded, format: Format) -> None:
    """The column of the codes, and what they are coloured by."""
    reading = found.reading
    left, right = st.columns(2)
    if len(reading.columns) > 1:
        st.session_state[state.OWN_COLUMN] = reading.column
        left.selectbox(
            words.COLUMN,
            reading.columns,
            key=state.OWN_COLUMN,
            on_change=_take_column,
            args=(format,),
        )
    labels = colours(found)
    _forget_unless(state.OWN_COLOUR, labels)
    right.selectbox(
        words.COLOUR,
        list(labels),
        key=state.OWN_COLOUR,
        format_func=labels.__getitem__,
        persist_state="session",
    )


def _forget_unless(key: str, options: Container[Any]) -> None:
    """Forget what was chosen for other codes, or for a region that is gone."""
    if st.session_state.get(key) not in options:
        st.session_state.pop(key, None)


def _table(found: Encoded, context: Context, region: Polygon | None) -> None:
    rows = {
        words.EVERY: None,
        words.INEXACT: ~found.exact,
        words.UNUSUAL: found.unusual,
        words.RECORDS: found.split != "",
    }
    if region:
        rows[words.IN_REGION] = _inside(found, context, region)
    _forget_unless(state.OWN_ROWS, rows)
    chosen = st.selectbox(words.ROWS, list(rows), key=state.OWN_ROWS)
    table, kept = shown_table(found), rows[chosen]
    if kept is not None:
        table = table[kept]
        st.caption(words.SHOWN_ROWS.format(shown=len(table), n=len(kept)))
    _dataframe(table, "own-table")


def _dataframe(table: pd.DataFrame, key: str) -> None:
    columns = {
        words.IS_EXACT: st.column_config.CheckboxColumn(width=54),
        words.P_VALUE: st.column_config.NumberColumn(
            help=words.P_VALUE_HELP, format="%.3f", width=66
        ),
    }
    with st.container(key=key):
        st.dataframe(table, hide_index=True, height=_TABLE, column_config=columns)


def shown_table(found: Encoded) -> pd.DataFrame:
    """A row a code, for reading; a further column of one of our names has "given " before it."""
    reading = found.reading
    data = [common.SPLITS.get(one, words.NO_RECORD) for one in found.split.tolist()]
    columns: dict[str, Any] = {
        words.CODE: [reading.format.shown(code) for code in reading.codes.tolist()],
        words.RECONSTRUCTION: [reading.format.shown(one) for one in found.reconstruction.tolist()],
        words.IS_EXACT: found.exact,
        words.P_VALUE: found.p_value,
        words.IN_DATA: data,
    }
    columns |= {words.LINE: reading.lines, **reading.further_beside([*columns, words.LINE])}
    columns[words.LINE] = columns.pop(words.LINE)  # last
    return pd.DataFrame(columns)


def _downloads(found: Encoded, context: Context) -> None:
    """The files that the command line writes, made when one is asked for."""
    st.caption(words.DOWNLOADS)
    with st.container(horizontal=True, gap="small"):
        for kind in WRITERS:
            st.download_button(
                {".csv": "CSV", ".parquet": "Parquet"}[kind],
                partial(_file, found, kind),
                f"encoded-{context.name}{kind}",
                _MIMES[kind],
                key=f"own-download{kind.replace('.', '-')}",
                on_click="ignore",
            )


def _file(found: Encoded, kind: str) -> bytes:
    sink = io.BytesIO()
    WRITERS[kind](found.table(), sink)
    return sink.getvalue()


# --- the region -----------------------------------------------------------------------------------


def in_region(context: Context, polygon: Polygon) -> None:
    """How many own codes lie in a region, and which; nothing if there are none on the map."""
    found = encoded(context)
    if found is None:
        return
    inside = _inside(found, context, polygon)
    st.markdown(words.REGION.format(n=int(inside.sum()), of=len(inside)))
    if inside.any():
        _dataframe(shown_table(found)[inside], "own-region")


def _inside(found: Encoded, context: Context, polygon: Polygon) -> np.ndarray:
    return in_polygon(context.shown.plane.project(found.mean), polygon)
