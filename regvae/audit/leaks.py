"""The leak hunter: searches for accepted points that decode to an unwanted code or to a record."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regvae.intervals import rounded
from regvae.model.bundle import Bundle
from regvae.randomness import generator
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Parameter, Rule
from regvae.rejection.samples import Samples
from regvae.rejection.sampling import accepted

_ROUNDS = 12
_PARENTS = 200
_CHILDREN = 20
_OF_A_CODE = 20
"""Most points that are stored of one leaking code."""


@dataclass(frozen=True)
class Hunt:
    """The leaks that a hunt found: accepted points that decode to an unwanted code or to a record.

    `leaks` are samples, those that only the strictest rule rejects first; `accepted` of `tried`
    points were accepted. `parameter` is the rule's first, and `cleared_by` is its least strict
    value at which every leak found is rejected, None if no value does. `nouns` are the format's
    noun and plural.
    """

    leaks: Samples
    tried: int
    accepted: int
    parameter: Parameter
    cleared_by: float | None
    nouns: tuple[str, str]

    @property
    def clearing_step(self) -> float | None:
        """The least strict step of the parameter's slider at which every leak found is rejected."""
        return None if self.cleared_by is None else self.parameter.strict_step(self.cleared_by)

    def sentence(self) -> str:
        """The finding in words."""
        if not len(self.leaks):
            return f"none in {self.tried:,} points tried, {self.accepted:,} of them accepted"
        unwanted = len(np.unique(self.leaks.codes[~self.leaks.wanted]))
        records = len(np.unique(self.leaks.codes[self.leaks.collision]))
        noun, plural = self.nouns
        found = (
            f"{_count(unwanted, f'unwanted {noun}', f'unwanted {plural}')} and "
            f"{_count(records, 'record', 'records')} found in {self.tried:,} points tried, "
            f"{self.accepted:,} of them accepted"
        )
        name = self.parameter.name
        if self.cleared_by is None:
            return f"{found}; no {name} removes them all"
        # Rounded to the strict side, so that the number in the sentence rejects them too.
        side = ROUND_FLOOR if self.parameter.lower_is_stricter else ROUND_CEILING
        value = rounded(self.cleared_by, 6, side)
        return f"{found}; {name} {value:.6g} removes them all"

    def summary(self) -> dict[str, Any]:
        """The finding for JSON, with the ten leaks that are hardest to remove."""
        return {
            "found": len(self.leaks),
            "tried": self.tried,
            "accepted": self.accepted,
            "parameter": self.parameter.name,
            "cleared_by": self.cleared_by,
            "hardest": [
                {"reg": code, "z": z}
                for code, z in zip(
                    self.leaks.codes[:10].tolist(), self.leaks.z[:10].tolist(), strict=True
                )
            ],
        }


def hunt(bundle: Bundle, policy: Policy, measurer: Measurer, *, budget: int = 200_000) -> Hunt:
    """Search for leaks among proposals, at the means of the records, and near the leaks found.

    The last search decides `cleared_by`: for some rounds, random steps are taken from the leaks
    that the rule accepts most easily, half as long in each round. Leaks that are not found may
    still exist. `budget` is the number of proposals; the same policy finds the same leaks. Raises
    what the proposals raise.
    """
    rng = generator("hunt", policy.seed)
    proposed = policy.proposal.draw(budget, bundle, rng)
    found, passed = _leaks(bundle, policy, measurer, proposed)
    means, passed_means = _leaks(bundle, policy, measurer, bundle.records.mean.astype(float))
    tried, passed = budget + len(bundle.records), passed + passed_means
    found = _joined([found, means])
    step = proposed.std(axis=0) / 10
    for _ in range(_ROUNDS if len(found) else 0):
        parents = _hardest(policy.rule, found)[:_PARENTS]
        shape = (_CHILDREN, len(parents), proposed.shape[1])
        children = found.z[parents] + step * rng.normal(size=shape)
        more, passed_more = _leaks(bundle, policy, measurer, children.reshape(-1, shape[2]))
        found = _joined([found, more])
        tried, passed, step = tried + len(parents) * _CHILDREN, passed + passed_more, step / 2
    leaks = _thinned(found.take(_hardest(policy.rule, found)))
    first = policy.rule.parameters()[0]
    nouns = (bundle.format.noun, bundle.format.plural)
    return Hunt(leaks, tried, passed, first, cleared_by(policy.rule, leaks), nouns)


def _count(n: int, noun: str, plural: str) -> str:
    return f"{n:,} {noun if n == 1 else plural}"


def _leaks(bundle: Bundle, policy: Policy, measurer: Measurer, z: NDArray) -> tuple[Samples, int]:
    """The leaks among points z (m, k), and the number of accepted points."""
    rows, passed = accepted(bundle, policy, measurer, z)
    return passed.take(passed.leaks), len(rows)


def _thinned(leaks: Samples) -> Samples:
    """The first few points of each code, in their order: many steps lead to the same code."""
    order = np.argsort(leaks.codes, kind="stable")
    in_order = leaks.codes[order]
    first = np.searchsorted(in_order, in_order)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order)) - first
    return leaks.take(rank < _OF_A_CODE)


def _joined(parts: Sequence[Samples]) -> Samples:
    return Samples(
        np.concatenate([one.z for one in parts]),
        {name: np.concatenate([one.measures[name] for one in parts]) for name in parts[0].measures},
        *(
            np.concatenate([getattr(one, name) for one in parts])
            for name in ("codes", "wanted", "collision")
        ),
    )


def _hardest(rule: Rule, leaks: Samples) -> NDArray[np.intp]:
    """Rows of leaks, first those that the rule accepts most easily."""
    limit = rule.limits[0]
    return np.argsort(-limit.ease(leaks.measures[limit.measure]), kind="stable")


def cleared_by(rule: Rule, leaks: Samples) -> float | None:
    """The least strict value of the rule's first parameter at which every leak is rejected.

    None if even the strictest value accepts one; the rule's own value if there are no leaks.
    """
    first = rule.parameters()[0]
    if not len(leaks):
        return rule.values()[first.name]
    values = leaks.measures[first.measure]
    return first.least_strict_rejecting(float(values[rule.limits[0].ease(values).argmax()]))
