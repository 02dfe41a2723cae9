"""The form of rejection sampling: what is unwanted, the rule, the proposals; or a policy file."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import charts, services, state, text
from dashboard.panels.context import Context
from dashboard.widgets import uploader
from regvae.formats import UK_REGISTRATION, FormatError
from regvae.predicates import PredicateError
from regvae.rejection import proposals
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.proposals import PROPOSALS, Box, Proposal, ProposalError, Region
from regvae.rejection.rules import RULES, Parameter
from regvae.rejection.unwanted import Unwanted, UnwantedError

_KEYS = (
    *(state.UNWANTED, state.TRAINING, state.RULE, *state.PARAMETERS),
    *(state.PROPOSAL, state.SAMPLES, state.BOX, state.SEED),
)
"""The keys of the form's widgets that are bound to the address."""


def values_are_known() -> bool:
    """Whether the form's values can be read before its widgets are made, which takes longer.

    They can unless the address has some that no widget has taken yet.
    """
    session = st.session_state
    if any(key in st.query_params and key not in session for key in _KEYS):
        return False
    for key in _KEYS:
        session.setdefault(key, state.DEFAULTS[key])
    session.setdefault(state.LISTED, "")
    session.setdefault(state.USE_REGION, False)
    return True


def controls(name: str, version: str) -> None:
    """Everything a rejection sample depends on."""
    st.markdown(f"##### {text.UNWANTED_HEADING}")
    st.text_input(
        text.UNWANTED_LABEL,
        state.DEFAULTS[state.UNWANTED],
        key=state.UNWANTED,
        help=text.UNWANTED_HELP,
        bind="query-params",
    )
    left, right = st.columns(2)
    label, explanation = text.TRAINING
    left.checkbox(label, key=state.TRAINING, help=explanation, bind="query-params")
    label, explanation = text.USE_REGION
    right.checkbox(label, key=state.USE_REGION, help=explanation, persist_state="session")
    with st.expander(text.LISTED_PARTS):
        label, explanation = text.LISTED
        st.text_area(
            label,
            key=state.LISTED,
            help=explanation,
            height=90,
            placeholder="AB12 CDE\nXY67 ZZZ",
            persist_state="session",
        )
        uploader(text.LISTED_FILE, ["txt"], state.LISTED_FILE, _take_list)
    _rule_controls()
    _calibration(name, version)
    _proposal_controls()
    uploader(text.LOAD, ["toml"], state.LOADED, partial(_take_policy, name))


def _take_list(words: str, name: str) -> dict[str, Any]:
    """The regs of a file, after those already listed."""
    listed = st.session_state[state.LISTED].splitlines()
    found = UK_REGISTRATION.parse_lines(words.splitlines(), name)
    return {state.LISTED: "\n".join(dict.fromkeys([*filter(None, listed), *found]))}


def _take_policy(bundle: str, words: str, name: str) -> dict[str, Any]:
    """What the controls must say for an uploaded policy."""
    return _settings(bundle, Policy.from_toml(words, name))


def _rule_controls() -> None:
    st.markdown(f"##### {text.RULE_HEADING}")
    st.segmented_control(
        text.RULE,
        list(RULES),
        default=state.DEFAULTS[state.RULE],
        required=True,
        key=state.RULE,
        label_visibility="collapsed",
        width="stretch",
        bind="query-params",
    )
    chosen = st.session_state[state.RULE]
    st.caption(RULES[chosen].summary)
    # The parameters of the other rules exist unseen, so that their values are not lost.
    for kind in RULES.values():
        columns = st.columns(2) if kind.name == chosen else [st.container(key=f"off-{kind.name}")]
        for place, parameter in enumerate(kind.parameters()):
            _number(columns[place % len(columns)], parameter)


def _number(container: Any, parameter: Parameter) -> None:
    container.number_input(
        parameter.label,
        0.0,
        parameter.maximum,
        parameter.default,
        parameter.step,
        format="%.3f" if parameter.step < 0.01 else "%.2f",
        key=parameter.name,
        help=parameter.help,
        bind="query-params",
    )


def _proposal_controls() -> None:
    st.markdown(f"##### {text.PROPOSAL_HEADING}")
    left, right = st.columns(2)
    left.selectbox(
        text.PROPOSAL,
        list(PROPOSALS),
        key=state.PROPOSAL,
        help=text.PROPOSAL_HELP,
        bind="query-params",
    )
    numbers = (
        (right, state.BOX, text.BOX, state.MIN_BOX, state.MAX_BOX, 0.1),
        (left, state.SAMPLES, text.SAMPLES, 1, state.MAX_SAMPLES, 100),
        (right, state.SEED, text.SEED, 0, state.MAX_SEED, 1),
    )
    for column, key, (label, explanation), low, high, step in numbers:
        column.number_input(
            label,
            low,
            high,
            state.DEFAULTS[key],
            step,
            key=key,
            help=explanation,
            bind="query-params",
        )


