"""How often a guarantee's purity is reached: `python -m tests.studies.guarantee [REPETITIONS]`.

For each model and each rule that predicts, a guarantee is required again and again, each time with
the random points of another seed, as a user would have it. What each time is chosen is judged on
1,000,000 points of a stream of their own, which chose nothing.
"""

import sys
from dataclasses import replace

import numpy as np

import regvae
from regvae.intervals import CONFIDENCE, interval
from regvae.model.bundle import Bundle
from regvae.rejection import proposals
from regvae.rejection.guarantee import guaranteed
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.rules import RULES, Rule
from regvae.rejection.samples import Samples
from regvae.rejection.sampling import fresh, make_measurer
from regvae.rejection.unwanted import Unwanted

MODELS = ("ordered-2d", "notebook-2d")
PURITY = 0.999
JUDGED = 1_000_000
"""Points that judge what was chosen."""


def judging(bundle: Bundle, policy: Policy, measurer: Measurer) -> list[Samples]:
    """The points that judge, measured a part at a time."""
    part = 100_000
    return [
        fresh(bundle, policy, measurer, part, f"judge {number}") for number in range(JUDGED // part)
    ]


def study(name: str, rule: Rule, repetitions: int) -> str:
    """A row of the table: how often the purity is reached, nothing shown, and what is accepted."""
    bundle = regvae.load(name)
    policy = Policy(name, Unwanted.of(["number < 50"]), rule, proposals.usual(bundle))
    measurer = make_measurer(bundle, policy)
    judges = judging(bundle, policy, measurer)
    purities, shares = [], []
    for seed in range(1, repetitions + 1):
        chosen = guaranteed(bundle, replace(policy, seed=seed), PURITY, measurer=measurer)
        if not chosen.abstains:
            passed = [one.take(chosen.rule.accepts(one.measures)) for one in judges]
            shares.append(sum(map(len, passed)) / JUDGED)
            purities.append(np.concatenate([one.wanted for one in passed]).mean())
    reached = repetitions - int((np.array(purities) < PURITY).sum())
    low, high = interval(reached, repetitions)
    oracle = np.concatenate([one.wanted for one in judges]).mean()
    found = f"{min(purities):.5f} | {np.median(shares):.3f}" if shares else "none | none"
    return (
        f"| `{name}` | `{rule.name}` | {reached} of {repetitions} ({low:.3f} to {high:.3f}) "
        f"| {repetitions - len(shares)} | {found} | {oracle:.3f} |"
    )


def main() -> None:
    """Print the table."""
    repetitions = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    print(f"purity {PURITY:g} at {CONFIDENCE:.0%}, {repetitions} repetitions")
    print("| model | rule | reached | nothing shown | least purity | accepted, median | oracle |")
    print("|---|---|---|---|---|---|---|")
    for name in MODELS:
        for kind in RULES.values():
            if not kind.certain:
                print(study(name, kind(), repetitions), flush=True)


if __name__ == "__main__":
    main()
