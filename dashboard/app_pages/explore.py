"""The latent map with its controls and its reading panel."""

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import journey, model, panel, rejection, services, state, text
from dashboard.latent_map import (
    DecodedLayer,
    Geometry,
    Gestures,
    SampleLayer,
    View,
    latent_map,
    send_geometry,
)
from dashboard.layers import PointLayer
from dashboard.panel import Context
from regvae.formats import uk_registration
from regvae.formats.uk_registration import ATTRIBUTES
from regvae.latent.polygon import Polygon
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.sampling import Report

PANEL_HEIGHT = 716  # pixels at least; style.css stretches it with the window


def page() -> None:
    """Load the model, run the live part, and hand the geometry to the browser."""
    chosen = model.chosen()
    if chosen is None:
        model.choose()
        return
    geometry = services.geometry(*chosen)
    explore(*chosen, geometry)
    # Outside the fragment, so that no gesture sends it again.
    send_geometry(geometry)


@dataclass(frozen=True)
class Asked:
    """What all controls say, and the gestures before them."""

    context: Context
    point: tuple[float, ...] | None
    reg: str | None
    region: Polygon | None
    path: journey.Asked | None
    policy: Policy | None


@st.fragment
def explore(name: str, version: str, geometry: Geometry) -> None:
    """Controls, map and panel; every gesture reruns this much and no more."""
    left, right = st.columns([2, 1], gap="medium")
    try:
        with left:
            plane_words = controls(name, version)
        if st.session_state[state.MODEL] != name:
            st.rerun()  # all of the page, since the geometry is sent outside the fragment
        read, sample, made, way, complained = panel_tabs(right)
        with sample:
            rejection.controls(name, version)
    except OverflowError:  # Streamlit's own, on an infinite whole number
        left.error(text.ENDLESS)
        return
    complaints: list[str] = []
    asked = what_is_asked(name, version, way, complaints)
    samples, report = propose(asked.context, asked.policy, complaints)
    if samples is None:  # nothing on the page is judged by a rule that cannot be used
        asked = replace(asked, context=replace(asked.context, unwanted=None), policy=None)
    with left:
        show_map(geometry, samples, report, asked)
    if plane_words:
        plane_words.caption(asked.context.shown.words)
    for sentence in complaints:
        complained.warning(text.plain(sentence))
    with read:
        show_panel(asked)
    with made:
        rejection.results(asked.context, asked.policy)
    if asked.path:
        with way:
            journey.show(asked.context, asked.path)


def what_is_asked(name: str, version: str, way: DeltaGenerator, complaints: list[str]) -> Asked:
    """Everything the controls say; those of a journey are made only when their tab is open."""
    point = pinned_point(services.bundle(name, version).records.latent_dim, complaints)
    shown = model.slice_shown(name, version, point, complaints)
    unwanted = rejection.unwanted(complaints, shown.of_regions)
    context = Context(name, version, unwanted, state.rule(), shown)
    path = None
    # It has many widgets, which every gesture would draw again.
    if st.session_state[state.TAB] == text.JOURNEYS_TAB:
        with way:
            journey.controls(context)
        path = journey.asked(context, point)
    complaints[:0] = state.judge_address()  # now that all widgets are made
    return Asked(
        context,
        point,
        searched_reg(complaints),
        st.session_state.get(state.REGION),
        path,
        rejection.policy(context, complaints),
    )


def show_map(
    geometry: Geometry, samples: SampleLayer | None, report: Report | None, asked: Asked
) -> None:
    """The map with everything on it."""
    context, shown = asked.context, asked.context.shown
    view = View(
        colour=st.session_state[state.COLOUR],
        plane=shown.plane,
        anchor=shown.anchor,
        labels=shown.labels,
        rule=context.rule if samples else None,
        unwanted=str(context.unwanted),
        report=report,
        pin=asked.point,
        search=panel.gaussian(context, asked.codes) if asked.codes else None,
        region=asked.region,
        layers=point_layers(asked),
    )
    gestures = Gestures(pick=keep_pick, region=keep_region, parameter=keep_parameter)
    latent_map(geometry, samples, painted(context), view, gestures)


def point_layers(asked: Asked) -> list[PointLayer]:
    """Points that lie on the map: decoded from a region, leaks, a path."""
    context, project = asked.context, asked.context.shown.plane.project
    layers = []
    decoded = panel.decoded_points(context, asked.region)
    if decoded is not None:
        layers.append(PointLayer("decoded", decoded[:, :2], decoded[:, 2]))
    leaks = rejection.found_leaks(context, asked.policy) if asked.policy else None
    if leaks is not None:
        layers.append(PointLayer("leaks", project(leaks)))
    if asked.path and asked.path.z is not None:
        layers.append(PointLayer("path", project(asked.path.z)))
    return layers


