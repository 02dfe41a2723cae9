"""How often a guarantee's purity is reached: `python -m tests.studies.guarantee [REPETITIONS]`.

For each model and each rule that predicts, a guarantee is required again and again, each time with
other points, drawn at random from one large set. That set is measured only once, and it is all the
points there are, so that the purity of a chosen rule is known exactly.
"""

import sys
from dataclasses import dataclass, replace
from unittest import mock

import numpy as np
from numpy.typing import NDArray

import regvae
from regvae.intervals import CONFIDENCE, interval
from regvae.model.bundle import Bundle
from regvae.randomness import generator
from regvae.rejection import guarantee, proposals
from regvae.rejection.guarantee import guaranteed
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.rules import RULES, Measures, Rule
from regvae.rejection.sampling import fresh, make_measurer
from regvae.rejection.unwanted import Unwanted

MODELS = ("ordered-2d", "notebook-2d")
PURITY = 0.999
POINTS = 1_000_000
"""Points of the set."""


@dataclass(frozen=True)
class Points:
    """What a guarantee reads of samples: measures (m,), by name, and whether wanted (m,)."""

    measures: Measures
    wanted: NDArray[np.bool_]

    def fresh(self, _: object, policy: Policy, measurer: object, n: int, use: str) -> "Points":  # noqa: ARG002
        """n of the points, with replacement, in place of `sampling.fresh`."""
        rows = generator(use, policy.seed).integers(len(self.wanted), size=n)
        measures = {name: one[rows] for name, one in self.measures.items()}
        return Points(measures, self.wanted[rows])


def measured(bundle: Bundle, policy: Policy, measurer: Measurer) -> Points:
    """The set of a policy's proposals, measured a part at a time."""
    part = 100_000
    parts = [
        fresh(bundle, policy, measurer, part, f"study {number}") for number in range(POINTS // part)
    ]
    names = [one.measure for one in policy.rule.limits]
    measures = {name: np.concatenate([one.measures[name] for one in parts]) for name in names}
    return Points(measures, np.concatenate([one.wanted for one in parts]))


def study(name: str, rule: Rule, repetitions: int) -> str:
    """A row of the table: how often the purity is reached, nothing shown, and what is accepted."""
    bundle = regvae.load(name)
    policy = Policy(name, Unwanted.of(["number < 50"]), rule, proposals.usual(bundle))
    measurer = make_measurer(bundle, policy)
    points = measured(bundle, policy, measurer)
    failed, shares = 0, []
    with mock.patch.object(guarantee, "fresh", points.fresh):
        for seed in range(repetitions):
            one = guaranteed(bundle, replace(policy, seed=seed), PURITY, measurer=measurer)
            if not one.abstains:
                accepted = one.rule.accepts(points.measures)
                failed += bool(points.wanted[accepted].mean() < PURITY)
                shares.append(accepted.mean())
    reached = repetitions - failed
    low, high = interval(reached, repetitions)
    share = f"{np.median(shares):.3f}" if shares else "none"
    return (
        f"| `{name}` | `{rule.name}` | {reached} of {repetitions} ({low:.3f} to {high:.3f}) "
        f"| {repetitions - len(shares)} | {share} | {points.wanted.mean():.3f} |"
    )


def main() -> None:
    """Print the table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"purity {PURITY:g} at {CONFIDENCE:.0%}, {repetitions} repetitions")
    print("| model | rule | reached | nothing shown | accepted, median | oracle |")
    print("|---|---|---|---|---|---|")
    for name in MODELS:
        for kind in RULES.values():
            if not kind.certain:
                print(study(name, kind(), repetitions), flush=True)


if __name__ == "__main__":
    main()
