"""Figures of models over training seeds, and of the rules on each."""

from dataclasses import dataclass

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import UNWANTED
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import OneSided, Posterior, TwoSided
from regvae.rejection.rules import Rule as AcceptanceRule


@dataclass(frozen=True)
class ModelOutcome:
    """Figures of one trained model: shares of test regs rebuilt exactly and of their digits.

    `rank_correlation` is the least of the preset's orders, None if it has none; `seconds` is what
    the epochs took.
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
        """The figures in a line."""
        order = "" if self.rank_correlation is None else f"rank corr. {self.rank_correlation:.5f}  "
        return (
            f"exact {self.exact:.3f}  digits {self.tens:.3f} {self.units:.3f}  {order}"
            f"validation loss {self.validation_loss:.3f}  {self.seconds:.1f} s"
        )


def model_outcome(bundle: Bundle) -> ModelOutcome:
    """Figures of a bundle, decoding the means of its test regs."""
    test = accuracy(bundle)
    found = [one["rank_correlation"] for one in rank_correlations(bundle)]
    orders = [one for one in found if one is not None]
    return ModelOutcome(
        preset=bundle.preset.name,
        seed=bundle.seed,
        exact=test["exact"],
        tens=test["by_position"][2],
        units=test["by_position"][3],
        rank_correlation=min(orders, default=None),
        validation_loss=float(bundle.history["validation_loss"].iloc[-1]),
        seconds=float(bundle.history["seconds"].sum()),
    )


STUDIED: tuple[AcceptanceRule, ...] = (OneSided(2.5), TwoSided(0.5, 1.0), Posterior(0.1, 0.02))
"""The rules that are compared over training seeds: the notebook's, and two that hold."""


@dataclass(frozen=True)
class RuleOutcome:
    """What a rule made of uniform proposals in [-3, 3]^k, for one trained model.

    `scale` is the factor that the calibration found for the sigmas; the posterior rule uses it.
    """

    seed: int
    rule: str
    parameters: str
    scale: float
    proposed: int
    accepted: int
    acceptance: float
    purity: float | None


def rule_outcomes(bundle: Bundle, *, proposals: int = 20_000) -> list[RuleOutcome]:
    """Acceptance and purity of every studied rule on the notebook's question."""
    calibration = calibrate(bundle)
    judge = sampling.Judge.of(bundle, UNWANTED, calibration)
    outcomes = []
    for rule in STUDIED:
        policy = Policy(bundle.name, UNWANTED, rule, Box(3.0), proposals=proposals)
        report = sampling.report(sampling.sample(bundle, policy, judge), rule)
        shown = ", ".join(f"{name} {value:g}" for name, value in report.parameters.items())
        outcomes.append(
            RuleOutcome(
                bundle.seed,
                rule.name,
                shown,
                calibration.scale,
                report.proposed,
                report.accepted,
                report.acceptance,
                report.purity,
            )
        )
    return outcomes
