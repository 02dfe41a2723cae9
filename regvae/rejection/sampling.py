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

from regvae.formats.uk_registration import Regs
from regvae.latent.gaussians import tail_probability
from regvae.model.bundle import Bundle
from regvae.rejection.calibration import calibrate
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Measures, OneSided, Posterior, Rule, TwoSided, notebook_tail
from regvae.rejection.unwanted import Unwanted

BLOCK = 2**18
"""Points proposed at a time: part of what a seed means."""
IN_MEMORY = 10_000_000
"""More proposals than this are not kept, only streamed."""


class SamplingError(ValueError):
    """A request that cannot be sampled; the message says what to change."""


@dataclass(frozen=True)
class Samples:
    """m latent points with all that a rule decides on.

    `z` (m, k) are the points, `measures` what the rule decides on (see `Judge.measure`), `reg` (m,)
    is what each decodes to, `wanted` (m,) whether that reg escapes what is unwanted, and
    `collision` (m,) whether it is a record.
    """

    z: NDArray[np.float64]
    measures: Measures
    reg: Regs
    wanted: NDArray[np.bool_]
    collision: NDArray[np.bool_]

    def __post_init__(self) -> None:
        # Shared by many sessions: views that cannot be written, so that the caller's arrays can.
        for name in ("z", "reg", "wanted", "collision"):
            object.__setattr__(self, name, _read_only(getattr(self, name)))
        measures = {name: _read_only(values) for name, values in self.measures.items()}
        object.__setattr__(self, "measures", measures)

    def __len__(self) -> int:
        return len(self.reg)

    def take(self, rows: NDArray) -> "Samples":
        """Some of the samples, by rows or by a mask."""
        measures = {name: values[rows] for name, values in self.measures.items()}
        return Samples(
            self.z[rows], measures, self.reg[rows], self.wanted[rows], self.collision[rows]
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
    leaks are left out; `proposals_per_result` is None if none is kept. `tail_probability` is the
    share of a Gaussian's own mass beyond the rule's distance: the threshold of an unwanted record,
    the support of a wanted one, None for a rule without distances. `notebook_tail` is what the
    notebook gave for its threshold, None for other rules.
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

    def report(self, rule: Rule, k: int) -> Report:
        """The report on a rule in k latent dimensions."""
        name = reach_parameter(rule)
        distance = rule.parameters()[name] if name else None
        return Report(
            rule=rule.name,
            parameters=rule.parameters(),
            proposed=self.proposed,
            accepted=self.accepted,
            kept=self.kept,
            acceptance=self.accepted / self.proposed,
            proposals_per_result=self.proposed / self.kept if self.kept else None,
            purity=self.wanted / self.accepted if self.accepted else None,
            collisions=self.collisions,
            tail_probability=None if distance is None else float(tail_probability(distance, k)),
            notebook_tail=float(notebook_tail(rule.threshold))
            if isinstance(rule, OneSided)
            else None,
        )


def reach_parameter(rule: Rule) -> str | None:
    """Which of a rule's numbers is the distance by which it surrounds records, if one is."""
    return {OneSided: "threshold", TwoSided: "support", Posterior: None}[type(rule)]


def make_judge(bundle: Bundle, policy: Policy) -> Judge:
    """The judge that a policy wants: with a calibration, which takes a second, if its rule does."""
    calibration = calibrate(bundle) if isinstance(policy.rule, Posterior) else None
    return Judge.of(bundle, policy.unwanted, calibration)


def decode(bundle: Bundle, unwanted: Unwanted, z: NDArray, measures: Measures) -> Samples:
    """Decode measured points z (m, k) and see what the regs are."""
    reg = bundle.autoencoder.decode(z)
    return Samples(z, measures, reg, ~unwanted.of_regs(reg, bundle), bundle.records.contain(reg))


def accepted(
    bundle: Bundle, policy: Policy, judge: Judge, z: NDArray
) -> tuple[NDArray[np.intp], Samples]:
    """Of points z (m, k) those that a policy accepts, decoded: their rows and the samples."""
    measures = judge.measure(policy.rule, z)
    rows = np.flatnonzero(policy.rule.accepts(measures))
    chosen = {name: values[rows] for name, values in measures.items()}
    return rows, decode(bundle, policy.unwanted, z[rows], chosen)


def sample(bundle: Bundle, policy: Policy, judge: Judge | None = None) -> Samples:
    """All the points that a policy proposes, measured and decoded; its rule does not decide yet.

    Same policy, same samples. Raises `SamplingError` if they are too many to keep, and what the
    policy's parts raise.

    >>> policy = Policy("notebook-2d", Unwanted.of(["number < 50"]), proposals=1000)
    >>> samples = sample(regvae.load("notebook-2d"), policy)
    >>> report(samples, policy.rule).accepted
    """
    if policy.proposals > IN_MEMORY:
        raise SamplingError(
            f"at most {IN_MEMORY:,} samples are kept at a time, not {policy.proposals:,}; "
            "stream them, or propose fewer"
        )
    judge = judge or make_judge(bundle, policy)
    z = np.concatenate(list(_proposals(bundle, policy)))
    return decode(bundle, policy.unwanted, z, judge.measure(policy.rule, z))


def report(samples: Samples, rule: Rule) -> Report:
    """Apply a rule to samples that have its measures.

    Raises `SamplingError` if they were measured for another rule.
    """
    missing = [one.measure for one in rule.limits if one.measure not in samples.measures]
    if missing:
        raise SamplingError(
            f"the rule {rule.name} wants {' and '.join(missing)}, which these samples lack; sample "
            "with a policy of that rule"
        )
    passed = samples.take(rule.accepts(samples.measures))
    return Tally.of(len(samples), passed).report(rule, samples.z.shape[1])


@dataclass(frozen=True)
class Block:
    """One block of a run: how many points were proposed, those accepted, and those kept of them."""

    tally: Tally
    accepted: Samples
    kept: Samples


def stream(bundle: Bundle, policy: Policy, judge: Judge | None = None) -> Iterator[Block]:
    """Run a policy block by block: accepted points only, with the memory of one block.

    Ends when the policy's number is accepted (or kept, with `clean`), or all proposals are made.
    """
    judge = judge or make_judge(bundle, policy)
    missing = policy.accepted
    for z in _proposals(bundle, policy):
        rows, passed = accepted(bundle, policy, judge, z)
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
    """A sentence if a run ended before it had as many as were asked for."""
    if policy.accepted is None or tally.kept >= policy.accepted:
        return None
    if tally.kept:
        hint = "raise the number of proposals"
    elif tally.accepted:
        hint = "all that passes leaks: tighten the rule"
    else:
        hint = "nothing passes: loosen the rule"
    return (
        f"only {tally.kept:,} of the {policy.accepted:,} asked for came of {tally.proposed:,} "
        f"proposals; what came is kept; {hint}"
    )


def _proposals(bundle: Bundle, policy: Policy) -> Iterator[NDArray[np.float64]]:
    for block, start in enumerate(range(0, policy.proposals, BLOCK)):
        rng = np.random.default_rng([policy.seed, block])
        yield policy.proposal.draw(min(BLOCK, policy.proposals - start), bundle, rng)
