"""The leak hunter: searches for accepted points that decode to an unwanted code or to a record."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from decimal import ROUND_CEILING, ROUND_FLOOR
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from regvae.formats import Format
from regvae.intervals import rounded
from regvae.model.bundle import Bundle
from regvae.randomness import generator
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Proposal
from regvae.rejection.rules import Parameter, Rule
from regvae.rejection.samples import Samples
from regvae.rejection.sampling import accepted, fitted, fresh

_ROUNDS = 12
_PARENTS = 200
_CHILDREN = 20
_DESCENTS = 40
"""Steps to smaller margins."""
_CHECKED = 20_000
"""Points of another seed on which the advice is checked."""
_OF_A_CODE = 20
"""Most points that are stored of one leaking code."""


@dataclass(frozen=True)
class Left:
    """What the advice of a hunt leaves, checked on `proposed` points of another seed: `accepted` of
    them, of which `leaks` leak."""

    proposed: int
    accepted: int
    leaks: int

    def __str__(self) -> str:
        share = f"{self.accepted:,} of {self.proposed:,} other proposals accepted"
        return f"{share}, {self.leaks:,} of them leaks" if self.accepted else "nothing accepted"


@dataclass(frozen=True)
class Hunt:
    """The leaks that a hunt found: accepted points that decode to an unwanted code or to a record.

    `leaks` are samples, those that only the strictest rule rejects first; `accepted` of `tried`
    points were accepted. `parameter` is the rule's first, and `cleared_by` is its least strict
    value at which every leak found is rejected, None if no value does. `format` is that of
    the codes. `left` is what is accepted at that value, None if there are no leaks or no
    value.
    """

    leaks: Samples
    tried: int
    accepted: int
    parameter: Parameter
    cleared_by: float | None
    format: Format
    left: Left | None = None

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
        noun, plural = self.format.noun, self.format.plural
        kinds = _count(unwanted, f"unwanted {noun}", f"unwanted {plural}")
        if not self.leaks.released:
            kinds += f" and {_count(records, 'record', 'records')}"
        found = f"{kinds} found in {self.tried:,} points tried, {self.accepted:,} of them accepted"
        name = self.parameter.name
        if self.cleared_by is None:
            return f"{found}; no {name} removes them all"
        # Rounded to the strict side, so that the number in the sentence rejects them too.
        side = ROUND_FLOOR if self.parameter.lower_is_stricter else ROUND_CEILING
        value = rounded(self.cleared_by, 6, side)
        rest = f", and leaves {self.left}" if self.left else ""
        return f"{found}; {name} {value:.6g} removes them all{rest}"

    def summary(self) -> dict[str, Any]:
        """The finding for JSON, in counts: it names no leak."""
        return {
            "found": len(self.leaks),
            "tried": self.tried,
            "accepted": self.accepted,
            "parameter": self.parameter.name,
            "cleared_by": self.cleared_by,
            "left": asdict(self.left) if self.left else None,
        }

    def hardest(self) -> list[dict[str, Any]]:
        """The ten leaks that are hardest to remove, for JSON: codes, some of them real, and their
        points."""
        codes = self.format.written(self.leaks.codes[:10]).tolist()
        points = self.leaks.z[:10].tolist()
        return [{self.format.column: code, "z": z} for code, z in zip(codes, points, strict=True)]


def hunt(bundle: Bundle, policy: Policy, measurer: Measurer, *, budget: int = 200_000) -> Hunt:
    """Search for leaks where the policy proposes, in three parts.

    Among `budget` proposals and the means of the records. Then from the accepted points of the
    least decoder's margin (`Margins`): small random steps to ever smaller margins, which are leaks
    below 0. Then from the leaks that the rule accepts most easily, with steps half as long in each
    round; these decide `cleared_by`. Leaks that are not found may still exist. The same policy
    finds the same leaks. Raises what the proposals raise.
    """
    search = _Search(bundle, policy, measurer)
    rng = generator("hunt", policy.seed)
    proposed = search.proposal.draw(budget, bundle, rng)
    step = proposed.std(axis=0) / 10
    starts = np.vstack([proposed, bundle.records.mean.astype(float)])
    passed = search.accepted(starts)
    found = _joined([passed.take(passed.leaks), search.descend(passed, step, rng)])
    for _ in range(_ROUNDS if len(found) else 0):
        parents = found.z[_hardest(policy.rule, found)[:_PARENTS]]
        children = parents + step * rng.normal(size=(_CHILDREN, *parents.shape))
        more = search.accepted(children.reshape(-1, parents.shape[1]))
        found = _joined([found, more.take(more.leaks)])
        step = step / 2
    leaks = _thinned(found.take(_hardest(policy.rule, found)))
    first = policy.rule.parameters()[0]
    value = cleared_by(policy.rule, leaks)
    left = None
    if len(leaks) and value is not None:
        stricter = replace(policy, rule=policy.rule.with_value(first.name, value))
        left = _left(bundle, stricter, measurer)
    return Hunt(leaks, search.tried, search.passed, first, value, bundle.format, left)


@dataclass
class _Search:
    """Tries points where a policy proposes; counts those `tried`, and those that `passed`."""

    bundle: Bundle
    policy: Policy
    measurer: Measurer
    tried: int = 0
    passed: int = 0

    @cached_property
    def proposal(self) -> Proposal:
        """What points are proposed from, with its scale."""
        return fitted(self.policy.proposal, self.bundle, self.measurer)

    def accepted(self, z: NDArray) -> Samples:
        """The accepted ones of points (m, k), without those that the policy cannot propose."""
        inside = z[self.proposal.contains(z, self.bundle)]
        self.tried += len(inside)
        _, passed = accepted(self.bundle, self.policy, self.measurer, inside)
        self.passed += len(passed)
        return passed

    def descend(self, passed: Samples, step: NDArray, rng: np.random.Generator) -> Samples:
        """Leaks that small steps from accepted points to smaller margins of the decoder reach."""
        starts = passed.take(~passed.leaks)
        margin = self._margin(starts)
        chosen = np.argsort(margin, kind="stable")[:_PARENTS]
        chosen = chosen[np.isfinite(margin[chosen])]
        z, margin = starts.z[chosen], margin[chosen]
        length = np.ones(len(z))
        found = [passed.take(np.zeros(len(passed), bool))]
        for _ in range(_DESCENTS if len(z) else 0):
            steps = rng.normal(size=(_CHILDREN, *z.shape)) * length[:, None] * step
            better = self.accepted((z + steps).reshape(-1, z.shape[1]))
            found.append(better.take(better.leaks))
            below = self._margin(better)
            # Which parent a child has, by its nearest: children stay near their parents.
            parent = cKDTree(z).query(better.z)[1] if len(better) else np.empty(0, int)
            moved = np.zeros(len(z), bool)
            for row in np.argsort(-below, kind="stable"):  # the least margin last
                if below[row] < margin[parent[row]]:
                    moved[parent[row]] = True
                    z[parent[row]], margin[parent[row]] = better.z[row], below[row]
            length *= np.where(moved, 1.0, 0.5)
        return _joined(found)

    def _margin(self, samples: Samples) -> NDArray[np.float64]:
        """The decoder's margin at samples (m,); minus infinity at a record."""
        return self.measurer.margins.of(samples.z, samples.codes)


