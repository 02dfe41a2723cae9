"""The form of rejection sampling: what is unwanted, the rule, the proposals, or a policy file."""

from functools import partial
from typing import Any

import streamlit as st

from dashboard import charts, services, state
from dashboard.panels.context import Context
from dashboard.widgets import uploader
from dashboard.words import common
from dashboard.words import sampling as words
from regvae.formats import UK_REGISTRATION, FormatError
from regvae.predicates import PredicateError
from regvae.rejection import proposals
from regvae.rejection.policy import Policy, PolicyError
from regvae.rejection.proposals import PROPOSALS, Box, Proposal, ProposalError, Region
from regvae.rejection.rules import RULES, Parameter
from regvae.rejection.unwanted import Unwanted, UnwantedError

_KEYS = (
    *(state.UNWANTED, state.UNWANTED_TRAINING, state.RULE, *state.PARAMETERS),
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
    """Widgets for everything that a rejection sample depends on."""
    st.markdown(f"##### {words.UNWANTED_HEADING}")
    st.text_input(
        words.UNWANTED_LABEL,
        state.DEFAULTS[state.UNWANTED],
        key=state.UNWANTED,
        help=words.UNWANTED_HELP,
        bind="query-params",
    )
    left, right = st.columns(2)
    label, explanation = words.TRAINING_DATA
    left.checkbox(label, key=state.UNWANTED_TRAINING, help=explanation, bind="query-params")
    label, explanation = words.USE_REGION
    right.checkbox(label, key=state.USE_REGION, help=explanation, persist_state="session")
    with st.expander(words.MORE):
        label, explanation = words.LISTED
        st.text_area(
            label,
            key=state.LISTED,
            help=explanation,
            height=90,
            placeholder="AB12 CDE\nXY67 ZZZ",
            persist_state="session",
        )
        uploader(words.LISTED_FILE, "txt", state.LISTED_FILE, _take_list)
    _rule_controls()
    _calibration(name, version)
    _proposal_controls()
    uploader(words.POLICY_FILE, "toml", state.POLICY_FILE, partial(_take_policy, name))


def _take_list(content: str, name: str) -> dict[str, Any]:
    """The regs of a file, after those that are listed already."""
    listed = st.session_state[state.LISTED].splitlines()
    found = UK_REGISTRATION.parse_lines(content.splitlines(), name)
    return {state.LISTED: "\n".join(dict.fromkeys([*filter(None, listed), *found]))}


def _take_policy(bundle: str, content: str, name: str) -> dict[str, Any]:
    """The values of the widgets for an uploaded policy."""
    return _settings(bundle, Policy.from_toml(content, name))


def _rule_controls() -> None:
    st.markdown(f"##### {words.RULE_HEADING}")
    st.segmented_control(
        words.RULE_LABEL,
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
    # The parameters of the other rules are hidden, not left out, so that their values are not lost.
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
    st.markdown(f"##### {words.PROPOSAL_HEADING}")
    left, right = st.columns(2)
    left.selectbox(
        words.PROPOSAL_LABEL,
        list(PROPOSALS),
        key=state.PROPOSAL,
        help=words.PROPOSAL_HELP,
        bind="query-params",
    )
    numbers = (
        (right, state.BOX, words.BOX, state.MIN_BOX, state.MAX_BOX, 0.1),
        (left, state.SAMPLES, words.SAMPLES, 1, state.MAX_SAMPLES, 100),
        (right, state.SEED, words.SEED, 0, state.MAX_SEED, 1),
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
    with st.expander(common.CALIBRATION, key=state.CALIBRATION, on_change="rerun") as part:
        if part.open:
            found = services.calibration(name, version)
            noise = services.bundle(name, version).preset.training.noise
            st.plotly_chart(charts.calibration_curve(found), config={"staticPlot": True})
            st.caption(common.CALIBRATION_HELP.format(scale=found.scale, noise=noise))


def _settings(name: str, loaded: Policy) -> dict[str, Any]:
    """The values of the widgets for a policy. Raises `PolicyError` if they cannot have them."""
    if loaded.bundle != name:
        raise PolicyError(
            f"expected a policy for {name}, which the map shows, got one for {loaded.bundle}; "
            "choose that model first"
        )
    loaded.check_bundle()
    unwanted, proposal = loaded.unwanted, loaded.proposal
    regions = {*unwanted.regions, *([proposal.polygon] if isinstance(proposal, Region) else [])}
    if len(regions) > 1:
        raise PolicyError(
            f"expected a policy with one region, got {len(regions)}; use regvae sample"
        )
    settings: dict[str, Any] = {
        state.UNWANTED: " and ".join(map(str, unwanted.predicates)),
        state.UNWANTED_TRAINING: unwanted.training,
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
    else:  # its proposals are a limit, not points to draw
        settings[state.NUMBER] = loaded.results
    _check_spans(settings)
    return settings


def _check_spans(settings: dict[str, Any]) -> None:
    """Raise `PolicyError` for a number that the page's widgets cannot have."""
    for key, value in settings.items():
        low, high, step = _SPANS.get(key, (value, value, None))
        if not low <= value <= high:
            raise PolicyError(
                f"expected a policy with {key} from {low:g} to {high:g}, got {value:g}; "
                "use regvae sample"
            )
        if step and abs(value / step - round(value / step)) > 1e-6:
            raise PolicyError(
                f"expected a policy with {key} in steps of {step:g}, got {value:g}; "
                "use regvae sample"
            )


_SPANS: dict[str, tuple[float, float, float | None]] = {
    **{name: (0, one.maximum, one.step) for name, one in state.PARAMETERS.items()},
    state.BOX: (state.MIN_BOX, state.MAX_BOX, None),
    state.SEED: (0, state.MAX_SEED, None),
    state.NUMBER: (1, state.MAX_RESULTS, None),
}


def unwanted(problems: list[str], of_regions: bool) -> Unwanted | None:
    """What the widgets define as unwanted, or None and a sentence in `problems`.

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
            st.session_state[state.UNWANTED].strip(),
            region if use_region else None,
            st.session_state[state.LISTED],
            st.session_state[state.UNWANTED_TRAINING],
        )
    except (PredicateError, FormatError, UnwantedError) as error:
        problems.append(words.UNWANTED_PROBLEM.format(problem=error))
        return None


def policy(context: Context, problems: list[str]) -> Policy | None:
    """The policy of the widgets for the map's points, or None and a sentence in `problems`."""
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
        problems.append(words.PROBLEM.format(problem=error))
        return None


def _proposal() -> Proposal:
    name = st.session_state[state.PROPOSAL]
    if name == Box.name:
        return Box(st.session_state[state.BOX])
    if name == Region.name:
        polygon = st.session_state.get(state.REGION)
        if not polygon:
            raise ProposalError(words.NO_REGION)
        return Region(polygon)
    return proposals.proposal(name)
