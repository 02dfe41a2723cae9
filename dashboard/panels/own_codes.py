"""A person's own codes: brought as a file or a text, shown on the map and in a table."""

import io
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import services, state
from dashboard.components.own_columns import columns
from dashboard.components.own_layer import OwnLayer
from dashboard.panels import another_format, own_filter
from dashboard.panels.brought import KINDS, LARGEST_FILE, Source, stored
from dashboard.panels.context import Context
from dashboard.panels.own_filter import Filter
from dashboard.widgets import bullets, heading
from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded
from regvae.formats import Format, Reading, read_codes
from regvae.formats.tables import WRITERS
from regvae.latent.polygon import Polygon, in_polygon

_MIMES = {".csv": "text/csv", ".parquet": "application/vnd.apache.parquet"}
_TABLE = 300  # pixels


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
        reading = stored(state.OWN_READ, (source, format.name), lambda: _read(source, format))
    except ValueError as error:  # no codes in this model's format
        st.session_state[state.OWN_PROBLEM] = str(error)
        return None

    def encode() -> Encoded:
        released = context.bundle.released
        calibration = None if released else services.calibration(context.name, context.version)
        return Encoded.of(reading, context.bundle, calibration)

    return stored(state.OWN_ENCODED, (context.name, context.version, source, format.name), encode)


def _forget() -> None:
    """Forget what is known of codes that were cleared."""
    if st.session_state.pop(state.OWN_READ, None):
        for key in (state.OWN_ENCODED, state.OWN_SHOWN, state.OWN_LAYER, state.OWN_PROBLEM):
            st.session_state.pop(key, None)


def layer(context: Context) -> OwnLayer | None:
    """The own codes for the map that the filter shows, in the chosen colours."""
    found = encoded(context)
    if found is None:
        return None
    colour = st.session_state.get(state.OWN_COLOUR) or ""
    of = (*_of(context), colour)
    return stored(state.OWN_LAYER, of, lambda: OwnLayer.of(found, colour, _shown(found, context)))


def _shown(found: Encoded, context: Context) -> np.ndarray:
    """Which of the own codes the filter shows, (n,)."""
    return stored(state.OWN_SHOWN, _of(context), lambda: Filter.chosen().rows(found))


def _of(context: Context) -> tuple[Any, ...]:
    """What the codes that are shown depend on."""
    return (context.name, context.version, st.session_state[state.OWN], Filter.chosen())


def _read(source: Source, format: Format) -> Reading:
    return read_codes(source.content, source.name, format, source.column, state.MAX_OWN)


def _take(source: Source, format: Format) -> None:
    """Use what a person brought, or store why it cannot be used."""
    try:
        reading = _read(source, format)
    except ValueError as error:
        st.session_state[state.OWN_PROBLEM] = str(error)
        st.session_state[state.OWN_REFUSED] = source
        return
    st.session_state[state.OWN_PROBLEM] = st.session_state[state.OWN_REFUSED] = None
    st.session_state[state.OWN] = source
    st.session_state[state.OWN_READ] = ((source, format.name), reading)


# --- the panel ------------------------------------------------------------------------------------


def show(context: Context) -> None:
    """What brings own codes, or what is known of those that were brought."""
    found = encoded(context)
    reading = found.reading if found else None
    problem = st.session_state.get(state.OWN_PROBLEM)
    if not another_format.offer(context.bundle.format, reading) and problem:
        st.warning(common.plain(f"{problem}."))
    if st.session_state.get(state.OWN) is None:
        _bring(context.bundle.format)
        return
    heading(words.TITLE, state.OWN)
    if found is None:
        return
    _read_from(found.reading)
    _choices(found, context.bundle.format)
    rows = _shown(found, context)
    _sentences(found, rows)
    if rows.any():
        _dataframe(shown_table(found)[rows], "own-table")
        _downloads(found, rows, context)


