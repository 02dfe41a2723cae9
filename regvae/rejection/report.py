"""What a rule accepts of some proposals: counts, shares, and what is missing."""

import operator
from collections import Counter
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.intervals import interval
from regvae.rejection.policy import LIKELIEST, Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import Measures, Rule
from regvae.rejection.samples import Samples

SUPPORT = 0.02
"""Least typicality of a place in the support, for the recall in it."""


@dataclass(frozen=True)
class Recall:
    """What a rule accepts of the points that decode to wanted codes, counted on decoded proposals.

    `proposed` points, of which `wanted` decode to wanted codes; of these `found` are accepted.
    `supported` of the wanted points are in the support, where typicality is at least `SUPPORT`, and
    of these `found_supported` are accepted; None if typicality was not measured.
    """

    proposed: int
    wanted: int
    found: int
    supported: int | None = None
    found_supported: int | None = None

    @classmethod
    def of(
        cls,
        samples: Samples,
        accepted: NDArray[np.bool_],
        typicality: NDArray[np.float64] | None = None,
    ) -> "Recall":
        """Of samples, which of them a rule accepts (m,), and their typicality (m,)."""
        wanted, found = samples.wanted, samples.wanted & accepted
        counts = len(samples), int(wanted.sum()), int(found.sum())
        if typicality is None:
            return cls(*counts)
        inside = typicality >= SUPPORT
        return cls(*counts, int((wanted & inside).sum()), int((found & inside).sum()))

    @property
    def oracle(self) -> float:
        """Share of proposals that decode to wanted codes."""
        return self.wanted / self.proposed

    @property
    def recall(self) -> float | None:
        """Share of the wanted that are accepted; None without any."""
        return self.found / self.wanted if self.wanted else None

    @property
    def recall_in_support(self) -> float | None:
        """The same for the wanted in the support; None without any, or if not measured."""
        if not self.supported or self.found_supported is None:
            return None
        return self.found_supported / self.supported


@dataclass(frozen=True)
class Report:
    """What a rule accepted of some proposals. Shares are 0 to 1.

    `acceptance` is the share of proposals that are accepted; `purity` is the share of accepted
    points that decode to wanted codes, None if none is accepted, with its interval at 95 %.
    `oracle` is the share of proposals that decode to wanted codes: what the rule that accepts
    exactly those would accept. `recall` is the share of these that the rule accepts, and
    `recall_in_support` the same among those of a typicality of at least `SUPPORT`; None without any
    or if not measured. `kept` is the number of results:
    fewer than accepted if repeats or leaks are left out; `distinct` is their number of different
    codes. `unseen` is an estimate of the share of further accepted points whose code is not among
    those so far: the share of points whose code occurred once (Good, "The population frequencies of
    species and the estimation of population parameters", 1953), None without any.
    `proposals_per_result` is None without results. `collisions` are accepted points that
    decode to a record, None if the bundle was released without its records.
    `held_out_rejection_rate` is the share of held-out unwanted records that the rule
    rejects when it measures against the training records only, None if there are none or they
    were not measured. `tail_probability` is the share of a record's Gaussian beyond the rule's
    distance: an unwanted record's beyond the threshold, or a wanted one's beyond the support; None
    for a rule without distances. `notebook_tail` is the notebook's figure for its threshold, None
    for other rules.
    """

    rule: str
    parameters: dict[str, float]
    proposed: int
    accepted: int
    kept: int
    distinct: int
    acceptance: float
    unseen: float | None
    proposals_per_result: float | None
    purity: float | None
    purity_interval: tuple[float, float]
    oracle: float | None
    recall: float | None
    recall_in_support: float | None
    collisions: int | None
    held_out_rejection_rate: float | None
    tail_probability: float | None
    notebook_tail: float | None