def panel_tabs(column: DeltaGenerator) -> list[DeltaGenerator]:
    """The panel's tabs, and above them a place for complaints, which comes last."""
    with column, st.container(height=PANEL_HEIGHT, border=False, key="panel"):
        complaints = st.container(key="complaints")
        tabs = st.tabs(text.TABS, key=state.TAB, on_change="rerun", bind="query-params")
        return [*tabs, complaints]


# --- controls -------------------------------------------------------------------------------------


def controls(name: str, version: str) -> DeltaGenerator | None:
    """The widgets above the map; and where words on a larger space belong, if it is one."""
    which, colour, find, go = st.columns(4, gap="small")
    with which:
        model.choose()
    k = services.bundle(name, version).records.latent_dim
    colour.selectbox(
        text.COLOUR_LABEL,
        list(ATTRIBUTES),
        key=state.COLOUR,
        format_func=lambda name: ATTRIBUTES[name].label,
        bind="query-params",
    )
    find.text_input(
        text.SEARCH_LABEL,
        key=state.SEARCH,
        placeholder=text.SEARCH_PLACEHOLDER,
        label_visibility="collapsed",
        on_change=state.bring_forward,
        args=(state.SEARCH,),
        bind="query-params",
    )
    go.text_input(
        text.POINT_LABEL,
        key=state.POINT,
        placeholder=text.POINT_PLACEHOLDERS.get(k, text.POINT_PLACEHOLDER.format(k=k)),
        label_visibility="collapsed",
        on_change=state.bring_forward,
        args=(state.POINT,),
        bind="query-params",
    )
    return model.plane_controls(name, version)


# --- what the controls say ------------------------------------------------------------------------


def pinned_point(k: int, complaints: list[str]) -> tuple[float, ...] | None:
    """The point (k,) in the box of coordinates, which a click on the map fills in too."""
    typed = st.session_state[state.POINT].strip()
    numbers = state.numbers(typed, k)
    if typed and not numbers:
        complaints.append(text.NO_POINT.format(coordinates=text.coordinates(k), typed=typed[:40]))
    return tuple(numbers) if numbers else None


def searched_reg(complaints: list[str]) -> str | None:
    """The reg in the search box, normalised."""
    typed = st.session_state[state.SEARCH].strip()
    try:
        return uk_registration.parse(typed) if typed else None
    except uk_registration.RegError as error:
        complaints.append(f"Find a reg: {error}.")
        return None


def propose(
    context: Context, policy: Policy | None, complaints: list[str]
) -> tuple[SampleLayer, Report] | tuple[None, None]:
    """The samples for the present settings, as the browser gets them, and Python's report."""
    if policy is None:
        return None, None
    shown = context.shown
    try:
        samples = services.samples(context.name, context.version, policy)
        layer = services.sample_layer(
            context.name, context.version, policy, shown.choice, tuple(shown.anchor.tolist())
        )
    except ValueError as error:
        complaints.append(f"Rejection sampling: {error}.")
        return None, None
    return layer, sampling.report(samples, context.rule)


def painted(context: Context) -> DecodedLayer | None:
    """What the decoder says all over the map, if it was asked for."""
    if not st.session_state.get(state.PAINT):
        return None
    shown = context.shown
    return services.decoded_layer(
        context.name,
        context.version,
        st.session_state[state.COLOUR],
        shown.choice,
        tuple(shown.anchor.tolist()),
    )


# --- the panel ------------------------------------------------------------------------------------


def show_panel(asked: Asked) -> None:
    """What a person asked about, the newest question first; the welcome if nothing."""
    context, point, reg, region = asked.context, asked.point, asked.codes, asked.region
    sections = {}
    if reg:
        sections[state.SEARCH] = lambda: panel.searched(context, reg)
    if point:
        sections[state.POINT] = lambda: panel.pinned(context, point)
    if region:
        sections[state.REGION] = lambda: panel.region(context, region)
    for key in state.newest_first(sections):
        sections[key]()
    if not sections:
        st.markdown(text.WELCOME)
        st.page_link("app_pages/read.py", label=text.READ, icon=":material/menu_book:")
    panel.keyboard_twins(keep_box)


# --- gestures -------------------------------------------------------------------------------------


def keep_pick(z: list[float]) -> None:
    """A click fills the box of coordinates, which pins the point and puts it in the URL."""
    st.session_state[state.POINT] = ", ".join(f"{number:.9g}" for number in z)
    state.bring_forward(state.POINT)


def keep_region(polygon: Polygon | None) -> None:
    """A box or lasso, or its end."""
    st.session_state[state.REGION] = polygon
    state.bring_forward(state.REGION)


def keep_parameter(name: str, value: float) -> None:
    """A released slider sets the number that the URL and the number box share."""
    st.session_state[name] = value


def keep_box() -> None:
    """A box typed as four numbers selects what a drag with the box tool would."""
    corners = state.numbers(st.session_state[state.BOX_CORNERS], 4)
    if corners:
        x1, y1, x2, y2 = corners
        keep_region([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


page()
