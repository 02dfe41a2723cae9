"""Explore: the latent map, its controls, and the panel beside it."""

from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import model_box, services, state
from dashboard.components.geometry import Geometry, send_geometry
from dashboard.components.gestures import settle
from dashboard.components.latent_map import Gestures, announce
from dashboard.components.layers import PointLayer
from dashboard.components.wanted import colour_attribute
from dashboard.panels import (
    guarantee,
    journey,
    leaks,
    model_change,
    own_codes,
    results,
    sampling_form,
    searched,
)
from dashboard.panels import region as region_panel
from dashboard.panels.context import Context
from dashboard.panels.plane_controls import plane_controls, slice_shown
from dashboard.panels.point import Verdict, pinned, verdict
from dashboard.panels.shown_map import Shown, propose, show_map
from dashboard.panels.without_mouse import without_mouse
from dashboard.words import common
from dashboard.words import explore as words
from dashboard.words import guarantee as guarantee_words
from regvae.formats import Format, FormatError
from regvae.latent.polygon import Polygon
from regvae.rejection.learning import points_seen

POLL = 0.5  # seconds between two looks at what a rule learns
PANEL_HEIGHT = 716  # pixels at least; style.css stretches it with the window


def page() -> None:
    """Load the model, send its geometry to the browser, and show the map and the panel."""
    state.restore_explored()
    chosen = model_box.chosen()
    if chosen is None:
        model_box.choose()
        return
    announce(chosen[0])
    geometry = services.geometry(*chosen)
    # Before everything else, as the map waits for it; outside the fragment, so that no gesture
    # sends it again.
    send_geometry(geometry)
    explore(*chosen, geometry)


@dataclass(frozen=True)
class Choices:
    """The values of all widgets, and what gestures have set."""

    context: Context
    point: tuple[float, ...] | None
    code: str | None
    region: Polygon | None
    path: journey.ChosenPath | None

    def with_context(self, **changes: Any) -> "Choices":
        """These, with changes of their context."""
        return replace(self, context=replace(self.context, **changes))


class Tabs(NamedTuple):
    """The panel's tabs, and a place for problems above them."""

    above: DeltaGenerator
    read: DeltaGenerator
    sample: DeltaGenerator
    results: DeltaGenerator
    journeys: DeltaGenerator
    own: DeltaGenerator


@st.fragment
def explore(name: str, version: str, geometry: Geometry) -> None:
    """Controls, map and panel; a gesture reruns only this."""
    model_change.set_back(name, version)
    guarantee.take()
    Gestures(set_point, set_region, set_parameter, set_layers, use_card).handle(state.MAP)
    left, right = st.columns([2.4, 1], gap="medium")
    with left:
        plane_words = controls(name, version)
    if st.session_state[state.MODEL] != name:
        st.rerun()  # all of the page, since the geometry is sent outside the fragment
    state.store_explored()  # at once: who leaves now is not waited for
    tabs = panel_tabs(right)
    # The map is drawn first if the form's values are known without the form's widgets.
    known = sampling_form.values_are_known()
    if not known:
        show_form(tabs, name, version)
    state.write_region()
    problems: list[str] = []
    choices = read_choices(name, version, tabs.journeys, problems)
    learning = still_learning(choices.context)
    if learning:
        choices = choices.with_context(policy=None)
    with tabs.above:
        samples, report = propose(choices.context, choices.context.policy, problems)
    if samples is None and not learning:  # nothing on the page can show a rule's decision
        choices = choices.with_context(unwanted=None, policy=None)
    with left:
        show_map(geometry, samples, report, shown_of(choices, learning))
    if plane_words:
        plane_words.caption(choices.context.shown.words)
    if known:
        show_form(tabs, name, version)
    problems = [*state.address_problems(), *model_change.problems(), *problems]
    for sentence in problems:  # now that all widgets are made
        tabs.above.warning(common.plain(sentence))
    show_tabs(tabs, choices)
    if learning:
        watch(learning)
    state.store_explored()
    settle(state.MAP)


