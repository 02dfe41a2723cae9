"""Waiting for a processor: as many trainings at once as the machine has."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from regvae.model import store


def slots() -> int:
    """Trainings that may run at once: the processors of this machine, or `REGVAE_TRAININGS`."""
    asked = os.environ.get("REGVAE_TRAININGS", "")
    if asked.isdecimal() and int(asked) > 0:
        return int(asked)
    with suppress(AttributeError):  # not every system knows the processors of a process
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def processor(
    may_take: Callable[[], bool] = lambda: True,
    gave_up: Callable[[], bool] = lambda: False,
    on_wait: Callable[[], object] = lambda: None,
) -> Iterator[bool]:
    """Wait for one of the machine's `slots` and hold it; yields False if `gave_up` said so first.

    `may_take` is asked before a slot is taken, for those who queue; `on_wait` is called as long as
    none is free.
    """
    places = store.home() / "slots"
    places.mkdir(parents=True, exist_ok=True)
    while not gave_up():
        for place in range(slots() if may_take() else 0):
            with (places / f"{place}.lock").open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield True
                return
        on_wait()
        time.sleep(0.2)
    yield False
