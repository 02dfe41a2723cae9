"""Long runs in worker processes: shared, the same bytes, and every way that they end."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import pytest

from dashboard import processors, services, state
from dashboard.generating import Generation
from dashboard.threads import in_thread
from dashboard.words import results as words
from dashboard.words.explore import RESULTS_TAB
from regvae import workers
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import Certified
from regvae.rejection.unwanted import Unwanted
from regvae.workers import WorkerError
from tests.dashboard import generate_results, labels_of, opened, press, problems_of, text_of
from tests.dashboard.test_generating import until


def never() -> bool:
    return False


def pids() -> set[int]:
    """The worker processes of this process that live."""
    return {
        one.pid
        for one in psutil.Process().children()
        if one.status() != psutil.STATUS_ZOMBIE and "loky.backend.popen_loky_posix" in one.cmdline()
    }


def results(wanted: int) -> Policy:
    model = state.DEFAULTS[state.MODEL]
    unwanted = Unwanted.of(["number < 50"])
    return Policy(
        model, unwanted, Certified(), Around(), results=wanted, proposals=10**7, decode="drawn"
    )


def run_of(policy: Policy) -> Generation:
    name = policy.bundle
    version = services.version_of(name)
    return Generation(policy, lambda *given: services.result_files(name, version, *given))


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every run is a long one, of one worker process."""
    monkeypatch.setattr(services, "LONG", 0.0)
    monkeypatch.setattr(processors, "WORKERS", 1)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What happens to pools, which have no processes."""
    happened: list[str] = []

    @contextmanager
    def processes(n: int, *, nice: int) -> Iterator[str]:  # noqa: ARG001
        happened.append("start")
        yield f"pool {happened.count('start')}"
        happened.append("end")

    monkeypatch.setattr(workers, "processes", processes)
    return happened


def test_long_runs_share_the_processes_which_end_with_the_last(started: list[str]) -> None:
    with ExitStack() as first, ExitStack() as second:
        one = first.enter_context(processors.long_run(never))
        assert second.enter_context(processors.long_run(never)) == one
        first.close()
        assert started == ["start"]
        with processors.long_run(never) as third:
            assert third == one
            second.close()
        assert started == ["start", "end"]
        with processors.long_run(never) as fourth:
            assert fourth != one


def test_no_run_begins_with_processes_that_are_broken(started: list[str]) -> None:
    with ExitStack() as sharing:
        broken = sharing.enter_context(processors.long_run(never))
        with pytest.raises(WorkerError), processors.long_run(never):
            raise WorkerError("expected workers")
        assert started == ["start"]  # the other run has not noticed yet
        with processors.long_run(never) as other:
            assert other != broken
        assert started == ["start", "start", "end"]
    assert started == ["start", "start", "end", "end"]


@pytest.mark.parametrize("place", [processors.short_run, processors.long_run])
def test_more_runs_than_places_wait_until_they_are_stopped(place, started: list[str]) -> None:
    with ExitStack() as full:
        for _ in range(processors.AT_ONCE):
            full.enter_context(place(never))
        stop = threading.Event()
        waiting = in_thread(lambda: full.enter_context(place(stop.is_set)))
        assert not waiting.done()
        stop.set()
        with pytest.raises(processors.WaitError, match="first, got a stop while this one waited"):
            waiting.result(10)
        other = processors.short_run if place is processors.long_run else processors.long_run
        full.enter_context(other(never))  # short and long runs do not wait for each other
    with place(stop.is_set):
        pass
    assert started.count("start") == started.count("end")


@pytest.mark.usefixtures("long")
def test_a_long_run_has_the_bytes_of_a_short_one_and_leaves_no_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = run_of(results(3_000)).result()
    assert not pids()
    monkeypatch.setattr(services, "LONG", 1e9)
    threads = run_of(results(3_000)).result()
    for kind, file in threads.content.items():
        assert found.content[kind].read() == file.read()
    assert found.details.read() == threads.details.read()
    assert found.outcome == threads.outcome
    assert (found.first, found.refused) == (threads.first, threads.refused)


@pytest.mark.usefixtures("long")
def test_a_killed_worker_is_told_in_one_sentence_and_another_run_works() -> None:
    app = opened(model="exact-15d", proposal="around", tab=RESULTS_TAB)
    app.number_input(key=state.NUMBER).set_value(state.MAX_RESULTS).run()
    press(app, words.GENERATE)
    run = app.session_state[state.RESULTS]
    until(lambda: run.tally, 60)
    (worker,) = pids()
    os.kill(worker, signal.SIGKILL)
    until(lambda: run.done, 60)
    app.run()
    assert "Expected the workers to answer, got none that does" in problems_of(app)
    assert not app.get("progress")
    assert words.GENERATE in labels_of(app)
    assert not pids()
    app.number_input(key=state.NUMBER).set_value(100).run()
    generate_results(app)
    assert "100 new regs: all different" in text_of(app)
    assert not problems_of(app)


@pytest.mark.usefixtures("long")
def test_a_long_run_that_is_stopped_keeps_what_there_is_and_its_processes_end() -> None:
    run = run_of(results(1_000_000))
    until(lambda: run.tally, 60)
    assert len(pids()) == 1
    run.stop()
    found = run.result()
    assert not pids()
    report = found.outcome.report
    assert 0 < report.kept < 1_000_000
    assert found.content[".csv"].read().count(b"\n") == report.kept + 1
    assert "then it was stopped" in (found.outcome.shortfall or "")


def test_a_run_is_long_by_the_points_that_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[bool] = []

    def written(*given: object) -> None:
        used.append(given[-1] is not None)

    @contextmanager
    def long_run(_stopped: processors.Stopped) -> Iterator[str]:
        yield "pool"

    monkeypatch.setattr(services, "_written", written)
    monkeypatch.setattr(processors, "long_run", long_run)
    for wanted in (1_000, 1_000_000):
        run_of(results(wanted)).result()
    assert used == [False, True]
