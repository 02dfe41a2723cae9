"""Who computes results: short runs in threads, long ones in worker processes that all share."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from contextlib import ExitStack, contextmanager
from typing import Final

from regvae import workers
from regvae.parallel import THREADS

AT_ONCE: Final = 2
"""Most short runs of all sessions at a time, and most long ones; the others wait."""
WORKERS: Final = THREADS
"""Worker processes of all sessions together."""
NICE: Final = 10
"""By how much worker processes let the server go first, which answers everybody."""
_LOOK = 0.2  # seconds after which a run that waits looks again whether it was stopped

Stopped = Callable[[], bool]


class WaitError(ValueError):
    """A run that was stopped while it waited; the message tells what to do."""


_short, _long = threading.Semaphore(AT_ONCE), threading.Semaphore(AT_ONCE)


@contextmanager
def short_run(stopped: Stopped) -> Iterator[None]:
    """A place for a short run, whose own thread judges it. Waits for a place.

    Raises `WaitError` if the run is `stopped` before it has a place.
    """
    with _place(_short, stopped):
        yield


@contextmanager
def long_run(stopped: Stopped) -> Iterator[Executor]:
    """A place for a long run, and the worker processes that judge it. Waits for a place.

    The processes start with the first of the long runs and end with the last. Raises `WaitError` if
    the run is `stopped` before it has a place.
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
