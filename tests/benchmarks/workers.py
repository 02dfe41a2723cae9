"""How fast results are with more workers: `python -m tests.benchmarks.workers`, a few minutes.

One and two workers take turns, so that a machine that becomes slower is slower for both.
"""

import pickle
import statistics
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import ExitStack
from pathlib import Path

import psutil

import regvae
from regvae.cluster import dask_workers
from regvae.generation.parts import generate_parts
from regvae.model.bundle import Bundle
from regvae.rejection.measures import Measurer
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import usual
from regvae.rejection.rules import Certified, OneSided, Rule
from regvae.rejection.sampling import BLOCK, make_measurer
from regvae.workers import in_order, processes
from tests.benchmarks.figure import Figure
from tests.benchmarks.library import UNWANTED
from tests.scheduler import scheduler

RUNS: tuple[tuple[str, type[Rule], int], ...] = (
    ("notebook-2d", Certified, 16),
    ("notebook-2d", OneSided, 80),
    ("exact-15d", Certified, 4),
)
"""Models, rules, and so many blocks of proposals."""
TURNS = 3
EFFICIENT = 0.85
ITEMS = 200
"""Items without work, for the overhead of one."""


def figures() -> list[Figure]:
    """Proposals a second with one and two workers, and what a worker and a block need."""
    found: list[Figure] = []
    for name, kind, blocks in RUNS:
        found += run(name, kind, blocks)
    return found


def run(name: str, kind: type[Rule], blocks: int) -> list[Figure]:
    """The figures of one model and rule; every run writes a folder of parts."""
    bundle = regvae.load(name)
    policy = Policy(name, UNWANTED, kind(), usual(bundle), proposals=blocks * BLOCK, clean=True)
    given = bundle, policy, make_measurer(bundle, policy)
    what, size = f"{kind.name} on {name}", len(pickle.dumps(given))
    with ExitStack() as stack:
        one, two = (stack.enter_context(processes(n)) for n in (1, 2))
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        address = stack.enter_context(scheduler(Path(folder), workers=2)).address
        dask = stack.enter_context(dask_workers(address))
        rates = taking_turns(*given, one, two, dask)
        memory = max(peaks())
        overheads = [seconds_an_item(given, executor) for executor in (one, dask)]
    return [
        Figure(f"{what}: 1 worker", rates[0], "proposals/s"),
        Figure(
            f"{what}: 2 workers",
            rates[1],
            "proposals/s",
            baseline=rates[0],
            baseline_name="1 worker",
            target=f"at least {2 * EFFICIENT} times",
            met=rates[1] >= 2 * EFFICIENT * rates[0],
        ),
        Figure(
            f"{what}: 2 workers of Dask on this machine",
            rates[2],
            "proposals/s",
            baseline=rates[1],
            baseline_name="2 workers",
        ),
        Figure(f"{what}: most memory of a worker", memory / 1e6, "MB"),
        Figure(f"{what}: model and records, sent to a worker", size / 1e6, "MB"),
        Figure(f"{what}: overhead of an item of work", 1000 * overheads[0], "ms"),
        Figure(f"{what}: the same with Dask", 1000 * overheads[1], "ms"),
    ]


def taking_turns(
    bundle: Bundle, policy: Policy, measurer: Measurer, *executors: Executor
) -> list[float]:
    """Proposals a second with each executor: the median of some turns, from call to manifest."""
    taken: dict[int, list[float]] = {place: [] for place in range(len(executors))}
    for turn in range(1 + TURNS):  # the first loads modules and bundle into the workers
        for place, executor in enumerate(executors):
            with tempfile.TemporaryDirectory() as folder:
                start = time.perf_counter()
                generate_parts(
                    bundle, policy, f"{folder}/new", measurer=measurer, executor=executor
                )
                if turn:
                    taken[place].append(time.perf_counter() - start)
    return [policy.proposals / statistics.median(times) for times in taken.values()]


def nothing(shared: object, item: int) -> int:
    """No work."""
    del shared
    return item


def seconds_an_item(shared: object, executor: Executor) -> float:
    """Seconds for an item without work, with what is shared."""
    start = time.perf_counter()
    for _ in in_order(nothing, shared, range(ITEMS), executor):
        pass
    return (time.perf_counter() - start) / ITEMS


def peaks() -> Iterator[int]:
    """The most memory, in bytes, that each worker had at a time."""
    for child in psutil.Process().children():
        if "loky" not in " ".join(child.cmdline()):
            continue
        status = Path(f"/proc/{child.pid}/status").read_text()
        yield 1024 * int(status.split("VmHWM:")[1].split()[0])


if __name__ == "__main__":
    from tests.benchmarks.run import show

    show(figures())
