"""A Dask scheduler and its workers, as processes of this machine."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STARTING = 60
"""Seconds that a scheduler may take to start."""


class Scheduler:
    """A running scheduler; its workers have no nanny, which would start a killed one again."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._environment = {
            **os.environ,
            "OPENBLAS_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **environment,
        }
        self.workers: list[subprocess.Popen[bytes]] = []
        file = folder / "scheduler.json"
        options = ["--host", "127.0.0.1", "--port", "0", "--scheduler-file", file]
        # It ends with its workers if the tests were killed and nobody ends it.
        self.process = self._start("scheduler", *options, "--idle-timeout", "600")
        until = time.monotonic() + STARTING
        while not (file.exists() and file.read_text().endswith("}")):
            assert time.monotonic() < until, "the scheduler does not start"
            time.sleep(0.05)
        self.address: str = json.loads(file.read_text())["address"]

    def start_worker(self, **environment: str) -> subprocess.Popen[bytes]:
        """Start a worker of one thread, whose environment is the scheduler's with some changes."""
        self._environment |= environment
        options = ["--nthreads", "1", "--no-nanny", "--local-directory", self.folder]
        self.workers.append(self._start("worker", self.address, *options))
        return self.workers[-1]

    def kill(self) -> None:
        """End the scheduler as a crash of its machine does."""
        self.process.kill()
        self.process.wait()

    def _start(self, kind: str, *options: str | Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        with (self.folder / f"{kind}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--no-dashboard"],
                cwd=self.folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )


@contextmanager
def scheduler(folder: Path, workers: int, **environment: str) -> Iterator[Scheduler]:
    """A scheduler with some workers, which may still be starting; all end with the context."""
    started = Scheduler(folder, **environment)
    try:
        for _ in range(workers):
            started.start_worker()
        yield started
    finally:
        for process in [*started.workers, started.process]:
            process.kill()
            process.wait()


def end_worker(shared: None, item: int) -> None:
    """Work that a worker does not survive."""
    del shared, item
    os._exit(1)
