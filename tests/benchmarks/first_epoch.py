"""Seconds from *Train* to the first epoch: `python -m tests.benchmarks.first_epoch`.

Once with a worker that starts then, and once with one that has loaded TensorFlow before.
"""

import os
import tempfile
import time

from regvae.model.presets import preset
from regvae.training import jobs, spare

LOADING = 14
"""Seconds that the second worker has to load."""


def first_epoch(name: str) -> float:
    """Start a training run, wait for its first epoch, and stop it: the seconds that it took."""
    started = time.perf_counter()
    jobs.create(name, preset("exact-15d"))
    while jobs.read_job(name).epochs < 1:
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    jobs.stop(name)
    while jobs.read_job(name).alive:
        time.sleep(0.1)
    return seconds


def main() -> None:
    """Print both."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["REGVAE_HOME"] = home
        cold = first_epoch("cold")
        jobs.prepare()
        time.sleep(LOADING)
        print(f"first epoch after {cold:.1f} s; {first_epoch('warm'):.1f} s with a loaded worker")
        spare.end()


if __name__ == "__main__":
    main()
