"""A worker that waits for a job: it gets folder, lock, log and environment, or ends."""

import fcntl
import json
import socket
import sys

import pytest

from regvae.training import jobs, spare
from regvae.training.queue import held

WORKER = "tests.training.spare_worker"


@pytest.fixture(autouse=True)
def none_waits():
    spare.end()
    yield
    spare.end()


def handed_over(folder):
    """Hand a job in a folder over: the worker, and the path of its lock."""
    path = folder / "lock"
    with path.open("w") as lock, (folder / "log.txt").open("ab") as log:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return spare.hand_over(folder, lock.fileno(), log.fileno()), path


def test_a_waiting_worker_gets_the_job_with_its_lock_its_log_and_the_environment(
    tmp_path, monkeypatch
):
    spare.prepare(WORKER)
    spare.prepare(WORKER)  # one is enough
    ((process, _),) = spare._waiting
    monkeypatch.setenv("REGVAE_HOME", str(tmp_path))  # after it was started
    worker, lock = handed_over(tmp_path)
    assert worker is process
    assert worker.wait(timeout=30) == 0
    found = json.loads((tmp_path / "got.json").read_text("utf-8"))
    assert found == {"pid": process.pid, "home": str(tmp_path)}
    assert (tmp_path / "log.txt").read_text("utf-8") == "in the log\n"
    assert not held(lock)


def test_the_lock_is_held_until_the_worker_ends(tmp_path):
    spare.prepare(WORKER)
    worker, lock = handed_over(tmp_path)
    assert held(lock) or worker.wait(timeout=30) == 0  # it may be quick
    worker.wait(timeout=30)
    assert not held(lock)


def test_without_a_waiting_worker_nothing_is_handed_over(tmp_path):
    assert handed_over(tmp_path)[0] is None
    spare.prepare(WORKER)
    ((process, _),) = spare._waiting
    process.kill()
    process.wait()
    assert handed_over(tmp_path)[0] is None
    assert not spare._waiting


def test_a_worker_ends_when_nobody_can_give_it_a_job_any_more():
    spare.prepare(WORKER)
    ((process, _),) = spare._waiting
    spare.end()
    assert process.wait(timeout=30) == 0


def test_a_worker_ends_when_it_gets_no_job_in_time():
    ours, theirs = socket.socketpair()
    with ours, pytest.MonkeyPatch.context() as patch:
        patch.setattr(spare, "PATIENCE", 0.05)
        assert spare.receive(theirs.detach()) is None


def test_the_worker_of_jobs_is_the_one_that_is_prepared(monkeypatch):
    started = []
    monkeypatch.setattr(spare, "prepare", started.append)
    jobs.prepare()
    assert started == [jobs.WORKER]
    assert sys.modules["regvae.training.jobs"].WORKER == "regvae.training.worker"
