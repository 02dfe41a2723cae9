"""The outcome of a sampling run as text: a figure a line, and what it means."""

from regvae.audit.collisions import Audit
from regvae.audit.leaks import Hunt
from regvae.cli.output import console
from regvae.generation.results import Outcome
from regvae.intervals import CONFIDENCE
from regvae.rejection.report import SUPPORT, Report
from regvae.rejection.rules import Rule


def print_outcome(outcome: Outcome, found: Hunt | None) -> None:
    """Print the headline, the figures of the report and of the audit, and what a hunt found."""
    console.print(outcome.headline())
    rule, plural = outcome.policy.rule, outcome.policy.unwanted.format.plural
    _print_rule(rule, outcome.policy.proposal.name)
    _print_report(outcome.report, rule, plural)
    if outcome.guarantee:
        _print("guarantee", outcome.guarantee["sentence"])
    _print("finding", outcome.audit.sentence())
    if outcome.audit.collisions:
        _print("records exposed", outcome.audit.exposed_sentence())
    _print_results(outcome.audit, plural)
    if found:
        _print("leaks found", found.sentence())


def _print(label: str, value: str, meaning: str = "") -> None:
    console.print(f"{label:<25}{value:<23}{meaning}".rstrip())


def _print_rule(rule: Rule, proposals: str) -> None:
    _print("rule", rule.name)
    for one in rule.parameters():
        value = rule.values()[one.name]
        shown = f"{100 * value:g} %" if one.unit == "%" else f"{value:.4f} {one.unit}"
        _print(one.name, shown.strip(), f"{one.help[0].lower()}{one.help[1:].rstrip('.')}")
    _print("proposals", proposals)


def _print_report(report: Report, rule: Rule, plural: str) -> None:
    """Print the figures that there are."""
    if report.purity is None:
        _print("purity", "none", "nothing is accepted")
    for label, value, meaning in _figures(report, rule, plural):
        if value is not None:
            shown = f"{value:.4f}" if isinstance(value, float) else f"{value:,}"
            _print(label, shown, meaning)


def _figures(report: Report, rule: Rule, plural: str) -> list[tuple[str, int | float | None, str]]:
    """A report's figures with their labels and meanings, None for one that there is not."""
    low, high = (f"{bound:.4f}" for bound in report.purity_interval)
    by_construction = rule.certain and report.accepted
    return [
        ("proposed", report.proposed, "latent points"),
        ("accepted", report.accepted, "of these, by the rule"),
        ("accepted share", report.acceptance, "accepted / proposed"),
        ("results", report.kept, f"rows: different {plural}, or all accepted with --repeats"),
        ("different", report.distinct, f"{plural} among the results"),
        (
            "unseen",
            report.unseen,
            "estimated share of further accepted points whose code is not among these",
        ),
        (
            "purity",
            report.purity,
            "of the accepted are wanted: by construction, not an estimate"
            if by_construction
            else f"of the accepted are wanted; {low} to {high} at {CONFIDENCE:.0%}",
        ),
        (
            "oracle",
            report.oracle,
            "of the proposals decode to wanted ones: the most a rule can find",
        ),
        ("recall", report.recall, "of these are accepted"),
        (
            "recall in support",
            report.recall_in_support,
            f"the same where records are dense (typicality at least {SUPPORT:g})",
        ),
        ("collisions", report.collisions, "accepted points that decode to a record"),
        (
            "held-out rejection rate",
            report.held_out_rejection_rate,
            "of unwanted records that the rule did not see are rejected",
        ),
        ("tail probability", report.tail_probability, "of a record's Gaussian beyond the distance"),
        ("notebook tail", report.notebook_tail, "the same by the notebook's formula"),
    ]


def _print_results(audit: Audit, plural: str) -> None:
    """Print the figures of the results themselves, beside those of held-out codes."""
    if audit.valid is not None and audit.drift_held_out is None:
        _print("valid", f"{audit.valid:.4f}", f"of the results, by the rules for {plural}")
    if audit.drift is None or audit.drift_held_out is None:
        return
    edits, edits_held_out = (
        sum(number * share for number, share in enumerate(shares))
        for shares in (audit.edits, audit.edits_held_out)
    )
    drift, drift_held_out = audit.drift[0], audit.drift_held_out[0]
    if audit.valid is not None:
        _print("valid", f"{audit.valid:.4f}", f"of the results, by the rules for {plural}")
    _print(
        "edits to a record",
        f"{edits:.2f}",
        f"characters to change, on average; {edits_held_out:.2f} of held-out {plural}",
    )
    _print(
        "re-encoding drift",
        f"{drift:.2f} sigma",
        "from a point to the mean of its decoded code, in the median; "
        f"{drift_held_out:.2f} of held-out {plural}",
    )