def still_learning(context: Context) -> Future[Any] | None:
    """What the rule still learns in a thread; None if it can decide."""
    if context.policy is None:
        return None
    return services.learning(context.name, context.version, context.policy)


@st.fragment(run_every=POLL)
def watch(learning: Future[Any]) -> None:
    """Show the map again as soon as the rule has learned; only this runs again meanwhile."""
    if learning.done():
        st.rerun()


def show_form(tabs: Tabs, name: str, version: str) -> None:
    """The form of rejection sampling, if its tab is open."""
    with tabs.sample:
        if st.session_state[state.TAB] == words.SAMPLE_TAB:
            sampling_form.controls(name, version)
        else:
            sampling_form.hidden_controls(services.wanted_by_default(name, version))


def show_tabs(tabs: Tabs, choices: Choices) -> None:
    """What the open tab shows, but for the forms."""
    shown = st.session_state[state.TAB]
    if shown == words.READ_TAB:
        with tabs.read:
            show_panel(choices)
    elif shown == words.SAMPLE_TAB:
        with tabs.sample:
            guarantee.show_exact(choices.context.policy)
            st.markdown(f"##### {guarantee_words.HEADING}")
            guarantee.show(choices.context)
    elif shown == words.RESULTS_TAB:
        with tabs.results.container():
            results.results(choices.context, choices.context.policy)
    elif shown == words.OWN_TAB:
        with tabs.own:
            own_codes.show(choices.context)
    elif choices.path:
        with tabs.journeys:
            journey.show(choices.context, choices.path)


def read_choices(
    name: str, version: str, journeys_tab: DeltaGenerator, problems: list[str]
) -> Choices:
    """The values of all widgets; those of a journey exist only while their tab is open."""
    point = pinned_point(services.bundle(name, version).records.latent_dim, problems)
    shown = slice_shown(name, version, point, problems)
    unwanted = sampling_form.unwanted(name, version, problems, shown.of_regions)
    context = Context(name, version, unwanted, state.rule(st.session_state), shown)
    path = None
    # It has many widgets, which every gesture would draw again.
    if st.session_state[state.TAB] == words.JOURNEYS_TAB:
        with journeys_tab:
            journey.controls(context)
        path = journey.chosen(context, point)
    policy = sampling_form.policy(context, st.session_state, problems)
    if policy:
        policy = replace(policy, rule=guarantee.exact(policy))
        context = replace(context, rule=policy.rule, policy=policy)
    return Choices(
        context,
        point,
        searched_code(context.bundle.format, problems),
        st.session_state.get(state.REGION),
        path,
    )


def shown_of(choices: Choices, learning: Future[Any] | None) -> Shown:
    """What the map shows of the choices, while their rule may still be learning."""
    seen = points_seen(choices.context.latent_dim)
    return Shown(
        context=choices.context,
        colour=st.session_state[state.COLOUR],
        painted=st.session_state[state.PAINT],
        density=st.session_state[state.DENSITY],
        point=choices.point,
        card=card(choices),
        code=choices.code,
        region=choices.region,
        layers=point_layers(choices),
        own=own_codes.layer(choices.context),
        hidden=st.session_state[state.HIDDEN],
        edge=st.session_state[state.EDGE],
        unlinked=" and ".join(unlinked(choices)),
        waiting=words.LEARNING.format(n=seen) if learning else "",
    )


def card(choices: Choices) -> Verdict | None:
    """The text of the card at the pin; None while the tab *Read* is open, which has more."""
    if not choices.point or st.session_state[state.TAB] == words.READ_TAB:
        return None
    return verdict(choices.context, choices.point)


def unlinked(choices: Choices) -> list[str]:
    """What the map shows, or depends on, and no address has."""
    found = {
        common.named(words.UNLINKED, choices.context.bundle.format): st.session_state[
            state.LISTED
        ].strip(),
        words.UNLINKED_OWN: st.session_state.get(state.OWN),
        words.UNLINKED_NUMBERS: choices.context.rule != state.rule(st.session_state),
    }
    return [name for name, there in found.items() if there]


