"""The codes to train on: a preset's own, or a person's, whose format is found and can be corrected.

What a person brings belongs to their session, and so does what is computed of it: it is read once,
and again only when its column, format or words are corrected.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.panels.brought import KINDS, LARGEST_FILE, Source, stored
from dashboard.plates import plates
from dashboard.widgets import bullets, heading
from dashboard.words import common
from dashboard.words import own_codes as own_words
from dashboard.words import training_data as words
from regvae.formats import FORMATS, CodeTable, Format, Reading, of_definition
from regvae.formats.finding import Found, Sheet, corrected
from regvae.model.config import FEWEST, Data

OWN = "own"
"""Codes of a person's own, as a value of `TRAIN_ON`."""
_FOUND = "found"
"""The format that was found, as a value of the box of formats, whose others are built in."""
_CHIPS = 5


@dataclass(frozen=True)
class Correction:
    """What a person made of the format: one built in, or the one found with these words."""

    format: str
    pattern: str = ""
    noun: str = words.ONE
    plural: str = words.SEVERAL


@dataclass(frozen=True)
class Look:
    """What is known of a source before anybody corrects it.

    `format` is what was `found`, or one built in that as many lines fit; `reading` has its codes.
    Both are None if there is none, for the reason in `problem`.
    """

    columns: tuple[str, ...] = ()
    column: str = ""
    found: Found | None = None
    format: Format | None = None
    reading: Reading | None = None
    problem: str = ""

    @classmethod
    def of(cls, source: Source) -> "Look":
        """Read a source and find its format."""
        try:
            sheet = Sheet.of(source.content, source.name)
        except ValueError as error:
            return cls(problem=str(error))
        # Another page may have named the columns otherwise.
        column = source.column if source.column in sheet.columns else sheet.best
        try:
            found, format = sheet.chosen(column)
        except ValueError as error:
            return cls(sheet.columns, column, problem=str(error))
        try:
            return cls(sheet.columns, column, found, format, sheet.codes(format, column))
        except ValueError as error:
            return cls(sheet.columns, column, problem=str(error))

    @property
    def unchanged(self) -> "Correction | None":
        """The correction that changes nothing; None without a format."""
        if self.format is None:
            return None
        if self.found is None or self.format != self.found.format:
            return Correction(self.format.name)
        return Correction(_FOUND, self.found.inferred.pattern)


@dataclass(frozen=True)
class Own:
    """A person's codes, ready to train on: `key` tells them from others, `data` has the seed 0."""

    key: str
    reading: Reading
    table: CodeTable
    data: Data


def choose() -> tuple[bool, Own | None]:
    """What to train on: whether codes of a person's own, and these, or None while they cannot be
    used, for which the reason is on the page."""
    chosen = st.radio(
        words.TRAIN_ON,
        list(words.KINDS),
        key=state.TRAIN_ON,
        format_func=words.KINDS.__getitem__,
        horizontal=True,
        persist_state="session",
    )
    if chosen != OWN:
        return False, None
    source = st.session_state.get(state.TRAIN_SOURCE)
    if source is None:
        st.session_state.pop(state.TRAIN_LOOK, None)
        st.session_state.pop(state.TRAIN_READ, None)
        _bring()
        return True, None
    heading(common.plain(source.name), state.TRAIN_SOURCE)
    look = stored(state.TRAIN_LOOK, source.key, lambda: Look.of(source))
    told = st.container(key="train-read")
    correction = _correct(look, source) if look.columns else None
    own, problem = None, look.problem
    if correction:
        of = (source.key, correction)
        own, problem = stored(state.TRAIN_READ, of, lambda: _own(source, look, correction))
    with told:
        if problem:
            st.warning(common.plain(f"{problem}."))
        if own:
            _tell(own)
    return True, own


# --- bringing -------------------------------------------------------------------------------------


def _bring() -> None:
    label, explanation = words.FILE
    st.file_uploader(
        label,
        type=KINDS,
        key=state.TRAIN_FILE,
        help=explanation.format(fewest=FEWEST),
        max_upload_size=LARGEST_FILE,
        on_change=_take_file,
    )
    label, explanation = words.TEXT
    st.text_area(label, key=state.TRAIN_TEXT, help=explanation, height=80)
    st.button(words.USE_TEXT, on_click=_take_text, width="stretch")
    if problem := st.session_state.pop(state.TRAIN_PROBLEM, None):
        st.warning(common.plain(f"{problem}."))


def _take_file() -> None:
    file = st.session_state[state.TRAIN_FILE]
    if file is not None:
        st.session_state[state.TRAIN_SOURCE] = Source(file.name, file.getvalue())


def _take_text() -> None:
    text = st.session_state[state.TRAIN_TEXT]
    if text.strip():
        st.session_state[state.TRAIN_SOURCE] = Source(words.PASTED, text.encode())
    else:
        st.session_state[state.TRAIN_PROBLEM] = words.NO_TEXT