def _left(bundle: Bundle, policy: Policy, measurer: Measurer) -> Left:
    """What a policy still accepts of points of another seed, and leaks among them."""
    other = replace(policy, seed=(policy.seed + 1) % 2**63)
    samples = fresh(bundle, other, measurer, _CHECKED, "hunt: check")
    passed = samples.take(policy.rule.accepts(samples.measures))
    return Left(_CHECKED, len(passed), int(passed.leaks.sum()))


def _count(n: int, noun: str, plural: str) -> str:
    return f"{n:,} {noun if n == 1 else plural}"


def _thinned(leaks: Samples) -> Samples:
    """The first few points of each code, in their order: many steps lead to the same code."""
    order = np.argsort(leaks.codes, kind="stable")
    in_order = leaks.codes[order]
    first = np.searchsorted(in_order, in_order)
    rank = np.empty(len(order), np.intp)
    rank[order] = np.arange(len(order)) - first
    return leaks.take(rank < _OF_A_CODE)


def _joined(parts: Sequence[Samples]) -> Samples:
    names = ("z", "codes", "wanted", "collision")
    columns = {name: np.concatenate([getattr(one, name) for one in parts]) for name in names}
    measures = {
        name: np.concatenate([one.measures[name] for one in parts]) for name in parts[0].measures
    }
    return Samples(measures=measures, released=parts[0].released, **columns)


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