def point_layers(choices: Choices) -> list[PointLayer]:
    """Points that lie on the map: decoded from a region, leaks, a path."""
    context, project = choices.context, choices.context.shown.plane.project
    layers = []
    decoded = region_panel.decoded_points(context, choices.region)
    if decoded is not None:
        layers.append(PointLayer("decoded", decoded[:, :2], decoded[:, 2]))
    leaking = leaks.found(context, context.policy) if context.policy else None
    if leaking is not None:
        layers.append(PointLayer("leaks", project(leaking)))
    if choices.path and choices.path.z is not None:
        layers.append(PointLayer("path", project(choices.path.z)))
    return layers


def panel_tabs(column: DeltaGenerator) -> Tabs:
    """The panel's tabs, still empty."""
    with column, st.container(height=PANEL_HEIGHT, border=False, key="panel"):
        above = st.container(key="problems")
        tabs = st.tabs(words.TABS, key=state.TAB, on_change="rerun", bind="query-params")
        panel = Tabs(above, *tabs)
        if st.session_state.pop(state.ENDED, False):  # its progress is not of what is shown now
            panel = panel._replace(results=panel.results.empty())
        return panel


# --- controls -------------------------------------------------------------------------------------


def controls(name: str, version: str) -> DeltaGenerator | None:
    """The widgets above the map, and the place for a caption on its plane, if there is one."""
    bundle = services.bundle(name, version)
    format = bundle.format
    with st.container(key="boxes"):
        which, colour, find, go = st.columns(4, gap="small")
    with which:
        model_box.choose()
        model_box.describe(name, version)
    layer_controls(format)
    attributes = bundle.records.attributes
    colour.selectbox(
        common.COLOUR_LABEL,
        [state.WANTED_COLOUR, *attributes],
        key=state.COLOUR,
        format_func=lambda name: (
            attributes[name].label if name in attributes else common.WANTED_COLOUR
        ),
        bind="query-params",
    )
    label, placeholder = (
        common.named(one, format) for one in (words.SEARCH_LABEL, words.SEARCH_PLACEHOLDER)
    )
    finder(find, label, state.SEARCH, placeholder)
    k = bundle.records.latent_dim
    placeholder = words.POINT_PLACEHOLDERS.get(k, words.POINT_PLACEHOLDER.format(k=k))
    finder(go, words.POINT_LABEL, state.POINT, placeholder)
    return plane_controls(name, version)


def layer_controls(format: Format) -> None:
    """The widgets of the layers: hidden, since their switches are on the map."""
    with st.container(key="off-layers"):
        for key, label in (
            (state.PAINT, words.PAINTED),
            (state.DENSITY, words.DENSITY),
            (state.EDGE, words.EDGE),
        ):
            named = common.named(label, format)
            st.toggle(named, state.DEFAULTS[key], key=key, bind="query-params")
        st.pills(
            words.HIDDEN,
            state.LAYERS,
            selection_mode="multi",
            key=state.HIDDEN,
            bind="query-params",
        )


def finder(place: DeltaGenerator, label: str, key: str, placeholder: str) -> None:
    """A box whose text is found on the map, and told of in the panel."""
    place.text_input(
        label,
        key=key,
        placeholder=placeholder,
        label_visibility="collapsed",
        on_change=state.open_section,
        args=(key,),
        bind="query-params",
    )


# --- values ---------------------------------------------------------------------------------------


def pinned_point(k: int, problems: list[str]) -> tuple[float, ...] | None:
    """The point (k,) in the box of coordinates, which a click on the map fills in too."""
    typed = st.session_state[state.POINT].strip()
    numbers = state.numbers(typed, k)
    if typed and not numbers:
        problems.append(words.NO_POINT.format(coordinates=common.coordinates(k), typed=typed[:40]))
    return tuple(numbers) if numbers else None


