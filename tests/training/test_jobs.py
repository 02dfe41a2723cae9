"""Jobs: queued, stopped, killed, on a full disk, kept, deleted, damaged."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import safetensors
import safetensors.numpy

from regvae.evaluation.check import check
from regvae.evaluation.metrics import metrics
from regvae.formats import Codes, uk_registration
from regvae.formats.codes import distinct
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.presets import PRESETS
from regvae.model.store import BundleError
from regvae.training import jobs, worker
from regvae.training.checkpoint import checkpoint_path
from regvae.training.jobs import Job, JobError, is_first
from regvae.training.queue import slots
from tests.jobs import stored_job
from tests.training.networks import FIGURES

ROOT = Path(__file__).resolve().parents[2]
LONG = Preset(
    "long",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(seed=0, sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 100), Phase(0.001, 100)), batch_size=8),
)
EPOCHS = 200
SHORT = replace(LONG, name="short", training=Training(phases=(Phase(0.004, 3),)))
SEED = 3


def wait_until(true: Callable[[], Any], what: str, seconds: float = 90) -> None:
    """Return as soon as something is true."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds} s in vain: {what}"
        time.sleep(0.01)


def wait_for(name: str, *states: str, epochs: int = 0) -> Job:
    """Wait until a run is in one of some states, and so far; any other end is an error."""

    def there() -> bool:
        run = jobs.read_job(name)
        assert run.alive or run.state in states, f"{run.state}: {run.message}"
        return run.state in states and run.epochs >= epochs

    wait_until(there, f"{name} {states}")
    return jobs.read_job(name)


@contextmanager
def at_home(path: Path) -> Iterator[None]:
    """All runs and models in a folder; what is still at work there at the end is ended."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REGVAE_HOME", str(path))
        patch.setenv("REGVAE_TRAININGS", "2")
        try:
            yield
        finally:
            while jobs._workers:
                one = jobs._workers.pop()
                with suppress(ProcessLookupError):
                    one.kill()
                one.wait()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home of its own for a test; its name is odd on purpose."""
    path = tmp_path / "a home, ü"
    with at_home(path):
        yield path


@dataclass(frozen=True)
class Whole:
    """A training of LONG without a break in this process: what every run must come to."""

    bundle: Bundle
    means: np.ndarray
    sizes: list[int]


@dataclass(frozen=True)
class Finished:
    """A run that another process started, and what was seen of it on its way."""

    folder: Path
    first: str
    alive_after_its_starter: bool
    seen: list[tuple[str, int]]


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Finished, Whole]:
    """LONG trained by a run, and in this process meanwhile."""
    from regvae.training import trainer as training

    folder = tmp_path_factory.mktemp("trained")
    with at_home(folder / "home"):
        script = (
            "from regvae.training import jobs; from tests.training.test_jobs import LONG, SEED\n"
            "print(jobs.create('long', LONG, SEED).state)"
        )
        starter = subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        # Its standard output ends with it: the worker does not hold on to it.
        first, _ = starter.communicate(timeout=60)
        with suppress(ProcessLookupError):  # as a terminal does that is closed
            os.killpg(starter.pid, signal.SIGHUP)
        alive = jobs.read_job("long").alive
        means: list[np.ndarray] = []
        sizes: list[int] = []
        seen: list[tuple[str, int]] = []
        shown = LONG.data.splits()["train"][: jobs.SHOWN]

        def keep(trainer: Any) -> None:
            means.append(trainer.autoencoder().encode(shown)[0])
            sizes.append(checkpoint_path(folder / "whole").stat().st_size)
            look()

        def look() -> bool:
            run = jobs.read_job("long")
            if not seen or seen[-1] != (run.state, run.epochs):
                seen.append((run.state, run.epochs))
            return run.state == "finished"

        look()
        bundle = training.train(LONG, folder / "whole", seed=SEED, on_epoch=keep)
        wait_until(look, "the run that was started elsewhere")
        # Its folder is copied later: not while its process removes the training run's lock.
        path = jobs.read_job("long").folder
        wait_until(lambda: not list(path.glob(".*.training.lock")), "the end of its process")
    return Finished(path, first.strip(), alive, seen), Whole(bundle, np.array(means), sizes)


