"""The latent map with its controls and its reading panel."""

import math

import streamlit as st

from dashboard import panel, services, state, text
from dashboard.latent_map import Geometry, View, latent_map, read_event, send_geometry
from dashboard.panel import Context
from regvae import regs, rules, sampling
from regvae.bundle import BundleError
from regvae.regs import ATTRIBUTES


def page() -> None:
    """Load the model, hand its geometry to the browser, and run the live part."""
    name = st.session_state.get(state.MODEL, state.DEFAULTS[state.MODEL])
    try:
        version = services.version_of(name)
        geometry = services.geometry(name, version)
    except (BundleError, ValueError) as error:
        st.error(str(error))
        return
    asked = state.url_values()
    explore(name, version, geometry, asked)
    # After the map in the page, so that the hidden mount takes no place above it.
    send_geometry(geometry)


@st.fragment
def explore(name: str, version: str, geometry: Geometry, asked: dict[str, str]) -> None:
    """Controls, map and panel; every gesture reruns this much and no more."""
    left, right = st.columns([2, 1], gap="medium")
    with left:
        complaints = controls()
        context = Context(name, version, unwanted_rules(complaints), threshold())
        complaints += state.refused(asked)
        point = pinned_point(complaints)
        reg = searched_reg(complaints)
        event = read_event()
        samples, report = propose(context, complaints)
        search = gaussian_of(context, reg)
        view = View(
            colour=st.session_state[state.COLOUR],
            threshold=context.threshold,
            report=report,
            pin=point,
            search=search,
            decoded=panel.decoded_points(event.region),
        )
        latent_map(geometry, samples, view, on_pick=keep_pick, on_threshold=keep_threshold)
    with right, st.container(height=718, border=False, key="panel"):
        for sentence in complaints:
            st.warning(sentence)
        show_panel(context, point, reg, event.region)


def controls() -> list[str]:
    """The widgets above the map."""
    colour, find, go, more = st.columns([1.15, 1.1, 1.15, 1.1], gap="small")
    colour.selectbox(
        text.COLOUR_LABEL,
        list(ATTRIBUTES),
        key=state.COLOUR,
        format_func=lambda name: f"Colour: {ATTRIBUTES[name].label}",
        label_visibility="collapsed",
        bind="query-params",
    )
    find.text_input(
        text.SEARCH_LABEL,
        key=state.SEARCH,
        placeholder=text.SEARCH_PLACEHOLDER,
        label_visibility="collapsed",
        bind="query-params",
    )
    go.text_input(
        text.POINT_LABEL,
        key=state.POINT,
        placeholder=text.POINT_PLACEHOLDER,
        label_visibility="collapsed",
        bind="query-params",
    )
    with more.popover(text.SAMPLING_BUTTON, width="stretch"):
        sampling_controls()
    return []


def sampling_controls() -> None:
    """Everything a rejection sample depends on."""
    default = state.DEFAULTS
    st.text_input(
        text.UNWANTED_LABEL,
        default[state.UNWANTED],
        key=state.UNWANTED,
        help=text.UNWANTED_HELP,
        bind="query-params",
    )
    st.number_input(
        text.THRESHOLD_LABEL,
        0.0,
        state.MAX_THRESHOLD,
        default[state.THRESHOLD],
        state.THRESHOLD_STEP,
        key=state.THRESHOLD,
        help=text.THRESHOLD_HELP,
        bind="query-params",
    )
    st.number_input(
        text.SAMPLES_LABEL,
        1,
        state.MAX_SAMPLES,
        default[state.SAMPLES],
        100,
        key=state.SAMPLES,
        bind="query-params",
    )
    st.number_input(
        text.BOX_LABEL,
        0.1,
        state.MAX_BOX,
        default[state.BOX],
        0.1,
        key=state.BOX,
        help=text.BOX_HELP,
        bind="query-params",
    )
    st.number_input(
        text.SEED_LABEL,
        0,
        state.MAX_SEED,
        default[state.SEED],
        1,
        key=state.SEED,
        help=text.SEED_HELP,
        bind="query-params",
    )


def threshold() -> float:
    """The threshold on the slider's steps."""
    return round(st.session_state[state.THRESHOLD], 2)


def unwanted_rules(complaints: list[str]) -> tuple[rules.Rule, ...] | None:
    """The rule as typed; None, with a complaint, if it is no rule."""
    try:
        return rules.parse_all(st.session_state[state.UNWANTED].split(" and "))
    except rules.RuleError as error:
        complaints.append(f"Unwanted: {error}.")
        return None


def pinned_point(complaints: list[str]) -> tuple[float, float] | None:
    """The point in the box, which clicks on the map fill in too."""
    typed = st.session_state[state.POINT].strip()
    if not typed:
        return None
    try:
        x, y = (float(part) for part in typed.split(","))
    except ValueError:
        x = y = math.nan
    if not (math.isfinite(x) and math.isfinite(y)):
        complaints.append(f"A point is two numbers such as 0.5, -1.2, but “{typed[:40]}” is not.")
        return None
    return x, y


def searched_reg(complaints: list[str]) -> str | None:
    """The reg in the search box, normalised."""
    typed = st.session_state[state.SEARCH]
    if not typed.strip():
        return None
    try:
        return regs.parse(typed)
    except regs.RegError as error:
        complaints.append(f"Find a reg: {error}.")
        return None


def propose(context: Context, complaints: list[str]):
    """The samples for the present settings, for the browser, and Python's report on them."""
    if context.unwanted is None:
        return None, None
    keys = (state.SAMPLES, state.BOX, state.SEED)
    n, box, seed = (st.session_state[key] for key in keys)
    try:
        made = services.samples(context.name, context.version, context.unwanted, n, box, seed)
    except sampling.SamplingError as error:
        complaints.append(f"Rejection sampling: {error}.")
        return None, None
    return made.layer, sampling.report(made.samples, context.threshold)


def gaussian_of(context: Context, reg: str | None):
    """Mean and sigma of the searched reg, for the map."""
    if reg is None:
        return None
    autoencoder = services.bundle(context.name, context.version).autoencoder
    mean, sigma = autoencoder.encode([reg])
    return mean[0].tolist(), sigma[0].tolist()


def show_panel(context: Context, point, reg: str | None, polygon) -> None:
    """Whatever a person asked about, the welcome if nothing."""
    if reg:
        panel.searched(context, reg)
    if point:
        panel.pinned(context, point)
    if polygon:
        panel.region(context, polygon)
    if not (reg or point or polygon):
        st.markdown(text.WELCOME)


def keep_pick() -> None:
    """A click on the map fills the box of coordinates, which pins the point."""
    pick = read_event().pick
    if pick:
        st.session_state[state.POINT] = f"{pick[0]:.6g}, {pick[1]:.6g}"


def keep_threshold() -> None:
    """A released slider sets the number that the URL and the number box share."""
    dragged = read_event().threshold
    if dragged is not None:
        st.session_state[state.THRESHOLD] = dragged


page()
