"""Trainings in processes of their own: queued, stopped, killed, on a full disk, kept, damaged."""

import fcntl
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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

from regvae.evaluation import check
from regvae.formats import uk_registration
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import HISTORY_COLUMNS, Bundle
from regvae.model.config import Data, Network, Phase, Preset, Training
from regvae.model.presets import PRESETS
from regvae.model.store import BundleError
from regvae.training import jobs, queue, worker
from regvae.training import trainer as training
from regvae.training.jobs import Job, JobError, is_first
from regvae.training.queue import slots

ROOT = Path(__file__).resolve().parent.parent
LONG = Preset(
    "long",
    Network(latent_dim=2, encoder=(12,), decoder=(12,)),
    Data(seed=0, sizes=(80, 16, 16)),
    Training(phases=(Phase(0.004, 150), Phase(0.001, 150)), batch_size=8),
)
EPOCHS = 300
SHORT = replace(LONG, name="short", training=Training(phases=(Phase(0.004, 3),)))
SEED = 3
TOLD = [column for column in HISTORY_COLUMNS if column != "seconds"]


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
            "from regvae import runs; from tests.test_runs import LONG, SEED\n"
            "print(runs.create('long', LONG, SEED).state)"
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
            sizes.append(training.checkpoint_path(folder / "whole").stat().st_size)
            look()

        def look() -> bool:
            run = jobs.read_job("long")
            if not seen or seen[-1] != (run.state, run.epochs):
                seen.append((run.state, run.epochs))
            return run.state == "finished"

        look()
        bundle = training.train(LONG, folder / "whole", seed=SEED, on_epoch=keep)
        wait_until(look, "the run that was started elsewhere")
        path = jobs.read_job("long").folder
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


def made(
    home: Path, name: str, state: str = "stopped", preset: Preset = LONG, **status: Any
) -> Job:
    """A run that nobody has trained, in some state."""
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    run = {"preset": preset.to_dict(), "seed": SEED, "created": 5.0}
    (folder / jobs.RUN).write_text(json.dumps(run), "utf-8")
    (folder / jobs.STATUS).write_text(json.dumps({"state": state} | status), "utf-8")
    return jobs.read_job(name)


@contextmanager
def at_work(run: Job) -> Iterator[None]:
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


def refused(sentence: str, act: Callable[..., object], *arguments: Any) -> None:
    """Acting raises a `JobError` of just this sentence."""
    with pytest.raises(JobError) as caught:
        act(*arguments)
    assert str(caught.value) == sentence


def assert_equals(run: Job, whole: Whole) -> None:
    """A run has come to what an uninterrupted training comes to, bit for bit."""
    assert run.state == "finished"
    bundle = bundles.load(run.out)
    for name, weights in whole.bundle.weights.items():
        np.testing.assert_array_equal(bundle.weights[name], weights)
    np.testing.assert_array_equal(bundle.history[TOLD], whole.bundle.history[TOLD])
    progress = jobs.progress(run)
    assert progress is not None
    np.testing.assert_array_equal(progress.history[TOLD], whole.bundle.history[TOLD])
    np.testing.assert_array_equal(progress.frames, whole.means.astype(np.float16))


def epochs_of_checkpoint(run: Job) -> int:
    path = run.folder / f".{run.name}.training.safetensors"
    with safetensors.safe_open(path, framework="numpy") as file:
        return len(json.loads(file.metadata()["history"]))


def frames_of(run: Job) -> float:
    path = run.folder / jobs.FRAMES
    return path.stat().st_size / (80 * 2 * 2) if path.exists() else 0


# --- from its start to its end --------------------------------------------------------------------


def test_a_training_goes_on_when_the_process_that_started_it_has_ended(finished: Finished) -> None:
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