def _calibration(name: str, version: str) -> None:
    with st.expander(text.CALIBRATION, key=state.CALIBRATION, on_change="rerun") as part:
        if part.open:
            found = services.calibration(name, version)
            noise = services.bundle(name, version).preset.training.noise
            st.plotly_chart(charts.calibration_curve(found), config={"staticPlot": True})
            st.caption(text.CALIBRATION_HELP.format(scale=found.scale, noise=noise))


def _settings(name: str, loaded: Policy) -> dict[str, Any]:
    """What the controls must say for a policy; raises `PolicyError` if they cannot."""
    if loaded.bundle != name:
        raise PolicyError(f"the policy is for {loaded.bundle}, but the map shows {name}")
    loaded.check_bundle()
    unwanted, proposal = loaded.unwanted, loaded.proposal
    regions = {*unwanted.regions, *([proposal.polygon] if isinstance(proposal, Region) else [])}
    if len(regions) > 1:
        raise PolicyError(
            "the policy has several regions, and the map shows one; use regvae sample"
        )
    settings: dict[str, Any] = {
        state.UNWANTED: " and ".join(map(str, unwanted.predicates)),
        state.TRAINING: unwanted.training,
        state.LISTED: "\n".join(unwanted.codes),
        state.USE_REGION: bool(unwanted.regions),
        state.RULE: loaded.rule.name,
        **loaded.rule.values(),
        state.PROPOSAL: proposal.name,
        state.SEED: loaded.seed,
        state.CLEAN: loaded.clean,
    }
    if isinstance(proposal, Box):
        settings[state.BOX] = proposal.half_width
    if regions:
        settings[state.REGION] = [list(corner) for corner in regions.pop()]
    if loaded.results is None:
        settings[state.SAMPLES] = min(loaded.proposals, state.MAX_SAMPLES)
    else:  # its proposals are a cap, not points to show
        settings[state.WANTED] = loaded.results
    _check_spans(settings)
    return settings


def _check_spans(settings: dict[str, Any]) -> None:
    """Raise `PolicyError` for a number that the page's widgets cannot hold as it is."""
    for key, value in settings.items():
        low, high, step = _SPANS.get(key, (value, value, None))
        if not low <= value <= high:
            raise PolicyError(
                f"the policy has {key} = {value:g}, but the page goes from {low:g} to {high:g}; "
                "use regvae sample"
            )
        if step and abs(value / step - round(value / step)) > 1e-6:
            raise PolicyError(
                f"the policy has {key} = {value:g}, but the page has steps of {step:g}; "
                "use regvae sample"
            )


_SPANS: dict[str, tuple[float, float, float | None]] = {
    **{name: (0, one.maximum, one.step) for name, one in state.PARAMETERS.items()},
    state.BOX: (state.MIN_BOX, state.MAX_BOX, None),
    state.SEED: (0, state.MAX_SEED, None),
    state.WANTED: (1, state.MAX_RESULTS, None),
}


def unwanted(complaints: list[str], plane_of_regions: bool) -> Unwanted | None:
    """What is unwanted as typed, ticked and listed, or None and a complaint.

    A region can only be meant where the map shows the plane of regions, of the first two axes.
    """
    complaints += [f"{one}." for one in st.session_state.get(state.PROBLEMS, {}).values()]
    region = st.session_state.get(state.REGION)
    use_region = st.session_state[state.USE_REGION]
    if use_region and not region:
        complaints.append(f"Unwanted: {text.NO_REGION}.")
    if use_region and region and not plane_of_regions:
        complaints.append(f"Unwanted: {text.REGION_PLANE}.")
        region = None
    try:
        return services.unwanted(
            st.session_state[state.UNWANTED].strip(),
            region if use_region else None,
            st.session_state[state.LISTED],
            st.session_state[state.TRAINING],
        )
    except (PredicateError, FormatError, UnwantedError) as error:
        complaints.append(f"Unwanted: {error}.")
        return None


def policy(context: Context, complaints: list[str]) -> Policy | None:
    """The policy of the present settings, for the points on the map; or None and a complaint."""
    if context.unwanted is None:
        return None
    try:
        return Policy(
            bundle=context.name,
            unwanted=context.unwanted,
            rule=context.rule,
            proposal=_proposal(),
            proposals=st.session_state[state.SAMPLES],
            seed=st.session_state[state.SEED],
        )
    except ValueError as error:
        complaints.append(f"Rejection sampling: {error}.")
        return None


def _proposal() -> Proposal:
    name = st.session_state[state.PROPOSAL]
    if name == Box.name:
        return Box(st.session_state[state.BOX])
    if name == Region.name:
        polygon = st.session_state.get(state.REGION)
        if not polygon:
            raise ProposalError(text.NO_REGION)
        return Region(polygon)
    return proposals.proposal(name)
