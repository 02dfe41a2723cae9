"""A guarantee on the purity of a rule that predicts: its numbers are chosen by tests.

After Geifman and El-Yaniv, "Selective classification for deep neural networks", 2017, and
Angelopoulos, Bates, Candes, Jordan and Lei, "Learn then Test", 2021. A pilot fixes the numbers that
are tried and their order: from strict to lenient along the rule's first parameter, for a few values
of the second; each such sequence once more from where its test is likeliest to pass. Then fresh
points are decoded, and each sequence is tested in its order until the first number for which so few
leaks could be chance: P(Bin(accepted, 1 - purity) <= leaks) above the error allowed, which the
sequences share (Bonferroni). With probability `confidence` over the fresh points, the purity of
whatever is chosen is at least `purity`, for points of the same proposals.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr

from regvae.model.bundle import Bundle
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Guarantee, Policy, PolicyError
from regvae.rejection.rules import Measures, Parameter, Rule
from regvae.rejection.samples import Samples
from regvae.rejection.sampling import fitted, fresh, make_measurer

PURITY = 0.999
"""The purity that is required of a rule that learns, unless another is."""
PILOT, TESTED = 50_000, 200_000
"""Points that fix the order of the tests, and points that the tests are about."""
_STEPS = 200
"""Values of the first parameter in a sequence."""
_SECOND = (0.999, 0.9, 0.7, 0.5, 0.3, 0.15, 0.07)
"""Shares of the pilot that the values of the second parameter accept."""


@dataclass(frozen=True)
class _Counted:
    """A rule, and how many of the tested points it accepts; `leaks` of them are unwanted."""

    rule: Rule
    accepted: int
    leaks: int


def needed(purity: float, confidence: float) -> int:
    """Accepted points without a leak that show a purity at a confidence.

    >>> needed(0.999, 0.95)
    2995
    """
    return math.ceil(math.log(1 - confidence) / math.log(purity))


def guaranteed(
    bundle: Bundle,
    policy: Policy,
    purity: float,
    confidence: float = 0.95,
    *,
    measurer: Measurer | None = None,
    tested: int = TESTED,
) -> Policy:
    """The policy with numbers of its rule that reach a purity, and the guarantee of that.

    It is for this bundle alone: the policy has its hash then. If no numbers are shown to, the
    policy's guarantee is not `certified`, and a run of it accepts nothing. Raises `PolicyError` for
    a purity or a confidence that is not between 0 and 1, and for a rule whose purity is 1 by
    construction, and what `make_measurer` and the proposals raise.
    """
    check_target(policy.rule, purity, confidence)
    measurer = measurer or make_measurer(bundle, policy)
    proposal = fitted(policy.proposal, bundle, measurer)
    policy = replace(policy, proposal=proposal, bundle_sha256=bundle.sha256)
    pilot = fresh(bundle, policy, measurer, PILOT, "guarantee: pilot")
    sequences = _all_sequences(policy.rule, pilot, purity, confidence, tested)
    samples = fresh(bundle, policy, measurer, tested, "guarantee: tests")
    chosen, certified = _chosen(sequences, samples, purity, confidence, policy.rule)
    shown = Guarantee(
        purity=purity,
        confidence=confidence,
        certified=certified,
        accepted=chosen.accepted,
        leaks=chosen.leaks,
        proposals=tested,
        sequences=len(sequences),
        seed=policy.seed,
    )
    policy = replace(policy, rule=chosen.rule, guarantee=shown)
    return replace(policy, guarantee=replace(shown, of=policy.guarantee_hash()))


def _all_sequences(
    rule: Rule, pilot: Samples, purity: float, confidence: float, tested: int
) -> list[list[Rule]]:
    """What is tested: each sequence from its strictest rule, and from its surest."""
    most = 2 * len(_SECOND) if len(rule.parameters()) > 1 else 2
    least = needed(purity, 1 - (1 - confidence) / most) / tested
    strict = _sequences(rule, pilot.measures, least)
    return strict + [_from_surest(one, pilot.measures, ~pilot.wanted, purity) for one in strict]


def _chosen(
    sequences: list[list[Rule]], samples: Samples, purity: float, confidence: float, rule: Rule
) -> tuple[_Counted, bool]:
    """The rule that accepts the most of those that passed, counted on the samples, and True; if
    none has passed, the strictest, and False."""
    measures, leaks = samples.measures, ~samples.wanted
    error = (1 - confidence) / max(1, len(sequences))
    passed = [
        found
        for sequence in sequences
        if (found := _last_passed(sequence, measures, leaks, purity, error))
    ]
    if passed:
        return max(passed, key=lambda one: one.accepted), True
    return _counted(sequences[0][0] if sequences else rule, measures, leaks), False


def check_target(rule: Rule, purity: float, confidence: float) -> None:
    """Raises `PolicyError` for a purity or a confidence that cannot be shown for a rule."""
    if rule.certain:
        raise PolicyError(
            f"expected a rule that predicts for a guarantee of purity, got {rule.name}, whose "
            "purity is 1 by construction; leave purity out"
        )
    for name, value in (("purity", purity), ("confidence", confidence)):
        if not 0 < value < 1:
            hint = (
                "no number of points shows that: choose such as 0.999, or the rule certified, "
                "whose purity is 1 by construction"
                if value >= 1
                else "choose such as 0.999"
            )
            raise PolicyError(f"expected a {name} above 0 and below 1, got {value:g}; {hint}")


def _counted(rule: Rule, measures: Measures, leaks: NDArray[np.bool_]) -> _Counted:
    accepted = rule.accepts(measures)
    return _Counted(rule, int(accepted.sum()), int((accepted & leaks).sum()))


def _last_passed(
    sequence: list[Rule],
    measures: Measures,
    leaks: NDArray[np.bool_],
    purity: float,
    error: float,
) -> _Counted | None:
    """The last rule of a sequence before the first that fails the test, None if the first does."""
    last = None
    for rule in sequence:
        counted = _counted(rule, measures, leaks)
        if bdtr(counted.leaks, counted.accepted, 1 - purity) > error:
            break
        last = counted
    return last


def _sequences(rule: Rule, pilot: Measures, least: float) -> list[list[Rule]]:
    """Rules to test, each sequence from strict to lenient.

    They accept from a share `least` of the pilot on, fewer could not pass.
    """
    first, *others = rule.parameters()
    starts = [rule]
    for other in others:  # no rule has more than two parameters
        values = [value_at(other, pilot[other.measure], share) for share in _SECOND]
        starts = [rule.with_value(other.name, value) for value in dict.fromkeys(values)]
    found = []
    for start in starts:
        inside = _others_hold(start, pilot)
        share = inside.mean()
        if share <= 1.5 * least:
            continue
        measured = pilot[first.measure][inside]
        shares = np.geomspace(1.5 * least / share, 1, _STEPS)
        steps = dict.fromkeys(value_at(first, measured, one) for one in shares)
        found.append([start.with_value(first.name, value) for value in steps])
    return found


def _from_surest(
    sequence: list[Rule], pilot: Measures, leaks: NDArray[np.bool_], purity: float
) -> list[Rule]:
    """A sequence without what is stricter than the rule whose test is likeliest to pass.

    By the pilot: where the leaks are fewest, in standard deviations below those of the purity. The
    strictest rules accept so few points that a leak or two end their sequence; but where the pilot
    has few accepted points, it is no good guide either.
    """

    def fewer(rule: Rule) -> float:
        counted = _counted(rule, pilot, leaks)
        expected = (1 - purity) * max(1, counted.accepted)
        return (expected - counted.leaks) / math.sqrt(expected)

    margins = [fewer(rule) for rule in sequence]
    return sequence[int(np.argmax(margins)) :]


def _others_hold(rule: Rule, measures: Measures) -> NDArray[np.bool_]:
    """Whether all limits but the first hold."""
    everywhere = np.ones(len(measures[rule.limits[0].measure]), bool)
    return np.logical_and.reduce([everywhere, *(one.holds(measures) for one in rule.limits[1:])])


def value_at(parameter: Parameter, measured: NDArray[np.float64], share: float) -> float:
    """The parameter's value at which about a share of measured points hold its limit."""
    finite = measured[np.isfinite(measured)]
    if not len(finite):
        return parameter.default
    upper = parameter.operator[0] == "<"
    limit = float(np.quantile(finite, share if upper else 1 - share))
    value = 1 - limit if parameter.complement else limit
    return min(max(value, parameter.low), parameter.high)
