"""Which of a person's own codes are shown: a column of theirs, and its classes or a range."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.components.own_columns import PLAIN, Column, columns
from dashboard.words import common
from dashboard.words import own_codes as words
from regvae.evaluation.encoding import Encoded

_VALUES = (state.OWN_CLASSES, state.OWN_FROM, state.OWN_TO)


@dataclass(frozen=True)
class Filter:
    """Classes of a column, or a range of its numbers; without classes or an end all are shown."""

    column: str = PLAIN
    classes: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @classmethod
    def chosen(cls) -> "Filter":
        """The filter of the widgets, which keep their values while another tab is open."""
        values = st.session_state
        return cls(
            values.get(state.OWN_FILTER, PLAIN),
            tuple(values.get(state.OWN_CLASSES, ())),
            _number(values.get(state.OWN_FROM)),
            _number(values.get(state.OWN_TO), end=True),
        )

    def rows(self, encoded: Encoded) -> NDArray[np.bool_]:
        """Which of the codes are shown, (n,). A code without a number is in no range."""
        column = Column.of(encoded, self.column)
        shown = np.ones(len(column.values), bool)
        places = [column.classes.index(one) for one in self.classes if one in column.classes]
        if places:
            shown = np.isin(column.values, places)
        if not column.classes and self.low is not None:
            shown = column.values >= self.low
        if not column.classes and self.high is not None:
            shown &= column.values <= self.high
        return shown


def _number(given: float | date | None, *, end: bool = False) -> float | None:
    """A number, or of a date the days since 1970 to its begin or its last second."""
    if not isinstance(given, date):
        return given
    days = (given - date(1970, 1, 1)).days
    return days + (1 - 1 / 86_400 if end else 0.0)


def controls(encoded: Encoded, place: Any) -> None:
    """A box in a place that chooses the column; below it what of that is shown."""
    labels = columns(encoded) | {PLAIN: words.NO_FILTER}
    if st.session_state.get(state.OWN_FILTER, PLAIN) not in labels:  # a column of other codes
        st.session_state[state.OWN_FILTER] = PLAIN
        _forget_values()
    name = place.selectbox(
        words.FILTER,
        list(labels),
        key=state.OWN_FILTER,
        format_func=labels.__getitem__,
        on_change=_forget_values,
        persist_state="session",
    )
    if name == PLAIN:
        return
    column = Column.of(encoded, name)
    if column.classes:
        _classes(column)
    else:
        _range(column)


def _forget_values() -> None:
    """Forget what was chosen of another column."""
    for key in _VALUES:
        st.session_state.pop(key, None)


def _classes(column: Column) -> None:
    there = st.session_state.get(state.OWN_CLASSES, [])
    if not set(there) <= set(column.classes):  # those of another model, or of other codes
        st.session_state[state.OWN_CLASSES] = [one for one in there if one in column.classes]
    st.multiselect(
        words.CLASSES.format(label=common.plain(column.label)),
        column.classes,
        key=state.OWN_CLASSES,
        placeholder=words.EVERY,
        persist_state="session",
    )


def _range(column: Column) -> None:
    if column.dates:
        _dates(column)
        return
    whole = bool((column.values % 1 == 0)[~np.isnan(column.values)].all())
    ends = zip((state.OWN_FROM, state.OWN_TO), words.RANGE, column.span, strict=True)
    for (key, words_of, end), place in zip(ends, st.columns(2), strict=True):
        place.number_input(
            words_of.format(label=common.plain(column.label)),
            value=None,
            step=1.0 if whole else None,
            format="%.10g",
            key=key,
            placeholder=f"{end:.10g}",
            persist_state="session",
        )


def _dates(column: Column) -> None:
    low, high = (date.fromisoformat(column.text(end)) for end in column.span)
    ends = zip((state.OWN_FROM, state.OWN_TO), words.RANGE, st.columns(2), strict=True)
    for key, words_of, place in ends:
        place.date_input(
            words_of.format(label=common.plain(column.label)),
            value=None,
            min_value=low,
            max_value=high,
            format="YYYY-MM-DD",
            key=key,
            persist_state="session",
        )
