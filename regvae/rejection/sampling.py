"""Rejection sampling: propose latent points, accept them by a rule, decode them, report.

Points are proposed in blocks, each with its own random numbers, so a sampling run of any length
needs the memory of one block, and a longer one begins with the same points as a shorter one. (The
last digits of a density depend on the points that it is computed together with, so they may differ
between the two; the same policy gives the same bytes.)
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
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Measures, Rule
from regvae.rejection.unwanted import Unwanted, UnwantedError

BLOCK = 2**18
"""Points proposed at a time. Another number gives other points for the same seed."""
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
    fewer than accepted if leaks are left out. `proposals_per_result` is None without results.
    `collisions` are accepted points that decode to a record. `held_out_rejection_rate` is the share
    of held-out unwanted records that the rule rejects when it measures against the training records
    only, None if there are none or they were not measured. `tail_probability` is the share of a
    record's Gaussian beyond the rule's distance: an unwanted record's beyond the threshold, or a
    wanted one's beyond the support; None for a rule without distances. `notebook_tail` is the
    notebook's figure for its threshold, None for other rules.
    """

    rule: str
    parameters: dict[str, float]
    proposed: int
    accepted: int
    kept: int
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
    `collisions`, `leaks`, `kept` (the results).
    """

    proposed: int = 0
    accepted: int = 0
    wanted: int = 0
    collisions: int = 0
    leaks: int = 0
    kept: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*map(operator.add, astuple(self), astuple(other)))

    @classmethod
    def of(cls, proposed: int, accepted: Samples, kept: int | None = None) -> "Tally":
        """The counts of accepted points; all of them are kept unless `kept` is less."""
        return cls(
            proposed,
            len(accepted),
            int(accepted.wanted.sum()),
            int(accepted.collision.sum()),
            int(accepted.leaks.sum()),
            len(accepted) if kept is None else kept,
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


def decode(bundle: Bundle, unwanted: Unwanted, z: NDArray, measures: Measures) -> Samples:
    """Decode measured points z (m, k), and tell which codes are wanted and which are records."""
    codes = bundle.autoencoder.decode(z)
    wanted = ~unwanted.of_codes(codes, bundle)
    return Samples(z, measures, codes, wanted, bundle.records.contains(codes))


def accepted(
    bundle: Bundle, policy: Policy, measurer: Measurer, z: NDArray
) -> tuple[NDArray[np.intp], Samples]:
    """Those of points z (m, k) that a policy accepts: their rows (a,), and the a samples."""
    measures = measurer.measure(policy.rule, z)
    rows = np.flatnonzero(policy.rule.accepts(measures))
    chosen = {name: values[rows] for name, values in measures.items()}
    return rows, decode(bundle, policy.unwanted, z[rows], chosen)


def sample(bundle: Bundle, policy: Policy, measurer: Measurer | None = None) -> Samples:
    """All the points that a policy proposes, measured and decoded, accepted or not.

    `results` and `clean` of the policy play no part. The same policy gives the same samples. Raises
    `PolicyError` if the policy is for another bundle, `SamplingError` for more than 10,000,000
    proposals, and what `make_measurer` and the proposals raise.

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
    z = np.concatenate(list(_proposals(bundle, policy)))
    return decode(bundle, policy.unwanted, z, measurer.measure(policy.rule, z))


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
    """Run a policy block by block, in the memory of one block.

    Ends at the policy's number of results, exactly, or after all its proposals. Raises what
    `make_measurer` and the proposals raise.
    """
    measurer = measurer or make_measurer(bundle, policy)
    missing = policy.results
    for z in _proposals(bundle, policy):
        rows, passed = accepted(bundle, policy, measurer, z)
        kept = np.flatnonzero(~passed.leaks) if policy.clean else np.arange(len(passed))
        proposed = len(z)
        if missing is not None and len(kept) >= missing:
            kept = kept[:missing]
            last = kept[-1]  # points after the last result do not count as proposed
            passed, proposed = passed.take(np.arange(last + 1)), int(rows[last]) + 1
        yield Block(Tally.of(proposed, passed, len(kept)), passed, passed.take(kept))
        if missing is not None:
            missing -= len(kept)
            if missing == 0:
                return


def shortfall(policy: Policy, tally: Tally) -> str | None:
    """A sentence if a sampling run has fewer results than its policy requires, else None."""
    if policy.results is None or tally.kept >= policy.results:
        return None
    if tally.kept:
        hint = "raise the number of proposals"
    elif tally.accepted:
        hint = "all accepted points leak: use a stricter rule"
    else:
        hint = "no point is accepted: use a less strict rule"
    return (
        f"expected {policy.results:,} results, got {tally.kept:,} from {tally.proposed:,} "
        f"proposals; {hint}"
    )


def _proposals(bundle: Bundle, policy: Policy) -> Iterator[NDArray[np.float64]]:
    for block, start in enumerate(range(0, policy.proposals, BLOCK)):
        rng = np.random.default_rng([policy.seed, block])
        yield policy.proposal.draw(min(BLOCK, policy.proposals - start), bundle, rng)
