"""Results: generated until there are enough, audited, and offered as files."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from dashboard import charts, plates, presence, services, state
from dashboard.generating import Generation
from dashboard.panels import audit as audits
from dashboard.panels import guarantee, leaks
from dashboard.panels.context import Context
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import guarantee as guarantee_words
from dashboard.words import results as words
from regvae.audit.collisions import Audit
from regvae.formats import Format
from regvae.intervals import CONFIDENCE
from regvae.rejection.guarantee import PURITY
from regvae.rejection.policy import PROPOSALS_A_RESULT, Policy
from regvae.rejection.proposals import FEW_DIMENSIONS, Around
from regvae.rejection.report import RECORD, UNWANTED, Report, warning
from regvae.rejection.rules import Certified, rule_named

Data = str | Callable[[], bytes]
"""What a button downloads: a text, or what reads a file from the disk when it is pressed."""
_PARQUET = "application/vnd.apache.parquet"
POLL = 0.5  # seconds between two looks at a run
_MANY = 0.1  # share of the points from which on a reason is worth a change
_RESULTS = 1000  # unless another number is typed


def results(context: Context, base: Policy | None) -> None:
    """The button that generates results, their audit and files, and the search for leaks."""
    format = context.bundle.format
    released = context.bundle.released
    st.markdown(common.named(words.INTRO_RELEASED if released else words.INTRO, format))
    by_map = _by_maps_rule()
    certified = None if by_map else _certified(released=released)
    if by_map and base:
        _about_maps_rule(context, base)
    _form(format)
    if base is None:
        st.button(words.GENERATE, width="stretch", disabled=True)
        return
    around = isinstance(base.proposal, Around) or released
    if context.latent_dim > FEW_DIMENSIONS and not around:
        st.caption(words.MANY_DIMENSIONS.format(k=context.latent_dim))
    chosen = _policy(context, base, certified)
    running = st.session_state.get(state.RESULTS)
    if running is None or running.done:
        start = (context, base, certified)
        st.button(words.GENERATE, width="stretch", type="primary", on_click=_start, args=start)
    if running and running.problem:
        st.warning(common.sentence(running.problem))
    elif running and running.done:
        if running.policy != chosen:
            st.warning(words.OUTDATED)
        _show_results(running)
        audits.of_results(context.name, context.version, running.result())
    elif running:
        if running.policy != chosen:
            st.caption(words.RUNNING_OTHER.format(rule=running.policy.rule.name))
        _watch(running)
    leaks.show(context, base)


def _form(format: Format) -> None:
    label, explanation = (common.named(one, format) for one in words.NUMBER)
    st.session_state.setdefault(state.NUMBER, _RESULTS)
    st.number_input(
        label,
        1,
        state.MAX_RESULTS,
        None,
        100,
        key=state.NUMBER,
        help=explanation,
        placeholder=words.ALL.format(n=st.session_state[state.SAMPLES]),
        persist_state="session",
    )
    label, explanation = (common.named(one, format) for one in words.DECODE)
    st.radio(
        label,
        list(words.DECODINGS),
        key=state.DECODING,
        help=explanation,
        format_func=words.DECODINGS.get,
        horizontal=True,
        persist_state="session",
    )
    label, explanation = (common.named(one, format) for one in words.CLEAN)
    st.checkbox(label, True, key=state.CLEAN, help=explanation, persist_state="session")
    label, explanation = (common.named(one, format) for one in words.NEIGHBOURHOODS)
    st.checkbox(label, key=state.NEIGHBOURHOODS, help=explanation, persist_state="session")


def _by_maps_rule() -> bool:
    """The choice of the rule of the results: whether it is the one on the map."""
    label, explanation = words.RULE
    chosen = st.radio(
        label,
        list(words.RULES),
        key=state.RESULTS_RULE,
        help=explanation,
        format_func=words.RULES.get,
        horizontal=True,
        persist_state="session",
    )
    return chosen == state.MAPS_RULE


def _certified(*, released: bool) -> Certified:
    """The rule certified with the numbers of its widgets, which are the results' own.

    For a model that was `released` without its records what is about these is 0, without a widget.
    """
    st.caption(words.CERTIFIED)
    parameters = Certified.parameters()
    values = {one.name: 0.0 for one in parameters if released and one.of_records}
    with st.expander(words.MORE):
        asked = [one for one in parameters if one.name not in values]
        for one, column in zip(asked, st.columns(2), strict=False):
            values[one.name] = column.number_input(
                one.label,
                0.0,
                one.maximum,
                one.default,
                one.step,
                "%.3f",
                key=f"results-{one.name}",
                help=one.help,
                persist_state="session",
            )
    return Certified(**values)


def _about_maps_rule(context: Context, base: Policy) -> None:
    """Which rule the map has, and how a guarantee of its purity is had."""
    numbers = guarantee.numbers(base.rule)
    predicts = "" if base.rule.certain else words.PREDICTS
    st.caption(words.ON_THE_MAP.format(rule=base.rule.name, numbers=numbers) + predicts)
    if base.rule.needs_learning and not guarantee.held(base):
        target = {"purity": PURITY, "confidence": f"{CONFIDENCE:.0%}"}
        st.caption(words.WITH_GUARANTEE.format(rule=base.rule.name, **target))
    if not base.rule.certain:
        with st.expander(guarantee_words.HEADING, expanded=state.TESTS in st.session_state):
            guarantee.show(context)


def _policy(context: Context, base: Policy, certified: Certified | None) -> Policy:
    """The policy of the results: by what the form has now, and the rule certified or the map's."""
    wanted = st.session_state[state.NUMBER]
    chosen = replace(
        base,
        results=wanted,
        proposals=PROPOSALS_A_RESULT * wanted if wanted else base.proposals,
        clean=st.session_state[state.CLEAN],
        neighbourhoods=st.session_state[state.NEIGHBOURHOODS],
        decode=st.session_state[state.DECODING],
        bundle_sha256=context.bundle.sha256,
    )
    return replace(chosen, rule=certified) if certified else guarantee.completed(chosen)