@pytest.fixture(scope="module")
def finished(pair: tuple[Finished, Whole]) -> Finished:
    """A finished run of LONG."""
    return pair[0]


@pytest.fixture(scope="module")
def whole(pair: tuple[Finished, Whole]) -> Whole:
    """The same training in this process."""
    return pair[1]


@pytest.fixture
def copied(home: Path, finished: Finished) -> Job:
    """The finished run, copied to this test's home."""
    shutil.copytree(finished.folder, home / "runs" / "long")
    return jobs.read_job("long")


def untrained(
    home: Path, name: str, state: str = "stopped", preset: Preset = LONG, **status: Any
) -> Job:
    """A job with no worker and no training, in some state."""
    return stored_job(home, name, state, preset, seed=SEED, **status)


@contextmanager
def active(run: Job) -> Iterator[None]:
    """Hold the lock that a worker would."""
    with (run.folder / jobs.LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def work(run: Job) -> Job:
    """Do in this process what a worker does, and look at the run then."""
    lock = os.open(run.folder / jobs.LOCK, os.O_CREAT | os.O_RDWR)
    fcntl.flock(lock, fcntl.LOCK_EX)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["regvae.training.worker", str(run.folder), str(lock)])
        worker.main()
    return jobs.read_job(run.name)


def refused(words: str, act: Callable[..., object], *arguments: Any) -> None:
    """The call must raise a `JobError` with these words."""
    with pytest.raises(JobError) as caught:
        act(*arguments)
    assert words in str(caught.value)


def assert_equals(run: Job, whole: Whole) -> None:
    """A run has come to what an uninterrupted training comes to, bit for bit."""
    assert run.state == "finished"
    bundle = bundles.load(run.out)
    for name, weights in whole.bundle.weights.items():
        np.testing.assert_array_equal(bundle.weights[name], weights)
    np.testing.assert_array_equal(bundle.history[FIGURES], whole.bundle.history[FIGURES])
    progress = jobs.progress(run)
    assert progress is not None
    np.testing.assert_array_equal(progress.history[FIGURES], whole.bundle.history[FIGURES])
    np.testing.assert_array_equal(progress.frames, whole.means.astype(np.float16))


def epochs_of_checkpoint(run: Job) -> int:
    path = run.folder / f".{run.name}.training.safetensors"
    with safetensors.safe_open(path, framework="numpy") as file:
        return len(json.loads(file.metadata()["history"]))


def frames_of(run: Job) -> float:
    path = run.folder / jobs.FRAMES
    return path.stat().st_size / (80 * 2 * 2) if path.exists() else 0


# --- from its start to its end --------------------------------------------------------------------


@pytest.mark.training
def test_a_job_continues_after_the_process_that_started_it(finished: Finished) -> None:
    assert finished.first == "waiting"
    assert finished.alive_after_its_starter
    states = [state for state, _ in finished.seen]
    order = list(dict.fromkeys(states))
    assert order[-2:] == ["training", "finished"]
    assert order in (["waiting", "training", "finished"], ["training", "finished"])
    epochs = [epoch for _, epoch in finished.seen]
    assert epochs == sorted(epochs)
    assert epochs[-1] == EPOCHS
    assert len({epoch for state, epoch in finished.seen if state == "training"}) > 3


@pytest.mark.training
def test_a_job_equals_a_training_run_in_this_process(copied: Job, whole: Whole) -> None:
    assert copied.preset == LONG
    assert copied.seed == SEED
    assert copied.epochs == EPOCHS
    assert_equals(copied, whole)
    progress = jobs.progress(copied)
    assert progress is not None
    bundle = bundles.load(copied.out)  # a worker stores no metrics
    train = bundle.records.codes[bundle.records.split == "train"]
    assert progress.codes.tolist() == train[: jobs.SHOWN].tolist()
    mean, _ = bundle.autoencoder.encode(progress.codes)
    np.testing.assert_allclose(progress.frames[-1], mean, rtol=1e-3, atol=1e-3)  # float16
    pd.testing.assert_frame_equal(
        progress.history, bundle.history, check_dtype=False, rtol=1e-12, atol=1e-15
    )


