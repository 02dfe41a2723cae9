"""What is wanted, in rows of attribute, comparison and value; or as a text, which they write."""

import itertools
from collections.abc import Iterator
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.words import common
from dashboard.words import sampling as words
from regvae import predicates
from regvae.formats import Attribute, Format
from regvae.predicates import Predicate, PredicateError

Row = tuple[str, Predicate]
"""How a predicate is joined to the one before it, "and" or "or", and the predicate."""

_ATTRIBUTE, _OPERATOR, _VALUE, _JOIN = "attribute", "operator", "value", "join"


def builder(format: Format, usual: str) -> None:
    """The rows of the text in `state.WANTED`, whose widget is drawn elsewhere.

    It is about attributes of a format; `usual` is the text that is the default. Every change of a
    row writes the text anew. A text that is not of predicates is a sentence in place of the rows.
    """
    try:
        rows = rows_of(st.session_state[state.WANTED], format)
    except PredicateError as error:
        st.error(common.sentence(str(error)))
        return
    for place, row in enumerate(rows):
        _row(place, row, len(rows), format)
    if {join for join, _ in rows[1:]} == {"and", "or"}:
        st.caption(words.MIXED)
    if format.attributes:
        st.button(
            words.ADD,
            key="wanted-add",
            type="tertiary",
            on_click=_add,
            args=(format, usual),
            icon=":material/add:",
        )


def rows_of(text: str, format: Format) -> list[Row]:
    """The predicates of a text about a format's codes, as rows.

    Raises `PredicateError` if it is not one.
    """
    if not text.strip():
        return []
    found = predicates.alternatives(predicates.parse_all([text], format))
    return [
        ("and" if place else "or", one) for several in found for place, one in enumerate(several)
    ]


def text_of(rows: list[Row]) -> str:
    """The text of rows, the first of which is joined to nothing."""
    parts = [f"{join} {one}" if place else str(one) for place, (join, one) in enumerate(rows)]
    return " ".join(parts)


def _key(place: int, part: str) -> str:
    return f"wanted-{place}-{part}"


def _row(place: int, row: Row, of: int, format: Format) -> None:
    """The widgets of one row, one of so many, set to what the text has."""
    join, one = row
    attributes = format.attributes
    operators: dict[str, str] = words.OPERATORS[attributes[one.attribute].kind]
    change: dict[str, Any] = {
        "on_change": _write,
        "args": (of, format),
        "label_visibility": "collapsed",
    }
    if place:
        key = _set(place, _JOIN, join)
        st.segmented_control(words.JOIN, ["and", "or"], key=key, required=True, **change)
    name, operator, value, remove = st.columns([4, 3, 4, 0.9], gap="xsmall")
    name.selectbox(
        words.ATTRIBUTE,
        list(attributes),
        format_func=lambda name: attributes[name].label,
        key=_set(place, _ATTRIBUTE, one.attribute),
        **change,
    )
    operator.selectbox(
        words.COMPARISON,
        list(operators),
        format_func=lambda op: operators[op],
        key=_set(place, _OPERATOR, one.operator),
        **change,
    )
    with value:
        _value(place, one, attributes[one.attribute], change)
    remove.button(
        words.REMOVE,
        key=_key(place, "remove"),
        type="tertiary",
        on_click=_remove,
        args=(place, format),
    )


def _value(place: int, one: Predicate, attribute: Attribute, change: dict[str, Any]) -> None:
    """The widget of a value: numbers are typed, all others are chosen."""
    key = _set(place, _VALUE, _shown(attribute, one))
    if attribute.kind == "number":
        st.text_input(words.VALUE, key=key, **change)
    elif one.operator == "in":
        st.multiselect(words.VALUE, list(attribute.categories), key=key, **change)
    else:
        st.selectbox(words.VALUE, list(attribute.categories), key=key, **change)


def _set(place: int, part: str, value: Any) -> str:
    """Set a widget that is drawn next; gives its key."""
    st.session_state[_key(place, part)] = value
    return _key(place, part)


def _shown(attribute: Attribute, one: Predicate) -> Any:
    """The value of a predicate as its widget has it."""
    if attribute.kind == "number":
        return ", ".join(map(str, one.values))
    values = [_category(attribute, value) for value in one.values]
    return values if one.operator == "in" else values[0]


def _category(attribute: Attribute, value: Any) -> str:
    return attribute.categories[int(value)] if attribute.kind == "boolean" else str(value)


def _write(of: int, format: Format) -> None:
    """Write the text anew from the widgets of all rows."""
    session = st.session_state
    rows: list[Row] = []
    for place, (_, before) in enumerate(rows_of(session[state.WANTED], format)[:of]):
        attribute = format.attributes[session[_key(place, _ATTRIBUTE)]]
        operator, value = session[_key(place, _OPERATOR)], session[_key(place, _VALUE)]
        if operator not in words.OPERATORS[attribute.kind]:  # another attribute was chosen
            operator = next(iter(words.OPERATORS[attribute.kind]))
        join = session.get(_key(place, _JOIN), "and")
        rows.append((join, _predicate(attribute, operator, value, before, format)))
    session[state.WANTED] = text_of(rows)


def _predicate(
    attribute: Attribute, operator: str, value: Any, before: Predicate, format: Format
) -> Predicate:
    """The predicate of a row's widgets; with the value `before` if theirs cannot be used."""
    given = value if isinstance(value, list) else str(value).split(",")
    if attribute.kind == "boolean":
        places = {label: str(bool(place)) for place, label in enumerate(attribute.categories)}
        given = [places.get(one, "true") for one in given]
    if operator != "in":
        given = given[:1]
    for values in (given, map(str, before.values), attribute.categories[-1:], ["0"]):
        try:
            text = f"{attribute.name} {operator} {', '.join(values)}"
            return Predicate.parse(text, format)
        except PredicateError:
            continue
    raise AssertionError(attribute)  # 0 is a number


def _add(format: Format, usual: str) -> None:
    """One more row; beside others it changes nothing until it is changed."""
    rows = rows_of(st.session_state[state.WANTED], format)
    there = [one for _, one in rows]
    new = next((one for one in _harmless(format) if one not in there), None)  # not the same twice
    if not rows and usual:
        new = rows_of(usual, format)[0][1]
    if new:
        st.session_state[state.WANTED] = text_of([*rows, ("and", new)])


def _harmless(format: Format) -> Iterator[Predicate]:
    """Predicates that all codes fulfil: of the first number, or of each category and boolean."""
    attributes = list(format.attributes.values())
    for one in attributes:
        if one.kind == "number":
            yield from (Predicate(one.name, ">=", (-place,)) for place in itertools.count())
    for one in attributes:
        both = (False, True) if one.kind == "boolean" else one.categories
        yield Predicate(one.name, "in", both)


def _remove(place: int, format: Format) -> None:
    rows = rows_of(st.session_state[state.WANTED], format)
    del rows[place]
    st.session_state[state.WANTED] = text_of(rows)
