"""Training runs in processes of their own, as folders that every process can read.

A job is a folder in `runs/` of `store.home()`. Its worker process (`regvae.training.worker`) holds
a lock on the folder until it ends, and the system releases the lock however it ends. So a job whose
status is "training" but whose lock is free was interrupted. Processors are locks too: see `queue`.
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
from functools import cached_property, lru_cache
from pathlib import Path
from typing import IO, Any, Literal, get_args

import numpy as np
import pandas as pd
import safetensors
import safetensors.numpy
from numpy.typing import NDArray

from regvae.formats import Attribute, Codes, CodeTable, Format, Own
from regvae.model import bundle as bundles
from regvae.model import store
from regvae.model.bundle import Bundle, history_columns
from regvae.model.config import Preset
from regvae.model.presets import PRESETS
from regvae.training import spare
from regvae.training.queue import held

WORKER = "regvae.training.worker"
"""The module that a job's process runs."""

State = Literal["waiting", "training", "stopped", "interrupted", "failed", "finished"]
ALIVE: tuple[State, ...] = ("waiting", "training")
"""The states in which a job has a process."""

RUN, OWN, STATUS, PROGRESS, FRAMES, STOP, LOCK, LOG = (
    "run.json",
    "own.parquet",
    "status.json",
    "progress.safetensors",
    "map.f16",
    "stop.txt",
    "worker.lock",
    "log.txt",
)
"""Files in a job's folder. No job's name has a dot, so its bundle can be in the same folder."""
SHOWN = 2_000
"""Training codes whose means are stored after every epoch, to show how the map forms."""
SHOWN_AXES = 2
"""Coordinates of those means that are stored: the first ones."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_DAMAGED = (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)
"""What reading a damaged file may raise."""
_workers: list[subprocess.Popen] = []  # referenced, so that Python reaps them when they have ended


class JobError(ValueError):
    """A job that cannot be created, started, kept or deleted; the message says what to do."""


@dataclass(frozen=True)
class Job:
    """A training run: preset, seed, and how far it is.

    `state`: waiting for a processor; training; stopped on request; interrupted, if its process was
    killed; failed, with the reason in `message`; finished. Stopped, interrupted and failed ones can
    be resumed. `created` is in seconds since 1970, `epochs` counts those that are done,
    and `ahead` the jobs that have waited longer for a processor.
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
        """The bundle's folder, which exists when the training run is finished."""
        return self.folder / self.name

    @property
    def alive(self) -> bool:
        """Whether it has a process, which trains or waits."""
        return self.state in ALIVE

    @property
    def stopping(self) -> bool:
        """Whether it will stop after its present epoch."""
        return self.alive and (self.folder / STOP).exists()

    @cached_property
    def attributes(self) -> dict[str, Attribute]:
        """The attributes of its codes: those of the format, and further columns of own codes."""
        return self.own().attributes

    def own(self) -> CodeTable:
        """The codes of a preset of own data, with their columns; none for other presets.

        Raises `ValueError` if their file is damaged.
        """
        path, format = self.folder / OWN, self.preset.data.format
        return _own(path, self.created, format) if path.exists() else CodeTable.of((), format)


@lru_cache(maxsize=4)
def _own(path: Path, created: float, format: Format) -> CodeTable:  # noqa: ARG001
    """The own codes of the job that was `created` then: they do not change, and a page that shows
    how the map forms asks for them twice a second."""
    return CodeTable.read(path.read_bytes(), format)


def folder() -> Path:
    """The folder of all jobs."""
    return store.home() / "runs"


def check_name(name: str) -> None:
    """Raises `JobError` unless a name can be that of a folder, and no job or model has it."""
    if not _NAME.fullmatch(name):
        raise JobError(
            f"expected a name of at most 60 letters, digits, - and _, got {name[:80]!r}; change it"
        )
    if (folder() / name).exists():
        raise JobError(
            f"expected a new name, got {name!r}, which is a training run; choose another name, or "
            "delete it"
        )
    _check_no_model(name)


def _check_no_model(name: str) -> None:
    if name in store.available() or (store.models() / name).exists():
        raise JobError(f"expected a new name, got {name!r}, which is a model; choose another name")


# --- reading --------------------------------------------------------------------------------------