def _start(context: Context, base: Policy, certified: Certified | None) -> None:
    # Anew: a number may have been typed since the last run.
    chosen = _policy(context, base, certified)
    work = partial(services.result_files, context.name, context.version)
    st.session_state[state.RESULTS] = Generation(chosen, work, presence.leaves())


@st.fragment(run_every=POLL)
def _watch(running: Generation) -> None:
    """How far a run is, and a button that stops it; only this runs again while it runs."""
    if running.done:
        st.rerun()
    share, counts = _progress(running)
    model = common.plain(running.policy.bundle)
    st.progress(share, words.RUN.format(model=model, counts=counts))
    st.button(words.STOP, key="stop-results", width="stretch", on_click=running.stop)
    if running.rate is not None:
        st.caption(words.MEANWHILE)


def _progress(running: Generation) -> tuple[float, str]:
    """How far a run is, 0 to 1, and its counts in words."""
    tally, wanted, most = running.tally, running.policy.results, running.policy.proposals
    format = running.policy.unwanted.format
    if tally is None:
        return 0.0, words.WAITING
    if wanted is None:
        counts = common.named(
            words.PROPOSING, format, kept=tally.kept, proposed=tally.proposed, most=most
        )
        return tally.proposed / most, counts
    counts = common.named(
        words.GENERATING,
        format,
        kept=tally.kept,
        wanted=wanted,
        pace=_pace(running),
        proposed=tally.proposed,
    )
    return min(1.0, tally.kept / wanted), counts


def _pace(running: Generation) -> str:
    """How many results a run finds a second, in two digits, and how long it still takes."""
    rate, left = running.rate, running.seconds_left
    if rate is None:
        return ""
    rate = float(f"{rate:.2g}")
    if left is None:
        return words.PACE.format(rate=rate)
    return words.PACE_AND_LEFT.format(rate=rate, time=common.duration(left))


