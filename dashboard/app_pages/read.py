"""What am I looking at?: a tour in steps; text and map move together."""

from typing import Any

import streamlit as st

from dashboard import charts, model_box, services, state
from dashboard.components.geometry import send_geometry
from dashboard.components.gestures import settle
from dashboard.components.latent_map import Gestures, announce
from dashboard.panels import sampling_form, tour
from dashboard.panels.shown_map import propose, show_map
from dashboard.words import tour as words
from dashboard.words.explore import RESULTS_TAB
from regvae.evaluation.notebook import PUBLISHED_PURITY, RERUN_PURITIES
from regvae.formats import Format
from regvae.latent.polygon import Polygon

STEPS = len(tour.NAMES)


def page() -> None:
    """The map of a step, and its text."""
    step = step_box()
    Gestures(set_point, set_region, set_parameter, set_layers).handle(state.TOUR_MAP)
    name = tour.NAMES[step - 1]
    chosen = model_box.loaded(tour.model_of(name))
    if chosen is None:
        return
    values = tour.values_of(*chosen, name)
    with st.container(key="tour"):
        left, right = st.columns([1.3, 1], gap="medium")
        with left, st.container(key="tour-map"):
            show(*chosen, values | changed(step))
        with right:
            model_box.show_address_problems()
            figures = tour.figures_of(tour.context_of(*chosen, values), name, values)
            text(step, values, figures, services.bundle(*chosen).format)
    settle(state.TOUR_MAP)
    tour.prepare(tour.NAMES[step % STEPS])


def step_box() -> int:
    """The number of the step in the address: a hidden widget, so that *Back* restores it."""
    with st.container(key="off-step"):
        return st.number_input(
            words.STEP, 1, STEPS, key=state.STEP, bind="query-params", persist_state="session"
        )


def show(name: str, version: str, values: dict[str, Any]) -> None:
    """The map for some values."""
    announce(name)
    geometry = services.geometry(name, version)
    send_geometry(geometry)
    context = tour.context_of(name, version, values)
    problems: list[str] = []
    samples, report = propose(context, sampling_form.policy(context, values, problems), problems)
    show_map(geometry, samples, report, tour.shown_of(context, values), state.TOUR_MAP)


# --- the text -------------------------------------------------------------------------------------


def text(step: int, values: dict[str, Any], figures: dict[str, Any], format: Format) -> None:
    """Buttons that lead on and back, heading and text of the step, and a list of all."""
    name = tour.NAMES[step - 1]
    heading, sentences = words.STEPS[name]
    address = state.address_of(values | changed(step), format)
    with st.container(horizontal=True, vertical_alignment="center", key="tour-buttons"):
        st.button(words.BACK, disabled=step == 1, on_click=go, args=(step - 1,))
        last = step == STEPS
        st.button(words.NEXT, type="primary", disabled=last, on_click=go, args=(step + 1,))
        st.caption(words.PLACE.format(step=step, steps=STEPS), width="content")
    with st.container(key="tour-text"):
        st.markdown(f"### {heading}")
        st.markdown(sentences.format(**figures))
        if step == STEPS:
            go_on(address)
        st.page_link(
            "app_pages/explore.py",
            label=words.OPEN,
            icon=":material/open_in_full:",
            query_params=address,
        )
    with st.container(key="tour-steps", gap=None):
        st.markdown(f"**{words.ALL_STEPS}**")
        for number, one in enumerate(tour.NAMES, start=1):
            label = f"{number}. {words.STEPS[one][0]}"
            st.button(
                f"**{label}**" if number == step else label,
                key=f"step-{number}",
                type="tertiary",
                on_click=go,
                args=(number,),
            )


def go_on(address: dict[str, Any]) -> None:
    """The published purity among those of other training runs, and links to the other pages."""
    figure = charts.purity_of_reruns(RERUN_PURITIES, PUBLISHED_PURITY)
    st.plotly_chart(figure, config={"staticPlot": True})
    st.caption(words.RERUNS_CAPTION)
    st.markdown(f"**{words.ON}**")
    results = {**address, state.TAB: RESULTS_TAB}
    st.page_link("app_pages/explore.py", label=words.RESULTS, query_params=results)
    for page, label in words.ON_LINKS:
        st.page_link(f"app_pages/{page}.py", label=label)


def go(step: int) -> None:
    """Show another step."""
    st.session_state[state.STEP] = step
    st.session_state[state.UNSETTLED] = {}  # a gesture at one step is none at another


# --- gestures, which change the step's map until another step is shown ----------------------------


def changed(step: int) -> dict[str, Any]:
    """What gestures have changed at this step."""
    where, values = st.session_state.get(state.CHANGED, (step, {}))
    if where != step:
        st.session_state.pop(state.CHANGED)
        return {}
    return values


def change(**values: Any) -> None:
    """Change values of the step's map."""
    step = st.session_state[state.STEP]
    st.session_state[state.CHANGED] = (step, changed(step) | values)


def set_point(z: list[float]) -> None:
    """A click pins a point."""
    change(**{state.POINT: state.point_text(z)})


def set_region(polygon: Polygon | None) -> None:
    """A region was brushed or cleared."""
    change(**{state.REGION: polygon})


def set_parameter(name: str, value: float) -> None:
    """A slider was released."""
    change(**{name: value})


def set_layers(values: dict[str, Any]) -> None:
    """A layer was switched on or off."""
    change(**values)


page()
