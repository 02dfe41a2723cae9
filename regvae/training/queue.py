"""Waiting for a processor: at most as many training runs at once as there are processors."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from regvae.model import store


def slots() -> int:
    """How many training runs may be active at once: the environment's `REGVAE_TRAININGS` if it is a
    number from 1, else the processors of this machine."""
    limit = os.environ.get("REGVAE_TRAININGS", "")
    if limit.isdecimal() and int(limit) > 0:
        return int(limit)
    with suppress(AttributeError):  # not every system has it
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def held(lock: Path) -> bool:
    """Whether some process holds a lock."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def full() -> bool:
    """Whether all `slots` are taken, so that a training run must wait for one."""
    return all(held(_folder() / f"{slot}.lock") for slot in range(slots()))


def _folder() -> Path:
    return store.home() / "slots"


@contextmanager
def processor(
    may_take: Callable[[], bool] = lambda: True,
    give_up: Callable[[], bool] = lambda: False,
    on_wait: Callable[[], object] = lambda: None,
) -> Iterator[bool]:
    """Wait for one of the `slots` and hold its lock; yields False if `give_up` returns true first.

    No slot is taken while `may_take` returns false; `on_wait` is called after every attempt that
    found none. Raises `OSError` if the locks cannot be written.
    """
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    while not give_up():
        for slot in range(slots() if may_take() else 0):
            with (folder / f"{slot}.lock").open("w") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                yield True
                return
        on_wait()
        time.sleep(0.2)
    yield False
