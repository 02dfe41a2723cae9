"""The form of rejection sampling: what is unwanted, the rule, the proposals, or a policy file."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import streamlit as st

from dashboard import charts, services, state
from dashboard.panels import guarantee
from dashboard.panels.context import Context
from dashboard.panels.wanted import builder
from dashboard.widgets import uploader
from dashboard.words import common
from dashboard.words import sampling as words
from regvae import predicates
from regvae.formats import Format, FormatError
from regvae.model.bundle import NoRecordsError
from regvae.predicates import PredicateError
from regvae.rejection import proposals
from regvae.rejection.measures import check_records
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.proposals import PROPOSALS, Around, Box, Proposal, ProposalError, Region
from regvae.rejection.rules import RULES, Parameter
from regvae.rejection.unwanted import Unwanted, UnwantedError

_KEYS = (
    *(state.WANTED, state.UNWANTED_TRAINING, state.USE_REGION, state.RULE, *state.PARAMETERS),
    *(state.PROPOSAL, state.SAMPLES, state.BOX, state.SCALE, state.SEED),
)
"""The keys of the form's widgets that are bound to the address."""


def values_are_known() -> bool:
    """Whether the form's values can be read before its widgets are drawn, which takes longer.

    They can, unless the address has values that no widget has taken yet.
    """
    session = st.session_state
    session.setdefault(state.LISTED, "")
    if any(key in st.query_params and key not in session for key in _KEYS):
        return False
    _set_defaults()
    return True


def _set_defaults() -> None:
    """Set what has no value yet to its default; what is wanted has one, see `model_change`."""
    for key in _KEYS:
        st.session_state.setdefault(key, state.DEFAULTS[key])


def hidden_controls(usual: str) -> None:
    """Hidden widgets for the values that differ from their defaults, which the address must have.

    The others are left out, as each widget takes time in the browser. `usual` is what is wanted by
    default.
    """
    with st.container(key="off-sampling"):
        for key in _KEYS:
            default = usual if key == state.WANTED else state.DEFAULTS[key]
            changed = st.session_state.get(key, default) != default
            if changed or (key in st.query_params and key not in st.session_state):
                _widget(st, key, usual)
    _set_defaults()


def controls(name: str, version: str) -> None:
    """Widgets for everything that a rejection sample depends on."""
    format, usual = services.bundle(name, version).format, services.wanted_by_default(name, version)
    st.markdown(f"##### {common.named(words.WANTED_HEADING, format)}")
    rows = st.container(gap="xsmall")
    # First, as it takes its text from the address.
    _widget(st, state.WANTED, usual, words.wanted_help(format, usual))
    with rows:
        builder(format, usual)
    st.markdown(f"**{words.UNWANTED_HEADING}**")
    left, right = st.columns(2)
    _widget(left, state.UNWANTED_TRAINING)
    _widget(right, state.USE_REGION)
    with st.expander(common.named(words.MORE, format)):
        label, explanation = (common.named(one, format) for one in words.LISTED)
        st.text_area(
            label,
            key=state.LISTED,
            help=explanation,
            height=90,
            placeholder=f"{format.shown(format.example)}\n…",
            persist_state="session",
        )
        label, explanation = (common.named(one, format) for one in words.LISTED_FILE)
        take = partial(_take_list, format)
        uploader((label, explanation), "txt", state.LISTED_FILE, take)
    released = services.bundle(name, version).released
    _rule_controls(released=released)
    if released:
        st.caption(common.named(words.RULES_RELEASED, format))
    _calibration(name, version)
    st.markdown(f"##### {words.PROPOSAL_HEADING}")
    left, right = st.columns(2)
    for column, key in (
        (left, state.PROPOSAL),
        (right, state.SAMPLES),
        (left, state.BOX),
        (right, state.SCALE),
        (left, state.SEED),
    ):
        _widget(column, key)
    uploader(words.POLICY_FILE, "toml", state.POLICY_FILE, partial(_take_policy, name, version))


def _take_list(format: Format, content: str, name: str) -> dict[str, Any]:
    """The codes of a file, after those that are listed already."""
    listed = st.session_state[state.LISTED].splitlines()
    found = format.written(format.parse_lines(content.splitlines(), name)).tolist()
    return {state.LISTED: "\n".join(dict.fromkeys([*filter(None, listed), *found]))}


def _take_policy(model: str, version: str, content: str, name: str) -> dict[str, Any]:
    """The values of the widgets for an uploaded policy, and what keeps its exact numbers."""
    loaded = Policy.from_toml(content, name)
    settings = _settings(model, loaded)
    values = state.DEFAULTS | settings
    form = replace(
        loaded,
        unwanted=services.unwanted(
            model,
            version,
            values[state.WANTED],
            values[state.REGION] if values[state.USE_REGION] else None,
            values[state.LISTED],
            values[state.UNWANTED_TRAINING],
        ),
        proposal=_proposal(values, model, version),
    )
    sliders, settings[state.TESTS] = guarantee.loaded(loaded, form)
    return settings | sliders


