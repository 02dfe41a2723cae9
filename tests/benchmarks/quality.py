"""Speed and memory of comparing a million synthetic codes with real ones, and of guessing."""

import json
import subprocess
import sys
import threading
import time

import numpy as np

import regvae
from regvae.audit.inference import infer
from regvae.audit.quality import quality
from regvae.formats import FORMATS, UK_REGISTRATION
from tests.benchmarks.figure import Figure

MILLION = 1_000_000
REAL = 10_000
ATTACKED = 1_000


def figures() -> list[Figure]:
    """Time and memory of a million codes, of registrations and of the format with most positions,
    each in a process of its own."""
    found = []
    for name in (UK_REGISTRATION.name, "gb-iban"):
        command = [sys.executable, "-m", "tests.benchmarks.quality", name, str(MILLION)]
        run = subprocess.run(command, check=True, capture_output=True, text=True)
        seconds, megabytes = json.loads(run.stdout)
        label = f"quality of {MILLION:,} codes ({name})"
        found += [
            Figure(label, seconds, "s", target="at most 10 s", met=seconds <= 10),
            Figure(
                f"{label}, additional peak memory",
                megabytes,
                "MB",
                target="at most 500 MB",
                met=megabytes <= 500,
            ),
        ]
    bundle = regvae.load("exact-15d")
    codes = UK_REGISTRATION.generate(REAL, rng=np.random.default_rng(0))
    start = time.perf_counter()
    infer(bundle, codes, most=ATTACKED)
    seconds = time.perf_counter() - start
    label = f"attribute inference of exact-15d, {ATTACKED:,} codes a split"
    return [*found, Figure(label, seconds, "s", target="at most 10 s", met=seconds <= 10)]


def measure(name: str, n: int) -> tuple[float, float]:
    """Seconds of comparing n codes of a format, and megabytes that it needs beside the codes."""
    import psutil

    chosen = FORMATS.get(name, UK_REGISTRATION)
    codes, real = (chosen.generate(size, rng=np.random.default_rng(size)) for size in (n, REAL))
    process, done = psutil.Process(), threading.Event()
    before = most = process.memory_info().rss

    def watch() -> None:
        nonlocal most
        while not done.wait(0.002):
            most = max(most, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    start = time.perf_counter()
    quality(codes, real, chosen)
    seconds = time.perf_counter() - start
    done.set()
    watcher.join()
    return seconds, (most - before) / 1e6


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
