"""Holes: which records can be named because likely codes are missing from results without leaks.

Results that leave out records have holes in their shape: somebody with the model can draw codes
as the results were drawn, and a code that is expected n p times (n draws, each with the probability
p) and yet is missing from the results is likely a record. Here this attack is carried out, for any
number of draws, and told by what it names.
"""

import math
from collections import Counter
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom

from regvae.model.bundle import Bundle
from regvae.model.records import Records
from regvae.rejection import sampling
from regvae.rejection.margins import Margins
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy

PRECISION = 0.95
"""Share of the codes named that must be records, for somebody to name them."""
EXPECTED = 3.0
"""Expected number of a code in the results from which its absence tells something: by chance it is
missing with a probability of 5 %."""
FEWEST, MOST = 200_000, 4_000_000
"""Fewest and most points that are proposed to carry the attack out."""
_GRID = 60
_MOST_THRESHOLDS = 200
_ONE = 0.5
"""Expected records from which one is rather named than not."""
NOBODY = 0.05
"""Expected records below which it is safe to say that none is named."""


@dataclass(frozen=True)
class Holes:
    """What can be named by somebody who draws codes as results of `proposed` points were drawn.

    These are `draws` accepted points, of a sampler that leaves out nothing. Expected numbers: of
    `named` training records, of `named_held_out` records of the other splits, and of `others`,
    codes that are named and are no records. None where they are not known, because only as many as
    `simulated` points were proposed to find out, and the attack needs four times `proposed`: twice
    to choose whom to name, and twice again to count what that finds. `safe_draws`
    is the largest number of draws after which fewer than `NOBODY` records are expected to be named,
    up to `known_draws`, the most that are known.
    """

    proposed: int
    draws: int
    simulated: int
    named: float | None
    named_held_out: float | None
    others: float | None
    safe_draws: int
    known_draws: int

    @property
    def expected(self) -> float | None:
        """How many records are expected to be named, of all splits; None if that is not known."""
        if self.named is None or self.named_held_out is None:
            return None
        return self.named + self.named_held_out

    @property
    def known(self) -> bool:
        """Whether that is known."""
        return self.expected is not None

    @property
    def names_records(self) -> bool:
        """Whether a record is rather named than not."""
        return self.expected is not None and self.expected >= _ONE

    def sentence(self) -> str:
        """The finding in words."""
        none = f"fewer than {NOBODY:g} expected up to {self.safe_draws:,} draws"
        if self.safe_draws >= self.known_draws:
            none += ", and more were not tried"
        if self.named is None or self.named_held_out is None or self.expected is None:
            return f"not known for {self.draws:,} draws; {none}"
        return (
            f"{_number(self.expected)} records are expected to be named after {self.draws:,} "
            f"draws, of which {100 * PRECISION:g} % are named rightly: {_number(self.named)} of "
            f"training and {_number(self.named_held_out)} held out; {none}"
        )


