"""The process that trains one job: `python -m regvae.training.worker FOLDER LOCK`.

Or one that loads TensorFlow and then waits for a job: `… spare CHANNEL`.
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from regvae.model import store
from regvae.model.bundle import history_columns
from regvae.training import jobs, spare
from regvae.training.jobs import Job, is_first
from regvae.training.queue import processor

_PAUSE = 0.2  # least seconds between two writes of the history


def main() -> None:
    """Wait for a processor, train, and write the status that it ended with.

    The arguments are the job's folder and the open file descriptor of its lock.
    """
    if sys.argv[1] == "spare":
        _load()
        job = spare.receive(int(sys.argv[2]))
        if job is None:
            return
        folder, lock = job
    else:
        folder, lock = Path(sys.argv[1]), int(sys.argv[2])
    try:
        _work(folder)
    finally:
        os.close(lock)  # before TensorFlow shuts down, which takes a while: it may be resumed now


def _load() -> Any:
    """The module that trains, with TensorFlow."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from regvae.training import trainer

    return trainer


def _work(folder: Path) -> None:
    stop = folder / jobs.STOP
    with processor(lambda: is_first(folder), stop.exists) as free:
        if not free:
            jobs.write_status(folder, "stopped")
            return
        jobs.write_status(folder, "training")
        try:
            _train(jobs.read_job(folder.name), stop)
        except Exception as error:  # any error at all: the page shows why
            jobs.write_status(folder, "failed", _sentence(error))
            raise


def _sentence(error: Exception) -> str:
    """Why a training run failed, and what to do, without a full stop."""
    if isinstance(error, OSError):
        return (
            f"expected to read and write {error.filename or 'its files'}, got an error "
            f"({error.strerror or error}); make room and resume it"
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "it ran out of memory; use narrower layers, fewer codes or a smaller batch"
    if isinstance(error, ValueError):
        return str(error)
    first_line = (str(error).strip().splitlines() or [""])[0][:200]
    return f"{type(error).__name__} ({first_line}); see {jobs.LOG} in its folder"


def _train(job: Job, stop: Path) -> None:
    training = _load()
    if stop.exists():
        jobs.write_status(job.folder, "stopped")
        return
    watcher = Watcher(job)
    try:
        training.train(
            job.preset,
            job.out,
            seed=job.seed,
            own=job.own(),
            resume=training.checkpoint_path(job.out).exists(),
            command=jobs.command(job.name, job.preset, job.seed),
            on_epoch=watcher.show,
            should_stop=stop.exists,
        )
    except training.Stopped:
        watcher.write()
        jobs.write_status(job.folder, "stopped", epochs=watcher.epochs)
        return
    except Exception:
        with suppress(OSError):  # on a full disk the first error is the one to report
            watcher.write()
        raise
    watcher.write()
    jobs.write_status(job.folder, "finished", epochs=watcher.epochs)


class Watcher:
    """Writes a job's progress to its folder."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.epochs = 0
        self.shown_at = 0.0
        self.trainer: Any = None

    def show(self, trainer: Any) -> None:
        """Append the map after an epoch to the frames; write the history at most every `_PAUSE`."""
        self.trainer, self.epochs = trainer, len(trainer.history)
        codes = trainer.splits["train"][: jobs.SHOWN]
        mean, _ = trainer.autoencoder().encode(codes)
        path = self.job.folder / jobs.FRAMES
        frame = np.clip(mean[:, : jobs.SHOWN_AXES], -60_000, 60_000).astype(np.float16)
        with path.open("r+b" if path.exists() else "w+b") as file:
            # A killed worker may have written a part of a frame, or a frame without a checkpoint.
            # Missing frames are filled with this one.
            complete = file.seek(0, os.SEEK_END) // frame.nbytes
            valid = min(complete, self.epochs - 1)
            file.truncate(valid * frame.nbytes)
            file.seek(0, os.SEEK_END)
            file.write(frame.tobytes() * (self.epochs - valid))
        # The last history is written before the bundle, with which the job counts as finished.
        if trainer.finished or time.monotonic() - self.shown_at >= _PAUSE:
            self.write()

    def write(self) -> None:
        """Write the history and the number of epochs."""
        if self.trainer is None:
            return
        self.shown_at = time.monotonic()
        history = self.trainer.history
        columns = history_columns(self.job.preset.data.onehot.positions)
        rows = [[epoch.row()[name] for name in columns] for epoch in history]
        codes = self.trainer.splits["train"][: jobs.SHOWN].tolist()
        content = safetensors.numpy.save({"history": np.array(rows)}, {"codes": json.dumps(codes)})
        store.write_atomically(self.job.folder / jobs.PROGRESS, content)
        jobs.write_status(self.job.folder, "training", epochs=self.epochs)


if __name__ == "__main__":
    main()
