"""Rejection sampling: propose latent points, accept them by a rule, decode them, report.

Points are proposed in blocks, each with its own random numbers, so a sampling run of any length
needs the memory of some blocks and of its different codes, and a longer one begins with the same
points as a shorter one. They are measured in batches, of which a block has several. (The last
digits of a density depend on the batch, so they may differ between the two; the same policy gives
the same bytes.)
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from regvae import workers
from regvae.formats import Codes
from regvae.model.bundle import Bundle
from regvae.parallel import in_order
from regvae.randomness import generator
from regvae.rejection.calibration import Calibration, CalibrationError, calibrate
from regvae.rejection.learning import Predictor, learn, points_seen
from regvae.rejection.measures import Measurer, check_records
from regvae.rejection.policy import DRAWN, LIKELIEST, Policy
from regvae.rejection.proposals import Around, Proposal
from regvae.rejection.report import Recall, Report, Tally
from regvae.rejection.rules import Measures, Rule
from regvae.rejection.samples import Samples
from regvae.rejection.unwanted import Unwanted, UnwantedError

BLOCK = 2**18
"""Points proposed at a time. Another number gives other points for the same seed."""
_FIRST = 2**10
"""Points measured first, so that the first counts come at once; then four times as many, and so
on."""
_SEVERAL = 2**12
"""Most points measured at a time above three dimensions, where more are no faster: some seconds."""
_SHARE = 8
"""Most batches that a worker of an executor judges at a time: about a second."""
RECALL_PROPOSALS = 10_000
"""Proposals that are decoded for the recall of a rule."""
IN_MEMORY = 10_000_000
"""Most proposals of `sample`; `stream` has no such limit."""


class SamplingError(ValueError):
    """Samples that cannot be drawn or reported on; the message tells what to change."""


def held_out_measures(
    bundle: Bundle,
    unwanted: Unwanted,
    rule: Rule | type[Rule],
    calibration: Calibration | None,
    predictor: Predictor | None = None,
) -> Measures | None:
    """A rule's measures of the means of held-out unwanted records against the training records.

    None if there are no such records, as of a release, or if the training records are all wanted or
    all unwanted.
    """
    records = bundle.records
    rows = unwanted.of_records(records) & (records.split != "train")
    if not rows.any():
        return None
    try:
        measurer = Measurer.of(bundle, unwanted, calibration, split="train")
    except UnwantedError:
        return None
    measurer = replace(measurer, predictor=predictor)
    return measurer.measure(rule, records.mean[rows])


def make_measurer(bundle: Bundle, policy: Policy) -> Measurer:
    """The measurer that a policy needs: with a calibration, which takes a second, and with what its
    rule has learned, if it learns.

    A bundle that cannot be calibrated has none. Raises `NoRecordsError` if the policy needs records
    and the bundle was released without them; what `Measurer.of` and `learned` raise; and
    `CalibrationError` if rule or proposals need the calibration that it cannot have.
    """
    check_records(policy.rule, bundle)
    try:
        calibration = None if bundle.released else calibrate(bundle)
    except CalibrationError:
        scaled = isinstance(policy.proposal, Around) and policy.proposal.scale is None
        if policy.rule.needs_calibration or scaled:
            raise
        calibration = None
    measurer = Measurer.of(bundle, policy.unwanted, calibration)
    if not policy.rule.needs_learning:
        return measurer
    return replace(measurer, predictor=learned(bundle, policy, measurer))


def learned(bundle: Bundle, policy: Policy, measurer: Measurer) -> Predictor:
    """What a rule learns from a policy's proposals, of their own stream, and what they decode to.

    The same proposals, `decode` and seed give the same. Takes some seconds above three dimensions.
    Raises what `learn` and the proposals raise.
    """
    n = points_seen(bundle.records.latent_dim)
    z, codes = _decoded(bundle, policy, measurer, n, "learned")
    wanted = ~policy.unwanted.of_codes(codes, bundle)
    return learn(z, wanted, generator("learned: network", policy.seed))


def decode(bundle: Bundle, z: NDArray, uniform: NDArray | None = None) -> Codes:
    """What points z (m, k) decode to, (m,): the likeliest codes, or with uniform numbers (m, p)
    codes drawn with them."""
    autoencoder = bundle.autoencoder
    return autoencoder.decode(z) if uniform is None else autoencoder.draw(z, uniform)


def judged(
    bundle: Bundle, unwanted: Unwanted, z: NDArray, measures: Measures, codes: Codes
) -> Samples:
    """Measured and decoded points, with which codes are wanted and which are records."""
    wanted = ~unwanted.of_codes(codes, bundle)
    collision = bundle.records.contains(codes)
    return Samples(z, measures, codes, wanted, collision, bundle.released)


def accepted(
    bundle: Bundle, policy: Policy, measurer: Measurer, z: NDArray, uniform: NDArray | None = None
) -> tuple[NDArray[np.intp], Samples]:
    """Those of points z (m, k) that a policy accepts: their rows (a,), and the a samples.

    `uniform` (m, p) are for codes that are drawn, see `decode`.
    """
    rule = policy.rule
    codes = decode(bundle, z, uniform) if rule.needs_codes else None
    measures = measurer.measure(rule, z, codes)
    rows = np.flatnonzero(rule.accepts(measures))
    chosen = {name: values[rows] for name, values in measures.items()}
    if codes is None:  # of a rule that needs none, only what is accepted is decoded
        codes = decode(bundle, z[rows], None if uniform is None else uniform[rows])
    else:
        codes = codes[rows]
    return rows, judged(bundle, policy.unwanted, z[rows], chosen, codes)


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
    blocks = range(block_count(policy))
    drawn = (_proposals(bundle, policy, measurer, block) for block in blocks)
    points, numbers = zip(*drawn, strict=True)
    z = np.concatenate(points)
    codes = decode(bundle, z, np.concatenate(numbers) if policy.decode == DRAWN else None)
    measures = measurer.measure(policy.rule, z, codes)
    return judged(bundle, policy.unwanted, z, measures, codes)


def recall(
    bundle: Bundle, policy: Policy, measurer: Measurer, proposals: int = RECALL_PROPOSALS
) -> Recall:
    """How many of the points that decode to wanted codes a policy's rule accepts.

    Counted on proposals of their own stream, all decoded to the likeliest codes; those in the
    support only if the measurer has a calibration. Raises what the proposals raise.
    """
    samples = fresh(bundle, replace(policy, decode=LIKELIEST), measurer, proposals, "recall")
    calibration = measurer.calibration
    typicality = calibration.typicality(samples.z) if calibration else None
    return Recall.of(samples, policy.rule.accepts(samples.measures), typicality)


def fresh(bundle: Bundle, policy: Policy, measurer: Measurer, n: int, use: str) -> Samples:
    """n points that a policy would propose, from the stream of another use: measured and decoded.

    They are independent of the policy's own points, and of those of every other use.
    """
    z, codes = _decoded(bundle, policy, measurer, n, use)
    measures = measurer.measure(policy.rule, z, codes)
    return judged(bundle, policy.unwanted, z, measures, codes)


def _decoded(
    bundle: Bundle, policy: Policy, measurer: Measurer, n: int, use: str
) -> tuple[NDArray[np.float64], Codes]:
    """n proposals of the stream of a use (n, k), and what they decode to (n,)."""
    z = fitted(policy.proposal, bundle, measurer).draw(n, bundle, generator(use, policy.seed))
    numbers = _for_drawing(bundle, policy, n, generator(f"{use}: characters", policy.seed))
    return z, decode(bundle, z, numbers)


def _for_drawing(
    bundle: Bundle, policy: Policy, n: int, rng: np.random.Generator
) -> NDArray[np.float64] | None:
    """Uniform numbers (n, b) for a policy that draws characters, None for another."""
    return rng.random((n, bundle.autoencoder.onehot.positions)) if policy.decode == DRAWN else None


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
    passed = rule.accepts(samples.measures)
    tally = Tally.of(len(samples), samples.take(passed))
    recall = Recall.of(samples, passed)
    return tally.report(rule, samples.z.shape[1], held_out, recall, released=samples.released)


@dataclass(frozen=True)
class Batch:
    """Points of a sampling run that are measured together: their counts, the accepted ones, and the
    results.

    `block` is the number of their block, from 0. `again` are the codes (u,) of points that are no
    results because the code occurred before.
    """

    block: int
    tally: Tally
    accepted: Samples
    kept: Samples
    again: Codes


@dataclass
class Seen:
    """What a sampling run must remember of its first blocks, `blocks` of them, to go on.

    `codes` are those that could be results, with how often each occurred; `kept` is the number of
    results.
    """

    blocks: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    kept: int = 0


def stream(
    bundle: Bundle,
    policy: Policy,
    measurer: Measurer | None = None,
    *,
    executor: Executor | None = None,
    seen: Seen | None = None,
) -> Iterator[Batch]:
    """Run a policy batch by batch, in the memory of some blocks and of all different codes.

    The first batches are small, so that the first counts come at once. Ends at the policy's number
    of results, exactly, or after all its proposals. The batches are judged by threads, or by the
    workers of an `executor`, and counted here in their order: so the results are the same. With
    `seen` it goes on after those blocks. Raises what `make_measurer`, the proposals and the workers
    raise. A policy that `abstains` accepts nothing.
    """
    if policy.neighbourhoods:
        bundle.require_records("to leave out the neighbourhoods of records")
    measurer = measurer or make_measurer(bundle, policy)
    seen = seen or Seen()
    missing = (policy.proposals if policy.results is None else policy.results) - seen.kept
    if not missing or (policy.abstains and seen.blocks):
        return
    if policy.abstains:
        none = fresh(bundle, policy, measurer, 0, "none")
        yield Batch(0, Tally(min(_FIRST, policy.proposals)), none, none, none.codes)
        return
    for block, proposed, rows, passed in _judged(bundle, policy, measurer, executor, seen.blocks):
        usable = np.flatnonzero(_may_be_results(bundle, policy, passed))
        new, once = _counted(passed.codes[usable], seen.codes)
        chosen = np.ones(len(usable), bool) if policy.repeats else new
        ends = np.flatnonzero(chosen)[missing - 1 : missing]  # where the last result is, if here
        if len(ends):  # points after the last result do not count as proposed
            until = slice(ends[0] + 1)
            usable, chosen, new, once = usable[until], chosen[until], new[until], once[until]
            last = usable[-1]
            passed, proposed = passed.take(np.arange(last + 1)), int(rows[last]) + 1
        kept = usable[chosen]
        tally = Tally.of(
            proposed, passed, len(kept), int(new[chosen].sum()), len(usable), int(once.sum())
        )
        again = passed.codes[usable[~chosen]]
        yield Batch(block, tally, passed, passed.take(kept), again)
        missing -= len(kept)
        if missing == 0:
            return


_Judged = tuple[int, int, NDArray[np.intp], Samples]
"""A batch: its block, how many points it has, the rows that are accepted, and these samples."""
_Proposed = tuple[NDArray[np.float64], NDArray[np.float64] | None]
"""Points (n, k), and uniform numbers (n, p) to draw characters with, if any."""


def _judged(
    bundle: Bundle, policy: Policy, measurer: Measurer, executor: Executor | None, first: int
) -> Iterator[_Judged]:
    """All batches of the blocks of a policy, from a `first` block on, in their order."""
    needed = bundle, policy, measurer
    blocks = range(first, block_count(policy))
    if executor:
        shares = (share for block in blocks for share in _shares(bundle, policy, block))
        for judged in workers.in_order(_judge_share, _Run(*needed), shares, executor):
            yield from judged
    else:
        batches = (
            (block, points)
            for block in blocks
            for points in _taken(_proposals(*needed, block), _batches(bundle, policy, block))
        )
        yield from in_order(partial(_judge, needed), batches)


def _judge(needed: tuple[Bundle, Policy, Measurer], batch: tuple[int, _Proposed]) -> _Judged:
    block, (z, uniform) = batch
    return block, len(z), *accepted(*needed, z, uniform)


class _Run:
    """What a worker needs to judge shares, with its last block, of which it judges several."""

    def __init__(self, bundle: Bundle, policy: Policy, measurer: Measurer) -> None:
        self.needed = bundle, policy, measurer
        self._last: tuple[int, _Proposed] | None = None

    def proposals(self, block: int) -> _Proposed:
        """The proposals of a block."""
        last = self._last  # read once: another thread of the worker may go on to the next block
        if last is None or last[0] != block:
            last = self._last = block, _proposals(*self.needed, block)
        return last[1]


def _judge_share(run: _Run, share: tuple[int, list[slice]]) -> list[_Judged]:
    block, batches = share
    points = _taken(run.proposals(block), batches)
    return [_judge(run.needed, (block, one)) for one in points]


def _may_be_results(bundle: Bundle, policy: Policy, accepted: Samples) -> NDArray[np.bool_]:
    """Which accepted samples (m,) are not left out of a policy's results: (m,)."""
    may = ~accepted.leaks if policy.clean else np.ones(len(accepted), bool)
    if policy.neighbourhoods:
        may &= ~bundle.records.surround(accepted.codes)
    return may