def test_a_run_comes_to_what_a_training_in_this_process_comes_to(copied: Job, whole: Whole) -> None:
    assert copied.preset == LONG
    assert copied.seed == SEED
    assert copied.epochs == EPOCHS
    assert_equals(copied, whole)
    progress = jobs.progress(copied)
    assert progress is not None
    bundle = check.check(copied.out)
    train = bundle.records.codes[bundle.records.split == "train"]
    assert progress.codes.tolist() == train[: jobs.SHOWN].tolist()
    mean, _ = bundle.autoencoder.encode(progress.codes)
    np.testing.assert_allclose(progress.frames[-1], mean, rtol=1e-3, atol=1e-3)  # float16
    pd.testing.assert_frame_equal(
        progress.history, bundle.history, check_dtype=False, rtol=1e-12, atol=1e-15
    )


def test_of_many_regs_the_first_are_shown(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Trainer:
        finished = False

        def __init__(self) -> None:
            self.splits = LONG.data.splits()
            self.history: list[Any] = []

        def autoencoder(self) -> Any:
            return self

        def encode(self, reg: uk_registration.Regs) -> tuple[np.ndarray, np.ndarray]:
            far = np.array([[1e9, -1e9, 0.0]] * len(reg)) * len(self.history)
            return far, far

    monkeypatch.setattr(jobs, "SHOWN", 7)
    run, trainer = made(home, "many"), Trainer()
    watcher = worker.Watcher(run)
    trainer.history.append(None)
    monkeypatch.setattr(watcher, "finish", lambda: None)
    watcher.show(trainer)
    frame = np.fromfile(run.folder / jobs.FRAMES, np.float16).reshape(7, 2)
    assert np.isfinite(frame).all()  # half a float ends at 65,504
    assert frame.tolist() == [[60_000, -60_000]] * 7  # of the first two axes


# --- the queue ------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_runs_wait_for_each_other_stop_and_go_on(
    whole: Whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", "1")
    # The first is called as the file was once that asks a run to stop.
    jobs.create("stop", LONG, SEED)
    wait_for("stop", "training", epochs=1)
    jobs.create("second", SHORT)
    jobs.create("third", SHORT)
    for name in ("stop", "second"):
        refused(f"the training {name!r} is at work already; stop it first", jobs.start, name)
    assert [jobs.read_job(name).ahead for name in ("stop", "second", "third")] == [0, 0, 1]
    reached = jobs.read_job("stop").epochs + 10
    while jobs.read_job("stop").epochs < reached:
        assert [jobs.read_job(name).state for name in ("second", "third")] == ["waiting"] * 2
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
    while jobs.read_job("second").state == "training":
        assert jobs.read_job("stop").state == "waiting"
    assert wait_for("second", "finished").epochs == 3
    assert_equals(wait_for("stop", "finished"), whole)
    assert [run.name for run in jobs.all_jobs()] == ["stop", "second", "third"]
    refused(
        "the training 'stop' is finished; keep it, or start another",
        jobs.start,
        "stop",
    )


@pytest.mark.parametrize(
    ("asked", "given"), [("1", 1), ("7", 7), ("0", None), ("-1", None), ("²", None), ("", None)]
)
def test_as_many_train_at_once_as_there_are_processors_or_as_asked(
    asked: str, given: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGVAE_TRAININGS", asked)
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    assert slots() == (given or usable)


def test_who_waits_counts_only_those_who_live_and_wait_longer(home: Path) -> None:
    for name, since in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        made(home, name, "waiting", since=since)
    folders = [home / "runs" / name for name in "abc"]
    assert jobs.read_job("c").state == "interrupted"  # nobody holds its lock
    with at_work(jobs.read_job("b")), at_work(jobs.read_job("c")):
        assert jobs.read_job("c").ahead == 1
        assert is_first(folders[1])
        with at_work(jobs.read_job("a")):
            assert jobs.read_job("c").ahead == 2
            assert not is_first(folders[1])
            jobs.write_status(folders[0], "training")
            assert jobs.read_job("c").ahead == 1


# --- killed ---------------------------------------------------------------------------------------


@pytest.mark.usefixtures("home")
def test_a_killed_run_loses_at_most_one_epoch_and_comes_to_the_same(whole: Whole) -> None:
    rng = np.random.default_rng(12)
    jobs.create("long", LONG, SEED)
    time.sleep(rng.uniform(0, 0.8))  # while it starts
    kill()
    run = jobs.read_job("long")
    assert (run.state, run.epochs) == ("interrupted", 0)
    done = 0
    for far in sorted(rng.integers(5, 200, 2)):
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
def test_frames_that_are_lost_are_stood_in_for(
    home: Path, lost: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = made(home, "x")
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
    monkeypatch.setattr(watcher, "finish", lambda: None)
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


def test_a_full_disk_is_a_sentence_and_the_checkpoint_stays_good(home: Path, whole: Whole) -> None:
    run = made(home, "long", "waiting")
    with largest_file(whole.sizes[30]), pytest.raises(OSError, match="File too large"):
        work(run)
    run = jobs.read_job("long")
    assert (run.state, run.message) == (
        "failed",
        "it could not read or write its files (File too large); make room and resume it",
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
            "it could not read or write /x/y (No space left on device); make room and resume it",
        ),
        (
            OSError("broken"),
            "it could not read or write its files (broken); make room and resume it",
        ),
        (
            MemoryError(),
            "it ran out of memory; make its layers narrower, or its regs or its batch fewer",
        ),
        (
            RuntimeError("first line\nsecond line"),
            "RuntimeError (first line); log.txt in its folder has the rest",
        ),
        (ZeroDivisionError(), "ZeroDivisionError (); log.txt in its folder has the rest"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_ends_a_training_is_said(
    home: Path, error: Exception, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise error

    run = made(home, "x", "waiting", since=1.0)
    monkeypatch.setattr(worker, "_train", fail)
    with pytest.raises(type(error)):
        work(run)
    run = jobs.read_job("x")
    assert (run.state, run.message) == ("failed", sentence)
    with at_work(run):
        pass  # it has let go of its lock


def test_an_exploding_loss_fails_with_its_sentence_and_shows_the_epochs_before(home: Path) -> None:
    steps = Training((Phase(0.004, 3), Phase(1e25, 3)), batch_size=80)
    run = made(home, "wild", "waiting", replace(LONG, training=steps))
    with pytest.raises(ValueError, match="lower the learning rate"):
        work(run)
    run = jobs.read_job("wild")
    assert run.state == "failed"
    assert run.message in {
        f"the loss is {loss} in epoch 4; lower the learning rate" for loss in ("nan", "inf", "-inf")
    }
    assert run.epochs == 3
    progress = jobs.progress(run)
    assert progress is not None
    assert len(progress.frames) == 3


def test_a_run_asked_to_stop_while_tensorflow_loads_trains_nothing(home: Path) -> None:
    run = made(home, "x")
    processor = queue.processor

    @contextmanager
    def asked_meanwhile(*arguments: Any) -> Iterator[bool]:
        with processor(*arguments) as free:
            (run.folder / jobs.STOP).touch()
            yield free

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(queue, "processor", asked_meanwhile)
        run = work(run)
    assert (run.state, run.epochs) == ("stopped", 0)
    assert not training.checkpoint_path(run.out).exists()


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
def test_a_name_that_no_folder_should_have_is_refused(home: Path, name: str) -> None:
    sentence = "a name wants letters, digits, - and _, at most 60, but came "
    refused(f"{sentence}{name!r}; change it", jobs.create, name, LONG)
    assert not home.exists()


@pytest.mark.usefixtures("copied")
def test_a_name_that_is_taken_is_refused() -> None:
    sentence = "there is a training 'long' already; choose another name, or delete it"
    refused(sentence, jobs.create, "long", LONG)
    sentence = "there is a model 'notebook-2d' already; choose another name"
    refused(sentence, jobs.create, "notebook-2d", LONG)
    jobs.keep("long", "mine")
    refused("there is a model 'mine' already; choose another name", jobs.create, "mine", LONG)


@pytest.mark.usefixtures("idle")
def test_two_that_take_a_name_at_once_do_not_mix(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, asked = jobs.check_name, []

    def check(name: str) -> None:
        real(name)
        asked.append(name)
        if len(asked) == 1:  # another session is quicker by a hair
            made(home, "x", "stopped", epochs=7)

    monkeypatch.setattr(jobs, "check_name", check)
    sentence = "there is a training 'x' already; choose another name, or delete it"
    refused(sentence, jobs.create, "x", SHORT)
    assert jobs.read_job("x").epochs == 7
    assert [path.name for path in (home / "runs").iterdir()] == ["x"]


@pytest.mark.usefixtures("idle")
def test_who_looks_at_a_run_does_not_keep_it_from_starting(home: Path) -> None:
    run = made(home, "x", "stopped")
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


def test_a_run_that_another_session_has_just_started_is_not_started_again(home: Path) -> None:
    run = made(home, "x", "stopped")
    with at_work(run):
        refused("the training 'x' is at work already; stop it first", jobs.start, "x")


@pytest.mark.parametrize("seed", [-1, -(10**9)])
def test_a_seed_below_0_is_refused(home: Path, seed: int) -> None:
    refused(f"the seed wants to be 0 or more, not {seed}", jobs.create, "x", LONG, seed)
    assert not home.exists()


@pytest.mark.usefixtures("idle")
def test_own_regs_stay_with_the_run(home: Path) -> None:
    own = uk_registration.distinct(uk_registration.generate(150, rng=np.random.default_rng(5)))
    preset = replace(LONG, name="", data=Data.of_own(own))
    with pytest.raises(ValueError, match=r"wants its own .* but came 1 others; give the same list"):
        jobs.create("mine", preset, 0, ["AB12CDE"])
    assert not home.exists()
    run = jobs.create("mine", preset, 0, own)
    assert run.own() == own.tolist()
    assert run.preset.name == "mine"  # it had none
    assert jobs.create("other", LONG).own() == []


@pytest.mark.parametrize("below", ["home", "home/runs", "home/runs/x"])
def test_a_home_that_cannot_be_written_is_a_sentence(
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
        f"{path} cannot be written ({reason}); make room there, or set REGVAE_HOME to another "
        "folder",
        jobs.create,
        "x",
        LONG,
    )


# --- keeping and deleting -------------------------------------------------------------------------


def test_a_finished_run_is_kept_among_the_models(copied: Job, whole: Whole) -> None:
    bundle = jobs.keep("long", "my-model_2")
    assert bundle.name == "my-model_2"
    assert jobs.all_jobs() == []
    assert not copied.folder.exists()
    assert store.available(store.models()) == ["my-model_2"]
    assert "my-model_2" in store.available()
    loaded = check.check("my-model_2")
    assert loaded.name == "my-model_2"
    assert json.loads((store.models() / "my-model_2" / store.MANIFEST).read_text())["name"] == (
        "my-model_2"
    )
    np.testing.assert_array_equal(loaded.records.mean, whole.bundle.records.mean)
    refused("there is no training 'long' that can be read; start another", jobs.keep, "long", "b")


@pytest.mark.usefixtures("copied")
def test_a_run_is_kept_under_its_own_name_too() -> None:
    assert jobs.keep("long", "long").name == "long"
    assert check.check("long").name == "long"


@pytest.mark.parametrize("state", ["stopped", "failed", "interrupted"])
def test_only_a_finished_run_is_kept(home: Path, state: str) -> None:
    made(home, "x", state)
    sentence = f"the training 'x' is {state}; only a finished one can be kept"
    refused(sentence, jobs.keep, "x", "x")
    assert not store.models().exists()


def test_a_run_is_not_kept_under_a_name_that_is_taken(copied: Job, home: Path) -> None:
    made(home, "other")
    (home / "models" / "half").mkdir(parents=True)  # no bundle, but in the way
    for name, sentence in {
        "notebook-2d": "there is a model 'notebook-2d' already; choose another name",
        "half": "there is a model 'half' already; choose another name",
        "other": "there is a training 'other' already; choose another name, or delete it",
        "a/b": "a name wants letters, digits, - and _, at most 60, but came 'a/b'; change it",
        "": "a name wants letters, digits, - and _, at most 60, but came ''; change it",
    }.items():
        refused(sentence, jobs.keep, "long", name)
    (home / "models" / "half").rename(home / "models" / "long")
    refused("there is a model 'long' already; choose another name", jobs.keep, "long", "long")
    assert jobs.read_job("long") == copied


def test_a_bundle_that_cannot_be_read_is_not_kept(copied: Job) -> None:
    manifest = copied.out / store.MANIFEST
    manifest.write_text(manifest.read_text("utf-8").replace('"schema": 2', '"schema": 1'), "utf-8")
    with pytest.raises(BundleError) as caught:
        jobs.keep("long", "long")
    assert str(caught.value) == f"{manifest}: wanted schema 2, but it has 1; train it again"
    assert copied.folder.exists()
    assert store.available(store.models()) == []


def test_a_disk_that_is_full_when_keeping_leaves_the_run(copied: Job) -> None:
    with largest_file(2_000), pytest.raises(JobError) as caught:
        jobs.keep("long", "mine")
    assert str(caught.value) == (
        f"{store.home()} cannot be written (File too large); make room there, or set "
        "REGVAE_HOME to another folder"
    )
    assert jobs.read_job("long") == copied
    assert list(store.models().iterdir()) == []


def test_a_run_is_deleted_unless_it_is_at_work(home: Path) -> None:
    for state in ("waiting", "training"):
        run = made(home, state, state)
        with at_work(run):
            sentence = f"the training {state!r} is at work; stop it first"
            refused(sentence, jobs.delete, state)
            assert jobs.read_job(state).state == state
        assert jobs.read_job(state).state == "interrupted"
        jobs.delete(state)
    assert list((home / "runs").iterdir()) == []
    sentence = "there is no training 'training' that can be read; start another"
    refused(sentence, jobs.delete, "training")


@pytest.mark.usefixtures("copied")
def test_only_kept_models_are_deleted(home: Path) -> None:
    jobs.keep("long", "mine")
    (home / "models" / "empty").mkdir()
    for name in ("notebook-2d", "empty", "", "..", "../models/mine", "x" * 300):
        sentence = f"there is no kept model {name[:80]!r}; the shipped ones stay"
        refused(sentence, jobs.delete_model, name)
    jobs.delete_model("mine")
    assert [path.name for path in (home / "models").iterdir()] == ["empty"]
    assert "notebook-2d" in store.available()


def test_stopping_what_is_not_at_work_leaves_no_trace(home: Path) -> None:
    run = made(home, "x")
    jobs.stop("x")
    assert sorted(path.name for path in run.folder.iterdir()) == [jobs.RUN, jobs.STATUS]


# --- damaged --------------------------------------------------------------------------------------

RUBBISH = [b"", b"rubbish", b"\xff\xfe", b"[]", b"null", b"3", b'"x"', b"{}", b"[" * 100_000]


@pytest.mark.parametrize("content", RUBBISH, ids=lambda content: repr(content[:9]))
def test_a_damaged_description_is_a_sentence(home: Path, content: bytes) -> None:
    run, other = made(home, "x"), made(home, "y")
    (run.folder / jobs.RUN).write_bytes(content)
    refused("there is no training 'x' that can be read; start another", jobs.read_job, "x")
    assert jobs.all_jobs() == [other]


@pytest.mark.parametrize(
    ("key", "value"),
    [("seed", "x"), ("seed", None), ("seed", float("inf")), ("created", []), ("preset", {})],
)
def test_a_description_with_senseless_values_is_a_sentence(
    home: Path, key: str, value: Any
) -> None:
    run = made(home, "x")
    path = run.folder / jobs.RUN
    path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | {key: value}), "utf-8")
    refused("there is no training 'x' that can be read; start another", jobs.read_job, "x")
    assert jobs.all_jobs() == []


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("name", ["nothing", "", "../runs/x", "a\0b", "x" * 10_000])
def test_a_run_that_is_not_there_is_a_sentence(name: str) -> None:
    sentence = f"there is no training {name[:80]!r} that can be read; start another"
    refused(sentence, jobs.read_job, name)


@pytest.mark.parametrize("content", RUBBISH, ids=lambda content: repr(content[:9]))
def test_a_damaged_status_is_an_interrupted_run(home: Path, content: bytes) -> None:
    run = made(home, "x", epochs=5)
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
def test_a_status_with_senseless_values_cannot_break_anything(
    home: Path, status: dict[str, Any], shown: tuple[str, int]
) -> None:
    run = made(home, "x", **{"state": "stopped"} | status)
    assert (run.state, run.epochs) == shown


def columns(rows: int, width: int = len(HISTORY_COLUMNS)) -> np.ndarray:
    return np.ones((rows, width))


@pytest.mark.parametrize(
    "content",
    [
        *RUBBISH[:3],
        safetensors.numpy.save({"other": columns(3)}, {"reg": '["AB12CDE"]'}),
        safetensors.numpy.save({"history": columns(3)}),
        safetensors.numpy.save({"history": columns(3)}, {"reg": "rubbish"}),
        safetensors.numpy.save({"history": columns(3)}, {"reg": "[]"}),
        safetensors.numpy.save({"history": columns(3)}, {"reg": "{}"}),
        safetensors.numpy.save({"history": columns(3)}, {"reg": '["rubbish"]'}),
        safetensors.numpy.save({"history": columns(3)}, {"reg": "[5]"}),
        safetensors.numpy.save({"history": columns(3, 4)}, {"reg": '["AB12CDE"]'}),
        safetensors.numpy.save({"history": np.ones(3)}, {"reg": '["AB12CDE"]'}),
    ],
    ids=range(12),
)
def test_damaged_progress_is_nothing_to_see(home: Path, content: bytes) -> None:
    run = made(home, "x")
    assert jobs.progress(run) is None
    np.zeros(6, np.float16).tofile(run.folder / jobs.FRAMES)
    (run.folder / jobs.PROGRESS).write_bytes(content)
    assert jobs.progress(run) is None


@pytest.mark.parametrize("size", [0, 1, 319, 320, 3 * 320 + 17, 10**6])
def test_frames_cut_short_are_shown_as_far_as_they_go(copied: Job, size: int) -> None:
    path = copied.folder / jobs.FRAMES
    with path.open("r+b") as file:
        file.truncate(size)
    progress = jobs.progress(copied)
    assert progress is not None
    assert progress.frames.shape == (min(size // 320, EPOCHS), 80, 2)
    assert len(progress.history) == len(progress.frames)
    path.unlink()
    assert jobs.progress(copied) is None


def test_a_damaged_checkpoint_fails_with_a_sentence(home: Path) -> None:
    run = made(home, "x", "waiting")
    path = run.folder / ".x.training.safetensors"
    path.write_bytes(b"rubbish")
    with pytest.raises(ValueError, match="the checkpoint cannot be read"):
        work(run)
    run = jobs.read_job("x")
    assert run.state == "failed"
    assert run.message.startswith(f"{path}: the checkpoint cannot be read (")


def test_a_worker_that_cannot_train_leaves_its_reason_in_the_log(home: Path) -> None:
    run = made(home, "x")
    (run.folder / ".x.training.safetensors").write_bytes(b"rubbish")
    jobs.start("x")
    message = wait_for("x", "failed").message
    path = run.folder / ".x.training.safetensors"
    assert message.startswith(f"{path}: the checkpoint cannot be read (")
    jobs._workers[-1].wait()
    assert "TrainingError: " in (run.folder / jobs.LOG).read_text("utf-8")


def test_a_changed_preset_is_trained_again_from_its_bundle_and_a_named_one_by_its_name() -> None:
    named = PRESETS["ordered-2d"]
    assert jobs.command("mine", named, 3) == "regvae train ordered-2d --out mine-again --seed 3"
    changed = replace(named, training=replace(named.training, batch_size=32))
    assert jobs.command("mine", changed, 0) == "regvae train mine --out mine-again --seed 0"
