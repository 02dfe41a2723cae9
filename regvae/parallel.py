"""Work on several processors in one process: NumPy lets other threads run while it computes."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from threadpoolctl import ThreadpoolController

THREADS = min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
"""Threads of one call; more than these processors do not pay for arrays of this size."""

_SHARES = 16
"""Parts of the work of each thread, so that none waits long for the last."""


def each(work: Callable[..., None], items: Iterable[tuple[Any, ...]]) -> None:
    """Call `work` with the values of every item, in several threads if there are several items.

    The work on an item must depend on that item alone; then the number of threads changes nothing,
    not even the last digits: matrix products in here are computed by the thread that calls them, as
    those of several threads would wait for each other.
    """
    waiting = list(items)
    with _blas().limit(limits=1):
        if min(THREADS, len(waiting)) < 2:
            for item in waiting:
                work(*item)
            return

        def several(start: int) -> None:
            for item in waiting[start : start + step]:
                work(*item)

        step = -(-len(waiting) // (THREADS * _SHARES))
        with ThreadPoolExecutor(THREADS) as pool:
            for _ in pool.map(several, range(0, len(waiting), step)):
                pass  # an exception of the work is raised here


@cache
def _blas() -> ThreadpoolController:
    return ThreadpoolController().select(user_api="blas")
