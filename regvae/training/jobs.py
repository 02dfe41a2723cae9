"""Trainings in processes of their own, as folders that every process can look at.

A job is a folder in `runs/` of `bundle.home()`. Its worker (`regvae.worker`) holds a lock on it as
long as it lives, and the system takes the lock away when it dies, however it dies: so what a folder
says and what is true never differ for long. Waiting for a free processor is a lock too.
"""

import fcntl
import json
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, get_args

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.formats import Codes
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Preset
from regvae.model.presets import PRESETS

WORKER = "regvae.training.worker"
"""The module that a job's process runs."""

WORKER = "regvae.training.worker"
"""The module that a job's process runs."""

State = Literal["waiting", "training", "stopped", "interrupted", "failed", "finished"]
ALIVE: tuple[State, ...] = ("waiting", "training")

RUN, OWN, STATUS, PROGRESS, FRAMES, STOP, LOCK, LOG = (
    "run.json",
    "own.txt",
    "status.json",
    "progress.safetensors",
    "map.f16",
    "stop.txt",
    "worker.lock",
    "log.txt",
)
"""Names with a dot, which no job may have: the bundle stands beside them under the job's name."""
SHOWN = 2_000
"""Training records whose means are kept of every epoch, to show the map as it forms."""
SHOWN_AXES = 2
"""The first axes, of which they are kept."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a file that somebody else wrote may raise."""
_workers: list[subprocess.Popen] = []  # kept, so that Python reaps them when they have ended


class JobError(ValueError):
    """A job that cannot be made, started, kept or deleted; the message says what to do."""


@dataclass(frozen=True)
class Job:
    """A training: what it is to do, and how far it is.

    `state`: waiting for a processor; training; stopped on request; interrupted, if its process
    ended without a word; failed, for the reason in `message`; finished. All but a finished one can
    be resumed. `ahead` counts those that wait for a processor longer.
    """

    name: str
    folder: Path
    preset: Preset
    seed: int
    created: float
    state: State
    message: str = ""
    epochs: int = 0
    ahead: int = 0

    @property
    def out(self) -> Path:
        """Where the bundle appears when the training is finished."""
        return self.folder / self.name

    @property
    def alive(self) -> bool:
        """Whether a process works at it, or waits to."""
        return self.state in ALIVE

    @property
    def stopping(self) -> bool:
        """Whether it was asked to stop, and has not yet: it does after its present epoch."""
        return self.alive and (self.folder / STOP).exists()

    def own(self) -> list[str]:
        """The regs of one's own that it trains on; none for other data."""
        path = self.folder / OWN
        return path.read_text("ascii").split() if path.exists() else []


def folder() -> Path:
    """The folder of all runs."""
    return store.home() / "runs"


def check_name(name: str) -> None:
    """Raises `JobError` if a name cannot be a folder's, or stands for a job or a model already."""
    if not _NAME.fullmatch(name):
        raise JobError(
            f"a name wants letters, digits, - and _, at most 60, but came {name[:80]!r}; change it"
        )
    if (folder() / name).exists():
        raise JobError(f"there is a training {name!r} already; choose another name, or delete it")
    _check_no_model(name)


def _check_no_model(name: str) -> None:
    if name in store.available() or (store.models() / name).exists():
        raise JobError(f"there is a model {name!r} already; choose another name")


# --- looking --------------------------------------------------------------------------------------


def all_jobs() -> list[Job]:
    """Every job, the oldest first. A folder that cannot be read is left out."""
    found = []
    for path in folder().glob(f"[!.]*/{RUN}"):
        with suppress(JobError):
            found.append(read_job(path.parent.name))
    found.sort(key=lambda job: (job.created, job.name))
    return found


