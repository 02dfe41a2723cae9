"""Results: made until there are enough, audited, and handed out as files."""

import json
from dataclasses import dataclass, replace

import streamlit as st

from dashboard import charts, services, state, text
from dashboard.panels import leaks
from dashboard.panels.context import Context
from dashboard.widgets import facts
from regvae.audit.collisions import Audit
from regvae.rejection.policy import PROPOSALS_A_RESULT, Policy
from regvae.rejection.sampling import Tally


@dataclass(frozen=True)
class MadeResults:
    """Results with their policy."""

    policy: Policy
    files: services.ResultFiles


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
        results=wanted,
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
        _show_results(kept)
    leaks.show(context, base)


def _make(context: Context, chosen: Policy) -> None:
    bar = st.progress(0.0)
    wanted = chosen.results or 1

    def show(tally: Tally) -> None:
        words = text.MAKING.format(kept=tally.kept, wanted=wanted, proposed=tally.proposed)
        bar.progress(min(1.0, tally.kept / wanted), words)

    files = services.result_files(context.name, context.version, chosen, show)
    bar.empty()
    st.session_state[state.RESULTS] = MadeResults(chosen, files)


def _show_results(made: MadeResults) -> None:
    outcome = made.files.outcome
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
    _downloads(made)


def _closer(audit: Audit) -> list[tuple[str, str]]:
    if not audit.looked_at or audit.drift is None or audit.drift_held_out is None:
        return []
    return [
        ("different regs", f"{audit.distinct:,} of {audit.looked_at:,}"),
        ("valid at DVLA", "not known" if audit.valid is None else f"{audit.valid:.0%}"),
        (
            "re-encoding drift, median",
            f"{audit.drift[0]:.2f} σ (held-out records: {audit.drift_held_out[0]:.2f})",
        ),
    ]


def _downloads(made: MadeResults) -> None:
    name = f"regs-{made.policy.bundle}"
    content, outcome = made.files.content, made.files.outcome
    manifest = outcome.manifest({kind: f"{name}{kind}" for kind in content})
    files = (
        ("Parquet", content[".parquet"], ".parquet", "application/vnd.apache.parquet"),
        ("CSV", content[".csv"], ".csv", "text/csv"),
        ("Policy", made.policy.to_toml(), ".toml", "application/toml"),
        ("Manifest", json.dumps(manifest, indent=1), ".manifest.json", "application/json"),
    )
    with st.container(horizontal=True, gap="small"):
        for label, data, suffix, mime in files:
            st.download_button(label, data, f"{name}{suffix}", mime, on_click="ignore")
    st.caption(text.TAKE_HOME)