def _rule_controls(*, released: bool) -> None:
    st.markdown(f"##### {words.RULE_HEADING}")
    _widget(st, state.RULE)
    chosen = RULES[st.session_state[state.RULE]]
    st.caption(chosen.summary)
    columns = st.columns(2)
    own = [one.name for one in chosen.parameters() if not (released and one.of_records)]
    for place, name in enumerate(own):
        _widget(columns[place % len(columns)], name)
    # The parameters of the other rules are hidden, not left out, so that their values are not lost.
    hidden = st.container(key="off-parameters")
    for name in state.PARAMETERS:
        if name not in own:
            _widget(hidden, name)


def _widget(place: Any, key: str, usual: str = "", explanation: str = "") -> None:
    """The widget of one of `_KEYS`, bound to the address; `usual` is what is wanted by default."""
    if key in state.PARAMETERS:
        number(place, state.PARAMETERS[key])
    elif key in _COUNTS:
        (label, explanation), low, high, step = _COUNTS[key]
        _number_input(place, label, explanation, low, high, state.DEFAULTS[key], step, key=key)
    elif key == state.WANTED:
        place.text_input(
            words.WANTED_LABEL,
            usual,
            key=key,
            help=explanation,
            bind="query-params",
        )
    elif key in _BOXES:
        label, explanation = _BOXES[key]
        place.checkbox(label, key=key, help=explanation, bind="query-params")
    elif key == state.RULE:
        place.segmented_control(
            words.RULE_LABEL,
            list(RULES),
            default=state.DEFAULTS[key],
            required=True,
            key=key,
            label_visibility="collapsed",
            width="stretch",
            bind="query-params",
        )
    elif key == state.PROPOSAL:
        place.selectbox(
            words.PROPOSAL_LABEL,
            [state.USUAL, *PROPOSALS],
            key=key,
            help=words.PROPOSAL_HELP,
            bind="query-params",
        )


_BOXES = {state.UNWANTED_TRAINING: words.TRAINING_DATA, state.USE_REGION: words.USE_REGION}
"""Label and help of the checkboxes."""
_COUNTS: dict[str, tuple[tuple[str, str], Any, Any, Any]] = {
    state.BOX: (words.BOX, state.MIN_BOX, state.MAX_BOX, 0.1),
    state.SCALE: (words.SCALE, state.MIN_SCALE, state.MAX_SCALE, 0.01),
    state.SAMPLES: (words.SAMPLES, 1, state.MAX_SAMPLES, 100),
    state.SEED: (words.SEED, 0, state.MAX_SEED, 1),
}
"""Label and help, least, most and step of the numbers that are no parameters of a rule."""


def number(place: Any, one: Parameter) -> None:
    """The widget of a rule's parameter, bound to the address."""
    _number_input(
        place,
        one.label,
        one.help,
        0.0,
        one.maximum,
        one.default,
        one.step,
        key=one.name,
        format="%.3f" if one.step < 0.01 else "%.2f",
    )


def _number_input(
    place: Any, label: str, explanation: str, *span: Any, key: str, format: str | None = None
) -> None:
    """A number input; `span` is least, most, default (None: empty) and step."""
    place.number_input(
        label,
        *span,
        format=format,
        key=key,
        help=explanation,
        placeholder=words.CALIBRATED,
        bind="query-params",
    )


def _calibration(name: str, version: str) -> None:
    with st.expander(common.CALIBRATION, key=state.CALIBRATION, on_change="rerun") as part:
        if part.open:
            try:
                found = services.calibration(name, version)
            except NoRecordsError as error:
                st.caption(common.sentence(str(error)))
                return
            st.plotly_chart(charts.calibration_curve(found), config={"staticPlot": True})
            st.caption(
                common.CALIBRATION_HELP.format(scale=found.scale, draw_scale=found.draw_scale)
            )


def _check_policy(name: str, loaded: Policy) -> None:
    """Raise `PolicyError` for a policy that the page cannot run."""
    if loaded.bundle != name:
        raise PolicyError(
            f"expected a policy for {name}, which the map shows, got one for {loaded.bundle}; "
            "choose that model first"
        )
    loaded.check_bundle()
    loaded.check_guarantee()
    if loaded.abstains:
        raise PolicyError(
            "expected a policy whose tests certified its numbers, got one whose tests did not, "
            "which accepts nothing; choose other numbers, or the rule certified"
        )
    regions = _regions(loaded)
    if len(regions) > 1:
        raise PolicyError(
            f"expected a policy with one region, got {len(regions)}; use regvae sample"
        )
    if loaded.repeats and loaded.results is not None:
        raise PolicyError(
            "expected a policy whose results are different codes, got one with repeats; use "
            "regvae sample"
        )


def _regions(loaded: Policy) -> set[tuple[tuple[float, float], ...]]:
    """The different regions of a policy: of what is unwanted, and of its proposals."""
    unwanted, proposal = loaded.unwanted, loaded.proposal
    return {*unwanted.regions, *([proposal.polygon] if isinstance(proposal, Region) else [])}