def all_jobs() -> list[Job]:
    """Every job, the oldest first; folders that cannot be read are left out."""
    found = []
    for path in folder().glob(f"[!.]*/{RUN}"):
        with suppress(JobError):
            found.append(read_job(path.parent.name))
    found.sort(key=lambda job: (job.created, job.name))
    return found


def read_job(name: str) -> Job:
    """A job as it is now. Raises `JobError` if there is none of that name that can be read."""
    path = folder() / name
    try:
        description = json.loads((path / RUN).read_text("utf-8"))
        preset = Preset.from_dict(description["preset"])
        seed, created = int(description["seed"]), float(description["created"])
    except _DAMAGED as error:
        raise JobError(
            f"expected a training run that can be read, got none of the name {name[:80]!r}; start "
            "another"
        ) from error
    status = _read_status(path)
    if status["state"] in ALIVE and not held(path / LOCK):
        status = _read_status(path)  # it may have ended between the two reads
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
    """How many jobs have waited longer for a processor than the one in the folder `path`."""
    since = (_read_status(path)["since"], path.name)
    count = 0
    for other in folder().glob(f"[!.]*/{STATUS}"):
        status = _read_status(other.parent)
        earlier = (status["since"], other.parent.name) < since
        if earlier and status["state"] == "waiting" and held(other.parent / LOCK):
            count += 1
    return count


@dataclass(frozen=True)
class Progress:
    """A job's `history`, one row per epoch as in a bundle, and its map after each of e epochs.

    `frames` (e, r, 2) has the first two coordinates of the means of the training codes `codes`
    (r,), or (e, r, 1) the only one.
    """

    history: pd.DataFrame
    codes: Codes
    frames: NDArray[np.float16]


def progress(job: Job) -> Progress | None:
    """A job's progress; None before the end of its first epoch, or if its files are damaged."""
    data = job.preset.data
    columns = list(history_columns(data.onehot.positions))
    try:
        with safetensors.safe_open(job.folder / PROGRESS, framework="numpy") as file:
            history = pd.DataFrame(file.get_tensor("history"), columns=columns)
            codes = json.loads(file.metadata()["codes"])
        flat = np.fromfile(job.folder / FRAMES, np.float16)
    except (*_DAMAGED, safetensors.SafetensorError):
        return None
    if not (isinstance(codes, list) and codes and data.format.are_normalised(codes).all()):
        return None
    shown = min(job.preset.network.latent_dim, SHOWN_AXES)
    epochs = min(len(history), len(flat) // (len(codes) * shown))
    frames = flat[: epochs * len(codes) * shown].reshape(epochs, len(codes), shown)
    return Progress(history[:epochs], data.format.array(codes), frames)


# --- changing -------------------------------------------------------------------------------------


def create(name: str, preset: Preset, seed: int = 0, own: Own = ()) -> Job:
    """Create a job and start it; `own` are the codes of a preset of own data.

    Raises `JobError` for a name that cannot be used, a seed below 0 or a home that cannot be
    written, and `ValueError` if `own` are not the preset's codes.
    """
    check_name(name)
    if seed < 0:
        raise JobError(f"expected a seed from 0, got {seed}; change it")
    preset = replace(preset, name=preset.name or name)
    if preset.data.source == "own":
        preset.data.splits(own)  # raises if they are others
    with _home_errors():
        folder().mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=folder()))
        try:
            if preset.data.source == "own":
                table = CodeTable.of(own, preset.data.format)
                (partial / OWN).write_bytes(table.to_parquet())
            description = {"preset": preset.to_dict(), "seed": seed, "created": time.time()}
            (partial / RUN).write_text(json.dumps(description, indent=1), "utf-8")
            partial.rename(folder() / name)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            check_name(name)  # another process may have taken the name
            raise
    return start(name)


def train_command(what: str, out: str | Path, seed: int, options: Sequence[str] = ()) -> str:
    """The command that trains a preset, or a bundle again, given by `what`."""
    return shlex.join(["regvae", "train", what, *options, "--out", str(out), "--seed", str(seed)])


def command(name: str, preset: Preset, seed: int) -> str:
    """The command that trains a model again: by its preset's name, or by its own if the preset is
    not a named one."""
    what = preset.name if PRESETS.get(preset.name) == preset else name
    return train_command(what, f"{name}-again", seed)


