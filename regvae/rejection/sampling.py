"""Rejection sampling: propose latent points, accept them by a rule, decode them, report.

Points are proposed in blocks, each with its own random numbers, so a sampling run of any length
needs the memory of one block and of its different codes, and a longer one begins with the same
points as a shorter one. (The last digits of a density depend on the points that it is computed
together with, so they may differ between the two; the same policy gives the same bytes.)
"""

import operator
from collections.abc import Iterator
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats import Codes
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import Calibration, calibrate
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import DRAWN, LIKELIEST, Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import Measures, Rule
from regvae.rejection.unwanted import Unwanted, UnwantedError

BLOCK = 2**18
"""Points proposed at a time. Another number gives other points for the same seed."""
_DRAWING = 1
"""Domain of the random numbers that draw characters: a stream apart from that of the points."""
_FIRST = 2**10
"""Points measured first, so that the first counts come at once; then twice as many, and so on."""
_SEVERAL = 2**12
"""Most points measured at a time above three dimensions, where more are no faster: some seconds."""
IN_MEMORY = 10_000_000
"""Most proposals of `sample`; `stream` has no such limit."""


class SamplingError(ValueError):
    """Samples that cannot be drawn or reported on; the message tells what to change."""


@dataclass(frozen=True)
class Samples:
    """m latent points, measured and decoded.

    `z` (m, k) are the points, `measures` those of a rule by name, (m,) each (see
    `Measurer.measure`), `codes` (m,) the decoded codes, `wanted` (m,) whether a code is wanted, and
    `collision` (m,) whether it is a record. All arrays are read-only.
    """

    z: NDArray[np.float64]
    measures: Measures
    codes: Codes
    wanted: NDArray[np.bool_]
    collision: NDArray[np.bool_]

    def __post_init__(self) -> None:
        # Many sessions share samples. Views, so that the caller's own arrays stay writeable.
        for name in ("z", "codes", "wanted", "collision"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))
        measures = {name: _read_only(values) for name, values in self.measures.items()}
        object.__setattr__(self, "measures", measures)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray) -> "Samples":
        """Some of the samples, by row numbers or by a mask (m,)."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        return Samples(
            self.z[rows], measures, self.codes[rows], self.wanted[rows], self.collision[rows]
        )

    @property
    def leaks(self) -> NDArray[np.bool_]:
        """Which samples decode to an unwanted code or to a record: (m,) booleans."""
        return ~self.wanted | self.collision


def _read_only(array: NDArray) -> NDArray:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Report:
    """What a rule accepted of some proposals. Shares are 0 to 1.

    `acceptance` is the share of proposals that are accepted; `purity` is the share of accepted
    points that decode to wanted codes, None if none is accepted. `kept` is the number of results:
    fewer than accepted if repeats or leaks are left out; `distinct` is their number of different
    codes. `proposals_per_result` is None without results. `collisions` are accepted points that
    decode to a record. `held_out_rejection_rate` is the share of held-out unwanted records that the
    rule rejects when it measures against the training records only, None if there are none or they
    were not measured. `tail_probability` is the share of a record's Gaussian beyond the rule's
    distance: an unwanted record's beyond the threshold, or a wanted one's beyond the support; None
    for a rule without distances. `notebook_tail` is the notebook's figure for its threshold, None
    for other rules.
    """

    rule: str
    parameters: dict[str, float]
    proposed: int
    accepted: int
    kept: int
    distinct: int
    acceptance: float
    proposals_per_result: float | None
    purity: float | None
    collisions: int
    held_out_rejection_rate: float | None
    tail_probability: float | None
    notebook_tail: float | None


@dataclass(frozen=True)
class Tally:
    """Counts of points, of a sampling run or of one block; they can be added.

    `proposed`, `accepted`, and of the accepted: `wanted` (they decode to wanted codes),
    `collisions`, `leaks`, `kept` (the results); `distinct` are the results whose code no earlier
    result of the run has.
    """

    proposed: int = 0
    accepted: int = 0
    wanted: int = 0
    collisions: int = 0
    leaks: int = 0
    kept: int = 0
    distinct: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(operator.add, astuple(self), astuple(other)))

    @classmethod
    def of(
        cls,
        proposed: int,
        accepted: Samples,
        kept: int | None = None,
        distinct: int | None = None,
    ) -> "Tally":
        """The counts of accepted points; unless given, all of them are results, of one run."""
        return cls(
            proposed,
            len(accepted),
            int(accepted.wanted.sum()),
            int(accepted.collision.sum()),
            int(accepted.leaks.sum()),
            len(accepted) if kept is None else kept,
            len(set(accepted.codes.tolist())) if distinct is None else distinct,
        )

    def report(self, rule: Rule, k: int, held_out: Measures | None = None) -> Report:
        """The report on a rule in k latent dimensions.

        `held_out` are the measures of `held_out_measures`; at least one point must be proposed.
        """
        return Report(
            rule=rule.name,
            parameters=rule.values(),
            proposed=self.proposed,
            accepted=self.accepted,
            kept=self.kept,
            distinct=self.distinct,
            acceptance=self.accepted / self.proposed,
            proposals_per_result=self.proposed / self.kept if self.kept else None,
            purity=self.wanted / self.accepted if self.accepted else None,
            collisions=self.collisions,
            held_out_rejection_rate=rejection_rate(rule, held_out),
            tail_probability=rule.tail_probability(k),
            notebook_tail=rule.notebook_tail(),
        )


def held_out_measures(
    bundle: Bundle, unwanted: Unwanted, rule: Rule | type[Rule], calibration: Calibration | None
) -> Measures | None:
    """A rule's measures of the means of held-out unwanted records against the training records.

    None if there are no such records, or if the training records are all wanted or all unwanted.
    """
    records = bundle.records
    rows = unwanted.of_records(records) & (records.split != "train")
    if not rows.any():
        return None
    try:
        measurer = Measurer.of(bundle, unwanted, calibration, split="train")
    except UnwantedError:
        return None
    return measurer.measure(rule, records.mean[rows])


def rejection_rate(rule: Rule, held_out: Measures | None) -> float | None:
    """Share of measured records that a rule rejects, 0 to 1; None without records."""
    return None if held_out is None else float(1 - rule.accepts(held_out).mean())


def make_measurer(bundle: Bundle, policy: Policy) -> Measurer:
    """The measurer that a policy needs; with a calibration, which takes a second, if its rule needs
    one. Raises what `Measurer.of` and `calibrate` raise."""
    calibration = calibrate(bundle) if policy.rule.needs_calibration else None
    return Measurer.of(bundle, policy.unwanted, calibration)


def decode(
    bundle: Bundle,
    unwanted: Unwanted,
    z: NDArray,
    measures: Measures,
    uniform: NDArray | None = None,
) -> Samples:
    """Decode measured points z (m, k), and tell which codes are wanted and which are records.

    To the likeliest codes, or with uniform numbers (m, p) to codes drawn with them.
    """
    autoencoder = bundle.autoencoder
    codes = autoencoder.decode(z) if uniform is None else autoencoder.draw(z, uniform)
    wanted = ~unwanted.of_codes(codes, bundle)
    return Samples(z, measures, codes, wanted, bundle.records.contains(codes))


def accepted(
    bundle: Bundle, policy: Policy, measurer: Measurer, z: NDArray, uniform: NDArray | None = None
) -> tuple[NDArray[np.intp], Samples]:
    """Those of points z (m, k) that a policy accepts: their rows (a,), and the a samples.

    `uniform` (m, p) are for codes that are drawn, see `decode`.
    """
    measures = measurer.measure(policy.rule, z)
    rows = np.flatnonzero(policy.rule.accepts(measures))
    chosen = {name: values[rows] for name, values in measures.items()}
    numbers = None if uniform is None else uniform[rows]
    return rows, decode(bundle, policy.unwanted, z[rows], chosen, numbers)


def sample(bundle: Bundle, policy: Policy, measurer: Measurer | None = None) -> Samples:
    """All the points that a policy proposes, measured and decoded, accepted or not.

    `results`, `repeats` and `clean` of the policy play no part. The same policy gives the same
    samples. Raises `PolicyError` if the policy is for another bundle, `SamplingError` for more than
    10,000,000 proposals, and what `make_measurer` and the proposals raise.

    >>> policy = Policy("notebook-2d", Unwanted.of(["number < 50"]), proposals=1000)
    >>> samples = sample(regvae.load("notebook-2d"), policy)
    >>> report(samples, policy.rule).accepted
    """
    policy.check(bundle)
    if policy.proposals > IN_MEMORY:
        raise SamplingError(
            f"expected at most {IN_MEMORY:,} proposals in memory, got {policy.proposals:,}; use "
            "regvae.generate, or propose fewer"
        )
    measurer = measurer or make_measurer(bundle, policy)
    points, numbers = zip(*_proposals(bundle, policy), strict=True)
    z = np.concatenate(points)
    uniform = np.concatenate(numbers) if policy.decode == DRAWN else None
    return decode(bundle, policy.unwanted, z, measurer.measure(policy.rule, z), uniform)


def report(samples: Samples, rule: Rule, held_out: Measures | None = None) -> Report:
    """Apply a rule to samples that have its measures.

    `held_out` are the measures of `held_out_measures`, for the held-out rejection rate. Raises
    `SamplingError` if the samples were measured for another rule, or there are none.
    """
    if not len(samples):
        raise SamplingError("expected samples to report on, got none; propose more points")
    missing = [one.measure for one in rule.limits if one.measure not in samples.measures]
    if missing:
        raise SamplingError(
            f"expected samples measured for the rule {rule.name}, got none of "
            f"{' and '.join(missing)}; sample with a policy of that rule"
        )
    accepted = samples.take(rule.accepts(samples.measures))
    return Tally.of(len(samples), accepted).report(rule, samples.z.shape[1], held_out)


@dataclass(frozen=True)
class Block:
    """One block of a sampling run: its counts, the accepted points, and the results among them."""

    tally: Tally
    accepted: Samples
    kept: Samples


def stream(bundle: Bundle, policy: Policy, measurer: Measurer | None = None) -> Iterator[Block]:
    """Run a policy block by block, in the memory of one block and of all different codes.

    The first blocks are small, so that the first counts come at once. Ends at the policy's number
    of results, exactly, or after all its proposals. Raises what `make_measurer` and the proposals
    raise.
    """
    measurer = measurer or make_measurer(bundle, policy)
    seen: set[str] = set()
    missing = policy.proposals if policy.results is None else policy.results
    for z, uniform in _parts(bundle, policy):
        rows, passed = accepted(bundle, policy, measurer, z, uniform)
        kept = np.flatnonzero(~passed.leaks) if policy.clean else np.arange(len(passed))
        new = _new(passed.codes[kept], seen)
        if not policy.repeats:
            kept, new = kept[new], new[new]
        proposed = len(z)
        if len(kept) >= missing:
            kept, new = kept[:missing], new[:missing]
            last = kept[-1]  # points after the last result do not count as proposed
            passed, proposed = passed.take(np.arange(last + 1)), int(rows[last]) + 1
        tally = Tally.of(proposed, passed, len(kept), int(new.sum()))
        yield Block(tally, passed, passed.take(kept))
        missing -= len(kept)
        if missing == 0:
            return


def _new(codes: Codes, seen: set[str]) -> NDArray[np.bool_]:
    """Which codes (m,) are the first of their kind: (m,). They are added to those seen before."""
    new = np.zeros(len(codes), dtype=bool)
    for row, code in enumerate(codes.tolist()):
        if code not in seen:
            seen.add(code)
            new[row] = True
    return new


def shortfall(policy: Policy, tally: Tally, *, stopped: bool = False) -> str | None:
    """A sentence if a sampling run has fewer results than its policy requires, else None.

    `stopped` if it was ended before all proposals of the policy.
    """
    if policy.results is None or tally.kept >= policy.results:
        return None
    return (
        f"expected {policy.results:,} results, got {tally.kept:,} from {tally.proposed:,} "
        f"proposals{', then it was stopped' if stopped else ''}; {_hint(policy, tally)}"
    )


def _hint(policy: Policy, tally: Tally) -> str:
    usable = tally.accepted - (tally.leaks if policy.clean else 0)
    if not tally.accepted:
        near = "" if isinstance(policy.proposal, Around) else f"propose from {Around.name}, or "
        return f"none of them is accepted: {near}use a less strict rule"
    if not usable:
        return "all accepted points leak: use a stricter rule"
    if not policy.repeats and tally.kept < usable / 2:
        if policy.decode == LIKELIEST:
            return "accepted points decode to few different codes: use decode drawn"
        return "accepted points decode to few different codes: use a less strict rule"
    return "raise the number of proposals"


def _parts(
    bundle: Bundle, policy: Policy
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64] | None]]:
    """The proposals, and uniform numbers for drawing, so many at a time as are measured at once."""
    most = BLOCK if bundle.records.latent_dim <= 3 else _SEVERAL
    size = _FIRST
    for z, uniform in _proposals(bundle, policy):
        start = 0
        while start < len(z):
            rows = slice(start, start + size)
            yield z[rows], None if uniform is None else uniform[rows]
            start, size = start + size, min(2 * size, most)


def _proposals(
    bundle: Bundle, policy: Policy
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64] | None]]:
    """The proposals block by block: points (n, k), and the uniform numbers (n, p) for drawing."""
    for block, start in enumerate(range(0, policy.proposals, BLOCK)):
        n = min(BLOCK, policy.proposals - start)
        z = policy.proposal.draw(n, bundle, np.random.default_rng([policy.seed, block]))
        uniform = None
        if policy.decode == DRAWN:
            rng = np.random.default_rng([policy.seed, block, _DRAWING])
            uniform = rng.random((n, bundle.format.length))
        yield z, uniform