def _settings(name: str, loaded: Policy) -> dict[str, Any]:
    """The values of the widgets for a policy. Raises `PolicyError` if they cannot have them."""
    _check_policy(name, loaded)
    unwanted, proposal = loaded.unwanted, loaded.proposal
    settings: dict[str, Any] = {
        state.WANTED: predicates.text(predicates.negated(unwanted.predicates))
        if unwanted.predicates
        else "",
        state.UNWANTED_TRAINING: unwanted.training,
        state.LISTED: "\n".join(unwanted.format.written(unwanted.codes)),
        state.USE_REGION: bool(unwanted.regions),
        state.RULE: loaded.rule.name,
        state.RESULTS_RULE: state.MAPS_RULE,
        state.PROPOSAL: proposal.name,
        state.SEED: loaded.seed,
        state.NUMBER: loaded.results,
        state.CLEAN: loaded.clean,
        state.NEIGHBOURHOODS: loaded.neighbourhoods,
        state.DECODING: loaded.decode,
    }
    if isinstance(proposal, Box):
        settings[state.BOX] = proposal.half_width
    if isinstance(proposal, Around):
        settings[state.SCALE] = proposal.scale
    for region in _regions(loaded):  # one at most
        settings[state.REGION] = [list(corner) for corner in region]
    if loaded.results is None:  # else they are a limit, not points to draw
        settings[state.SAMPLES] = min(loaded.proposals, state.MAX_SAMPLES)
    _check_spans(settings)
    return settings


def _check_spans(settings: dict[str, Any]) -> None:
    """Raise `PolicyError` for a number that the page's widgets cannot have."""
    for key, value in settings.items():
        low, high = _SPANS.get(key, (value, value))
        if value is not None and not low <= value <= high:
            raise PolicyError(
                f"expected a policy with {key} from {low:,.10g} to {high:,.10g}, got "
                f"{value:,.10g}; use regvae sample"
            )


_SPANS: dict[str, tuple[float, float]] = {
    state.BOX: (state.MIN_BOX, state.MAX_BOX),
    state.SCALE: (state.MIN_SCALE, state.MAX_SCALE),
    state.SEED: (0, state.MAX_SEED),
    state.NUMBER: (1, state.MAX_RESULTS),
}


def unwanted(name: str, version: str, problems: list[str], of_regions: bool) -> Unwanted | None:
    """What the widgets define as unwanted of a model's codes, or None and a sentence in `problems`.

    A region can be unwanted only if the map shows the first two axes (`of_regions`).
    """
    problems += [f"{one}." for one in st.session_state.get(state.FILE_PROBLEMS, {}).values()]
    region = st.session_state.get(state.REGION)
    use_region = st.session_state[state.USE_REGION]
    if use_region and not region:
        problems.append(words.UNWANTED_PROBLEM.format(problem=words.NO_REGION))
    if use_region and region and not of_regions:
        problems.append(words.UNWANTED_PROBLEM.format(problem=words.OTHER_PLANE))
        region = None
    try:
        return services.unwanted(
            name,
            version,
            st.session_state[state.WANTED].strip(),
            region if use_region else None,
            st.session_state[state.LISTED],
            st.session_state[state.UNWANTED_TRAINING],
        )
    except (PredicateError, FormatError, UnwantedError) as error:
        problems.append(words.UNWANTED_PROBLEM.format(problem=error))
        return None


def policy(context: Context, values: Mapping[Any, Any], problems: list[str]) -> Policy | None:
    """The policy of the form's values for the map, or None and a sentence in `problems`."""
    if context.unwanted is None:
        return None
    try:
        check_records(context.rule, context.bundle)
        return Policy(
            bundle=context.name,
            unwanted=context.unwanted,
            rule=context.rule,
            proposal=_proposal(values, context.name, context.version),
            proposals=values[state.SAMPLES],
            seed=values[state.SEED],
        )
    except ValueError as error:
        problems.append(words.PROBLEM.format(problem=error))
        return None


def usual_unwanted(name: str, version: str) -> Unwanted:
    """What is unwanted of a model's codes by default. Raises `UnwantedError` if that is nothing."""
    usual = services.wanted_by_default(name, version)
    return services.unwanted(
        name, version, usual, None, "", state.DEFAULTS[state.UNWANTED_TRAINING]
    )


def usual_policy(name: str, version: str) -> Policy:
    """The policy of the form's defaults, for a model. Raises `ValueError` if it cannot be used."""
    usual = state.DEFAULTS
    return Policy(
        bundle=name,
        unwanted=usual_unwanted(name, version),
        rule=state.rule(usual),
        proposal=_proposal(usual, name, version),
        proposals=usual[state.SAMPLES],
        seed=usual[state.SEED],
    )


def _proposal(values: Mapping[Any, Any], model: str, version: str) -> Proposal:
    """The chosen proposals for a model, with the numbers of their widgets."""
    name = values[state.PROPOSAL]
    if name == state.USUAL:
        name = proposals.usual(services.bundle(model, version)).name
    if name == Box.name:
        return Box(values[state.BOX])
    if name == Around.name:
        return Around(values[state.SCALE] or services.calibration(model, version).draw_scale)
    if name == Region.name:
        polygon = values.get(state.REGION)
        if not polygon:
            raise ProposalError(words.NO_REGION)
        return Region(polygon)
    return proposals.proposal(name)
