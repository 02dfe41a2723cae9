"""The leak hunter: looks for accepted points that decode to something unwanted or to a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.audit.collisions import _rounded
from regvae.model.bundle import Bundle
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Rule
from regvae.rejection.sampling import Samples, accepted

# --- the leak hunter ------------------------------------------------------------------------------

_ROUNDS = 12
_PARENTS = 200
_CHILDREN = 20
_A_REG = 20
"""Points kept of every reg that leaks."""


@dataclass(frozen=True)
class Hunt:
    """Accepted points that decode to something unwanted or to a record: the leaks that were found.

    `leaks` are samples, hardest to remove first; `accepted` of `tried` points passed the rule.
    `parameter` is the rule's number that would have to become `cleared_by` for no leak found to be
    accepted any more; None if no value of it removes them all.
    """

    leaks: Samples
    tried: int
    accepted: int
    parameter: str
    cleared_by: float | None

    def sentence(self) -> str:
        """The finding in words."""
        if not len(self.leaks):
            return f"none in {self.tried:,} points tried, {self.accepted:,} of them accepted"
        unwanted = len(np.unique(self.leaks.reg[~self.leaks.wanted]))
        records = len(np.unique(self.leaks.reg[self.leaks.collision]))
        found = (
            f"{_count(unwanted, 'unwanted reg')} and {_count(records, 'record')} found in "
            f"{self.tried:,} points tried, {self.accepted:,} of them accepted"
        )
        if self.cleared_by is None:
            return f"{found}; no {self.parameter} removes them all"
        # Rounded to the strict side, so that the number that is read does what is said of it.
        side = ROUND_FLOOR if self.parameter == "alpha" else ROUND_CEILING
        value = _rounded(self.cleared_by, 6, side)
        return f"{found}; {self.parameter} {value:.6g} removes them all"

    def summary(self) -> dict[str, Any]:
        """The finding for JSON, with the ten leaks that are hardest to remove."""
        return {
            "found": len(self.leaks),
            "tried": self.tried,
            "accepted": self.accepted,
            "parameter": self.parameter,
            "cleared_by": self.cleared_by,
            "hardest": [
                {"reg": reg, "z": z}
                for reg, z in zip(
                    self.leaks.reg[:10].tolist(), self.leaks.z[:10].tolist(), strict=True
                )
            ],
        }


def hunt(bundle: Bundle, policy: Policy, judge: Judge, *, budget: int = 200_000) -> Hunt:
    """Look for leaks: among proposals, at the records' own means, and near every leak found.

    The last is what counts for the threshold: from the leaks that pass most easily, small steps are
    taken, ever smaller, and those that still leak and pass more easily go on. What is not found may
    still be there. `budget` is the number of proposals; the same policy finds the same leaks.
    """
    rng = np.random.default_rng([policy.seed, 1 << 32])
    first = policy.proposal.draw(budget, bundle, rng)
    found, passed = _leaks(bundle, policy, judge, first)
    means, passed_means = _leaks(bundle, policy, judge, bundle.records.mean.astype(float))
    tried, passed = budget + len(bundle.records), passed + passed_means
    found = _joined([found, means])
    step = first.std(axis=0) / 10
    for _ in range(_ROUNDS if len(found) else 0):
        parents = _hardest(policy.rule, found)[:_PARENTS]
        shape = (_CHILDREN, len(parents), first.shape[1])
        children = found.z[parents] + step * rng.normal(size=shape)
        more, passed_more = _leaks(bundle, policy, judge, children.reshape(-1, shape[2]))
        found = _joined([found, more])
        tried, passed, step = tried + len(parents) * _CHILDREN, passed + passed_more, step / 2
    leaks = _thinned(found.take(_hardest(policy.rule, found)))
    parameter, value = cleared_by(policy.rule, leaks)
    return Hunt(leaks, tried, passed, parameter, value)


def _count(n: int, noun: str) -> str:
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {noun}s"


def _leaks(bundle: Bundle, policy: Policy, judge: Judge, z: NDArray) -> tuple[Samples, int]:
    """The leaks among points, and how many of the points are accepted."""
    rows, passed = accepted(bundle, policy, judge, z)
    return passed.take(passed.leaks), len(rows)


def _thinned(leaks: Samples) -> Samples:
    """The first few points of every reg, in their order: many steps lead to the same one."""
    order = np.argsort(leaks.reg, kind="stable")
    sorted_regs = leaks.reg[order]
    first = np.searchsorted(sorted_regs, sorted_regs)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order)) - first
    return leaks.take(rank < _A_REG)


def _joined(parts: Sequence[Samples]) -> Samples:
    return Samples(
        np.concatenate([one.z for one in parts]),
        {name: np.concatenate([one.measures[name] for one in parts]) for name in parts[0].measures},
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("reg", "wanted", "collision")
        ),
    )


def _hardest(rule: Rule, leaks: Samples) -> NDArray[np.intp]:
    """Rows of leaks, those that a stricter rule would remove last first."""
    limit = rule.limits[0]
    return np.argsort(-leaks.measures[limit.measure], kind="stable")


def cleared_by(rule: Rule, leaks: Samples) -> tuple[str, float | None]:
    """The rule's first number, and the least strict value of it that accepts none of the leaks.

    The value is exact: the next float towards the present one lets a leak through. None if even the
    strictest value accepts one, as when the posterior share rounds to 1.
    """
    parameter = next(iter(rule.parameters()))
    if not len(leaks):
        return parameter, rule.parameters()[parameter]
    worst = float(leaks.measures[rule.limits[0].measure].max())
    if rule.name == "one-sided":  # accepts only what is beyond it
        return parameter, worst
    if rule.name == "two-sided":
        return parameter, float(np.nextafter(worst, np.inf))
    return parameter, _largest_alpha(worst)


def _largest_alpha(share: float) -> float | None:
    """The largest alpha whose 1 - alpha, as rounded, is above a share; None if that of 0 is not."""
    if share >= 1:
        return None
    low, high = (np.array(end).view(np.int64) for end in (0.0, 1.0))
    while high - low > 1:  # by bisection over all floats, of which many alphas give one 1 - alpha
        middle = (low + high) // 2
        low, high = (middle, high) if 1 - middle.view(np.float64) > share else (low, middle)
    return float(low.view(np.float64))
