"""The leak hunt: leaks found for the present settings, and the step that removes them."""

from dataclasses import replace

import numpy as np
import streamlit as st

from dashboard import plates, services, state, text
from dashboard.panels.context import Context
from regvae.audit.leaks import Hunt
from regvae.rejection.policy import Policy

_SHOWN_LEAKS = 300
_PLATES = 12


def found(context: Context, base: Policy | None) -> np.ndarray | None:
    """The leaks that were found and still pass, for the map: (n, 2), at most 300."""
    hunt = _hunt(context, base)
    if hunt is None:
        return None
    passing = context.rule.accepts(hunt.leaks.measures)
    return hunt.leaks.z[passing][:_SHOWN_LEAKS]


def _hunt(context: Context, base: Policy | None) -> Hunt | None:
    """The last hunt, if it was for what is still unwanted, under the same kind of rule."""
    hunted = st.session_state.get(state.HUNT)
    if not (hunted and base) or replace(hunted, rule=base.rule) != base:
        return None
    if hunted.rule.name != base.rule.name:
        return None
    return services.leaks(context.name, context.version, hunted)


def _start(base: Policy) -> None:
    st.session_state[state.HUNT] = base


def show(context: Context, base: Policy) -> None:
    """The button that starts a hunt, and what it found."""
    st.button(text.HUNT, width="stretch", help=text.HUNT_HELP, on_click=_start, args=(base,))
    hunt = _hunt(context, base)
    if hunt is None:
        return
    st.markdown(f"**{text.plain(hunt.sentence())}**")
    if not len(hunt.leaks):
        return
    passing = context.rule.accepts(hunt.leaks.measures)
    st.caption(text.STILL.format(now=int(passing.sum()), found=len(passing)))
    different = list(dict.fromkeys(hunt.leaks.codes[passing].tolist()))[:_PLATES]
    st.html(plates.plates(different, ["unwanted"] * len(different)))
    value, parameter = hunt.clearing_step, hunt.parameter
    if value is None:
        st.caption(text.NOT_CLEARED.format(parameter=parameter.name))
    elif passing.any():
        label = text.CLEARED.format(parameter=parameter.name, value=parameter.shown(value))
        st.button(label, on_click=_set, args=(parameter.name, value))
        stricter = context.rule.with_value(parameter.name, value)
        measures = services.samples(context.name, context.version, base).measures
        now, left = (int(rule.accepts(measures).sum()) for rule in (context.rule, stricter))
        st.caption(text.LEFT.format(left=left, now=now))


def _set(parameter: str, value: float) -> None:
    st.session_state[parameter] = value
