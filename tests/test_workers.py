"""Work among workers: order, what is sent, and how it ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from types import ModuleType

import numpy as np
import psutil
import pytest

from regvae import parallel, workers
from regvae.formats import FORMATS, UK_REGISTRATION
from regvae.workers import MOST, WorkerError, in_order, processes


def multiplied(factor, item):
    return factor * item


def later_first(waits, item):
    time.sleep(waits[item])
    return item


def killed(shared, item):
    del shared, item
    os.kill(os.getpid(), signal.SIGKILL)


def process_of(shared, item):
    del item
    return os.getpid(), id(shared)


def threads_of(shared, item):
    del shared, item
    return os.environ["OPENBLAS_NUM_THREADS"], os.environ["TF_NUM_INTRAOP_THREADS"]


@pytest.fixture(scope="module")
def two():
    with processes(2) as executor:
        yield executor


def spawned():
    return ProcessPoolExecutor(2, mp_context=get_context("spawn"))


@pytest.mark.parametrize("make", [None, lambda: ThreadPoolExecutor(3), spawned])
def test_any_executor_gives_the_same_in_the_same_order(make, monkeypatch):
    # `multiprocessing` runs the main script again, and a test of a page may have left its own.
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))
    items = list(range(20))
    if make is None:
        assert [*in_order(multiplied, 3, items, None)] == [3 * one for one in items]
        return
    with make() as executor:
        assert [*in_order(multiplied, 3, items, executor)] == [3 * one for one in items]


def test_processes_give_the_same_in_the_same_order(two):
    assert [*in_order(multiplied, 3, range(20), two)] == [3 * one for one in range(20)]
    assert [*in_order(multiplied, 3, [], two)] == []


def test_an_item_that_takes_longer_does_not_lose_its_place():
    with ThreadPoolExecutor(4) as executor:
        assert [*in_order(later_first, [0.2, 0.0, 0.0, 0.1], range(4), executor)] == [0, 1, 2, 3]


def test_what_is_shared_is_unpacked_once_in_a_process(two):
    shared = np.arange(1000)
    found = [*in_order(process_of, shared, range(40), two)]
    assert {pid for pid, _ in found}.isdisjoint({os.getpid()})
    assert len(set(found)) == len({pid for pid, _ in found})  # one object for each process


def test_threads_get_what_is_shared_itself():
    shared = object()
    with ThreadPoolExecutor(2) as executor:
        assert {*in_order(process_of, shared, range(5), executor)} == {(os.getpid(), id(shared))}


def test_a_worker_has_one_thread_for_matrices(two):
    assert {*in_order(threads_of, None, range(4), two)} == {("1", "1")}


def threads_at_work(shared, item):
    del shared, item
    found = set()
    parallel.each(lambda _: found.add(threading.get_ident()), range(50))
    return found == {threading.get_ident()}


@pytest.mark.parametrize("make", [lambda: processes(1), lambda: ThreadPoolExecutor(2)])
def test_the_work_on_an_item_has_one_thread(make, monkeypatch):
    monkeypatch.setattr(parallel, "THREADS", 2)
    assert not threads_at_work(None, None)
    with make() as executor:
        assert [*in_order(threads_at_work, None, range(3), executor)] == [True] * 3
    assert not threads_at_work(None, None)


def niceness(shared, item):
    del shared, item
    return os.nice(0)


def test_workers_can_let_others_go_first():
    with processes(1, nice=7) as executor:
        assert [*in_order(niceness, None, [0], executor)] == [min(19, os.nice(0) + 7)]


class Counting(Executor):
    """An executor that works at once, and counts what it was given."""

    _max_workers = 2

    def __init__(self):
        self.given = 0

    def submit(self, work, /, *arguments):
        self.given += 1
        future = Future()
        future.set_result(work(*arguments))
        return future


def test_two_items_a_worker_are_on_their_way():
    executor = Counting()
    found = in_order(multiplied, 2, range(100), executor)
    assert next(found) == 0
    assert executor.given == 4
    assert next(found) == 2
    assert executor.given == 5
    found.close()
    assert executor.given == 5


def test_who_stops_early_cancels_what_waits():
    began, go_on = [], threading.Event()

    def work(shared, item):
        del shared
        began.append(item)
        if item:
            go_on.wait(10)
        return item

    with ThreadPoolExecutor(1) as executor:
        found = in_order(work, None, range(10), executor)
        assert next(found) == 0
        found.close()
        go_on.set()
    assert len(began) <= 2


def test_what_the_work_raises_is_raised(two):
    with pytest.raises(TypeError, match="can't multiply"):
        list(in_order(multiplied, "a", ["b"], two))


def test_a_worker_that_is_killed_is_told_in_a_sentence():
    with (
        processes(1) as executor,
        pytest.raises(WorkerError, match=r"got none that does .*; start"),
    ):
        list(in_order(killed, None, range(3), executor))


@pytest.mark.parametrize("n", [0, -1, MOST + 1])
def test_other_numbers_of_workers_are_refused(n):
    expected = f"expected 1 to 1,024 workers, got {n:,}; change the number"
    with pytest.raises(ValueError, match=expected), processes(n):
        pass


def test_workers_end_with_their_context():
    with processes(2) as executor:
        pids = {executor.submit(os.getpid).result() for _ in range(8)}
        executor.submit(time.sleep, 1000)
    wait_for_end(pids)


def wait_for_end(pids):
    end = time.monotonic() + 30
    while any(map(psutil.pid_exists, pids)):
        assert time.monotonic() < end, "a worker lives on"
        time.sleep(0.05)


def test_workers_end_when_their_process_is_killed():
    code = """
import os, time
from regvae.workers import processes
with processes(2) as executor:
    executor.submit(time.sleep, 1000)
    print(executor.submit(os.getpid).result(), flush=True)
    time.sleep(1000)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True
    ) as process:
        pid = int(process.stdout.readline())
        assert psutil.pid_exists(pid)
        process.kill()
    wait_for_end([pid])


@pytest.mark.parametrize("format", [UK_REGISTRATION, *FORMATS.values()])
def test_a_format_can_be_sent_with_its_attributes(format):
    found = workers._Packed(format).unpacked()
    assert found == format
    codes = format.generate(5, rng=np.random.default_rng(3))
    for name, attribute in format.attributes.items():
        np.testing.assert_array_equal(found.attribute(name).values(codes), attribute.values(codes))
