"""Rejection sampling in the panel: what is unwanted, the rule, the proposals; results and leaks."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard import charts, plates, services, state, text
from dashboard.panel import Context, facts
from regvae import predicates
from regvae.audit.collisions import Audit
from regvae.audit.leaks import Hunt
from regvae.formats import uk_registration
from regvae.rejection import proposals
from regvae.rejection.policy import PROPOSALS_A_RESULT, Policy, PolicyError
from regvae.rejection.proposals import PROPOSALS, Box, Proposal, ProposalError, Region
from regvae.rejection.rules import RULES
from regvae.rejection.rules import rule as rule_by_name
from regvae.rejection.sampling import Tally
from regvae.rejection.unwanted import Unwanted, UnwantedError

_LARGEST_FILE = 1_000_000  # bytes: more than 100,000 regs
_SHOWN_LEAKS = 300
_PLATES = 12

# --- settings -------------------------------------------------------------------------------------


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
        _uploader(text.LISTED_FILE, ["txt"], state.LISTED_FILE, _take_list)
    _rule_controls()
    _calibration(name, version)
    _proposal_controls()
    _uploader(text.LOAD, ["toml"], state.LOADED, partial(_take_policy, name))


def _uploader(
    label: str, types: list[str], key: str, take: Callable[[str, str], dict[str, Any]]
) -> None:
    """Take over what a file says as soon as it is there; the widgets then show it.

    `take` gets the file's text and name and returns session values, or raises a `ValueError`.
    """
    st.file_uploader(
        label,
        type=types,
        key=key,
        help=text.UPLOAD_HELP[key],
        max_upload_size=1,  # MB, as `_LARGEST_FILE`
        on_change=_take,
        args=(key, take),
    )
    if st.session_state[key] is None:
        st.session_state.setdefault(state.PROBLEMS, {}).pop(key, None)


def _take(key: str, take: Callable[[str, str], dict[str, Any]]) -> None:
    file = st.session_state[key]
    problems = st.session_state.setdefault(state.PROBLEMS, {})
    problems.pop(key, None)
    if file is None:
        return
    try:
        if file.size > _LARGEST_FILE:
            raise ValueError(f"{file.name} is larger than {_LARGEST_FILE:,} bytes; give a part")
        words = file.getvalue().decode("utf-8", "replace")
        st.session_state.update(take(words, file.name))
    except ValueError as error:
        problems[key] = str(error)


def _take_list(words: str, name: str) -> dict[str, Any]:
    """The regs of a file, after those already listed."""
    listed = st.session_state[state.LISTED].splitlines()
    found = uk_registration.parse_lines(words.splitlines(), name)
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
    st.caption(text.RULES[chosen])
    # The numbers of the other rules are kept, unseen, so that they are there when one comes back.
    for kind in RULES.values():
        columns = st.columns(2) if kind.name == chosen else [st.container(key=f"off-{kind.name}")]
        for place, parameter in enumerate(kind().parameters()):
            _number(columns[place % len(columns)], parameter)


def _number(container: Any, parameter: str) -> None:
    label, explanation = text.PARAMETERS[parameter]
    slider = state.SLIDERS[parameter]
    container.number_input(
        label,
        0.0,
        slider.maximum,
        state.DEFAULTS[parameter],
        slider.step,
        format="%.3f" if slider.step < 0.01 else "%.2f",
        key=parameter,
        help=explanation,
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
        state.UNWANTED: " and ".join(map(str, unwanted.rules)),
        state.TRAINING: unwanted.training,
        state.LISTED: "\n".join(unwanted.regs),
        state.USE_REGION: bool(unwanted.regions),
        state.RULE: loaded.rule.name,
        **loaded.rule.parameters(),
        state.PROPOSAL: proposal.name,
        state.SEED: loaded.seed,
        state.CLEAN: loaded.clean,
    }
    if isinstance(proposal, Box):
        settings[state.BOX] = proposal.half_width
    if regions:
        settings[state.REGION] = [list(corner) for corner in regions.pop()]
    if loaded.accepted is None:
        settings[state.SAMPLES] = min(loaded.proposals, state.MAX_SAMPLES)
    else:  # its proposals are a cap, not points to show
        settings[state.WANTED] = loaded.accepted
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
    **{name: (0, slider.maximum, slider.step) for name, slider in state.SLIDERS.items()},
    state.BOX: (state.MIN_BOX, state.MAX_BOX, None),
    state.SEED: (0, state.MAX_SEED, None),
    state.WANTED: (1, state.MAX_RESULTS, None),
}


# --- what the settings say ------------------------------------------------------------------------


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
    except (predicates.RuleError, uk_registration.RegError, UnwantedError) as error:
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


# --- results --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Kept:
    """Results that were made, with the policy that made them, or what went wrong."""

    policy: Policy
    made: services.Made


def results(context: Context, base: Policy | None) -> None:
    """Make results, show what is known of them, and hand them out; look for leaks."""
    st.markdown(text.RESULTS_INTRO)
    left, right = st.columns(2, vertical_alignment="bottom")
    label, explanation = text.RESULTS_WANTED
    left.number_input(
        label,
        1,
        state.MAX_RESULTS,
        1000,
        100,
        key=state.WANTED,
        help=explanation,
        persist_state="session",
    )
    label, explanation = text.CLEAN
    right.checkbox(label, True, key=state.CLEAN, help=explanation, persist_state="session")
    if base is None:
        st.button(text.MAKE, width="stretch", disabled=True)
        return
    wanted = st.session_state[state.WANTED]
    chosen = replace(
        base,
        accepted=wanted,
        proposals=PROPOSALS_A_RESULT * wanted,
        clean=st.session_state[state.CLEAN],
        bundle_sha256=context.bundle.sha256,
    )
    if st.button(text.MAKE, width="stretch", type="primary"):
        _make(context, chosen)
    kept = st.session_state.get(state.RESULTS)
    if kept:
        if kept.policy != chosen:
            st.warning(text.OUTDATED)
        _show_made(kept)
    _leaks(context, base)


def _make(context: Context, chosen: Policy) -> None:
    bar = st.progress(0.0)
    wanted = chosen.accepted or 1

    def show(tally: Tally) -> None:
        words = text.MAKING.format(kept=tally.kept, wanted=wanted, proposed=tally.proposed)
        bar.progress(min(1.0, tally.kept / wanted), words)

    made = services.make_results(context.name, context.version, chosen, show)
    bar.empty()
    st.session_state[state.RESULTS] = Kept(chosen, made)


def _show_made(kept: Kept) -> None:
    outcome = kept.made.outcome
    report, audit = outcome.report, outcome.audit
    if outcome.shortfall:
        st.warning(text.plain(f"{outcome.shortfall[0].upper()}{outcome.shortfall[1:]}."))
    st.markdown(f"**{text.plain(audit.sentence())}**", help=text.FINDING_HELP)
    low, high = audit.purity_interval
    purity = "none" if report.purity is None else f"{report.purity:.3f} ({low:.3f} to {high:.3f})"
    facts(
        [
            ("results", f"{report.kept:,} of {report.proposed:,} proposals"),
            ("accepted, before leaving out", f"{report.accepted:,}"),
            ("purity, with its 95 % interval", purity),
            ("decoded to something unwanted", f"{audit.unwanted:,}"),
            *_closer(audit),
        ]
    )
    st.plotly_chart(charts.edit_distances(audit), config={"staticPlot": True}, key="edits")
    st.caption(text.EDITS_CAPTION)
    _downloads(kept)


def _closer(audit: Audit) -> list[tuple[str, str]]:
    if not audit.looked_at or audit.drift is None or audit.drift_held_out is None:
        return []
    return [
        ("different regs", f"{audit.distinct:,} of {audit.looked_at:,}"),
        ("valid at DVLA", f"{audit.valid:.0%}"),
        (
            "re-encoding drift, median",
            f"{audit.drift[0]:.2f} σ (held-out records: {audit.drift_held_out[0]:.2f})",
        ),
    ]


def _downloads(kept: Kept) -> None:
    name = f"regs-{kept.policy.bundle}"
    made = kept.made
    hashes = {f"{name}{suffix}": digest for suffix, digest in made.hashes.items()}
    manifest = json.dumps({"sha256": hashes, **made.outcome.manifest()}, indent=1)
    files = (
        ("Parquet", made.parquet, ".parquet", "application/vnd.apache.parquet"),
        ("CSV", made.csv, ".csv", "text/csv"),
        ("Policy", kept.policy.to_toml(), ".toml", "application/toml"),
        ("Manifest", manifest, ".manifest.json", "application/json"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, data, suffix, mime in files:
            st.download_button(label, data, f"{name}{suffix}", mime, on_click="ignore")
    st.caption(text.TAKE_HOME)


# --- leaks ----------------------------------------------------------------------------------------


def found_leaks(context: Context, base: Policy | None) -> np.ndarray | None:
    """The leaks that were found and still pass, for the map: (n, 2), at most 300."""
    hunt = _hunt(context, base)
    if hunt is None:
        return None
    passing = context.rule.accepts(hunt.leaks.measures)
    return hunt.leaks.z[passing][:_SHOWN_LEAKS]


def _hunt(context: Context, base: Policy | None) -> Hunt | None:
    """The last hunt, if it was for what is still unwanted, under the same kind of rule."""
    asked = st.session_state.get(state.HUNT)
    if not (asked and base) or replace(asked, rule=base.rule) != base:
        return None
    if asked.rule.name != base.rule.name:
        return None
    return services.leaks(context.name, context.version, asked)


def _ask(base: Policy) -> None:
    st.session_state[state.HUNT] = base


def _leaks(context: Context, base: Policy) -> None:
    st.button(text.HUNT, width="stretch", help=text.HUNT_HELP, on_click=_ask, args=(base,))
    hunt = _hunt(context, base)
    if hunt is None:
        return
    st.markdown(f"**{text.plain(hunt.sentence())}**")
    if not len(hunt.leaks):
        return
    passing = context.rule.accepts(hunt.leaks.measures)
    st.caption(text.STILL.format(now=int(passing.sum()), found=len(passing)))
    different = list(dict.fromkeys(hunt.leaks.codes[passing].tolist()))[:_PLATES]
    st.html(plates.plates(different, ["unwanted"] * len(different)))
    value = _step_that_clears(hunt)
    if value is None:
        st.caption(text.NOT_CLEARED.format(parameter=hunt.parameter))
    elif passing.any():
        shown = f"{value:.1%}" if state.SLIDERS[hunt.parameter].unit == "%" else f"{value:g} σ"
        label = text.CLEARED.format(parameter=hunt.parameter, value=shown)
        st.button(label, on_click=_set, args=(hunt.parameter, value))
        stricter = rule_by_name(
            context.rule.name, context.rule.parameters() | {hunt.parameter: value}
        )
        measures = services.samples(context.name, context.version, base).measures
        now, left = (int(rule.accepts(measures).sum()) for rule in (context.rule, stricter))
        st.caption(text.LEFT.format(left=left, now=now))


def _step_that_clears(hunt: Hunt) -> float | None:
    """The slider's least strict step that accepts none of the leaks found."""
    slider = state.SLIDERS[hunt.parameter]
    if hunt.cleared_by is None:
        return None
    rounding: Callable[[float], int] = math.floor if hunt.parameter == "alpha" else math.ceil
    value = round(rounding(hunt.cleared_by / slider.step) * slider.step, 3)
    return value if 0 <= value <= slider.maximum else None


def _set(parameter: str, value: float) -> None:
    st.session_state[parameter] = value
