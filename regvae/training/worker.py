"""The process that trains one job: `python -m regvae.worker FOLDER LOCK`."""

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
from regvae.training import jobs
from regvae.training.jobs import Job, is_first
from regvae.training.queue import processor

_PAUSE = 0.2  # seconds at least between two looks that others are given


def main() -> None:
    """Wait for a processor, train, and leave word of how it ended.

    The second argument is the job's lock, a file descriptor that is held by being open.
    """
    folder, lock = Path(sys.argv[1]), int(sys.argv[2])
    try:
        _work(folder)
    finally:
        os.close(lock)  # at once: to take TensorFlow down takes a while, and it may be resumed now


def _work(folder: Path) -> None:
    stop = folder / jobs.STOP
    with processor(lambda: is_first(folder), stop.exists) as free:
        if not free:
            jobs.write_status(folder, "stopped")
            return
        jobs.write_status(folder, "training")
        try:
            _train(jobs.read_job(folder.name), stop)
        except Exception as error:  # whatever it was: somebody wants to know
            jobs.write_status(folder, "failed", _sentence(error))
            raise


def _sentence(error: Exception) -> str:
    """Why a training failed, and what to do, without a full stop."""
    if isinstance(error, OSError):
        return (
            f"it could not read or write {error.filename or 'its files'} "
            f"({error.strerror or error}); make room and resume it"
        )
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "it ran out of memory; make its layers narrower, or its regs or its batch fewer"
    if isinstance(error, ValueError):
        return str(error)
    said = (str(error).strip().splitlines() or [""])[0][:200]
    return f"{type(error).__name__} ({said}); {jobs.LOG} in its folder has the rest"


def _train(job: Job, stop: Path) -> None:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    from regvae.training import trainer as training

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
        watcher.finish()
        jobs.write_status(job.folder, "stopped", epochs=watcher.epochs)
        return
    except Exception:
        with suppress(OSError):  # on a full disk the first error is the one to tell
            watcher.finish()
        raise
    watcher.finish()
    jobs.write_status(job.folder, "finished", epochs=watcher.epochs)


class Watcher:
    """Leaves in a job's folder what others may look at."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.epochs = 0
        self.shown_at = 0.0
        self.trainer: Any = None

    def show(self, trainer: Any) -> None:
        """Keep the map as it is after an epoch, and the history a few times a second."""
        self.trainer, self.epochs = trainer, len(trainer.history)
        reg = trainer.splits["train"][: jobs.SHOWN]
        mean, _ = trainer.autoencoder().encode(reg)
        path = self.job.folder / jobs.FRAMES
        frame = np.clip(mean[:, : jobs.SHOWN_AXES], -60_000, 60_000).astype(np.float16)
        with path.open("r+b" if path.exists() else "w+b") as file:
            # A job that was killed may have shown half a frame, or an epoch more than it saved; and
            # for frames that are lost, this one stands in.
            whole = file.seek(0, os.SEEK_END) // frame.nbytes
            kept = min(whole, self.epochs - 1)
            file.truncate(kept * frame.nbytes)
            file.seek(0, os.SEEK_END)
            file.write(frame.tobytes() * (self.epochs - kept))
        # All of it before the bundle is there, from when on the job counts as finished.
        if trainer.finished or time.monotonic() - self.shown_at >= _PAUSE:
            self.finish()

    def finish(self) -> None:
        """Write the history now."""
        if self.trainer is None:
            return
        self.shown_at = time.monotonic()
        history = self.trainer.history
        columns = history_columns(self.job.preset.data.onehot.positions)
        rows = [[epoch.row()[name] for name in columns] for epoch in history]
        reg = self.trainer.splits["train"][: jobs.SHOWN].tolist()
        content = safetensors.numpy.save({"history": np.array(rows)}, {"reg": json.dumps(reg)})
        store.write_whole(self.job.folder / jobs.PROGRESS, content)
        jobs.write_status(self.job.folder, "training", epochs=self.epochs)


if __name__ == "__main__":
    main()