def _show_results(stored: Generation) -> None:
    files = stored.result()
    report, audit = files.outcome.report, files.outcome.audit
    format = files.outcome.policy.unwanted.format
    if files.outcome.shortfall:
        st.warning(common.sentence(files.outcome.shortfall))
    if files.outcome.guarantee and files.outcome.guarantee["certified"]:
        st.markdown(common.sentence(files.outcome.guarantee["sentence"]))
    elif files.outcome.guarantee:
        st.warning(common.sentence(files.outcome.guarantee["sentence"]))
    if not audit.draws:
        _refused(files)
        return
    released = audit.collisions is None
    different_help = words.DIFFERENT_RELEASED if released else words.DIFFERENT_HELP
    st.markdown(f"**{common.plain(files.outcome.headline())}**", help=different_help)
    st.markdown(_of_purity(report))
    if warned := warning(report):
        st.warning(common.sentence(warned))
    st.html(plates.plates(format, files.first))
    collisions_help = None if released else common.named(words.COLLISIONS_HELP, format)
    st.markdown(common.plain(audit.sentence()), help=collisions_help)
    if audit.collisions:
        st.caption(common.sentence(common.plain(audit.exposed_sentence())))
    facts(
        [
            ("accepted", f"{report.accepted:,} of {report.proposed:,} proposals"),
            ("decoded to something unwanted", f"{audit.unwanted:,}"),
            *_of_results(audit, format),
        ]
    )
    _refused(files)
    if not released:
        edits = charts.edit_distances(audit, format.plural)
        st.plotly_chart(edits, config={"staticPlot": True}, key="edits")
        st.caption(common.named(words.EDITS_CAPTION, format))
    _downloads(files)


def _refused(files: services.ResultFiles) -> None:
    """Why points are refused, the most frequent reason first, and what to change."""
    policy = files.outcome.policy
    reasons = sorted(files.refused.items(), key=lambda one: -one[1])
    told = [
        common.named(
            words.REFUSED.get(name, words.REFUSED_BY),
            policy.unwanted.format,
            n=number,
            parameter=name,
        )
        for name, number in reasons
        if number
    ]
    if policy.abstains or not told:
        return
    name, number = next(one for one in reasons if one[0] != UNWANTED)
    advice = {RECORD: words.WIDER}
    if not isinstance(policy.proposal, Around):
        advice["q"] = words.AROUND
    hint = advice.get(name, words.LESS_STRICT) if number > _MANY * files.explained else ""
    st.caption(
        words.WHY.format(n=files.explained, reasons="; ".join(told)) + hint.format(parameter=name)
    )


def _of_purity(report: Report) -> str:
    """What holds of the results by construction, else the estimated purity of what is accepted."""
    if rule_named(report.rule).certain:
        return words.BY_CONSTRUCTION
    low, high = report.purity_interval
    return words.ESTIMATED.format(rule=report.rule, purity=report.purity, low=low, high=high)


def _of_results(audit: Audit, format: Format) -> list[tuple[str, str]]:
    if not audit.checked or audit.drift is None or audit.drift_held_out is None:
        return []
    label, valid = words.VALID.get(format.noun, words.VALID_ANY), audit.valid
    return [
        *([] if valid is None else [(label, f"{valid:.0%}")]),
        (
            "re-encoding drift, median",
            f"{audit.drift[0]:.2f} σ (held-out records: {audit.drift_held_out[0]:.2f})",
        ),
    ]


def _downloads(stored: services.ResultFiles) -> None:
    """Files that can be shared; below, those that contain records."""
    content, outcome = stored.content, stored.outcome
    policy = outcome.policy
    name = stored.name
    manifest = outcome.manifest({kind: f"{name}{kind}" for kind in content})
    released: tuple[tuple[str, Data, str, str], ...] = (
        ("Parquet", content[".parquet"].read, ".parquet", _PARQUET),
        ("CSV", content[".csv"].read, ".csv", "text/csv"),
        ("Policy", policy.to_toml(released=True), ".toml", "application/toml"),
        ("Manifest", json.dumps(manifest, indent=1), ".manifest.json", "application/json"),
    )
    _buttons(name, released)
    st.caption(common.named(words.FILES_CAPTION, policy.unwanted.format))
    if not outcome.shortfall:  # one that was stopped gives fewer
        st.caption(words.SAME_BYTES)
    with st.expander(words.DETAILS):
        st.caption(common.named(words.DETAILS_CAPTION, policy.unwanted.format))
        mark = ".contains-records"
        kept: list[tuple[str, Data, str, str]] = [
            (words.DETAILS_FILE, stored.details.read, f"{mark}{services.DETAILS}", _PARQUET)
        ]
        if policy.unwanted.codes:
            kept.append((words.WHOLE_POLICY, policy.to_toml(), f"{mark}.toml", "application/toml"))
        _buttons(name, kept)


def _buttons(name: str, files: Sequence[tuple[str, Data, str, str]]) -> None:
    with st.container(horizontal=True, gap="small"):
        for label, data, suffix, mime in files:
            st.download_button(label, data, f"{name}{suffix}", mime, on_click="ignore")
