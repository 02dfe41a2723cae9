"""The search for leaks: those found for the present settings, and the value that rejects them."""

from dataclasses import replace

import numpy as np
import streamlit as st

from dashboard import plates, services, state
from dashboard.panels.context import Context
from dashboard.words import common
from dashboard.words import results as words
from regvae.audit.leaks import Hunt
from regvae.rejection.policy import Policy

_SHOWN_LEAKS = 300
_PLATES = 12


def found(context: Context, base: Policy | None) -> np.ndarray | None:
    """Leaks that were found and are still accepted, for the map: points (n, k), at most 300.

    None if no search was made.
    """
    hunt = _hunt(context, base)
    if hunt is None:
        return None
    passing = context.rule.accepts(hunt.leaks.measures)
    return hunt.leaks.z[passing][:_SHOWN_LEAKS]


def _hunt(context: Context, base: Policy | None) -> Hunt | None:
    """The last hunt, if only the values of its rule's parameters have changed since."""
    hunted = st.session_state.get(state.HUNT)
    if not (hunted and base) or replace(hunted, rule=base.rule) != base:
        return None
    if hunted.rule.name != base.rule.name:
        return None
    return services.leaks(context.name, context.version, hunted)


def _start(base: Policy) -> None:
    st.session_state[state.HUNT] = base


def show(context: Context, base: Policy) -> None:
    """The button that searches for leaks, and what was found."""
    st.button(words.HUNT, width="stretch", help=words.HUNT_HELP, on_click=_start, args=(base,))
    hunt = _hunt(context, base)
    if hunt is None:
        return
    st.markdown(f"**{common.plain(hunt.sentence())}**")
    if not len(hunt.leaks):
        return
    passing = context.rule.accepts(hunt.leaks.measures)
    st.caption(words.STILL_ACCEPTED.format(now=int(passing.sum()), found=len(passing)))
    different = list(dict.fromkeys(hunt.leaks.codes[passing].tolist()))[:_PLATES]
    st.html(plates.plates(context.bundle.format, different, ["unwanted"] * len(different)))
    value, parameter = hunt.clearing_step, hunt.parameter
    if value is None:
        st.caption(words.NOT_CLEARED.format(parameter=parameter.name))
    elif passing.any():
        label = words.CLEAR_LEAKS.format(parameter=parameter.name, value=parameter.shown(value))
        st.button(label, on_click=_set, args=(parameter.name, value))
        stricter = context.rule.with_value(parameter.name, value)
        measures = services.samples(context.name, context.version, base).measures
        now, left = (int(rule.accepts(measures).sum()) for rule in (context.rule, stricter))
        st.caption(words.SAMPLES_LEFT.format(left=left, now=now))


def _set(parameter: str, value: float) -> None:
    st.session_state[parameter] = value