def test_the_map_shows_the_first_codes_and_axes_as_finite_numbers(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Trainer:
        finished = False

        def __init__(self) -> None:
            self.splits = LONG.data.splits()
            self.history: list[Any] = []

        def autoencoder(self) -> Any:
            return self

        def encode(self, reg: Codes) -> tuple[np.ndarray, np.ndarray]:
            far = np.array([[1e9, -1e9, 0.0]] * len(reg)) * len(self.history)
            return far, far

    monkeypatch.setattr(jobs, "SHOWN", 7)
    run, trainer = untrained(home, "many"), Trainer()
    watcher = worker.Watcher(run)
    trainer.history.append(None)
    monkeypatch.setattr(watcher, "write", lambda: None)
    watcher.show(trainer)
    frame = np.fromfile(run.folder / jobs.FRAMES, np.float16).reshape(7, 2)
    assert np.isfinite(frame).all()  # half a float ends at 65,504
    assert frame.tolist() == [[60_000, -60_000]] * 7  # of the first two axes


# --- the queue ------------------------------------------------------------------------------------


@pytest.mark.training
@pytest.mark.usefixtures("home")
def test_jobs_wait_in_order_stop_and_resume(whole: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", "1")
    # The first is called as the file was once that asks a run to stop.
    jobs.create("stop", LONG, SEED)
    first_worker = jobs._workers[-1]
    wait_for("stop", "training", epochs=1)
    with paused(first_worker):  # else it may have ended before the others wait
        jobs.create("second", SHORT)
        jobs.create("third", SHORT)
        for name in ("stop", "second"):
            refused(f"not active, got {name!r}, which is; stop it first", jobs.start, name)
        assert [jobs.read_job(name).ahead for name in ("stop", "second", "third")] == [0, 0, 1]
    reached = jobs.read_job("stop").epochs + 10
    assert_wait(("second", "third"), lambda: jobs.read_job("stop").epochs < reached)
    with paused(first_worker):
        # One that waits is stopped while it waits, and has done nothing.
        jobs.stop("third")
        third = wait_for("third", "stopped")
        assert third.epochs == 0
        assert jobs.progress(third) is None
        jobs.stop("stop")
    # Only when the first has let go of its processor does the second train.
    wait_for("second", "training", "finished")
    first = jobs.read_job("stop")
    assert first.state == "stopped"
    assert reached <= first.epochs < EPOCHS
    assert epochs_of_checkpoint(first) == first.epochs
    progress = jobs.progress(first)
    assert progress is not None
    assert len(progress.frames) == len(progress.history) == first.epochs
    # Resumed, it stands behind the second, and comes to what it had come to without a break.
    resumed = jobs.start("stop")
    assert resumed.epochs == first.epochs
    assert_wait(("stop",), lambda: jobs.read_job("second").state == "training")
    assert wait_for("second", "finished").epochs == 3
    assert_equals(wait_for("stop", "finished"), whole)
    assert [run.name for run in jobs.all_jobs()] == ["stop", "second", "third"]
    refused(
        "got 'stop', which is finished; keep it",
        jobs.start,
        "stop",
    )


@contextmanager
def paused(process: subprocess.Popen) -> Iterator[None]:
    """Let a process stand still."""
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def assert_wait(names: Sequence[str], meanwhile: Callable[[], bool]) -> None:
    """Jobs wait for a processor while something is true."""
    while True:
        states = {jobs.read_job(name).state for name in names}
        if not meanwhile():  # asked last: what it is about may end between the two
            return
        assert states == {"waiting"}


@pytest.mark.parametrize(
    ("asked", "given"), [("1", 1), ("7", 7), ("0", None), ("-1", None), ("²", None), ("", None)]
)
def test_the_slots_are_the_processors_or_the_environments_number(
    asked: str, given: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", asked)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert slots() == (given or usable)


def test_only_active_jobs_that_wait_longer_are_ahead(home: Path) -> None:
    for name, since in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        untrained(home, name, "waiting", since=since)
    folders = [home / "runs" / name for name in "abc"]
    assert jobs.read_job("c").state == "interrupted"  # nobody holds its lock
    with active(jobs.read_job("b")), active(jobs.read_job("c")):
        assert jobs.read_job("c").ahead == 1
        assert is_first(folders[1])
        with active(jobs.read_job("a")):
            assert jobs.read_job("c").ahead == 2
            assert not is_first(folders[1])
            jobs.write_status(folders[0], "training")
            assert jobs.read_job("c").ahead == 1


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.training
@pytest.mark.usefixtures("home")
def test_a_killed_job_loses_at_most_one_epoch_and_has_the_same_result(whole: Whole) -> None:
    rng = np.random.default_rng(12)
    jobs.create("long", LONG, SEED)
    time.sleep(rng.uniform(0, 0.8))  # while it starts
    kill()
    run = jobs.read_job("long")
    assert (run.state, run.epochs) == ("interrupted", 0)
    done = 0
    for far in rng.integers(5, 100, 1):
        jobs.start("long")
        wait_until(lambda far=far: frames_of(run) >= far, f"epoch {far}")  # noqa: B023
        time.sleep(rng.uniform(0, 0.02))  # somewhere inside a later epoch
        kill()
        run = jobs.read_job("long")
        assert run.state == "interrupted"
        before, done = done, epochs_of_checkpoint(run)
        assert done >= max(far, before)
        assert 0 <= done - frames_of(run) <= 1
        assert run.epochs <= done
        progress = jobs.progress(run)
        assert progress is not None
        np.testing.assert_array_equal(
            progress.frames, whole.means[: len(progress.frames)].astype(np.float16)
        )
    # What a kill in the midst of writing a frame leaves, and one between two files.
    with (run.folder / jobs.FRAMES).open("r+b") as file:
        file.truncate((done - 1) * 80 * 2 * 2 + 100)
    jobs.start("long")
    assert_equals(wait_for("long", "finished"), whole)


def kill() -> None:
    """End the newest worker as nothing can be ended more."""
    process = jobs._workers.pop()
    process.kill()
    process.wait()


@pytest.mark.parametrize("lost", [0, 1, 5, 10])
def test_lost_frames_are_filled_with_the_last(
    home: Path, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = untrained(home, "x")
    ours = np.arange(10 * 80 * 2, dtype=np.float16).reshape(10, 80, 2)
    ours[: 10 - lost].tofile(run.folder / jobs.FRAMES)

    class Trainer:
        splits = LONG.data.splits()
        history = [None] * 10
        finished = False

        def autoencoder(self) -> Any:
            return self

        def encode(self, _: Any) -> Any:
            return ours[9], None

    watcher = worker.Watcher(run)
    monkeypatch.setattr(watcher, "write", lambda: None)
    watcher.show(Trainer())
    frames = np.fromfile(run.folder / jobs.FRAMES, np.float16).reshape(10, 80, 2)
    first = min(10 - lost, 9)
    np.testing.assert_array_equal(frames[:first], ours[:first])
    assert (frames[first:] == ours[9]).all()


# --- a full disk, and whatever else fails ---------------------------------------------------------


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Processes that are started meanwhile can write no larger file: as good as a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.training
def test_a_job_on_a_full_disk_fails_and_can_be_resumed(home: Path, whole: Whole) -> None:
    run = untrained(home, "long", "waiting")
    with largest_file(whole.sizes[30]), pytest.raises(OSError, match="File too large"):
        work(run)
    run = jobs.read_job("long")
    assert (run.state, run.message) == (
        "failed",
        "expected to read and write its files, got an error (File too large); make room and "
        "resume it",
    )
    assert 20 <= run.epochs <= 40
    assert epochs_of_checkpoint(run) == run.epochs
    progress = jobs.progress(run)
    assert progress is not None
    assert len(progress.frames) == run.epochs
    assert not list(run.folder.glob("*.partial"))
    assert not list(run.folder.glob(".*.partial"))
    assert_equals(work(run), whole)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("the loss is nan in epoch 3"), "the loss is nan in epoch 3"),
        (
            OSError(28, "No space left on device", "/x/y"),
            "expected to read and write /x/y, got an error (No space left on device); make room "
            "and resume it",
        ),
        (
            OSError("broken"),
            "expected to read and write its files, got an error (broken); make room and resume it",
        ),
        (
            MemoryError(),
            "it ran out of memory; use narrower layers, fewer codes or a smaller batch",
        ),
        (
            RuntimeError("first line\nsecond line"),
            "RuntimeError (first line); see log.txt in its folder",
        ),
        (ZeroDivisionError(), "ZeroDivisionError (); see log.txt in its folder"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_an_error_becomes_the_message_of_a_failed_job(
    home: Path, error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    run = untrained(home, "x", "waiting", since=1.0)
    monkeypatch.setattr(worker, "_train", fail)
    with pytest.raises(type(error)):
        work(run)
    run = jobs.read_job("x")
    assert (run.state, run.message) == ("failed", sentence)
    with active(run):
        pass  # it has let go of its lock


@pytest.mark.training
def test_an_exploding_loss_fails_and_shows_the_epochs_before(home: Path) -> None:
    steps = Training((Phase(0.004, 3), Phase(1e25, 3)), batch_size=80)
    run = untrained(home, "wild", "waiting", replace(LONG, training=steps))
    with pytest.raises(ValueError, match="lower the learning rate"):
        work(run)
    run = jobs.read_job("wild")
    assert run.state == "failed"
    assert run.message in {
        f"expected a finite loss, got {loss} in epoch 4; lower the learning rate"
        for loss in ("nan", "inf", "-inf")
    }
    assert run.epochs == 3
    progress = jobs.progress(run)
    assert progress is not None
    assert len(progress.frames) == 3


def test_a_job_stopped_before_its_first_epoch_trains_nothing(home: Path) -> None:
    run = untrained(home, "x")
    processor = worker.processor

    @contextmanager
    def stopped_meanwhile(*arguments: Any) -> Iterator[bool]:
        with processor(*arguments) as free:
            (run.folder / jobs.STOP).touch()
            yield free

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "processor", stopped_meanwhile)
        run = work(run)
    assert (run.state, run.epochs) == ("stopped", 0)
    assert not checkpoint_path(run.out).exists()


# --- starting -------------------------------------------------------------------------------------


@pytest.fixture
def idle(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers end at once and do nothing."""
    real = subprocess.Popen

    def popen(command: list[str], **options: Any) -> subprocess.Popen:
        return real([command[0], "-c", "pass"], **options)

    stand_in = SimpleNamespace(Popen=popen, DEVNULL=subprocess.DEVNULL)
    monkeypatch.setattr(jobs, "subprocess", stand_in)


@pytest.mark.parametrize(
    "name", ["", " ", "a b", "../x", "a/b", ".hidden", "-x", "ä", "x\n", "a.b", "x" * 61, "a\0b"]
)
def test_a_name_that_no_folder_can_have_is_refused(home: Path, name: str) -> None:
    sentence = "expected a name of at most 60 letters, digits, - and _, got "
    refused(f"{sentence}{name[:80]!r}; change it", jobs.create, name, LONG)
    assert not home.exists()


@pytest.mark.usefixtures("copied")
def test_a_name_that_is_taken_is_refused() -> None:
    sentence = "got 'long', which is a training run; choose another name, or delete it"
    refused(sentence, jobs.create, "long", LONG)
    sentence = "got 'notebook-2d', which is a model; choose another name"
    refused(sentence, jobs.create, "notebook-2d", LONG)
    jobs.keep("long", "mine", metrics)
    refused("got 'mine', which is a model; choose another name", jobs.create, "mine", LONG)


@pytest.mark.usefixtures("idle")
def test_two_processes_cannot_create_the_same_job(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = jobs.check_name, []

    def check(name: str) -> None:
        real(name)
        asked.append(name)
        if len(asked) == 1:  # another session is quicker by a hair
            untrained(home, "x", "stopped", epochs=7)

    monkeypatch.setattr(jobs, "check_name", check)
    sentence = "got 'x', which is a training run; choose another name, or delete it"
    refused(sentence, jobs.create, "x", SHORT)
    assert jobs.read_job("x").epochs == 7
    assert [path.name for path in (home / "runs").iterdir()] == ["x"]


@pytest.mark.usefixtures("idle")
def test_reading_a_job_does_not_prevent_its_start(home: Path) -> None:
    run = untrained(home, "x", "stopped")
    (run.folder / jobs.LOCK).touch()
    script = (
        "import fcntl, sys, time\n"
        "file = open(sys.argv[1]); fcntl.flock(file, fcntl.LOCK_SH); print('held', flush=True)\n"
        "time.sleep(0.2)"
    )
    command = [sys.executable, "-c", script, str(run.folder / jobs.LOCK)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as looker:
        assert looker.stdout
        assert looker.stdout.readline() == "held\n"
        jobs.start("x")  # does not raise
    assert (run.folder / jobs.LOG).exists()


def test_a_job_that_another_process_has_started_is_not_started_again(home: Path) -> None:
    run = untrained(home, "x", "stopped")
    with active(run):
        refused("not active, got 'x', which is; stop it first", jobs.start, "x")


@pytest.mark.parametrize("seed", [-1, -(10**9)])
def test_a_seed_below_0_is_refused(home: Path, seed: int) -> None:
    refused(f"expected a seed from 0, got {seed}; change it", jobs.create, "x", LONG, seed)
    assert not home.exists()


@pytest.mark.usefixtures("idle")
def test_own_codes_are_stored_with_the_job(home: Path) -> None:
    own = distinct(uk_registration.generate(150, rng=np.random.default_rng(5)))
    preset = replace(LONG, name="", data=Data.of_own(own))
    with pytest.raises(ValueError, match=r"expected the .* got 1 of .*; give the same list"):
        jobs.create("mine", preset, 0, ["AB12CDE"])
    assert not home.exists()
    run = jobs.create("mine", preset, 0, own)
    assert run.own().codes.tolist() == own.tolist()
    assert jobs.read_job("mine").own() is run.own()  # a page asks again and again
    assert run.preset.name == "mine"  # it had none
    assert len(jobs.create("other", LONG).own()) == 0


@pytest.mark.parametrize("below", ["home", "home/runs", "home/runs/x"])
def test_a_home_that_cannot_be_written_is_refused(
    tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions would not do: who runs the tests may be allowed everything.
    (tmp_path / "home").write_text("a file, where a folder is wanted")
    path = tmp_path / below
    monkeypatch.setenv("REGVAE_HOME", str(path))
    assert jobs.all_jobs() == []
    assert "notebook-2d" in store.available()
    reason = "File exists" if below == "home/runs/" else "Not a directory"
    refused(
        f"{path} that can be written, got an error ({reason}); make room there, or set REGVAE_HOME",
        jobs.create,
        "x",
        LONG,
    )


# --- keeping and deleting -------------------------------------------------------------------------


@pytest.mark.training
def test_a_finished_job_is_kept_as_a_model(copied: Job, whole: Whole) -> None:
    bundle = jobs.keep("long", "my-model_2", metrics)
    assert bundle.name == "my-model_2"
    assert jobs.all_jobs() == []
    assert not copied.folder.exists()
    assert store.available(store.models()) == ["my-model_2"]
    assert "my-model_2" in store.available()
    loaded = check("my-model_2")
    assert loaded.name == "my-model_2"
    assert json.loads((store.models() / "my-model_2" / store.MANIFEST).read_text())["name"] == (
        "my-model_2"
    )
    np.testing.assert_array_equal(loaded.records.mean, whole.bundle.records.mean)
    refused("got none of the name 'long'; start another", jobs.keep, "long", "b", metrics)


@pytest.mark.usefixtures("copied")
def test_a_job_can_be_kept_with_its_own_name() -> None:
    assert jobs.keep("long", "long", metrics).name == "long"
    assert check("long").name == "long"


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
def test_only_a_finished_job_is_kept(home: Path, state: str) -> None:
    untrained(home, "x", state)
    sentence = f"got 'x', which is {state}; let it finish"
    refused(sentence, jobs.keep, "x", "x", metrics)
    assert not store.models().exists()


@pytest.mark.training
def test_a_job_is_not_kept_with_a_name_that_is_taken(copied: Job, home: Path) -> None:
    untrained(home, "other")
    (home / "models" / "half").mkdir(parents=True)  # no bundle, but in the way
    for name, sentence in {
        "notebook-2d": "got 'notebook-2d', which is a model; choose another name",
        "half": "got 'half', which is a model; choose another name",
        "other": "got 'other', which is a training run; choose another name, or delete it",
        "a/b": "expected a name of at most 60 letters, digits, - and _, got 'a/b'; change it",
        "": "expected a name of at most 60 letters, digits, - and _, got ''; change it",
    }.items():
        refused(sentence, jobs.keep, "long", name, metrics)
    (home / "models" / "half").rename(home / "models" / "long")
    refused("got 'long', which is a model; choose another name", jobs.keep, "long", "long", metrics)
    assert jobs.read_job("long") == copied


@pytest.mark.training
def test_a_bundle_that_cannot_be_read_is_not_kept(copied: Job) -> None:
    manifest = copied.out / store.MANIFEST
    manifest.write_text(
        manifest.read_text("utf-8").replace(f'"schema": {bundles.SCHEMA}', '"schema": 1'), "utf-8"
    )
    with pytest.raises(BundleError) as caught:
        jobs.keep("long", "long", metrics)
    assert (
        str(caught.value)
        == f"{manifest}: expected schema {bundles.SCHEMA}, got 1; train the bundle again"
    )
    assert copied.folder.exists()
    assert store.available(store.models()) == []


@pytest.mark.training
def test_keeping_on_a_full_disk_does_not_change_the_job(copied: Job) -> None:
    with largest_file(2_000), pytest.raises(JobError) as caught:
        jobs.keep("long", "mine", metrics)
    assert "can be written, got an error (File too large); make room" in str(caught.value)
    assert jobs.read_job("long") == copied
    assert list(store.models().iterdir()) == []


def test_an_active_job_is_not_deleted(home: Path) -> None:
    for state in ("waiting", "training"):
        run = untrained(home, state, state)
        with active(run):
            sentence = f"not active, got {state!r}, which is; stop it first"
            refused(sentence, jobs.delete, state)
            assert jobs.read_job(state).state == state
        assert jobs.read_job(state).state == "interrupted"
        jobs.delete(state)
    assert list((home / "runs").iterdir()) == []
    sentence = "got none of the name 'training'; start another"
    refused(sentence, jobs.delete, "training")


@pytest.mark.usefixtures("copied")
def test_only_kept_models_are_deleted(home: Path) -> None:
    jobs.keep("long", "mine", metrics)
    (home / "models" / "empty").mkdir()
    for name in ("notebook-2d", "empty", "", "..", "../models/mine", "x" * 300):
        sentence = f"got {name[:80]!r}; choose one that was kept: shipped models cannot be deleted"
        refused(sentence, jobs.delete_model, name)
    jobs.delete_model("mine")
    assert [path.name for path in (home / "models").iterdir()] == ["empty"]
    assert "notebook-2d" in store.available()


def test_stopping_an_inactive_job_does_nothing(home: Path) -> None:
    run = untrained(home, "x")
    jobs.stop("x")
    assert sorted(path.name for path in run.folder.iterdir()) == [jobs.RUN, jobs.STATUS]


# --- damaged --------------------------------------------------------------------------------------

DAMAGED = [b"", b"damaged", b"\xff\xfe", b"[]", b"null", b"3", b'"x"', b"{}", b"[" * 100_000]


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:9]))
def test_a_job_with_a_damaged_description_is_refused(home: Path, content: bytes) -> None:
    run, other = untrained(home, "x"), untrained(home, "y")
    (run.folder / jobs.RUN).write_bytes(content)
    refused("got none of the name 'x'; start another", jobs.read_job, "x")
    assert jobs.all_jobs() == [other]


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "x"), ("seed", None), ("seed", float("inf")), ("created", []), ("preset", {})],
)
def test_a_description_with_wrong_values_is_refused(home: Path, key: str, value: Any) -> None:
    run = untrained(home, "x")
    path = run.folder / jobs.RUN
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")
    refused("got none of the name 'x'; start another", jobs.read_job, "x")
    assert jobs.all_jobs() == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["nothing", "", "../runs/x", "a\0b", "x" * 10_000])
def test_a_job_that_does_not_exist_is_refused(name: str) -> None:
    sentence = f"got none of the name {name[:80]!r}; start another"
    refused(sentence, jobs.read_job, name)


@pytest.mark.parametrize("content", DAMAGED, ids=lambda content: repr(content[:9]))
def test_a_job_with_a_damaged_status_is_interrupted(home: Path, content: bytes) -> None:
    run = untrained(home, "x", epochs=5)
    (run.folder / jobs.STATUS).write_bytes(content)
    assert jobs.read_job("x").state == "interrupted"
    assert jobs.read_job("x").epochs == 0


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ({"epochs": 10**9}, ("stopped", EPOCHS)),
        ({"epochs": -5}, ("stopped", 0)),
        ({"epochs": float("inf")}, ("interrupted", 0)),
        ({"epochs": "x"}, ("interrupted", 0)),
        ({"since": []}, ("interrupted", 0)),
        ({"state": "dancing", "epochs": 4}, ("interrupted", 4)),
        ({"state": ["stopped"]}, ("interrupted", 0)),
    ],
)
def test_wrong_values_in_a_status_are_replaced(
    home: Path, status: dict[str, Any], shown: tuple[str, int]
) -> None:
    run = untrained(home, "x", **{"state": "stopped"} | status)
    assert (run.state, run.epochs) == shown


def columns(rows: int, width: int = len(history_columns(7))) -> np.ndarray:
    return np.ones((rows, width))


@pytest.mark.parametrize(
    "content",
    [
        *DAMAGED[:3],
        safetensors.numpy.save({"other": columns(3)}, {"codes": '["AB12CDE"]'}),
        safetensors.numpy.save({"history": columns(3)}),
        safetensors.numpy.save({"history": columns(3)}, {"codes": "damaged"}),
        safetensors.numpy.save({"history": columns(3)}, {"codes": "[]"}),
        safetensors.numpy.save({"history": columns(3)}, {"codes": "{}"}),
        safetensors.numpy.save({"history": columns(3)}, {"codes": '["damaged"]'}),
        safetensors.numpy.save({"history": columns(3)}, {"codes": "[5]"}),
        safetensors.numpy.save({"history": columns(3, 4)}, {"codes": '["AB12CDE"]'}),
        safetensors.numpy.save({"history": np.ones(3)}, {"codes": '["AB12CDE"]'}),
    ],
    ids=range(12),
)
def test_damaged_progress_is_none(home: Path, content: bytes) -> None:
    run = untrained(home, "x")
    assert jobs.progress(run) is None
    np.zeros(6, np.float16).tofile(run.folder / jobs.FRAMES)
    (run.folder / jobs.PROGRESS).write_bytes(content)
    assert jobs.progress(run) is None


@pytest.mark.parametrize("size", [0, 1, 319, 320, 3 * 320 + 17, 10**6])
@pytest.mark.training
def test_frames_that_are_cut_short_are_shown_up_to_there(copied: Job, size: int) -> None:
    path = copied.folder / jobs.FRAMES
    with path.open("r+b") as file:
        file.truncate(size)
    progress = jobs.progress(copied)
    assert progress is not None
    assert progress.frames.shape == (min(size // 320, EPOCHS), 80, 2)
    assert len(progress.history) == len(progress.frames)
    path.unlink()
    assert jobs.progress(copied) is None


def test_a_damaged_checkpoint_fails_the_job(home: Path) -> None:
    run = untrained(home, "x", "waiting")
    path = run.folder / ".x.training.safetensors"
    path.write_bytes(b"damaged")
    with pytest.raises(ValueError, match="expected a checkpoint, got a file that cannot be read"):
        work(run)
    run = jobs.read_job("x")
    assert run.state == "failed"
    assert run.message.startswith(
        f"{path}: expected a checkpoint, got a file that cannot be read ("
    )


def test_a_process_that_ends_at_once_leaves_its_reason_in_the_log(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = untrained(home, "x")
    monkeypatch.setattr(jobs, "WORKER", "regvae.no_such_module")
    jobs.start("x")
    jobs._workers[-1].wait()
    assert jobs.read_job("x").state == "interrupted"
    assert "regvae.no_such_module" in (job.folder / jobs.LOG).read_text("utf-8")


def test_the_command_names_an_unchanged_preset_and_else_the_bundle() -> None:
    named = PRESETS["ordered-2d"]
    assert jobs.command("mine", named, 3) == "regvae train ordered-2d --out mine-again --seed 3"
    changed = replace(named, training=replace(named.training, batch_size=32))
    assert jobs.command("mine", changed, 0) == "regvae train mine --out mine-again --seed 0"