def _counted(codes: Codes, seen: Counter[str]) -> tuple[NDArray[np.bool_], NDArray[np.int8]]:
    """Which codes (m,) are the first of their kind, and how each changes the number of codes that
    occurred once: (m,) each. They are counted in `seen`."""
    new = np.zeros(len(codes), dtype=bool)
    once = np.zeros(len(codes), dtype=np.int8)
    for row, code in enumerate(codes.tolist()):
        before = seen[code]
        seen[code] = before + 1
        if before == 0:
            new[row], once[row] = True, 1
        elif before == 1:
            once[row] = -1
    return new, once


def fitted(proposal: Proposal, bundle: Bundle, measurer: Measurer) -> Proposal:
    """Proposals whose scale is a number: the calibrated one, if it was left open."""
    if isinstance(proposal, Around):
        return proposal.fitted(bundle, measurer.calibration)
    return proposal


def _taken(proposed: _Proposed, batches: Iterable[slice]) -> Iterator[_Proposed]:
    """The proposals of a block, batch by batch."""
    z, uniform = proposed
    for rows in batches:
        yield z[rows], None if uniform is None else uniform[rows]


def _shares(bundle: Bundle, policy: Policy, block: int) -> Iterator[tuple[int, list[slice]]]:
    """The batches of a block, as many as a worker judges at a time: its number and their rows."""
    batches = _batches(bundle, policy, block)
    while share := list(islice(batches, _SHARE)):
        yield block, share


def _batches(bundle: Bundle, policy: Policy, block: int) -> Iterator[slice]:
    """The rows of each batch of a block."""
    most = BLOCK if bundle.records.latent_dim <= 3 else _SEVERAL
    start, size, n = 0, most if block else _FIRST, block_size(policy, block)
    while start < n:
        yield slice(start, min(start + size, n))
        start, size = start + size, min(4 * size, most)


def block_count(policy: Policy) -> int:
    """How many blocks the proposals of a policy have."""
    return -(-policy.proposals // BLOCK)


def block_size(policy: Policy, block: int) -> int:
    """How many points a block has."""
    return min(BLOCK, policy.proposals - block * BLOCK)


def _proposals(bundle: Bundle, policy: Policy, measurer: Measurer, block: int) -> _Proposed:
    """The proposals of a block: points (n, k), and the uniform numbers (n, p) for drawing."""
    n = block_size(policy, block)
    proposal = fitted(policy.proposal, bundle, measurer)
    z = proposal.draw(n, bundle, generator("proposals", policy.seed, block))
    return z, _for_drawing(bundle, policy, n, generator("characters", policy.seed, block))
