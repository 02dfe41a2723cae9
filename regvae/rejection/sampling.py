"""Rejection sampling: propose latent points, accept them by a rule, decode them, report.

Points are proposed in blocks, each with random numbers of its own, so that a run of any length
needs the memory of one block, and a longer run begins with the same points as a shorter one. (What
is measured of them is the same but for the last digits of a density, which depend on the company
that a point is measured in; the same policy gives the same bytes.)
"""

from collections.abc import Iterator
from dataclasses import dataclass

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
"""Points proposed at a time: part of what a seed means."""
IN_MEMORY = 10_000_000
"""More proposals than this are not kept, only streamed."""


class SamplingError(ValueError):
    """A request that cannot be sampled; the message says what to change."""


@dataclass(frozen=True)
class Samples:
    """m latent points, measured and decoded.

    `z` (m, k) are the points, `measures` (m,) each those of a rule (see `Measurer.measure`),
    `codes` (m,) the decoded codes, `wanted` (m,) whether a code is wanted, and `collision` (m,)
    whether it is a record.
    """

    z: NDArray[np.float64]
    measures: Measures
    codes: Codes
    wanted: NDArray[np.bool_]
    collision: NDArray[np.bool_]

    def __post_init__(self) -> None:
        # Shared by many sessions: views that cannot be written, so that the caller's arrays can.
        for name in ("z", "codes", "wanted", "collision"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))
        measures = {name: _read_only(values) for name, values in self.measures.items()}
        object.__setattr__(self, "measures", measures)

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: NDArray) -> "Samples":
        """Some of the samples, by rows or by a mask."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        return Samples(
            self.z[rows], measures, self.codes[rows], self.wanted[rows], self.collision[rows]
        )

    @property
    def leaks(self) -> NDArray[np.bool_]:
        """Which samples decode to something unwanted or to a record: (m,) booleans."""
        return ~self.wanted | self.collision


def _read_only(array: NDArray) -> NDArray:
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Report:
    """What a rule did to some proposals.

    `acceptance` is the share accepted; `purity` is the share of accepted points that decode to
    wanted regs, None if none is accepted. `kept` are those in the results, fewer than accepted if
    leaks are left out; `proposals_per_result` is None if none is kept. `held_out_rejection_rate` is
    the share of held-out unwanted records that the rule rejects if it knows the training records
    only, None if there are none or they were not measured. `tail_probability` is the share of a
    Gaussian's own mass beyond the rule's distance: the threshold of an unwanted record, the support
    of a wanted one, None for a rule without distances. `notebook_tail` is the notebook's figure for
    its threshold, None for other rules.
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
    """Counts of a run, or of a block of it; they add up."""

    proposed: int = 0
    accepted: int = 0
    wanted: int = 0
    collisions: int = 0
    leaks: int = 0
    kept: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(*(a + b for a, b in zip(self._all(), other._all(), strict=True)))

    def _all(self) -> tuple[int, ...]:
        return (
            self.proposed, self.accepted, self.wanted, self.collisions, self.leaks, self.kept
        )  # fmt: skip

    @classmethod
    def of(cls, proposed: int, accepted: Samples, kept: int | None = None) -> "Tally":
        """Of points that were accepted among so many proposed."""
        return cls(
            proposed,
            len(accepted),
            int(accepted.wanted.sum()),
            int(accepted.collision.sum()),
            int(accepted.leaks.sum()),
            len(accepted) if kept is None else kept,
        )

    def report(self, rule: Rule, k: int, held_out: Measures | None = None) -> Report:
        """The report on a rule in k latent dimensions, with its measures of held-out records."""
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
    """A rule's measures of the held-out unwanted records, by the training records alone.

    None if there are no such records, or the training records are all wanted or all unwanted.
    """
    records = bundle.records
    rows = unwanted.of_records(records) & (records.split != "train")
    if not rows.any():
        return None
    try:
        known = Measurer.of(bundle, unwanted, calibration, split="train")
    except UnwantedError:
        return None
    return known.measure(rule, records.mean[rows])


def rejection_rate(rule: Rule, held_out: Measures | None) -> float | None:
    """Share of measured records that a rule rejects, 0 to 1; None without records."""
    return None if held_out is None else float(1 - rule.accepts(held_out).mean())


def make_measurer(bundle: Bundle, policy: Policy) -> Measurer:
    """The measurer that a policy needs: with a calibration, which takes a second, if its rule
    does."""
    calibration = calibrate(bundle) if policy.rule.needs_calibration else None
    return Measurer.of(bundle, policy.unwanted, calibration)