def start(name: str) -> Job:
    """Start a job, or resume it. Raises `JobError` if it has a process already, or is finished."""
    job = read_job(name)
    if job.state == "finished":
        raise JobError(
            f"expected an unfinished training run, got {name!r}, which is finished; keep it, or "
            "start another"
        )
    with _home_errors(), (job.folder / LOCK).open("w") as lock:
        if job.alive or not _take(lock):
            raise _active(name)
        (job.folder / STOP).unlink(missing_ok=True)
        write_status(job.folder, "waiting", since=time.time(), epochs=job.epochs)
        with (job.folder / LOG).open("ab") as log:
            # The worker inherits the lock and holds it until it ends.
            worker = spare.hand_over(job.folder, lock.fileno(), log.fileno()) or subprocess.Popen(
                [sys.executable, "-m", WORKER, str(job.folder), str(lock.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=[lock.fileno()],
                start_new_session=True,  # the job goes on when this process ends
            )
    _workers.append(worker)
    _workers[:] = [one for one in _workers if one.poll() is None]
    return read_job(name)


def prepare() -> None:
    """Start a process that loads TensorFlow and waits for the next job, unless there is one."""
    spare.prepare(WORKER)


def _take(lock: IO[str]) -> bool:
    """Take a lock unless a worker holds it; `held` in other processes holds it for a moment."""
    for _ in range(50):
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


@contextmanager
def _home_errors() -> Iterator[None]:
    """Turn errors of the file system into a `JobError`."""
    try:
        yield
    except OSError as error:
        raise JobError(
            f"expected a folder {store.home()} that can be written, got an error "
            f"({error.strerror or error}); make room there, or set REGVAE_HOME to another folder"
        ) from error


def _active(name: str) -> JobError:
    return JobError(
        f"expected a training run that is not active, got {name!r}, which is; stop it first"
    )


def stop(name: str) -> None:
    """Stop a job after its present epoch; does nothing if it has no process."""
    job = read_job(name)
    if job.alive:
        (job.folder / STOP).touch()


def keep(name: str, kept_as: str, measure: Callable[[Bundle], dict[str, Any]]) -> Bundle:
    """Store a finished job's bundle among the models as `kept_as`, and delete the job.

    `measure` computes the metrics that its manifest stores. Raises `JobError` if the job is not
    finished or the name cannot be used, and `BundleError` if its bundle is damaged.
    """
    job = read_job(name)
    if job.state != "finished":
        raise JobError(
            f"expected a finished training run, got {name!r}, which is {job.state}; let it finish "
            "first"
        )
    if kept_as != name:
        check_name(kept_as)
    _check_no_model(kept_as)
    again = command(kept_as, job.preset, job.seed)
    bundle = replace(bundles.load(job.out), name=kept_as, command=again)
    bundle = replace(bundle, metrics=measure(bundle))
    with _home_errors():
        store.models().mkdir(parents=True, exist_ok=True)
        bundles.save(bundle, store.models() / kept_as)
    delete(name)
    return bundle


def delete(name: str) -> None:
    """Remove a job with its checkpoint and its bundle. Raises `JobError` if it has a process."""
    job = read_job(name)
    if job.alive:
        raise _active(name)
    _remove(job.folder)


def delete_model(name: str) -> None:
    """Remove a model that was kept. Raises `JobError` for a shipped one, or if there is none."""
    path = store.models() / name
    if not _NAME.fullmatch(name) or not (path / store.MANIFEST).is_file():
        raise JobError(
            f"expected the name of a kept model, got {name[:80]!r}; choose one that was kept: "
            "shipped models cannot be deleted"
        )
    _remove(path)


def _remove(path: Path) -> None:
    """Remove a folder: renamed first, so that nobody sees a part of it."""
    renamed = path.with_name(f".{path.name}.deleted-{time.time_ns()}")
    path.rename(renamed)
    shutil.rmtree(renamed, ignore_errors=True)


# --- for workers ----------------------------------------------------------------------------------


def write_status(path: Path, state: State, message: str = "", **more: Any) -> None:
    """Write a job's status completely or not at all; keys that are not given are not changed."""
    status = _read_status(path) | {"state": state, "message": message} | more
    store.write_atomically(path / STATUS, json.dumps(status).encode())


def is_first(path: Path) -> bool:
    """Whether no other job has waited longer for a processor."""
    return _ahead(path) == 0
