"""A sampling run in a thread: its counts, its estimate, and every way that it ends."""

import gc
import threading
import time
from types import SimpleNamespace

import pytest

from dashboard import generating
from dashboard.generating import Generation
from dashboard.processors import WaitError
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

    def __call__(self, _policy, on_block, _stopped):
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
    assert run.seconds_left is None  # too early to tell
    run.stop()
    work.go.release()
    assert run.result() == Tally(proposed=40, accepted=4, kept=4)
    assert run.done


def test_the_estimate_is_what_is_missing_by_the_rate_of_the_last_seconds():
    run = Generation(POLICY, lambda *_: None)
    run.result()
    run._marks.extend((at, Tally(kept=kept)) for at, kept in ((12.0, 40), (16.0, 50)))
    assert run.rate == pytest.approx((50 - 40) / 4)
    assert run.seconds_left == pytest.approx(50 / ((50 - 40) / 4))
    run._marks[:] = [(16.0, Tally(kept=50)), (30.0, Tally(kept=50))]
    assert run.seconds_left is None  # nothing new for some time


def test_the_rate_is_that_of_the_last_seconds_also_if_counts_come_several_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
):
    times = [0.0, 0.01, 0.02, 2.0, 2.01, 4.0, 10.0, 10.01, 12.0]
    kept = [10, 20, 30, 40, 50, 55, 70, 80, 90]
    seen = []

    def work(_policy, on_block, _stopped):
        for number in kept:
            on_block(Tally(accepted=1, kept=number))
            seen.append(run.rate)

    clock = SimpleNamespace(monotonic=iter(times).__next__)
    monkeypatch.setattr(generating, "time", clock)
    begun = threading.Event()
    run = Generation(POLICY, lambda *given: begun.wait(5) and work(*given))
    begun.set()
    run.result()
    assert seen[:3] == [None, None, None]  # 30 in 0.02 s are no rate
    assert seen[3] == pytest.approx((40 - 10) / 2)
    # The last five seconds, and back to the last mark before them.
    assert seen[6] == pytest.approx((70 - 55) / 6)
    assert seen[8] == pytest.approx((90 - 55) / 8)
    assert len(run._marks) < 6


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


def test_a_run_whose_browser_has_left_ends():
    left, work = threading.Event(), Work()
    run = Generation(POLICY, work, left.is_set)
    work.go.release()
    until(lambda: run.tally)
    assert not run.done
    left.set()
    work.go.release()
    assert run.result() == Tally(proposed=20, accepted=2, kept=2)


def test_what_a_run_raises_is_raised_to_whoever_wants_its_results():
    def broken(*_):
        raise ValueError("expected more")

    run = Generation(POLICY, broken)
    with pytest.raises(ValueError, match="expected more"):
        run.result()
    assert run.done


def test_what_is_nobodys_mistake_is_a_problem_and_no_exception():
    for raised, problem in (
        (OSError(28, "No space left on device"), "[Errno 28] No space left on device"),
        (WaitError("expected to begin"), "expected to begin"),
        (ValueError("expected more"), None),
        (None, None),
    ):

        def work(*_, raised=raised):
            if raised:
                raise raised

        run = Generation(POLICY, work)
        until(lambda run=run: run.done)
        assert run.problem == problem


def test_work_that_waits_learns_that_it_is_stopped_or_that_nobody_has_it_any_more():
    ended = [threading.Event(), threading.Event()]

    def waiting(event, stopped):
        until(stopped)
        event.set()

    stopped, left = (
        Generation(POLICY, lambda _policy, _on_block, stopped, event=event: waiting(event, stopped))
        for event in ended
    )
    stopped.stop()
    assert ended[0].wait(5)
    del left
    gc.collect()
    assert ended[1].wait(5)
