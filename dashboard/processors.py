"""Who computes results: short runs in threads, long ones in worker processes that all share."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Final

from regvae import workers
from regvae.parallel import THREADS

AT_ONCE: Final = 2
"""Short runs of all sessions at a time, and as many long ones; the others wait."""
WORKERS: Final = THREADS
"""Worker processes of all sessions together."""
NICE: Final = 10
"""By how much worker processes let the server go first, which answers everybody."""
_LOOK = 0.2  # seconds between two looks of a run that waits at whether it still should

Stopped = Callable[[], bool]


class WaitError(ValueError):
    """A run that was stopped while it waited; the message tells what to do."""


_short, _long = threading.Semaphore(AT_ONCE), threading.Semaphore(AT_ONCE)


@contextmanager
def thread(stopped: Stopped) -> Iterator[None]:
    """A place for a short run, once there is one. Raises `WaitError` if it is `stopped` before."""
    with _place(_short, stopped):
        yield


@contextmanager
def processes(stopped: Stopped) -> Iterator[Executor]:
    """The worker processes, and a place for a long run, once there is one.

    They start with the first of the long runs and end with the last. Raises `WaitError` if it is
    `stopped` before.
    """
    with _place(_long, stopped), _shared() as executor:
        yield executor


@contextmanager
def _place(places: threading.Semaphore, stopped: Stopped) -> Iterator[None]:
    while not places.acquire(timeout=_LOOK):
        if stopped():
            raise WaitError(
                "expected other sampling runs to end first, got a stop while this one waited; "
                "generate again"
            )
    try:
        yield
    finally:
        places.release()


class _Pool:
    """Worker processes, and how many runs use them."""

    def __init__(self) -> None:
        self.users, self.stack = 0, ExitStack()
        self.executor = self.stack.enter_context(workers.processes(WORKERS, nice=NICE))


_lock = threading.Lock()
_pools: list[_Pool] = []
"""The pool that the next run shares, if there is one."""


@contextmanager
def _shared() -> Iterator[Executor]:
    with _lock:
        if not _pools:
            _pools.append(_Pool())
        (pool,) = _pools
        pool.users += 1
    try:
        yield pool.executor
    except workers.WorkerError:  # it is broken for all who share it: the next run gets another
        with _lock:
            _forget(pool)
        raise
    finally:
        with _lock:
            pool.users -= 1
            if not pool.users:
                _forget(pool)
                pool.stack.close()


def _forget(pool: _Pool) -> None:
    if pool in _pools:
        _pools.remove(pool)
