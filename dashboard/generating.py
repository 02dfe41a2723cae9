"""A sampling run in a thread of its own, so that its page answers meanwhile."""

import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from typing import Final

from dashboard.services import ResultFiles
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally

AT_ONCE: Final = 2
"""Runs of all sessions at a time; the others wait."""
_RECENT: Final = 5.0  # seconds over which the rate is taken: new codes become rarer

OnBlock = Callable[[Tally], bool]
Work = Callable[[Policy, OnBlock], ResultFiles]

_places = threading.Semaphore(AT_ONCE)


class Generation:
    """One sampling run of a session: it begins at once, or when another has finished.

    `work(policy, on_block)` runs in a thread; it calls `on_block` with the counts so far, and ends
    when that returns True: on `stop()`, when nobody has this object any more because the session is
    over, and when none of the first points is accepted.
    """

    def __init__(self, policy: Policy, work: Work) -> None:
        self.policy = policy
        self._future: Future[ResultFiles] = Future()
        self._stop = threading.Event()
        self._marks: list[tuple[float, Tally]] = []
        # The thread has the parts, not this object: it must not keep it alive.
        parts = (policy, work, self._future, self._stop, self._marks)
        threading.Thread(target=_run, args=parts, daemon=True).start()
        weakref.finalize(self, self._stop.set)

    def stop(self) -> None:
        """End the run after its present block; what it has generated remains."""
        self._stop.set()

    @property
    def done(self) -> bool:
        """Whether there is a result."""
        return self._future.done()

    def result(self) -> ResultFiles:
        """The results; waits for them. Raises what the run raised."""
        return self._future.result()

    @property
    def tally(self) -> Tally | None:
        """The counts so far; None before the first ones."""
        return self._marks[-1][1] if self._marks else None

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the results of the last seconds; None if there were none."""
        if len(self._marks) < 2 or not self.policy.results:
            return None
        (end, now), marks = self._marks[-1], self._marks[:]
        start, before = next(mark for mark in marks if end - mark[0] <= _RECENT)
        rate = (now.kept - before.kept) / max(end - start, 1e-9)
        return (self.policy.results - now.kept) / rate if rate else None


def _run(
    policy: Policy,
    work: Work,
    future: Future[ResultFiles],
    stop: threading.Event,
    marks: list[tuple[float, Tally]],
) -> None:
    def on_block(tally: Tally) -> bool:
        marks.append((time.monotonic(), tally))
        return stop.is_set() or not tally.accepted

    try:
        with _places:
            future.set_result(work(policy, on_block))
    except BaseException as error:  # whoever waits must learn of it
        future.set_exception(error)
