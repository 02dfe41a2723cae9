"""Work on several processors in one process: NumPy lets other threads run while it computes.

The work on an item must depend on that item alone. Then the number of threads changes nothing, not
even the last digits: a matrix product in here is computed by the thread that calls it, as those of
several threads would wait for each other.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import ThreadpoolController

Item = TypeVar("Item")
Result = TypeVar("Result")

THREADS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
"""Threads of one call; more than these processors do not pay for arrays of this size."""

_SHARES = 16
"""Parts of the work of each thread, so that none waits long for the last."""


def each(work: Callable[[Item], Any], items: Iterable[Item]) -> None:
    """Call `work` with every item, in several threads if there are several items."""
    waiting = list(items)
    step = max(1, -(-len(waiting) // (THREADS * _SHARES)))
    shares = [waiting[start : start + step] for start in range(0, len(waiting), step)]

    def several(share: list[Item]) -> None:
        for item in share:
            work(item)

    for _ in in_order(several, shares):
        pass  # an exception of the work is raised here


def in_order(work: Callable[[Item], Result], items: Iterable[Item]) -> Iterator[Result]:
    """What `work` returns for every item, in their order.

    The next items are worked on in other threads while a result is used. Work that itself calls
    this function has its one thread.
    """
    if THREADS < 2 or _Thread.busy:
        with one_thread_a_product:
            yield from map(work, items)
        return
    waiting: deque[Future[Result]] = deque()
    with one_thread_a_product, ThreadPoolExecutor(THREADS, initializer=_is_busy) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) > THREADS:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)


class _OfThread(threading.local):
    busy = False


_Thread = _OfThread()


def _is_busy() -> None:
    _Thread.busy = True


class _OneThreadAProduct:
    """Matrix products in one thread each, until the last of all who are in here leaves.

    The limit is one of the whole process, and only the thread that has set it can remove it: so a
    thread of its own does both. A limit that the caller has set before with threadpoolctl stands.
    """

    def __init__(self) -> None:
        self.reset()
        if hasattr(os, "register_at_fork"):  # a child has neither the thread nor the users
            os.register_at_fork(after_in_child=self.reset)

    def reset(self) -> None:
        """As if nobody were in here."""
        self._lock, self._users = threading.Lock(), 0
        self._setter = ThreadPoolExecutor(1, thread_name_prefix="limit of products")
        self._restore: Callable[[], object] = bool

    def __enter__(self) -> None:
        with self._lock:
            if not self._users:
                limit = self._setter.submit(_blas().limit, limits=1).result()
                self._restore = limit.restore_original_limits
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._setter.submit(self._restore).result()


one_thread_a_product = _OneThreadAProduct()
"""Use as `with one_thread_a_product:` where digits must not depend on the number of processors."""


@contextmanager
def one_thread() -> Iterator[None]:
    """What is called in here, by this thread, has no other threads."""
    before, _Thread.busy = _Thread.busy, True
    try:
        with one_thread_a_product:
            yield
    finally:
        _Thread.busy = before


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
