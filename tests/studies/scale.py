"""The constants of the plan in docs/scale.md, and the plan: `python -m tests.studies.scale`.

A minute on a machine that does nothing else. Work and counting are timed apart, in one process.
"""

import pickle
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psutil

import regvae
from regvae.formats import UK_REGISTRATION
from regvae.generation.parts import UNFINISHED, generate_parts
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import usual
from regvae.rejection.report import Tally
from regvae.rejection.sampling import BLOCK, make_measurer
from tests.benchmarks.library import UNWANTED

MODELS = ("notebook-2d", "exact-15d")
BLOCKS = 3
COUNTED = 2_000_000
"""Different codes that are counted for the memory of one."""
PROPOSALS = 10**10
WORKERS = (1, 8, 64, 512)


class Timed(Executor):
    """Works at once, in this process; sums up the seconds of the work and the bytes of results."""

    _max_workers = 1

    def __init__(self) -> None:
        self.seconds = self.packing = self.bytes = 0.0

    def submit(self, work: Callable[..., Any], /, *given: Any, **_: Any) -> Future[Any]:
        """What the work returns, as it would arrive from a process."""
        future: Future[Any] = Future()
        start = time.perf_counter()
        found = work(*given)
        worked = time.perf_counter()
        content = pickle.dumps(found)
        self.seconds += worked - start
        self.packing += time.perf_counter() - worked
        self.bytes += len(content)
        future.set_result(found)
        return future


@dataclass(frozen=True)
class Constants:
    """Of a model and the rule certified.

    `work` is in seconds of a worker for a proposal; `accepted` and `kept` are shares of proposals;
    `counting` is in seconds of the process that counts, for a proposal; `sent`, `written` and
    `unfinished` are bytes a proposal: of results of workers, of files of results, and of what is
    there until the run is finished; `shared` are the bytes of a worker's copy of model and records.
    """

    work: float
    accepted: float
    kept: float
    counting: float
    sent: float
    written: float
    unfinished: float
    shared: int

    @property
    def saturating(self) -> float:
        """Workers from which on the process that counts has no time left."""
        return self.work / self.counting


class EnoughError(Exception):
    """Raised when so many blocks are done, to look at an unfinished run."""


def constants(name: str) -> Constants:
    """Measured on some blocks of proposals, without what is done once in a run."""
    bundle = regvae.load(name)
    policy = Policy(
        name, UNWANTED, proposal=usual(bundle), proposals=(BLOCKS + 1) * BLOCK, clean=True
    )
    measurer = make_measurer(bundle, policy)
    timed, tallies, ends = Timed(), [Tally()], []

    def on_block(tally: Tally) -> None:
        tallies.append(tally)
        if tally.proposed % BLOCK == 0:
            ends.append(time.perf_counter())
        if tally.proposed > BLOCKS * BLOCK:
            raise EnoughError

    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        with suppress(EnoughError):
            generate_parts(
                bundle, policy, folder, measurer=measurer, executor=timed, on_block=on_block
            )
        total = time.perf_counter() - start
        written = sum(path.stat().st_size for path in Path(folder).glob("*.parquet"))
        # The first has the points of results that are audited closely too.
        _, *later = sorted(Path(folder, UNFINISHED).glob("*.npz"))
        unfinished = sum(path.stat().st_size for path in later)
    last = tallies[-1]
    done, judged = BLOCKS * BLOCK, (BLOCKS + 1) * BLOCK
    return Constants(
        work=timed.seconds / judged,
        accepted=last.accepted / last.proposed,
        kept=last.kept / last.proposed,
        counting=(total - timed.seconds - timed.packing) / done,
        sent=timed.bytes / judged,
        written=written / done,
        unfinished=unfinished / (done - BLOCK),
        shared=len(pickle.dumps((bundle, policy, measurer))),
    )


def bytes_a_code() -> float:
    """Memory for each different code that is counted."""
    codes = UK_REGISTRATION.generate(COUNTED, rng=np.random.default_rng(1))
    before = psutil.Process().memory_info().rss
    counted = Counter(codes.tolist())
    return (psutil.Process().memory_info().rss - before) / len(counted)


def main() -> None:
    """Print the constants of each model, and the time of `PROPOSALS` by workers."""
    memory = bytes_a_code()
    print(f"memory of the process that counts: {memory:.0f} bytes a different code")
    for name in MODELS:
        one = constants(name)
        print(f"\n{name}, rule certified, {BLOCKS} blocks of {BLOCK:,} proposals")
        print(f"  a worker: {1e6 * one.work:.2f} µs a proposal, {1 / one.work:,.0f} a second")
        print(f"  accepted {one.accepted:.3f}, results {one.kept:.4f} of the proposals")
        print(f"  the process that counts: {1e6 * one.counting:.3f} µs a proposal")
        print(f"  it is busy from {one.saturating:.0f} workers on")
        print(
            f"  to it: {one.sent:.1f} bytes a proposal; to a worker once: {one.shared / 1e6:.1f} MB"
        )
        print(
            f"  on the disk: {one.written:.2f} bytes a proposal, {one.unfinished:.2f} until the end"
        )
        for workers in WORKERS:
            hours = PROPOSALS * max(one.work / workers, one.counting) / 3600
            print(f"  {PROPOSALS:.0e} proposals, {workers:>3} workers: {hours:,.1f} hours")


if __name__ == "__main__":
    main()
