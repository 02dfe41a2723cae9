"""Own codes on *Explore* that are of another format than the model's: what they look like, and the
way to train a model on them."""

import streamlit as st

from dashboard import state
from dashboard.panels.brought import Source, stored
from dashboard.panels.training_data import OWN, Look
from dashboard.words import common
from dashboard.words import training_data as words
from regvae.formats import Format, Reading
from regvae.formats.finding import are_codes
from regvae.model.config import FEWEST


def offer(format: Format, reading: Reading | None) -> bool:
    """Offer to train a model on what was brought, if it has codes, but few of the model's format.

    `reading` is what was read of it as codes of that format. Returns whether there is nothing else
    to say of it.
    """
    source = st.session_state.get(state.OWN_REFUSED) or st.session_state.get(state.OWN)
    if source is None or (reading and 2 * reading.fitting >= reading.rows):
        st.session_state.pop(state.OWN_LOOK, None)
        return False
    look = stored(state.OWN_LOOK, source.key, lambda: Look.of(source))
    if look.format and look.format.pattern == format.pattern:  # it was refused by another model
        st.session_state[state.OWN_REFUSED] = st.session_state[state.OWN_PROBLEM] = None
        return True
    if not (look.reading and are_codes(look.reading)):
        return False
    st.info(_words(look.reading))
    if len(look.reading.codes) < FEWEST:
        st.caption(words.TOO_FEW.format(fewest=FEWEST))
    elif st.button(words.TRAIN_ON_THESE, type="primary", key="train-on-these", width="stretch"):
        _lead(source)
    return True


def _lead(source: Source) -> None:
    st.session_state[state.TRAIN_SOURCE] = source
    st.session_state[state.TRAIN_ON] = OWN
    st.session_state[state.TRAIN_LOOK] = st.session_state[state.OWN_LOOK]  # not computed again
    # With no parameters given Streamlit would refuse to clear those of the page's widgets.
    st.switch_page("app_pages/train.py", query_params={})


def _words(reading: Reading) -> str:
    format = reading.format
    return words.LOOK_LIKE.format(
        fits=reading.fitting,
        rows=reading.rows,
        plural=format.plural,
        example=common.code(format.shown(str(reading.codes[0]))),
        pattern=common.code(str(format.pattern)),
    )