def read_job(name: str) -> Job:
    """A job as it is now. Raises `JobError` if there is none of that name, or it is damaged."""
    path = folder() / name
    try:
        made = json.loads((path / RUN).read_text("utf-8"))
        preset = Preset.from_dict(made["preset"])
        seed, created = int(made["seed"]), float(made["created"])
    except _DAMAGED as error:
        raise JobError(
            f"there is no training {name[:80]!r} that can be read; start another"
        ) from error
    status = _read_status(path)
    if status["state"] in ALIVE and not _held(path / LOCK):
        status = _read_status(path)  # it may have ended meanwhile: what it said last counts
        if status["state"] in ALIVE:
            status["state"] = "interrupted"
    state: State = status["state"]
    epochs = min(max(0, status["epochs"]), preset.training.epochs)
    job = Job(name, path, preset, seed, created, state, status["message"], epochs)
    if job.out.exists():
        return replace(job, state="finished", epochs=preset.training.epochs)
    if job.state == "waiting":
        return replace(job, ahead=_ahead(path))
    return job


def _read_status(path: Path) -> dict[str, Any]:
    try:
        read = json.loads((path / STATUS).read_text("utf-8"))
        state = read["state"] if read["state"] in get_args(State) else "interrupted"
        numbers = {"epochs": int(read.get("epochs", 0)), "since": float(read.get("since", 0))}
        return {"state": state, "message": str(read.get("message", "")), **numbers}
    except _DAMAGED:
        return {"state": "interrupted", "message": "", "epochs": 0, "since": 0.0}


def _ahead(path: Path) -> int:
    """Runs that wait longer than this one does."""
    since = (_read_status(path)["since"], path.name)
    count = 0
    for other in folder().glob(f"[!.]*/{STATUS}"):
        status = _read_status(other.parent)
        earlier = (status["since"], other.parent.name) < since
        if earlier and status["state"] == "waiting" and _held(other.parent / LOCK):
            count += 1
    return count


def _held(lock: Path) -> bool:
    """Whether some process holds a lock."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


@dataclass(frozen=True)
class Progress:
    """A job's `history` by epoch, and `frames` (e, r, 2): the first two coordinates (or, with
    k = 1, the only one) of the means of the same r training codes (r,) after each of e epochs."""

    history: pd.DataFrame
    codes: Codes
    frames: NDArray[np.float16]


def progress(job: Job) -> Progress | None:
    """A job's progress, or None before its first epoch has ended."""
    data = job.preset.data
    columns = list(history_columns(data.onehot.positions))
    try:
        with safetensors.safe_open(job.folder / PROGRESS, framework="numpy") as file:
            history = pd.DataFrame(file.get_tensor("history"), columns=columns)
            codes = json.loads(file.metadata()["reg"])
        flat = np.fromfile(job.folder / FRAMES, np.float16)
    except (*_DAMAGED, safetensors.SafetensorError):
        return None
    known = isinstance(codes, list) and codes and all(map(data.format.is_normalised, codes))
    if not known:
        return None
    shown = min(job.preset.network.latent_dim, SHOWN_AXES)
    epochs = min(len(history), len(flat) // (len(codes) * shown))
    frames = flat[: epochs * len(codes) * shown].reshape(epochs, len(codes), shown)
    return Progress(history[:epochs], data.format.array(codes), frames)


# --- acting ---------------------------------------------------------------------------------------


def create(name: str, preset: Preset, seed: int = 0, own: Sequence[str] | Codes = ()) -> Job:
    """Make a job and start it. `own` are the regs of a preset of own data.

    Raises `JobError` for a name that is taken or none, `ValueError` if `own` are not the preset's.
    """
    check_name(name)
    if seed < 0:
        raise JobError(f"the seed wants to be 0 or more, not {seed}")
    preset = replace(preset, name=preset.name or name)
    if preset.data.source == "own":
        preset.data.splits(own)  # says what is wrong with them
    with _writing():
        folder().mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder()))
        try:
            if preset.data.source == "own":
                (partial / OWN).write_text("\n".join(own), "ascii")
            made = {"preset": preset.to_dict(), "seed": seed, "created": time.time()}
            (partial / RUN).write_text(json.dumps(made, indent=1), "utf-8")
            partial.rename(folder() / name)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            check_name(name)  # somebody else may have taken it meanwhile
            raise
    return start(name)


def train_command(what: str, out: str | Path, seed: int) -> str:
    """What to type to train a preset, or a bundle again."""
    return shlex.join(["regvae", "train", what, "--out", str(out), "--seed", str(seed)])


