"""A sampling run in a thread of its own, so that its page answers meanwhile."""

import threading
import time
import weakref
from collections.abc import Callable
from functools import partial

from dashboard.processors import Stopped, WaitError
from dashboard.services import ResultFiles
from dashboard.threads import in_thread
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally

_RECENT = 5.0  # seconds over which the rate is taken: new codes become rarer
_SHORTEST = 1.0  # seconds over which a rate tells something: counts may come several at a time

OnBlock = Callable[[Tally], bool]
Work = Callable[[Policy, OnBlock, Stopped], ResultFiles]


class Generation:
    """One sampling run of a session.

    `work(policy, on_block, stopped)` runs in a thread, which may wait for others; it calls
    `on_block` with the counts so far, and ends when that returns True: on `stop()`, when the
    browser has `left`, when nobody has this object any more because the session is over, and when
    none of the first points is accepted. While it waits, `stopped()` tells of the first three.
    """

    def __init__(self, policy: Policy, work: Work, left: Stopped = lambda: False) -> None:
        self.policy = policy
        self._stop = threading.Event()
        self._marks: list[tuple[float, Tally]] = []
        # The thread has the fields, not this object, which would then never end.
        self._future = in_thread(partial(_run, policy, work, left, self._stop, self._marks))
        weakref.finalize(self, self._stop.set)

    def stop(self) -> None:
        """End the run after the points that are judged now; what it has generated remains."""
        self._stop.set()

    @property
    def done(self) -> bool:
        """Whether the run has ended, with results or without."""
        return self._future.done()

    def result(self) -> ResultFiles:
        """The results; waits for them. Raises what the run raised."""
        return self._future.result()

    @property
    def problem(self) -> str | None:
        """Why it has no results, for a reason to be told: the disk, its workers, a stop."""
        error = self._future.exception() if self.done else None
        return str(error) if isinstance(error, OSError | WaitError) else None

    @property
    def tally(self) -> Tally | None:
        """The counts so far; None before the first ones."""
        return self._marks[-1][1] if self._marks else None

    @property
    def rate(self) -> float | None:
        """Results a second, of the last seconds; None before some have passed."""
        marks = self._marks[:]
        if not marks:
            return None
        (start, before), (end, now) = marks[0], marks[-1]
        return (now.kept - before.kept) / (end - start) if end - start >= _SHORTEST else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the rate; None without one, or if nothing new was found."""
        rate, tally, wanted = self.rate, self.tally, self.policy.results
        return (wanted - tally.kept) / rate if rate and tally and wanted else None


def _run(
    policy: Policy,
    work: Work,
    left: Stopped,
    stop: threading.Event,
    marks: list[tuple[float, Tally]],
) -> ResultFiles:
    def stopped() -> bool:
        return stop.is_set() or left()

    def on_block(tally: Tally) -> bool:
        marks.append((time.monotonic(), tally))
        old = [at for at, (when, _) in enumerate(marks) if marks[-1][0] - when >= _RECENT]
        del marks[: old[-1] if old else 0]  # the first that remains is the youngest old one
        return stopped() or not tally.accepted

    return work(policy, on_block, stopped)
