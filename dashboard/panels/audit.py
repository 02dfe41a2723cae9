"""The privacy audit of a model, and of generated results: attacks in a thread, and what they found.

Audits take seconds of all processors, so there is one at a time; those of others wait.
"""

import shlex
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from html import escape
from typing import Any, Final

import streamlit as st

from dashboard import charts, services, state
from dashboard.threads import in_thread
from dashboard.widgets import bullets, facts
from dashboard.words import audit as words
from dashboard.words import common
from regvae.audit.html import html
from regvae.audit.report import ATTACKS
from regvae.audit.stored import as_json, store_audit, stored_audit
from regvae.formats import Format
from regvae.model.bundle import Bundle
from regvae.model.store import BundleError
from regvae.training.shadows import USUAL

Table = dict[str, Any]
"""An audit, as `regvae.audit.report.Audit.to_dict` has it."""

POLL: Final = 0.5  # seconds between two looks at an audit
_place = threading.Lock()


class Auditing:
    """An audit of a session: of what, given by a hash, at which step it is, and what it finds."""

    def __init__(self, subject: str, work: Callable[[services.OnStep], Table]) -> None:
        self.subject, self.step = subject, words.WAITING

        def audit() -> Table:
            with _place:
                return work(partial(setattr, self, "step"))

        self.found = in_thread(audit)

    @property
    def problem(self) -> str | None:
        """Why it ended without a report; None if it has one, or has not ended."""
        error = self.found.exception() if self.found.done() else None
        return str(error) if error else None


# --- of a model -----------------------------------------------------------------------------------


def of_model(name: str, version: str) -> None:
    """The stored audit of a model, or the button that carries one out."""
    bundle = services.bundle(name, version)
    st.markdown(f"##### {words.HEADING}")
    st.markdown(common.named(words.INTRO, bundle.format))
    asked = _asked(state.AUDIT, bundle.sha256)
    found = stored_audit(name)
    if found is None and asked and asked.found.done() and not asked.problem:
        found = asked.found.result()
        st.caption(words.NOT_STORED)
    if found:
        _report(found, bundle.format)
    elif asked and not asked.found.done():
        _watch(asked, bundle.format)
    else:
        st.caption(words.NONE)
        start = (state.AUDIT, bundle.sha256, partial(_audit_and_store, name, version))
        explanation = common.named(words.AUDIT_HELP, bundle.format)
        st.button(words.AUDIT, help=explanation, on_click=_start, args=start)
        _problem(asked)
    if not (found and found["shadows"]):
        _shadow_models(bundle)


def _audit_and_store(name: str, version: str, on_step: services.OnStep) -> Table:
    found = services.audited(name, version, on_step)
    with suppress(OSError, BundleError):  # then this session has it
        store_audit(found, name)
    return found


def _report(found: Table, format: Format) -> None:
    """The verdict, what was found, the membership attacks, and the downloads."""
    verdict = found["verdict"]
    _headline(verdict)
    left, right = st.columns(2, gap="large")
    with left:
        _membership(found["membership"], format)
    with right:
        st.markdown(f"**{words.FOUND}**")
        st.markdown(bullets(verdict["found"]))
        with st.expander(words.MORE):
            for heading, sentences in (
                (words.TRIED, verdict["tried"]),
                (words.LIMITS, verdict["limits"]),
            ):
                st.markdown(f"{heading}\n\n{bullets(sentences)}")
        with st.container(horizontal=True, gap="small"):
            name = f"privacy-audit-{found['bundle']['name']}"
            _download(words.REPORT, html(found), f"{name}.html", "text/html")
            _download(words.JSON, as_json(found), f"{name}.json", "application/json")


def _headline(verdict: Mapping[str, Any]) -> None:
    st.html(f'<p class="audit-verdict">{escape(verdict["headline"])}</p>')
    if verdict["advice"]:
        st.info(common.plain(verdict["advice"]))


def _membership(found: Mapping[str, Any], format: Format) -> None:
    attacks = [(common.named(ATTACKS[name], format), one) for name, one in found.items() if one]
    st.markdown(f"**{words.MEMBERSHIP}**")
    st.plotly_chart(charts.membership(attacks), config=charts.CONFIG)
    rows = [
        (escape(name), _share(one, "tpr_at_0.001"), f"{one['auc']:.3f} {_within(one)}")
        for name, one in attacks
    ]
    facts(rows, words.HEADER)
    st.caption(words.CAPTION)


def _within(attack: Mapping[str, Any]) -> str:
    low, high = attack["auc_interval"]
    return f"({low:.3f} to {high:.3f})"


def _share(attack: Mapping[str, Any], name: str) -> str:
    low, high = (100 * one for one in attack[f"{name}_interval"])
    return f"{100 * attack[name]:.1f} % ({low:.1f} to {high:.1f})"


def _shadow_models(bundle: Bundle) -> None:
    """What shadow models find more, how long they take, and the command that trains them."""
    each = float(bundle.history["seconds"].sum())
    lengths = {"each": common.duration(each), "total": common.duration(USUAL * each)}
    st.caption(words.SHADOWS.format(n=USUAL, **lengths))
    st.code(f"regvae audit {shlex.quote(bundle.name)} --membership", language=None, wrap_lines=True)


# --- of results -----------------------------------------------------------------------------------


def of_results(name: str, version: str, files: services.ResultFiles) -> None:
    """The button that audits results, then the verdict and the report."""
    if not files.first:
        return
    format = files.outcome.policy.unwanted.format
    asked = _asked(state.RESULTS_AUDIT, files.outcome.sha256[".parquet"])
    with st.container(key="results-audit"):
        if asked is None or asked.problem:
            most = words.TOO_MANY.format(most=services.MOST_PROPOSED, model=shlex.quote(name))
            work = partial(services.audited_results, name, version, files, most)
            start = (state.RESULTS_AUDIT, files.outcome.sha256[".parquet"], work)
            explanation = common.named(words.AUDIT_RESULTS_HELP, format)
            st.button(
                words.AUDIT_RESULTS, width="stretch", help=explanation, on_click=_start, args=start
            )
            _problem(asked)
        elif not asked.found.done():
            _watch(asked, format)
        else:
            _short_report(asked.found.result(), files.name)


def _short_report(found: Table, name: str) -> None:
    """The verdict, the holes, and the report."""
    st.markdown(f"**{words.OF_RESULTS}**")
    _headline(found["verdict"])
    holes = found["holes"]["sentence"] if found["holes"] else found["holes_unknown"]
    st.caption(common.plain(words.HOLES.format(sentence=holes)))
    _download(words.REPORT, html(found), f"privacy-audit-{name}.html", "text/html")


# --- of both --------------------------------------------------------------------------------------


def _asked(key: str, subject: str) -> Auditing | None:
    """The session's last audit, if it is of this."""
    asked = st.session_state.get(key)
    return asked if asked and asked.subject == subject else None


def _start(key: str, subject: str, work: Callable[[services.OnStep], Table]) -> None:
    st.session_state[key] = Auditing(subject, work)


@st.fragment(run_every=POLL)
def _watch(asked: Auditing, format: Format) -> None:
    """The step of an audit; only this runs again meanwhile."""
    if asked.found.done():
        st.rerun()
    step, steps = asked.step, list(words.STEPS)
    share = steps.index(step) / len(steps)
    st.progress(share, common.named(words.STEPS[step], format))


def _problem(asked: Auditing | None) -> None:
    if asked and asked.problem:
        st.warning(common.sentence(asked.problem))


def _download(label: str, data: str | bytes, name: str, mime: str) -> None:
    st.download_button(label, data, name, mime, on_click="ignore")
