"""Another model: values of the session that do not fit its codes are set back, with a sentence."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from dashboard import services, state
from dashboard.words import explore as words
from regvae import predicates
from regvae.formats import UK_REGISTRATION, Format
from regvae.rejection.rules import RULES, Certified

_OF_RECORDS = [one.name for one in Certified.parameters() if one.of_records]


@dataclass(frozen=True)
class ModelCodes:
    """A model's name, the format of its codes, what is wanted of them by default, the attributes
    that colour them, and whether it was released without its records."""

    model: str = state.DEFAULTS[state.MODEL]
    format: Format = UK_REGISTRATION
    usual: str = state.DEFAULTS[state.WANTED]
    attributes: tuple[str, ...] = tuple(UK_REGISTRATION.attributes)
    released: bool = False


def set_back(name: str, version: str) -> None:
    """Set back what names attributes or codes that a model does not have and the former one had.

    Call it before any widget of *Explore* is drawn. What is set back is told by `problems`. What
    the former model could not use either is left, since it has a sentence of its own.
    """
    session = st.session_state
    former: ModelCodes = session.get(state.CODES, ModelCodes())
    records = services.bundle(name, version).records
    usual = services.wanted_by_default(name, version)
    released = records.spread is not None
    codes = ModelCodes(name, records.format, usual, tuple(records.attributes), released)
    typed = state.WANTED in st.query_params and state.WANTED not in session
    if not typed and session.get(state.WANTED, former.usual) == former.usual:
        session[state.WANTED] = codes.usual
    if released:  # they have no widgets here
        session.update(dict.fromkeys(_OF_RECORDS, 0.0))
    if session.get(state.CODES) == codes:
        return
    session[state.CODES] = codes
    back = [label for label, was_set_back in _KEPT.items() if was_set_back(former.format, codes)]
    told = [
        words.SET_BACK.format(model=name, plural=codes.format.plural, what=", ".join(back))
        if back
        else "",
        _fit_rule(former, codes),
    ]
    session[state.SET_BACK] = " ".join(filter(None, told))
    if typed and state.WANTED in session:
        del st.query_params[state.WANTED]
        st.rerun()  # widgets take their values from the address that the run began with


def _fit_rule(former: ModelCodes, codes: ModelCodes) -> str:
    """Choose a rule that a model without records can have, and take it back for the next one.

    Gives a sentence if it sets back a rule that was chosen. One in the address is left: what it
    needs is told where it decides.
    """
    session, usual = st.session_state, state.DEFAULTS[state.RULE]
    if state.RULE in st.query_params and state.RULE not in session:
        return ""
    rule = session.get(state.RULE, usual)
    if codes.released and RULES[rule].needs_records:
        session[state.RULE] = Certified.name
        return "" if rule == usual else words.RULE_SET.format(model=codes.model, rule=rule)
    back = [*([state.RULE] if rule == Certified.name else []), *_OF_RECORDS]
    if former.released and not codes.released:
        session.update({key: state.DEFAULTS[key] for key in back})
    return ""


def problems() -> list[str]:
    """The sentence on what was set back for the model that is shown, if anything was."""
    told = st.session_state.get(state.SET_BACK)
    return [told] if told else []


def _wanted_set_back(former: Format, codes: ModelCodes) -> bool:
    text = st.session_state.get(state.WANTED, st.query_params.get(state.WANTED, ""))
    unfit = bool(text.strip()) and _only_before(
        lambda one: predicates.parse_all([text], one), former, codes.format
    )
    if unfit:
        st.session_state[state.WANTED] = codes.usual
    return unfit


def _colour_set_back(_former: Format, codes: ModelCodes) -> bool:
    known = (None, state.WANTED_COLOUR, *codes.attributes)
    unfit = st.session_state.get(state.COLOUR) not in known
    if unfit:
        st.session_state[state.COLOUR] = state.DEFAULTS[state.COLOUR]
    return unfit


def _typed_set_back(*keys: str) -> Callable[[Format, ModelCodes], bool]:
    """What sets back the codes that are typed under some keys, and tells whether it did."""

    def are_set_back(former: Format, codes: ModelCodes) -> bool:
        found = [key for key in keys if _is_unfit(key, former, codes.format)]
        for key in found:
            st.session_state[key] = ""
        return bool(found)

    return are_set_back


def _is_unfit(key: str, former: Format, format: Format) -> bool:
    lines = (st.session_state.get(key) or "").splitlines()
    return bool(lines) and _only_before(lambda one: one.parse_lines(lines), former, format)


def _only_before(use: Callable[[Format], object], former: Format, format: Format) -> bool:
    """Whether something can be used in a former format and not in another one."""
    return _is_usable(use, former) and not _is_usable(use, format)


def _is_usable(use: Callable[[Format], object], format: Format) -> bool:
    try:
        use(format)
    except ValueError:
        return False
    return True


_KEPT: dict[str, Callable[[Format, ModelCodes], bool]] = {
    words.KEPT_WANTED: _wanted_set_back,
    words.KEPT_COLOUR: _colour_set_back,
    words.KEPT_SEARCH: _typed_set_back(state.SEARCH),
    words.KEPT_ENDS: _typed_set_back(state.FROM, state.TO),
    words.KEPT_LIST: _typed_set_back(state.LISTED),
}
"""What is kept from one model to the next, in words, with what sets it back if it does not fit, and
tells whether it did."""