def _bring(format: Format) -> None:
    st.markdown(words.INTRO)
    label, explanation = words.FILE
    st.file_uploader(
        label,
        type=KINDS,
        key=state.OWN_FILE,
        help=explanation.format(most=state.MAX_OWN),
        max_upload_size=LARGEST_FILE,
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
        st.session_state[state.OWN_REFUSED] = None
        return
    _take(Source(words.PASTED, text.encode()), format)


def _take_column(format: Format) -> None:
    source = st.session_state[state.OWN]
    _take(Source(source.name, source.content, st.session_state[state.OWN_COLUMN]), format)


def _read_from(reading: Reading) -> None:
    """How many codes were read, and what was dropped."""
    first, *lines = reading.sentences()
    with st.container(key="own-read"):
        st.markdown(f"**{common.plain(first)}.**")
        if reading.dropped:
            st.markdown(bullets([reading.summary()]))
            with st.expander(words.DROPPED):
                st.markdown(bullets(lines))


def _sentences(found: Encoded, rows: np.ndarray) -> None:
    """How many codes are shown, and what the model does with these."""
    with st.container(key="own-words"):
        if not rows.all():
            st.markdown(f"**{words.SHOWN.format(shown=rows.sum(), n=len(rows))}**")
        if rows.any():
            st.markdown(bullets(found.sentences(rows)))


def _choices(found: Encoded, format: Format) -> None:
    """The column of the codes, what they are coloured by, and which of them are shown."""
    reading = found.reading
    if len(reading.columns) > 1:
        st.session_state[state.OWN_COLUMN] = reading.column
        st.selectbox(
            words.COLUMN,
            reading.columns,
            key=state.OWN_COLUMN,
            on_change=_take_column,
            args=(format,),
        )
    left, right = st.columns(2)
    labels = columns(found)
    if st.session_state.get(state.OWN_COLOUR) not in labels:  # chosen for other codes
        st.session_state.pop(state.OWN_COLOUR, None)
    left.selectbox(
        words.COLOUR,
        list(labels),
        key=state.OWN_COLOUR,
        format_func=labels.__getitem__,
        persist_state="session",
    )
    own_filter.controls(found, right)


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
    if found.calibration is None:
        del columns[words.P_VALUE], columns[words.IN_DATA]
    columns |= {words.LINE: reading.lines, **reading.further_beside([*columns, words.LINE])}
    columns[words.LINE] = columns.pop(words.LINE)  # last
    return pd.DataFrame(columns)


def _downloads(found: Encoded, rows: np.ndarray, context: Context) -> None:
    """The files that the command line writes, of some rows, made when one is asked for."""
    every = rows.all()
    st.caption(words.DOWNLOADS if every else words.DOWNLOADS_SHOWN.format(shown=rows.sum()))
    with st.container(horizontal=True, gap="small"):
        for kind in WRITERS:
            st.download_button(
                {".csv": "CSV", ".parquet": "Parquet"}[kind],
                partial(_file, found, rows, kind),
                f"encoded-{context.name}{kind}",
                _MIMES[kind],
                key=f"own-download{kind.replace('.', '-')}",
                on_click="ignore",
            )


def _file(found: Encoded, rows: np.ndarray, kind: str) -> bytes:
    sink = io.BytesIO()
    WRITERS[kind](found.table()[rows], sink)
    return sink.getvalue()


# --- the region -----------------------------------------------------------------------------------


def in_region(context: Context, polygon: Polygon) -> None:
    """Which of the own codes that are shown lie in a region; nothing if there are no own codes."""
    found = encoded(context)
    if found is None:
        return
    rows = _shown(found, context)
    inside = rows & in_polygon(context.shown.plane.project(found.mean), polygon)
    st.markdown(words.REGION.format(n=inside.sum(), of=rows.sum()))
    if not rows.all():
        st.caption(words.SHOWN.format(shown=rows.sum(), n=len(rows)))
    if inside.any():
        _dataframe(shown_table(found)[inside], "own-region")