def holes(
    bundle: Bundle,
    policy: Policy,
    proposed: int,
    *,
    most: int = MOST,
) -> Holes:
    """Carry out the attack on results of a policy that leaves out records, after so many points.

    At least four times as many points are proposed, if these are not more than `most`. Raises
    `ValueError` for fewer points than 1, or a policy that leaves out no record; and what
    `sampling.stream` raises.
    """
    if not leaves_out_records(policy):
        raise ValueError(
            "expected a policy that leaves out records, got one that does not: they are among its "
            "results; use clean, or the rule certified"
        )
    if proposed < 1:
        raise ValueError(f"expected 1 proposed point or more, got {proposed}; propose some")
    half = min(most, max(FEWEST, 4 * proposed)) // 2
    measurer = sampling.make_measurer(bundle, policy)
    chosen, counted = (
        _Attack(half, *_by_kind(bundle, policy, _simulated(bundle, policy, half, measurer, use)))
        for use in (1, 2)
    )

    def named(n: int) -> tuple[float, float, float]:
        # What is best by luck on one half is not on the other.
        return counted.named(n, chosen.threshold(n))

    safe = 0
    for n in np.unique(np.geomspace(1, half // 2, _GRID).astype(int)).tolist():
        if sum(named(n)[:2]) >= NOBODY:
            break
        safe = n
    rate = counted.draws / half
    found = named(proposed) if half >= 2 * proposed else (None, None, None)
    return Holes(
        proposed=proposed,
        draws=round(rate * proposed),
        simulated=2 * half,
        named=found[0],
        named_held_out=found[1],
        others=found[2],
        safe_draws=int(rate * safe),
        known_draws=int(rate * (half // 2)),
    )


def _number(expected: float) -> str:
    """An expected number, with one digit after the point where it is small."""
    return f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"


def leaves_out_records(policy: Policy) -> bool:
    """Whether a policy's results have no records, by `clean`, `neighbourhoods` or its rule."""
    return policy.clean or policy.neighbourhoods or policy.rule.certain


def _simulated(
    bundle: Bundle, policy: Policy, proposals: int, measurer: Measurer, use: int
) -> Counter[str]:
    """How often each code is among the points that are accepted if no record is left out."""
    alike = replace(
        policy,
        seed=(policy.seed + use) % 2**63,
        guarantee=None,
        clean=False,
        neighbourhoods=False,
        repeats=True,
        results=None,
        proposals=proposals,
    )
    # Who has no records cannot refuse them, so that the rule must not either.
    nobody = Records.none(bundle.format, bundle.records.latent_dim)
    margins = Margins(replace(bundle, records=nobody), policy.unwanted)
    measurer = replace(measurer, margins=margins)
    counts: Counter[str] = Counter()
    for batch in sampling.stream(bundle, alike, measurer):
        counts.update(batch.accepted.codes.tolist())
    return counts


def _by_kind(bundle: Bundle, policy: Policy, counts: Counter[str]) -> tuple[NDArray[np.int64], ...]:
    """The counts of four kinds of wanted codes: training records, held-out records, others, and
    others that are left out because they are near a record."""
    codes = np.array(list(counts), bundle.format.dtype)
    numbers = np.array(list(counts.values()), np.int64)
    if not len(codes):
        return numbers, numbers, numbers, numbers
    rows = bundle.records.rows_of(codes)
    record = rows >= 0
    train = record & (bundle.records.split[rows] == "train")
    near = ~record & (bundle.records.surround(codes) if policy.neighbourhoods else False)
    # A code that is known to be unwanted is missing for that reason: nobody names it.
    wanted = ~policy.unwanted.of_codes(codes, bundle)
    kinds = train, record & ~train, ~record & ~near, near
    return tuple(numbers[kind & wanted] for kind in kinds)


class _Attack:
    """Who names every code that occurred at least t times in their own draws and is missing.

    Of T points in all, n are those of the results and the others their own: each of a code's draws
    belongs to the latter with the probability (T - n) / T. So a code that is left out has a
    binomial number of theirs; another one is missing if all of its draws are theirs. Both
    expectations are exact for each n, without knowing the codes' probabilities.
    """

    def __init__(self, simulated: int, *counts: NDArray[np.int64]) -> None:
        self._simulated = simulated
        self._kinds = [np.unique(one, return_counts=True) for one in counts]
        self.draws = int(sum(one.sum() for one in counts))

    def threshold(self, proposed: int) -> int | None:
        """The t with which the most records are named at `PRECISION`; None if there is none.

        Of a code that is drawn t times, `EXPECTED` are expected in the results: else that it is
        missing there would tell nothing.
        """
        fewest = max(1, math.ceil(EXPECTED * (self._simulated - proposed) / proposed))
        if fewest > self._largest:
            return None
        thresholds = np.unique(np.geomspace(fewest, self._largest, _MOST_THRESHOLDS).astype(int))
        train, held_out, others = self._named(proposed, thresholds)
        records = train + held_out
        sure = (records > 0) & (records >= PRECISION * (records + others))
        return int(thresholds[np.where(sure, records, -1.0).argmax()]) if sure.any() else None

    def named(self, proposed: int, t: int | None) -> tuple[float, float, float]:
        """How many training records, held-out records and others are named with a t; none if fewer
        than `PRECISION` of them are records."""
        if t is None:
            return 0.0, 0.0, 0.0
        train, held_out, others = (float(one[0]) for one in self._named(proposed, np.array([t])))
        if train + held_out < PRECISION * (train + held_out + others):
            return 0.0, 0.0, 0.0
        return train, held_out, others

    def _named(self, proposed: int, thresholds: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """The expected numbers of each kind with some thresholds (t,): (t,) each."""
        share = (self._simulated - proposed) / self._simulated
        train, held_out = (_at_least(*one, thresholds, share) for one in self._kinds[:2])
        values, times = self._kinds[2]
        missing = _from_above(values, times * share**values, thresholds)
        return train, held_out, missing + _at_least(*self._kinds[3], thresholds, share)

    @property
    def _largest(self) -> int:
        """The largest threshold worth trying: more than any count names nothing."""
        return max(int(values.max(initial=0)) for values, _ in self._kinds)


def _at_least(
    values: NDArray[np.int64], times: NDArray[np.int64], thresholds: NDArray, share: float
) -> NDArray[np.float64]:
    """How many of the codes that occurred `values` times, `times` codes each, are expected to have
    at least each of the thresholds (t,) in a share of the draws: (t,)."""
    found = np.zeros(len(thresholds))
    for value, number in zip(values.tolist(), times.tolist(), strict=True):
        found += number * binom.sf(thresholds - 1, value, share)
    return found


def _from_above(
    values: NDArray[np.int64], weights: NDArray[np.float64], thresholds: NDArray
) -> NDArray[np.float64]:
    """The sum of the weights of all values that are at least each threshold: (t,)."""
    sums = np.append(np.cumsum(weights[::-1])[::-1], 0.0)
    return sums[np.searchsorted(values, thresholds)]