def decode(bundle: Bundle, unwanted: Unwanted, z: NDArray, measures: Measures) -> Samples:
    """Decode measured points z (m, k), and compare the codes with the unwanted and the records."""
    codes = bundle.autoencoder.decode(z)
    wanted = ~unwanted.of_codes(codes, bundle)
    return Samples(z, measures, codes, wanted, bundle.records.contain(codes))


def accepted(
    bundle: Bundle, policy: Policy, measurer: Measurer, z: NDArray
) -> tuple[NDArray[np.intp], Samples]:
    """Of points z (m, k) those that a policy accepts, decoded: their rows and the samples."""
    measures = measurer.measure(policy.rule, z)
    rows = np.flatnonzero(policy.rule.accepts(measures))
    chosen = {name: values[rows] for name, values in measures.items()}
    return rows, decode(bundle, policy.unwanted, z[rows], chosen)


def sample(bundle: Bundle, policy: Policy, measurer: Measurer | None = None) -> Samples:
    """All the points that a policy proposes, measured and decoded; its rule does not decide yet.

    Same policy, same samples. Raises `SamplingError` if they are too many to keep, and what the
    policy's parts raise.

    >>> policy = Policy("notebook-2d", Unwanted.of(["number < 50"]), proposals=1000)
    >>> samples = sample(regvae.load("notebook-2d"), policy)
    >>> report(samples, policy.rule).accepted
    """
    if policy.proposals > IN_MEMORY:
        raise SamplingError(
            f"expected at most {IN_MEMORY:,} proposals in memory, got {policy.proposals:,}; stream "
            "them, or propose fewer"
        )
    measurer = measurer or make_measurer(bundle, policy)
    z = np.concatenate(list(_proposals(bundle, policy)))
    return decode(bundle, policy.unwanted, z, measurer.measure(policy.rule, z))


def report(samples: Samples, rule: Rule, held_out: Measures | None = None) -> Report:
    """Apply a rule to samples that have its measures.

    `held_out` are those of `held_out_measures`, for the held-out rejection rate. Raises
    `SamplingError` if the samples were measured for another rule.
    """
    missing = [one.measure for one in rule.limits if one.measure not in samples.measures]
    if missing:
        raise SamplingError(
            f"expected samples measured for the rule {rule.name}, got some without "
            f"{' and '.join(missing)}; sample with a policy of that rule"
        )
    accepted = samples.take(rule.accepts(samples.measures))
    return Tally.of(len(samples), accepted).report(rule, samples.z.shape[1], held_out)


@dataclass(frozen=True)
class Block:
    """One block of a run: how many points were proposed, those accepted, and those kept of them."""

    tally: Tally
    accepted: Samples
    kept: Samples


def stream(bundle: Bundle, policy: Policy, measurer: Measurer | None = None) -> Iterator[Block]:
    """Run a policy block by block: accepted points only, with the memory of one block.

    Ends when the policy's number is accepted (or kept, with `clean`), or all proposals are made.
    """
    measurer = measurer or make_measurer(bundle, policy)
    missing = policy.results
    for z in _proposals(bundle, policy):
        rows, passed = accepted(bundle, policy, measurer, z)
        kept = np.flatnonzero(~passed.leaks) if policy.clean else np.arange(len(passed))
        proposed = len(z)
        if missing is not None and len(kept) >= missing:
            kept = kept[:missing]
            last = kept[-1]  # what came after the last one wanted was never proposed
            passed, proposed = passed.take(np.arange(last + 1)), int(rows[last]) + 1
        yield Block(Tally.of(proposed, passed, len(kept)), passed, passed.take(kept))
        if missing is not None:
            missing -= len(kept)
            if missing == 0:
                return


def shortfall(policy: Policy, tally: Tally) -> str | None:
    """A sentence if sampling ended with fewer results than the policy requires."""
    if policy.results is None or tally.kept >= policy.results:
        return None
    if tally.kept:
        hint = "raise the number of proposals"
    elif tally.accepted:
        hint = "all accepted points leak: use a stricter rule"
    else:
        hint = "no point is accepted: use a less strict rule"
    return (
        f"expected {policy.results:,} results, got {tally.kept:,} from "
        f"{tally.proposed:,} proposals, "
        f"which are stored; {hint}"
    )


def _proposals(bundle: Bundle, policy: Policy) -> Iterator[NDArray[np.float64]]:
    for block, start in enumerate(range(0, policy.proposals, BLOCK)):
        rng = np.random.default_rng([policy.seed, block])
        yield policy.proposal.draw(min(BLOCK, policy.proposals - start), bundle, rng)