@dataclass(frozen=True)
class Tally:
    """Counts of points, of a sampling run or of one block; they can be added.

    `proposed`, `accepted`, and of the accepted: `wanted` (they decode to wanted codes),
    `collisions`, `leaks`, `kept` (the results); `distinct` are the results whose code no earlier
    result of the run has, `once` is the number of codes that occurred once so far among the
    `usable` points, which could be results (of one block, how far that number changed).
    """

    proposed: int = 0
    accepted: int = 0
    wanted: int = 0
    collisions: int = 0
    leaks: int = 0
    kept: int = 0
    distinct: int = 0
    usable: int = 0
    once: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(operator.add, astuple(self), astuple(other)))

    @classmethod
    def of(
        cls,
        proposed: int,
        accepted: Samples,
        kept: int | None = None,
        distinct: int | None = None,
        usable: int | None = None,
        once: int | None = None,
    ) -> "Tally":
        """The counts of accepted points; unless given, all of them are results, of one run."""
        if once is None:
            once = sum(count == 1 for count in Counter(accepted.codes.tolist()).values())
        return cls(
            proposed,
            len(accepted),
            int(accepted.wanted.sum()),
            int(accepted.collision.sum()),
            int(accepted.leaks.sum()),
            len(accepted) if kept is None else kept,
            len(set(accepted.codes.tolist())) if distinct is None else distinct,
            len(accepted) if usable is None else usable,
            once,
        )

    def report(
        self,
        rule: Rule,
        k: int,
        held_out: Measures | None = None,
        recall: Recall | None = None,
        *,
        released: bool = False,
    ) -> Report:
        """The report on a rule in k latent dimensions.

        `held_out` are the measures of `held_out_measures`; at least one point must be proposed. The
        purity of a rule that is `certain` is 1 by construction, so its interval is too. `released`
        is whether the bundle was released without its records.
        """
        return Report(
            rule=rule.name,
            parameters=rule.values(),
            proposed=self.proposed,
            accepted=self.accepted,
            kept=self.kept,
            distinct=self.distinct,
            acceptance=self.accepted / self.proposed,
            unseen=self.once / self.usable if self.usable else None,
            proposals_per_result=self.proposed / self.kept if self.kept else None,
            purity=self.wanted / self.accepted if self.accepted else None,
            purity_interval=(
                (1.0, 1.0)
                if rule.certain and self.accepted
                else interval(self.wanted, self.accepted)
            ),
            oracle=recall.oracle if recall else None,
            recall=recall.recall if recall else None,
            recall_in_support=recall.recall_in_support if recall else None,
            collisions=None if released else self.collisions,
            held_out_rejection_rate=rejection_rate(rule, held_out),
            tail_probability=rule.tail_probability(k),
            notebook_tail=rule.notebook_tail(),
        )


UNWANTED, RECORD = "unwanted", "record"
"""Reasons of `refusals` that are no parameter."""


def refusals(rule: Rule, samples: Samples) -> dict[str, int]:
    """How many samples a rule refuses, by the first reason that holds.

    A reason is the name of the parameter whose limit does not hold; of a rule that judges codes
    `UNWANTED` and `RECORD` come before. With those that are accepted they are all samples.
    """
    reasons: dict[str, NDArray[np.bool_]] = {}
    if rule.needs_codes:
        reasons |= {UNWANTED: ~samples.wanted, RECORD: samples.collision}
    limits = zip(rule.parameters(), rule.limits, strict=True)
    reasons |= {one.name: ~limit.holds(samples.measures) for one, limit in limits}
    found, left = {}, np.ones(len(samples), bool)
    for name, holds in reasons.items():
        found[name] = int((left & holds).sum())
        left &= ~holds
    return found


MANY_RECORDS = 0.05
"""Share of accepted points that decode to records, above which a run is warned of."""


def warning(report: Report) -> str | None:
    """A sentence if many of the accepted points decode to records, else None."""
    if report.collisions is None or report.collisions <= MANY_RECORDS * report.accepted:
        return None
    return (
        f"{report.collisions:,} of {report.accepted:,} accepted points "
        f"({report.collisions / report.accepted:.0%}) decode to records: propose with a larger "
        "scale, or use the rule certified"
    )


def rejection_rate(rule: Rule, held_out: Measures | None) -> float | None:
    """Share of measured records that a rule rejects, 0 to 1; None without records."""
    return None if held_out is None else float(1 - rule.accepts(held_out).mean())


def shortfall(policy: Policy, tally: Tally, *, stopped: bool = False) -> str | None:
    """A sentence if a sampling run has fewer results than its policy requires, else None.

    `stopped` if it was ended before all proposals of the policy.
    """
    if policy.results is None or tally.kept >= policy.results:
        return None
    return (
        f"expected {policy.results:,} results, got {tally.kept:,} from {tally.proposed:,} "
        f"proposals{', then it was stopped' if stopped else ''}; {_hint(policy, tally)}"
    )


def _hint(policy: Policy, tally: Tally) -> str:
    usable = tally.accepted - (tally.leaks if policy.clean else 0)
    if not tally.accepted:
        near = "" if isinstance(policy.proposal, Around) else "propose around records, or "
        return f"none of them is accepted: {near}use a less strict rule"
    if not usable:
        return "all accepted points leak: use a stricter rule"
    if not policy.repeats and tally.kept < usable / 2:
        if policy.decode == LIKELIEST:
            return "accepted points decode to few different codes: use decode drawn"
        return "accepted points decode to few different codes: use a less strict rule"
    return "raise the number of proposals"