def _take_column() -> None:
    source = st.session_state[state.TRAIN_SOURCE]
    column = st.session_state[state.TRAIN_COLUMN]
    st.session_state[state.TRAIN_SOURCE] = replace(source, column=column)


# --- correcting -----------------------------------------------------------------------------------


def _correct(look: Look, source: Source) -> Correction | None:
    """The boxes in which everything that was found can be corrected; None without a format."""
    with st.container(key="train-correct"), st.expander(words.CORRECT):
        if len(look.columns) > 1:
            st.session_state[state.TRAIN_COLUMN] = look.column
            st.selectbox(
                own_words.COLUMN, list(look.columns), key=state.TRAIN_COLUMN, on_change=_take_column
            )
        pattern = look.found.inferred.pattern if look.found else ""
        options = [_FOUND, *FORMATS] if look.found else list(FORMATS)
        usual = look.unchanged
        label, explanation = words.FORMAT
        chosen = st.selectbox(
            label,
            options,
            options.index(usual.format) if usual else None,
            key=f"train-format-{source.key}",  # another file, or column, has its own
            format_func=lambda one: words.FOUND.format(pattern=pattern) if one == _FOUND else one,
            placeholder=words.CHOOSE,
            help=explanation,
            persist_state="session",
        )
        if chosen != _FOUND:
            return Correction(chosen) if chosen else None
        typed = _text(st, "pattern", words.PATTERN, source, value=pattern) or pattern
        left, right = st.columns(2)
        noun = _text(left, "noun", words.NOUN, source, placeholder=words.ONE) or words.ONE
        several = f"{noun}s"
        plural = _text(right, "plural", words.PLURAL, source, placeholder=several) or several
        return Correction(_FOUND, typed, noun, plural)


def _text(place: Any, field: str, text: tuple[str, str], source: Source, **given: str) -> str:
    label, explanation = text
    key = f"train-{field}-{source.key}"
    typed = place.text_input(
        label, key=key, max_chars=200, help=explanation, persist_state="session", **given
    )
    return typed.strip()


def _own(source: Source, look: Look, correction: Correction) -> tuple[Own | None, str]:
    """The codes as they were corrected, or why they cannot be used."""
    try:
        reading = _reading(source, look, correction)
        table = reading.table
        key = f"{source.key}-{correction.format}"
        return Own(key, reading, table, Data.of_own(table, 0, reading.format)), ""
    except ValueError as error:
        return None, str(error)


def _reading(source: Source, look: Look, correction: Correction) -> Reading:
    """The codes in the corrected format; those that are there already if nothing is corrected."""
    if look.reading and correction == look.unchanged:
        return look.reading
    sheet = Sheet.of(source.content, source.name)
    if correction.format != _FOUND or look.found is None:
        format = FORMATS[correction.format]
    else:
        texts = sheet.texts(look.column)
        typed = (correction.pattern, correction.noun, correction.plural)
        format = of_definition(corrected(look.found, texts, *typed))
    return sheet.codes(format, look.column)


# --- telling --------------------------------------------------------------------------------------


def _tell(own: Own) -> None:
    """What fits the format, what becomes of the other columns, and what does not fit."""
    reading, format = own.reading, own.reading.format
    several = len(reading.columns) > 1 or reading.header
    of = words.COLUMN_OF if reading.header else words.NUMBERED_OF
    where = of.format(column=common.plain(reading.column)) if several else ""
    st.markdown(
        words.FITS.format(
            fits=reading.fitting,
            rows=reading.rows,
            plural=format.plural,
            pattern=common.code(str(format.pattern)),
            column=where,
        )
    )
    st.html(plates(format, reading.codes[:_CHIPS].tolist()))
    st.markdown(bullets(_sentences(own)))
    if reading.dropped:
        with st.container(key="train-dropped"), st.expander(own_words.DROPPED):
            st.markdown(bullets(reading.sentences()[1:]))


def _sentences(own: Own) -> Iterator[str]:
    reading, table, format = own.reading, own.table, own.reading.format
    train, held_out, _ = own.data.sizes
    yield words.COUNTS.format(n=len(table), plural=format.plural, train=train, held_out=held_out)
    if FORMATS.get(format.name) == format:
        yield words.BUILT_IN.format(name=format.name)
    if format.check:
        yield words.CHECK.format(kind=format.check.kind, at=_places(format.check.positions))
    if table.names:
        yield words.ATTRIBUTES.format(names=", ".join(table.names))
    if table.left_out:
        why = "; ".join(f"{name} ({reason})" for name, reason in table.left_out.items())
        yield words.LEFT_OUT.format(columns=why)
    if reading.dropped:
        yield reading.summary()


def _places(positions: Sequence[int]) -> str:
    """Positions (from 0) as they are counted on the page."""
    shown = ", ".join(str(position + 1) for position in positions)
    return (words.POSITION if len(positions) == 1 else words.POSITIONS).format(shown)
