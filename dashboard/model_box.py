"""Which model a page shows, and the box that chooses it."""

from collections.abc import Callable

import streamlit as st

from dashboard import services, state
from dashboard.words import common
from regvae.evaluation.diagnosis import Diagnosis
from regvae.model import store


def chosen() -> tuple[str, str] | None:
    """Name and version of the model to show, or None and the reason on the page."""
    usual, last = state.DEFAULTS[state.MODEL], _last()
    if last and last not in store.available():  # deleted here, or by another session
        st.toast(common.MODEL_DELETED.format(deleted=common.plain(last), usual=usual))
        show(usual)
    return loaded(_last() or usual)


def of_the_notebook() -> tuple[str, str] | None:
    """Name and version of `notebook-2d`, or None and the reason on the page."""
    return loaded(state.NOTEBOOK)


def loaded(name: str) -> tuple[str, str] | None:
    """A model's name and version, or None and the reason on the page if it cannot be loaded."""
    try:
        version = services.version_of(name)
        services.bundle(name, version)
    except ValueError as error:
        st.error(common.plain(f"{error}."))
        return None
    return name, version


def diagnosed(name: str, version: str) -> Diagnosis | None:
    """The diagnosis of a model, or None and the reason on the page."""
    try:
        return services.diagnosed(name, version)
    except ValueError as error:  # one of its splits has no records
        st.error(common.plain(f"{error}."))
        return None


def choose() -> None:
    """The box that chooses the model; call `chosen` after it."""
    if (last := _last()) in store.available():
        # The box of every page is a widget of its own, and would begin with the default model.
        st.session_state[state.MODEL] = last
    st.session_state[state.LAST_MODEL] = box(common.MODEL_LABEL, state.MODEL, _show_chosen)


def box(label: str, key: str, on_change: Callable[..., None], *arguments: str) -> str | None:
    """A box of all models, which begins with the default of its key; None if there is no model."""
    there, usual = store.available(), state.DEFAULTS[key]
    return st.selectbox(
        label,
        there,
        index=there.index(usual) if usual in there else 0,
        key=key,
        on_change=on_change,
        args=arguments,
        help=common.models_help(),
        bind="query-params",
    )


def describe(name: str, version: str) -> None:
    """A line on what a model is. Not in the box, whose lines would be the address's values."""
    bundle = services.bundle(name, version)
    st.caption(common.plain(common.about(name, bundle.preset, released=bundle.released)))


def choose_above() -> tuple[str, str] | None:
    """The box above a page that shows one model, and what is chosen."""
    with st.container(key="model-above"):
        choose()
        show_address_problems()
        found = chosen()
        if found:
            describe(*found)
    return found


def show_address_problems() -> None:
    """Show what in the address could not be used. Call it below the widgets that it sets."""
    for sentence in state.address_problems():
        st.warning(common.plain(sentence))


def _last() -> str | None:
    """The model that was chosen last, on any page; at first that of the address."""
    last = st.session_state.get(state.LAST_MODEL) or st.session_state.get(state.MODEL)
    # The box has not taken it from there yet, and the default model's map would be sent in vain.
    there = st.session_state[state.ADDRESS].get(state.MODEL)
    return last or (there if there in store.available() else None)


def _show_chosen() -> None:
    show(st.session_state[state.MODEL])


_IN_THE_SPACE = (
    *(state.MODEL, state.POINT, state.FROM, state.TO, state.REGION, state.LOW, state.HIGH),
    *(state.PLANE, state.ACROSS, state.UP, state.ANCHOR),
)
"""Keys of the model, and of values that lie in its latent space."""


def show(name: str) -> None:
    """Show another model, on all pages from now on. Call it in a callback.

    Points, regions and results of the model before it are dropped, as they lie in its latent space.
    """
    st.session_state[state.LAST_MODEL] = name
    state.forget_explored(_IN_THE_SPACE)
    st.session_state[state.UNSETTLED] = {}  # a gesture on the old map is none on the new one
    for key in (state.POINT, state.BOX_CORNERS):
        st.session_state[key] = ""
    for key in (state.FROM, state.TO):
        typed = st.session_state.get(key, "")
        if state.numbers(typed, 1 + typed.count(",")):  # not a reg, which every model can encode
            st.session_state[key] = ""
    for key in (state.REGION, state.DECODED, state.HUNT, state.LOW, state.HIGH):
        st.session_state.pop(key, None)
    state.end_run()
    for key in (state.PLANE, state.ACROSS, state.UP, state.ANCHOR):
        st.session_state[key] = state.DEFAULTS[key]
