"""A sampling run in a thread: its counts, its estimate, and every way that it ends."""

import gc
import threading
import time

import pytest

from dashboard import generating
from dashboard.generating import Generation
from regvae.rejection.policy import Policy
from regvae.rejection.report import Tally
from regvae.rejection.unwanted import Unwanted

POLICY = Policy("notebook-2d", Unwanted.of(["number < 50"]), results=100)


class Work:
    """A run of many blocks; a block is only finished when `go` allows it."""

    def __init__(self, accepted: int = 1) -> None:
        self.accepted = accepted
        self.go, self.ended = threading.Semaphore(0), threading.Event()
        self.tally = Tally()

    def __call__(self, _policy, on_block):
        while self.go.acquire(timeout=5):
            self.tally += Tally(proposed=10, accepted=self.accepted, kept=self.accepted)
            if on_block(self.tally):
                self.ended.set()
                break
        return self.tally


def until(condition, seconds=5.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def test_a_run_tells_its_counts_and_ends_when_it_is_stopped():
    work = Work()
    run = Generation(POLICY, work)
    assert run.tally is None
    assert run.seconds_left is None
    work.go.release(3)
    until(lambda: run.tally == Tally(proposed=30, accepted=3, kept=3))
    assert not run.done
    assert run.seconds_left > 0
    run.stop()
    work.go.release()
    assert run.result() == Tally(proposed=40, accepted=4, kept=4)
    assert run.done


def test_the_estimate_is_what_is_missing_by_the_rate_of_the_last_seconds():
    run = Generation(POLICY, lambda *_: None)
    marks = [(0.0, 5), (10.0, 20), (12.0, 40), (16.0, 50)]  # slower at the end
    run._marks.extend((at, Tally(kept=kept)) for at, kept in marks)
    assert run.seconds_left == pytest.approx(50 / ((50 - 40) / 4))
    run._marks.append((30.0, Tally(kept=50)))
    assert run.seconds_left is None  # nothing new for some time


def test_a_run_ends_if_none_of_its_first_points_is_accepted():
    work = Work(accepted=0)
    run = Generation(POLICY, work)
    work.go.release()
    assert run.result() == Tally(proposed=10)


def test_a_run_that_nobody_has_any_more_ends():
    work = Work()
    run = Generation(POLICY, work)
    work.go.release()
    until(lambda: work.tally.proposed == 10)
    del run
    gc.collect()
    work.go.release()
    assert work.ended.wait(5)


def test_what_a_run_raises_is_raised_to_whoever_wants_its_results():
    def broken(_policy, _on_block):
        raise ValueError("expected more")

    run = Generation(POLICY, broken)
    with pytest.raises(ValueError, match="expected more"):
        run.result()
    assert run.done


def test_more_runs_than_places_wait():
    works = [Work() for _ in range(generating.AT_ONCE + 1)]
    runs = [Generation(POLICY, work) for work in works]
    for work in works:
        work.go.release()
    until(lambda: sum(run.tally is not None for run in runs) == generating.AT_ONCE)
    time.sleep(0.05)
    assert [run.tally is None for run in runs].count(True) == 1
    for run, work in zip(runs, works, strict=True):
        run.stop()
        work.go.release(2)
    for run in runs:
        run.result()
