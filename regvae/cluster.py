"""The workers of a Dask scheduler, on any number of machines: reached, given work, waited for."""

import logging
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError, Executor
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any

CONNECTING = 10
"""Seconds until a Dask scheduler that does not answer is given up."""
WAITING = 60
"""Seconds until a scheduler that has no worker is given up: a worker may be about to start."""
ANSWERING = 60
"""Seconds until a scheduler that answers nothing any more is given up."""
_LOOK = 1.0
"""Seconds from one look at the workers to the next, while a result is waited for."""


class WorkerError(OSError):
    """Workers that cannot be started or reached, or have ended; the message tells what to do."""


@contextmanager
def dask_workers(address: str) -> Iterator[Executor]:
    """The workers of a Dask scheduler, given by its address such as tcp://10.0.0.1:8786.

    Scheduler and workers need regvae in the same version. They need no file, unless the work itself
    names files, as training does. Raises `WorkerError` if Dask is not installed, or nothing answers
    within `CONNECTING` seconds. Dask logs nothing meanwhile: its messages would bury the error that
    tells of a lost connection.
    """
    try:
        import dask
        from distributed import Client
    except ImportError as error:
        raise WorkerError(
            "expected Dask to be installed for --dask, got none; pip install 'regvae[dask]'"
        ) from error
    with _silent(), dask.config.set({"distributed.comm.timeouts.connect": CONNECTING}):
        client = Client.__new__(Client)  # made in two steps: what failed to connect is closed too
        try:
            _connect(client, address)
            yield client.get_executor()
        finally:
            with suppress(OSError):  # of a scheduler that is gone
                client.close(timeout=CONNECTING)


def _connect(client: Any, address: str) -> None:
    try:
        client.__init__(address, timeout=CONNECTING, set_as_default=False)
    except Exception as error:  # of whatever kind, if another server answers
        raise WorkerError(
            f"expected a Dask scheduler at {address[:80]!r}, got none ({_short(error)}); start "
            "`dask scheduler` there, or correct the address"
        ) from error


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:100]


@contextmanager
def _silent() -> Iterator[None]:
    """Dask logs nothing, in whatever thread; several of its loggers have their own level."""
    names = [one for one in logging.root.manager.loggerDict if one.startswith("distributed")]
    levels = {logger: logger.level for logger in map(logging.getLogger, names)}
    for logger in levels:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in levels.items():
            logger.setLevel(level)


class Cluster:
    """The client behind a Dask executor.

    The futures of the executor itself stay unfinished for ever if the scheduler ends while one of
    their results is on its way, so those of the client are used.
    """

    def __init__(self, client: Any) -> None:
        self._client = client
        self._checked: set[str] = set()

    @classmethod
    def of(cls, executor: Executor) -> "Cluster | None":
        """The one behind an executor; None if the executor is not of Dask."""
        client = getattr(executor, "_client", None)  # Dask has no public name for it
        return None if client is None else cls(client)

    def share(self, value: Any, key: str) -> Any:
        """A future of a value that is sent to the scheduler once, and from worker to worker.

        The scheduler can send it again if all workers that have it end, unlike `Client.scatter`.
        """
        import dask

        self.size()  # a worker that lacks the value's class would end
        large = {"distributed.admin.large-graph-warning-threshold": "1TB"}
        with self._errors_as_sentences(), dask.config.set(large):
            return self._client.submit(_the_same, value, key=f"regvae-{key}")

    def submit(self, work: Callable[..., Any], *args: Any) -> Any:
        """A future of `work(*args)`; futures among the arguments are worked out first."""
        with self._errors_as_sentences():
            return self._client.submit(work, *args, pure=False)

    def size(self) -> int:
        """How many items the workers work on at a time; 0 without any.

        Raises `WorkerError` if the scheduler is gone, or if it or a worker has another version of
        regvae.
        """
        with self._errors_as_sentences():
            threads = self._client.sync(self._client.scheduler.ncores, callback_timeout=ANSWERING)
            if not threads.keys() <= self._checked:
                self._check_versions()
                self._checked |= threads.keys()
        return sum(threads.values())

    def _check_versions(self) -> None:
        found = self._client.get_versions(packages=["regvae"])
        ours = found["client"]["packages"]["regvae"]
        for address, one in {"the scheduler": found["scheduler"], **found["workers"]}.items():
            theirs = one["packages"]["regvae"]
            if theirs != ours:
                raise WorkerError(
                    f"expected regvae {ours} at the scheduler and all workers, got "
                    f"{theirs or 'none'} at {address}; install the same version there"
                )

    def result(self, future: Any) -> Any:
        """What a future's work returns or raises.

        Raises `WorkerError` if the scheduler is gone, if it has no workers for `WAITING` seconds,
        or if several workers in a row end during this work.
        """
        seen, finished = monotonic(), False
        while not finished:
            finished = self._finished(future)
            if self.size():  # also looks at the versions of those that may have worked on it
                seen = monotonic()
            elif monotonic() - seen > WAITING:
                address = self._client.scheduler.address
                raise WorkerError(
                    f"expected workers at the Dask scheduler {address}, got none for {WAITING} s; "
                    f"start `dask worker {address}` on a machine, then start again"
                )
        with self._errors_as_sentences():
            return future.result(timeout=ANSWERING)

    def cancel(self, futures: Iterable[Any]) -> None:
        """Nobody waits for these futures any more. A client that was closed has none."""
        if self._client.status == "running":
            with suppress(OSError):  # of a scheduler that is gone
                self._client.cancel([*futures])

    def _finished(self, future: Any) -> bool:
        from distributed import wait

        with self._errors_as_sentences(), self._client.as_current():
            try:
                wait([future], timeout=_LOOK)
            except TimeoutError:
                return False
            return True

    @contextmanager
    def _errors_as_sentences(self) -> Iterator[None]:
        """What Dask raises, as sentences."""
        from distributed.scheduler import KilledWorker

        try:
            yield
        except WorkerError:
            raise
        except KilledWorker as error:
            raise WorkerError(
                "expected the workers to finish their work, got several that ended while they "
                "worked on it; give them more memory, then start again"
            ) from error
        except (OSError, CancelledError) as error:
            raise WorkerError(
                "expected the Dask scheduler and its workers to answer until the end, got a lost "
                f"connection ({_short(error)}); start them, then start again"
            ) from error


def _the_same(value: Any) -> Any:
    return value
