"""Figures of models trained with several seeds, and of every rule on each model."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from decimal import ROUND_CEILING

import numpy as np
import pandas as pd

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import UNWANTED
from regvae.intervals import CONFIDENCE, rounded, upper_bound
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.calibration import Calibration, calibrate
from regvae.rejection.guarantee import guaranteed, value_at
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around, usual
from regvae.rejection.report import Recall, Tally
from regvae.rejection.rules import RULES

CURVE_POINTS = 50
"""Values of a rule's first parameter on a curve."""


@dataclass(frozen=True)
class ModelOutcome:
    """Figures of one trained model on its test codes.

    `exact` is the exact match, `tens` and `units` the per-character accuracy of the two digits, 0
    to 1. `rank_correlation` is the smallest of the preset's orders, None if it has none.
    `validation_loss` is in nats, `seconds` the time of all epochs.
    """

    preset: str
    seed: int
    exact: float
    tens: float
    units: float
    rank_correlation: float | None
    validation_loss: float
    seconds: float

    def sentence(self) -> str:
        """The figures in one line."""
        order = "" if self.rank_correlation is None else f"rank corr. {self.rank_correlation:.5f}  "
        return (
            f"exact match {self.exact:.3f}  digits {self.tens:.3f} {self.units:.3f}  {order}"
            f"validation loss {self.validation_loss:.3f}  {self.seconds:.1f} s"
        )


def model_outcome(bundle: Bundle) -> ModelOutcome:
    """Figures of a bundle of UK registrations, decoding the means of its test codes."""
    test = accuracy(bundle)
    found = [one["rank_correlation"] for one in rank_correlations(bundle)]
    orders = [one for one in found if one is not None]
    tens, units = (
        test["by_position"][bundle.format.attribute(name).positions[0]]
        for name in ("tens", "units")
    )
    return ModelOutcome(
        preset=bundle.preset.name,
        seed=bundle.seed,
        exact=test["exact"],
        tens=tens,
        units=units,
        rank_correlation=min(orders, default=None),
        validation_loss=float(bundle.history["validation_loss"].iloc[-1]),
        seconds=float(bundle.history["seconds"].sum()),
    )


@dataclass(frozen=True)
class RuleOutcome:
    """A rule on one trained model, judged on fresh points, for the notebook's unwanted codes.

    `target` is the purity that its numbers were to reach (`guaranteed`), None for its defaults;
    `abstains` if no numbers were shown to, so that nothing is accepted. `acceptance`, `purity` with
    its 95 % interval (`purity_low`, `purity_high`), `oracle`, `recall` and `recall_in_support` are
    shares as in `Report`, 0 to 1. `scale` is the calibrated scale of the standard deviations.
    """

    preset: str
    seed: int
    rule: str
    target: float | None
    proposal: str
    parameters: str
    abstains: bool
    scale: float
    proposed: int
    accepted: int
    acceptance: float
    purity: float | None
    purity_low: float
    purity_high: float
    oracle: float
    recall: float | None
    recall_in_support: float | None

    @property
    def failed(self) -> bool:
        """Whether less of what it accepts is wanted than its target, or its construction, tells."""
        target = 1.0 if RULES[self.rule].certain else self.target
        return target is not None and self.purity is not None and self.purity < target

    def sentence(self) -> str:
        """The figures in one line."""
        name = self.rule if self.target is None else f"{self.rule} at {self.target:g}"
        if self.abstains:
            return f"{name:<22} abstains"
        purity = "none" if self.purity is None else f"{self.purity:.5f}"
        recall = "none" if self.recall is None else f"{self.recall:.3f}"
        return (
            f"{name:<22} accepted {self.acceptance:.4f} of {self.proposal}, purity {purity} "
            f"({self.purity_low:.5f} to {self.purity_high:.5f}), recall {recall}"
        )


def rule_outcomes(
    bundle: Bundle, *, target: float = 0.999, proposals: int = 200_000
) -> Iterator[RuleOutcome]:
    """Every rule on a model: with its defaults, and the predictors with a purity as target too.

    `certified` gets proposals around records, the others the usual ones of the model.
    """
    calibration = calibrate(bundle)
    for kind in RULES.values():
        proposal = Around().fitted(bundle, calibration) if kind.certain else usual(bundle)
        policy = Policy(bundle.name, UNWANTED, kind(), proposal)
        measurer = sampling.make_measurer(bundle, policy)
        if not kind.needs_learning:
            yield _outcome(bundle, policy, measurer, calibration, proposals)
        if not kind.certain:
            chosen = guaranteed(bundle, policy, target, measurer=measurer, tested=proposals)
            yield _outcome(bundle, chosen, measurer, calibration, proposals)


@dataclass(frozen=True)
class CurvePoint:
    """What a rule accepts with one value of its first parameter: shares of the proposals and of the
    accepted, 0 to 1; `purity` is None if nothing is accepted. `oracle` is the share of proposals
    that decode to wanted codes: what the rule that accepts exactly those accepts, at a purity of 1.
    """

    preset: str
    seed: int
    rule: str
    parameter: str
    value: float
    acceptance: float
    purity: float | None
    oracle: float