def command(name: str, preset: Preset, seed: int) -> str:
    """What makes a model of this name again: from its preset, or if changed, from itself."""
    again = preset.name if PRESETS.get(preset.name) == preset else name
    return train_command(again, f"{name}-again", seed)


def start(name: str) -> Job:
    """Start a job, or resume it. Raises `JobError` if it is at work already, or finished."""
    job = read_job(name)
    if job.state == "finished":
        raise JobError(f"the training {name!r} is finished; keep it, or start another")
    with _writing(), (job.folder / LOCK).open("w") as lock:
        if job.alive or not _take(lock):
            raise JobError(f"the training {name!r} is at work already; stop it first")
        (job.folder / STOP).unlink(missing_ok=True)
        write_status(job.folder, "waiting", since=time.time(), epochs=job.epochs)
        with (job.folder / LOG).open("ab") as log:
            # The lock goes over to the worker, which holds it until it ends.
            worker = subprocess.Popen(
                [sys.executable, "-m", WORKER, str(job.folder), str(lock.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # what ends this process does not end the training
            )
    _workers.append(worker)
    _workers[:] = [one for one in _workers if one.poll() is None]
    return read_job(name)


def _take(lock: IO[str]) -> bool:
    """Take a lock, if no worker holds it; those who only look hold it for a moment at most."""
    for _ in range(50):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


@contextmanager
def _writing() -> Iterator[None]:
    """What the system says when it cannot write, in a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        raise JobError(
            f"{store.home()} cannot be written ({error.strerror or error}); make room there, or "
            "set REGVAE_HOME to another folder"
        ) from error


def stop(name: str) -> None:
    """Ask a job to stop after its present epoch; nothing if it is not at work."""
    job = read_job(name)
    if job.alive:
        (job.folder / STOP).touch()


def keep(name: str, kept_as: str, measure: Callable[[Bundle], dict[str, Any]]) -> Bundle:
    """Put a finished job's bundle among the models under a name, and delete the job.

    `measure` gives the metrics that its manifest stores. Raises `JobError` if the job is not
    finished or the name cannot be taken.
    """
    job = read_job(name)
    if job.state != "finished":
        raise JobError(f"the training {name!r} is {job.state}; only a finished one can be kept")
    if kept_as != name:
        check_name(kept_as)
    _check_no_model(kept_as)
    said = command(kept_as, job.preset, job.seed)
    bundle = replace(bundles.load(job.out), name=kept_as, command=said)
    bundle = replace(bundle, metrics=measure(bundle))
    with _writing():
        store.models().mkdir(parents=True, exist_ok=True)
        bundles.save(bundle, store.models() / kept_as)
    delete(name)
    return bundle


def delete(name: str) -> None:
    """Remove a job with all it has trained. Raises `JobError` if it is at work."""
    job = read_job(name)
    if job.alive:
        raise JobError(f"the training {name!r} is at work; stop it first")
    doomed = job.folder.with_name(f".{name}.deleted-{time.time_ns()}")
    job.folder.rename(doomed)  # at once, so that nobody sees half of it
    shutil.rmtree(doomed, ignore_errors=True)


def delete_model(name: str) -> None:
    """Remove a bundle that was kept. Raises `JobError` for one that was not kept here."""
    path = store.models() / name
    if not _NAME.fullmatch(name) or not (path / store.MANIFEST).is_file():
        raise JobError(f"there is no kept model {name[:80]!r}; the shipped ones stay")
    doomed = path.with_name(f".{name}.deleted-{time.time_ns()}")
    path.rename(doomed)
    shutil.rmtree(doomed, ignore_errors=True)


# --- for those who work ---------------------------------------------------------------------------


def write_status(path: Path, state: State, message: str = "", **more: Any) -> None:
    """Write a job's status, whole or not at all; what is not named stays as it was."""
    status = _read_status(path) | {"state": state, "message": message} | more
    store.write_whole(path / STATUS, json.dumps(status).encode())


def is_first(path: Path) -> bool:
    """Whether no other job waits for a processor longer."""
    return _ahead(path) == 0
