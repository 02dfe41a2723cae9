"""Work in a thread of its own, so that its page answers meanwhile."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_thread(work: Callable[[], T]) -> Future[T]:
    """What `work` returns or raises, once it has; nobody who leaves waits for it."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # whoever waits must learn of it
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