def searched_code(format: Format, problems: list[str]) -> str | None:
    """The code in the search box, normalised."""
    typed = st.session_state[state.SEARCH].strip()
    try:
        return format.parse(typed) if typed else None
    except FormatError as error:
        problems.append(f"{common.named(words.SEARCH_LABEL, format)}: {error}.")
        return None


# --- the panel ------------------------------------------------------------------------------------


def show_panel(choices: Choices) -> None:
    """The searched code, the pinned point, the region: the newest first; the welcome if none."""
    context, point, code, region = choices.context, choices.point, choices.code, choices.region
    sections = {}
    if code:
        sections[state.SEARCH] = lambda: searched.searched(context, code)
    if point:
        sections[state.POINT] = lambda: pinned(context, point)
    if region:
        sections[state.REGION] = lambda: show_region(context, region)
    for key in state.newest_first(sections):
        sections[key]()
    if not sections:
        welcome(context)
        contrast(context.name)
        st.page_link("app_pages/read.py", label=common.TOUR, icon=":material/menu_book:")
        st.markdown(common.named(words.GESTURES, context.bundle.format))
    without_mouse(set_box)


def welcome(context: Context) -> None:
    """What the map shows, in a few sentences."""
    format = context.bundle.format
    colour = st.session_state[state.COLOUR]
    attribute = colour_attribute(colour, context.unwanted, context.bundle)
    released = context.bundle.released
    st.markdown(words.welcome(format, painted=not attribute.is_column, released=released))
    if context.unwanted:
        rule, coloured = words.WELCOME_RULE, words.WELCOME_COLOURS
        if released:
            rule, coloured = words.WELCOME_RULE_RELEASED, words.WELCOME_COLOURS_RELEASED
        colours = coloured if colour == state.WANTED_COLOUR else ""
        unwanted = common.plain(str(context.unwanted))
        st.markdown(common.named(rule, format, unwanted=unwanted, colours=colours))


def show_region(context: Context, region: Polygon) -> None:
    """What lies in the region: records, and a person's own codes."""
    region_panel.region(context, region)
    own_codes.in_region(context, region)


def contrast(name: str) -> None:
    """A button from the model on which the usual rule works to that on which it fails, and back."""
    if name not in words.CONTRAST_WORDS:
        return
    st.markdown(words.CONTRAST_WORDS[name])
    usual = name == state.DEFAULTS[state.MODEL]
    label, other = (
        (words.CONTRAST, state.NOTEBOOK)
        if usual
        else (words.CONTRAST_BACK, state.DEFAULTS[state.MODEL])
    )
    st.button(label, key="contrast", type="primary", on_click=model_box.show, args=(other,))


# --- gestures -------------------------------------------------------------------------------------


def set_point(z: list[float]) -> None:
    """A click fills the box of coordinates, which pins the point and puts it in the URL."""
    st.session_state[state.POINT] = state.point_text(z)
    state.bring_forward(state.POINT)


def use_card(act: str) -> None:
    """The card at the pin: "read" opens the tab that says more, "close" ends the pin."""
    if act == "read":
        st.session_state[state.TAB] = words.READ_TAB
    elif act == "close":
        st.session_state[state.POINT] = state.DEFAULTS[state.POINT]


def set_region(polygon: Polygon | None) -> None:
    """A brushed region, or None when it is cleared."""
    state.set_region(polygon)
    state.bring_forward(state.REGION)


def set_parameter(name: str, value: float) -> None:
    """A released slider sets the value of the rule's parameter, which the URL has too."""
    st.session_state[name] = value


def set_layers(values: dict[str, Any]) -> None:
    """Which layers are shown and which are hidden, as the URL has it."""
    st.session_state.update(values)


def set_box() -> None:
    """A box typed as four numbers selects what a drag with the box tool would."""
    corners = state.numbers(st.session_state[state.BOX_CORNERS], 4)
    if corners:
        x1, y1, x2, y2 = corners
        set_region([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])


page()
