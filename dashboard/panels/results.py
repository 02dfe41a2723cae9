"""Results: generated until there are enough, audited, and offered as files."""

import json
from dataclasses import dataclass, replace

import streamlit as st

from dashboard import charts, services, state
from dashboard.panels import leaks
from dashboard.panels.context import Context
from dashboard.widgets import facts
from dashboard.words import common
from dashboard.words import results as words
from regvae.audit.collisions import Audit
from regvae.rejection.policy import PROPOSALS_A_RESULT, Policy
from regvae.rejection.sampling import Tally


@dataclass(frozen=True)
class PolicyResults:
    """Results, and the policy that generated them."""

    policy: Policy
    files: services.ResultFiles


def results(context: Context, base: Policy | None) -> None:
    """The button that generates results, their audit and files, and the search for leaks."""
    st.markdown(words.INTRO)
    left, right = st.columns(2, vertical_alignment="bottom")
    label, explanation = words.NUMBER
    left.number_input(
        label,
        1,
        state.MAX_RESULTS,
        1000,
        100,
        key=state.NUMBER,
        help=explanation,
        persist_state="session",
    )
    label, explanation = words.CLEAN
    right.checkbox(label, True, key=state.CLEAN, help=explanation, persist_state="session")
    if base is None:
        st.button(words.GENERATE, width="stretch", disabled=True)
        return
    wanted = st.session_state[state.NUMBER]
    chosen = replace(
        base,
        results=wanted,
        proposals=PROPOSALS_A_RESULT * wanted,
        clean=st.session_state[state.CLEAN],
        bundle_sha256=context.bundle.sha256,
    )
    if st.button(words.GENERATE, width="stretch", type="primary"):
        _generate(context, chosen)
    stored = st.session_state.get(state.RESULTS)
    if stored:
        if stored.policy != chosen:
            st.warning(words.OUTDATED)
        _show_results(stored)
    leaks.show(context, base)


def _generate(context: Context, chosen: Policy) -> None:
    bar = st.progress(0.0)
    wanted = chosen.results or 1

    def show(tally: Tally) -> None:
        counts = words.GENERATING.format(kept=tally.kept, wanted=wanted, proposed=tally.proposed)
        bar.progress(min(1.0, tally.kept / wanted), counts)

    files = services.result_files(context.name, context.version, chosen, show)
    bar.empty()
    st.session_state[state.RESULTS] = PolicyResults(chosen, files)


def _show_results(stored: PolicyResults) -> None:
    outcome = stored.files.outcome
    report, audit = outcome.report, outcome.audit
    if outcome.shortfall:
        st.warning(common.plain(f"{outcome.shortfall[0].upper()}{outcome.shortfall[1:]}."))
    st.markdown(f"**{common.plain(audit.sentence())}**", help=words.COLLISIONS_HELP)
    low, high = audit.purity_interval
    purity = "none" if report.purity is None else f"{report.purity:.3f} ({low:.3f} to {high:.3f})"
    facts(
        [
            ("results", f"{report.kept:,} of {report.proposed:,} proposals"),
            ("accepted, leaks included", f"{report.accepted:,}"),
            ("purity, with its 95 % interval", purity),
            ("decoded to something unwanted", f"{audit.unwanted:,}"),
            *_of_results(audit),
        ]
    )
    st.plotly_chart(charts.edit_distances(audit), config={"staticPlot": True}, key="edits")
    st.caption(words.EDITS_CAPTION)
    _downloads(stored)


def _of_results(audit: Audit) -> list[tuple[str, str]]:
    if not audit.checked or audit.drift is None or audit.drift_held_out is None:
        return []
    return [
        ("different regs", f"{audit.distinct:,} of {audit.checked:,}"),
        ("valid at DVLA", "not known" if audit.valid is None else f"{audit.valid:.0%}"),
        (
            "re-encoding drift, median",
            f"{audit.drift[0]:.2f} σ (held-out records: {audit.drift_held_out[0]:.2f})",
        ),
    ]


def _downloads(stored: PolicyResults) -> None:
    name = f"regs-{stored.policy.bundle}"
    content, outcome = stored.files.content, stored.files.outcome
    manifest = outcome.manifest({kind: f"{name}{kind}" for kind in content})
    files = (
        ("Parquet", content[".parquet"], ".parquet", "application/vnd.apache.parquet"),
        ("CSV", content[".csv"], ".csv", "text/csv"),
        ("Policy", stored.policy.to_toml(), ".toml", "application/toml"),
        ("Manifest", json.dumps(manifest, indent=1), ".manifest.json", "application/json"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, data, suffix, mime in files:
            st.download_button(label, data, f"{name}{suffix}", mime, on_click="ignore")
    st.caption(words.FILES_CAPTION)