def purity_curves(bundle: Bundle, *, proposals: int = 200_000) -> Iterator[CurvePoint]:
    """Purity against accepted share of every rule that predicts, from strict to lenient along its
    first parameter, the others at their defaults, on the usual proposals of a model."""
    for kind in RULES.values():
        if kind.certain:
            continue
        policy = Policy(bundle.name, UNWANTED, kind(), usual(bundle))
        measurer = sampling.make_measurer(bundle, policy)
        samples = sampling.fresh(bundle, policy, measurer, proposals, "study: curves")
        first = policy.rule.parameters()[0]
        measured = samples.measures[first.measure]
        values = [value_at(first, measured, share) for share in np.linspace(0.01, 1, CURVE_POINTS)]
        for value in dict.fromkeys(values):
            passed = policy.rule.with_value(first.name, value).accepts(samples.measures)
            yield CurvePoint(
                preset=bundle.preset.name,
                seed=bundle.seed,
                rule=kind.name,
                parameter=first.name,
                value=value,
                acceptance=float(passed.mean()),
                purity=float(samples.wanted[passed].mean()) if passed.any() else None,
                oracle=float(samples.wanted.mean()),
            )


def _outcome(
    bundle: Bundle, policy: Policy, measurer: Measurer, calibration: Calibration, proposals: int
) -> RuleOutcome:
    rule = policy.rule
    samples = sampling.fresh(bundle, policy, measurer, proposals, "study")
    passed = rule.accepts(samples.measures)
    if policy.abstains:
        passed[:] = False
    recall = Recall.of(samples, passed, calibration.typicality(samples.z))
    report = Tally.of(len(samples), samples.take(passed)).report(
        rule, bundle.records.latent_dim, recall=recall
    )
    return RuleOutcome(
        preset=bundle.preset.name,
        seed=bundle.seed,
        rule=rule.name,
        target=policy.guarantee.purity if policy.guarantee else None,
        proposal=policy.proposal.name,
        parameters=", ".join(f"{name} {value:.4g}" for name, value in rule.values().items()),
        abstains=policy.abstains,
        scale=calibration.scale,
        proposed=report.proposed,
        accepted=report.accepted,
        acceptance=report.acceptance,
        purity=report.purity,
        purity_low=report.purity_interval[0],
        purity_high=report.purity_interval[1],
        oracle=recall.oracle,
        recall=report.recall,
        recall_in_support=report.recall_in_support,
    )


@dataclass(frozen=True)
class Studied:
    """All figures of one model: its own, those of the rules, and of their curves."""

    model: ModelOutcome
    rules: list[RuleOutcome]
    curves: list[CurvePoint]

    @classmethod
    def of(cls, bundle: Bundle, proposals: int, *, rules: bool, curves: bool) -> "Studied":
        """Of a model; with `rules` and `curves` or without, on so many proposals each."""
        return cls(
            model_outcome(bundle),
            [*rule_outcomes(bundle, proposals=proposals)] if rules else [],
            [*purity_curves(bundle, proposals=proposals)] if curves else [],
        )


def outcomes_of(table: pd.DataFrame) -> list[RuleOutcome]:
    """The outcomes in a table that `regvae study` wrote: the inverse of its rows.

    Raises `ValueError` for a table of other columns.
    """
    names = [one.name for one in fields(RuleOutcome)]
    if set(table.columns) != set(names):
        raise ValueError(
            f"expected a table of rules with the columns {', '.join(names)}, got "
            f"{', '.join(map(str, table.columns))}; run regvae study again"
        )
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [RuleOutcome(**{str(name): value for name, value in row.items()}) for row in rows]


def over_seeds(outcomes: Sequence[RuleOutcome]) -> list[str]:
    """What the outcomes of several seeds show of each rule that promises something, in words.

    >>> over_seeds(outcomes)
    ['certified on notebook-2d: 0 failures of 20: below 13.9 % at 95 %; least accepted 0.47']
    """
    groups: dict[tuple[str, str, float | None], list[RuleOutcome]] = {}
    for one in outcomes:
        if RULES[one.rule].certain or one.target is not None:
            groups.setdefault((one.preset, one.rule, one.target), []).append(one)
    return [_over_seeds(members) for members in groups.values()]


def _over_seeds(members: Sequence[RuleOutcome]) -> str:
    first, n = members[0], len(members)
    failures = sum(one.failed for one in members)
    shown = [one.acceptance for one in members if not one.abstains]
    name = first.rule if first.target is None else f"{first.rule} at {first.target:g}"
    bound = rounded(100 * upper_bound(failures, n), 3, ROUND_CEILING)
    abstained = f", {n - len(shown)} of {n} abstain" if len(shown) < n else ""
    least = f"; least accepted {min(shown):.3f}" if shown else ""
    return (
        f"{name} on {first.preset}: {failures} failures of {n}: below {bound:g} % at "
        f"{CONFIDENCE:.0%}{abstained}{least}"
    )
