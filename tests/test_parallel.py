"""Work in several threads: in order, with its exceptions, and never more threads than wanted."""

import multiprocessing
import threading
import time

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from regvae import parallel
from regvae.parallel import each, in_order


@pytest.fixture(params=[1, 2, 5], autouse=True)
def threads(request, monkeypatch):
    monkeypatch.setattr(parallel, "THREADS", request.param)
    return request.param


def blas_threads():
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_results_are_in_the_order_of_the_items():
    def late(item):
        time.sleep(0.02 if item % 3 == 0 else 0)
        return item * item

    assert list(in_order(late, range(20))) == [item * item for item in range(20)]


def test_every_item_is_worked_on_once():
    done = []
    each(done.append, range(500))
    assert sorted(done) == list(range(500))
    each(done.append, [])
    assert len(done) == 500


def test_as_many_threads_work_as_there_are(threads):
    together = threading.Barrier(threads, timeout=20)
    each(lambda _: together.wait(), range(threads))  # ends only if all are there at once


@pytest.mark.parametrize("use", [each, lambda work, items: list(in_order(work, items))])
def test_an_exception_of_the_work_is_raised(use):
    def work(item):
        if item == 7:
            raise ValueError("seven")

    with pytest.raises(ValueError, match="seven"):
        use(work, range(10))


def test_items_are_taken_only_when_they_are_needed(threads):
    taken = []
    results = in_order(lambda item: item, (taken.append(item) or item for item in range(100)))
    assert next(results) == 0
    assert len(taken) <= threads + 1
    results.close()
    assert len(taken) <= threads + 1


def test_work_in_work_has_its_one_thread():
    def names(_):
        return {threading.get_ident(), *in_order(lambda _: threading.get_ident(), range(20))}

    for found in in_order(names, range(10)):
        assert len(found) == 1


def test_products_have_one_thread_until_the_last_user_leaves():
    before = blas_threads()
    some, others = in_order(lambda _: None, range(9)), in_order(lambda _: None, range(9))
    next(some), next(others)
    assert blas_threads() == {1}
    some.close()
    assert blas_threads() == {1}
    others.close()
    assert blas_threads() == before


def test_products_have_one_thread_whichever_threads_work_and_leave_first():
    before, found = blas_threads(), []

    def user(item):
        for _ in in_order(lambda _: time.sleep(0.001 * item), range(5)):
            found.append(blas_threads())

    users = [threading.Thread(target=user, args=(item,)) for item in range(4)]
    for one in users:
        one.start()
    for one in users:
        one.join()
    assert len(found) == 20
    assert all(threads == {1} for threads in found)
    assert blas_threads() == before


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_process_can_work_too():
    running = in_order(lambda item: item, range(9))
    next(running)  # the limit is in use in the parent
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(_sum_in_order).get(timeout=30) == 45
    running.close()


def _sum_in_order():
    return sum(in_order(lambda item: item, range(10)))


def test_a_product_has_the_same_digits_in_any_number_of_threads(monkeypatch):
    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(40, 300, 200)), rng.normal(size=(200, 300))
    products = []
    for threads in (1, 2, 5):
        monkeypatch.setattr(parallel, "THREADS", threads)
        products.append(np.stack(list(in_order(lambda one: one @ right, left))))
    assert np.array_equal(products[0], products[1])
    assert np.array_equal(products[0], products[2])
