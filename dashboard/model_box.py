"""Which model a page shows: the box that names it, and the model that was chosen last."""

from collections.abc import Callable

import streamlit as st

from dashboard import services, state, text
from regvae.evaluation.diagnosis import Diagnosis
from regvae.model import store


def chosen() -> tuple[str, str] | None:
    """Name and version of the model to show, or None and the reason on the page."""
    usual, kept = state.DEFAULTS[state.MODEL], _kept()
    if kept and kept not in store.available():  # it was deleted here, or by another session
        st.toast(text.MODEL_GONE.format(gone=text.plain(kept), usual=usual))
        show(usual)
    return loaded(_kept() or usual)


def of_the_notebook() -> tuple[str, str] | None:
    """The faithful model, for pages that tell the notebook's story; or None and the reason."""
    return loaded(state.DEFAULTS[state.MODEL])


def loaded(name: str) -> tuple[str, str] | None:
    """A model's name and version if it can be loaded, or None and the reason on the page."""
    try:
        version = services.version_of(name)
        services.bundle(name, version)
    except ValueError as error:
        st.error(text.plain(f"{error}."))
        return None
    return name, version


def diagnosed(name: str, version: str) -> Diagnosis | None:
    """What a model is good at and what not, or None and the reason on the page."""
    try:
        return services.diagnosed(name, version)
    except ValueError as error:  # it has nothing in one of its splits
        st.error(text.plain(f"{error}."))
        return None


def choose() -> None:
    """The box that names the model; call `chosen` after it."""
    if (kept := _kept()) in store.available():
        # The box of every page is a widget of its own, and would begin with the usual model.
        st.session_state[state.MODEL] = kept
    st.session_state[state.KEPT_MODEL] = box(text.MODEL_LABEL, state.MODEL, _another)


def box(label: str, key: str, on_change: Callable[..., None], *arguments: str) -> str | None:
    """A box of all models, which begins with the usual one of its key; None if there is none."""
    there, usual = store.available(), state.DEFAULTS[key]
    return st.selectbox(
        label,
        there,
        index=there.index(usual) if usual in there else 0,
        key=key,
        on_change=on_change,
        args=arguments,
        bind="query-params",
    )


def choose_above() -> tuple[str, str] | None:
    """The box above a page that shows one model, and what is chosen."""
    with st.container(key="model-above"):
        choose()
        complain_of_address()
    return chosen()


def complain_of_address() -> None:
    """Say what in the address could not be used. Call it below the widgets that it names."""
    for sentence in state.judge_address():
        st.warning(text.plain(sentence))


def _kept() -> str | None:
    """The model that was last chosen, on whatever page."""
    return st.session_state.get(state.KEPT_MODEL) or st.session_state.get(state.MODEL)


def _another() -> None:
    show(st.session_state[state.MODEL])


def show(name: str) -> None:
    """Show another model, on all pages from now on. Call it in a callback.

    What was pointed at, selected or made lies in the space of the one before, and is forgotten.
    """
    st.session_state[state.KEPT_MODEL] = name
    for key in (state.POINT, state.BOX_CORNERS):
        st.session_state[key] = ""
    for key in (state.FROM, state.TO):
        typed = st.session_state.get(key, "")
        if state.numbers(typed, 1 + typed.count(",")):  # a reg lies somewhere in every model
            st.session_state[key] = ""
    for key in (state.REGION, state.DECODED, state.RESULTS, state.HUNT, state.LOW, state.HIGH):
        st.session_state.pop(key, None)
    for key in (state.PLANE, state.ACROSS, state.UP, state.ANCHOR):
        st.session_state[key] = state.DEFAULTS[key]
