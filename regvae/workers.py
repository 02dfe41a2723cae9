"""Work in other processes, of this machine or of others, by any `concurrent.futures.Executor`.

The work on an item must depend on that item and on what is shared alone. Then the number and kind
of workers change nothing. What is shared is sent once where that is possible; in a process it is
unpacked once.
"""

import os
import pickle
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, TypeVar

from regvae import parallel
from regvae.cluster import Cluster, WorkerError

Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")

MOST = 1_024
"""Most worker processes at a time."""

_ENVIRONMENT = {
    **dict.fromkeys(
        (
            *("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"),
            *("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
        ),
        "1",
    ),
    "LOKY_MAX_MEMORY_LEAK_SIZE": "1e15",  # a block is large: that is no leak to restart for
}


@contextmanager
def processes(n: int, *, nice: int = 0) -> Iterator[Executor]:
    """n processes of this machine, 1 to 1,024, each with one thread; they end with the context.

    They also end if the process that started them is killed. They do not run the caller's script
    again, as those of `multiprocessing` do. `nice`, from 0 to 19, is how far they let other
    processes go first. Raises `ValueError` for another number of them.
    """
    if not 1 <= n <= MOST:
        raise ValueError(f"expected 1 to {MOST:,} workers, got {n:,}; change the number")
    import loky  # takes a while, and serving needs none

    executor = loky.ProcessPoolExecutor(
        n, env=_ENVIRONMENT, initializer=_begin, initargs=(os.getpid(), nice)
    )
    try:
        yield executor
    finally:
        executor.shutdown(kill_workers=True)  # what they still do is not wanted


def _begin(parent: int, nice: int) -> None:
    """Prepare a worker of the process `parent`, with which it ends, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends its workers
    if nice:
        os.nice(nice)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def in_order(
    work: Callable[[Shared, Item], Result],
    shared: Shared,
    items: Iterable[Item],
    executor: Executor | None,
) -> Iterator[Result]:
    """What `work(shared, item)` returns for every item, in their order.

    Without an `executor` the threads of `regvae.parallel` work. Two items a worker are on their way
    at a time. It must be possible to pickle `work`, `shared` and the items, unless threads work.
    Matrix products in the work are computed by one thread. Raises what the work raises, and
    `WorkerError` if the workers have ended.
    """
    if executor is None:
        yield from parallel.in_order(partial(work, shared), items)
        return
    cluster = Cluster.of(executor)
    sent = _sent(shared, executor, cluster)
    submit = cluster.submit if cluster else executor.submit
    result = cluster.result if cluster else Future.result
    waiting: deque[Any] = deque()
    try:
        for item in items:
            waiting.append(submit(_work, work, sent, item))
            if len(waiting) >= 2 * _workers(executor, cluster):
                yield result(waiting.popleft())
        while waiting:
            yield result(waiting.popleft())
    except (BrokenExecutor, CancelledError) as error:
        raise WorkerError(
            "expected the workers to answer, got none that does (out of memory, or their machine "
            "is gone); start again"
        ) from error
    finally:
        if cluster:
            cluster.cancel(waiting)
        else:
            for future in waiting:
                future.cancel()


def _workers(executor: Executor, cluster: Cluster | None) -> int:
    """How many items an executor works on at a time, as far as it tells."""
    if cluster:  # workers may join and leave
        return max(1, cluster.size())
    return getattr(executor, "_max_workers", None) or os.cpu_count() or 1


class _Packed:
    """What is shared, as it is sent to a process."""

    def __init__(self, shared: Any) -> None:
        self.content = pickle.dumps(shared, protocol=pickle.HIGHEST_PROTOCOL)
        self.digest = blake2b(self.content).hexdigest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Packed) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    @lru_cache(maxsize=2)  # noqa: B019 -- for two runs that take turns
    def unpacked(self) -> Any:
        """What was packed. It is unpacked once in each process."""
        return pickle.loads(self.content)


def _sent(shared: Any, executor: Executor, cluster: Cluster | None) -> Any:
    """What is shared, in the form in which `_work` gets it."""
    if isinstance(executor, ThreadPoolExecutor):
        return shared
    packed = _Packed(shared)
    return cluster.share(packed, packed.digest) if cluster else packed


def _work(work: Callable[[Any, Item], Result], sent: Any, item: Item) -> Result:
    """Work on an item in a worker."""
    shared = sent.unpacked() if isinstance(sent, _Packed) else sent
    with parallel.one_thread():
        return work(shared, item)
