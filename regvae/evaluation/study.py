"""Figures of models trained with several seeds, and of every rule on each model."""

from dataclasses import dataclass

from regvae.evaluation.accuracy import accuracy, rank_correlations
from regvae.evaluation.notebook import UNWANTED
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Box
from regvae.rejection.rules import RULES


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
    """A rule applied to uniform proposals in [-3, 3]^k, for one trained model.

    `acceptance` and `purity` are shares, 0 to 1; purity is None if no point is accepted. `scale` is
    the calibrated scale of the standard deviations, which the posterior rule uses.
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
    """Acceptance and purity of every rule with its defaults, for the notebook's unwanted codes."""
    calibration = calibrate(bundle)
    measurer = Measurer.of(bundle, UNWANTED, calibration)
    outcomes = []
    for rule in (kind() for kind in RULES.values()):
        policy = Policy(bundle.name, UNWANTED, rule, Box(3.0), proposals=proposals)
        report = sampling.report(sampling.sample(bundle, policy, measurer), rule)
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
