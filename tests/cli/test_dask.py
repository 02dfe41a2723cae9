"""`--dask`: the same bytes as here, whatever ends; what goes wrong is one sentence."""

import logging
import threading
import time

import pytest
from distributed.comm.tcp import TCP

from regvae import cluster as dask_cluster
from regvae.cluster import WorkerError, dask_workers
from regvae.generation.parts import generate_parts
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.rules import OneSided
from regvae.rejection.unwanted import Unwanted
from regvae.workers import in_order
from tests.scheduler import ROOT, end_worker, scheduler

BLOCKS = 8
POLICY = Policy(
    "notebook-2d",
    Unwanted.of(["number < 50"]),
    rule=OneSided(),
    proposals=BLOCKS * sampling.BLOCK,
    decode="drawn",
    neighbourhoods=True,
)
COMMAND = [
    *("sample", "notebook-2d", "--unwanted", "number < 50", "--rule", "one-sided"),
    *("--n", BLOCKS * sampling.BLOCK, "--decode", "drawn", "--neighbourhoods"),
]


def contents(folder):
    """The bytes of all files of a folder, by name."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A scheduler with two workers, which no test ends."""
    with scheduler(tmp_path_factory.mktemp("dask"), 2) as started:
        yield started


@pytest.fixture(scope="module")
def measurer(bundle):
    return sampling.make_measurer(bundle, POLICY)


@pytest.fixture(scope="module")
def here(bundle, measurer, tmp_path_factory):
    """The files of a folder that was written without workers."""
    folder = tmp_path_factory.mktemp("here") / "parts"
    generate_parts(bundle, POLICY, f"{folder}/", measurer=measurer)
    assert len(contents(folder)) == BLOCKS + 1  # all blocks have results, and there is a manifest
    return contents(folder)


def test_the_files_of_a_command_have_the_bytes_of_one_without_workers(run, running, tmp_path, here):
    for name in ("here.parquet", "there.parquet", "there/"):
        dask = [] if name == "here.parquet" else ["--dask", running.address]
        assert run(*COMMAND, "--out", f"{tmp_path}/{name}", *dask)[::2] == (0, "")
    assert contents(tmp_path / "there") == here
    there = tmp_path / "there.parquet"
    assert there.read_bytes() == (tmp_path / "here.parquet").read_bytes()
    manifest = (tmp_path / "here.parquet.manifest.json").read_text()
    assert (tmp_path / "there.parquet.manifest.json").read_text() == manifest.replace(
        "here.parquet", there.name
    )


def test_what_is_shared_is_sent_once_and_a_block_is_a_few_bytes(
    running, bundle, measurer, monkeypatch
):
    sent = []
    write = TCP.write

    async def counted(self, *args, **kwargs):
        sent.append(await write(self, *args, **kwargs))
        return sent[-1]

    monkeypatch.setattr(TCP, "write", counted)
    with dask_workers(running.address) as executor:
        for _ in sampling.stream(bundle, POLICY, measurer, executor=executor):
            pass
    shared = max(sent)
    assert shared > 1_000_000  # bundle and measures
    assert sum(sent) - shared < 5_000 * BLOCKS


def test_a_worker_that_ends_loses_nothing_nor_do_all_if_another_starts(
    bundle, measurer, tmp_path, here
):
    with scheduler(tmp_path, 2) as started, dask_workers(started.address) as executor:
        calls = []

        def ends(_):
            calls.append(len(calls))
            if len(calls) == 1:
                started.workers[0].kill()
            if len(calls) == 7:
                started.workers[1].kill()
                started.start_worker()

        folder = tmp_path / "parts"
        generate_parts(
            bundle, POLICY, f"{folder}/", measurer=measurer, executor=executor, on_block=ends
        )
    assert contents(folder) == here


def test_a_lost_scheduler_is_a_sentence_and_the_same_command_finishes_with_another(
    run,
    running,
    tmp_path,
    here,
    monkeypatch,
):
    monkeypatch.setattr(dask_cluster, "CONNECTING", 3)
    folder = tmp_path / "parts"
    with scheduler(tmp_path, 2) as started:

        def kill():
            while not any(folder.glob("part-*")):
                time.sleep(0.01)
            started.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        start = time.monotonic()
        status, out, err = run(*COMMAND, "--out", f"{folder}/", "--dask", started.address)
        killer.join()
    assert (status, out) == (2, "")
    assert err.startswith("regvae: expected the Dask scheduler and its workers to answer")
    assert err.endswith("start them, then start again\n")
    assert err.count("\n") == 1
    assert time.monotonic() - start < 30
    assert 0 < len(list(folder.glob("part-*"))) < BLOCKS
    assert run(*COMMAND, "--out", f"{folder}/", "--dask", running.address)[::2] == (0, "")
    assert contents(folder) == here


def test_a_scheduler_without_workers_is_a_sentence_after_a_while(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_cluster, "WAITING", 2)
    with scheduler(tmp_path, 0) as started, dask_workers(started.address) as executor:
        expected = (
            f"expected workers at the Dask scheduler {started.address}, got none for 2 s; start "
            f"`dask worker {started.address}` on a machine, then start again"
        )
        with pytest.raises(WorkerError) as raised:
            next(in_order(max, 0, [1], executor))
    assert str(raised.value) == expected


def test_work_that_ends_one_worker_after_another_is_a_sentence(tmp_path):
    failures = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with (
        scheduler(tmp_path, 1, **failures) as started,
        dask_workers(started.address) as executor,
        pytest.raises(WorkerError, match="got several that ended while they worked on it; give"),
    ):
        next(in_order(end_worker, None, [1], executor))


def test_another_version_of_regvae_is_a_sentence(tmp_path):
    described = tmp_path / "other" / "regvae-9.9.dist-info" / "METADATA"
    described.parent.mkdir(parents=True)
    described.write_text("Metadata-Version: 2.1\nName: regvae\nVersion: 9.9\n")
    with scheduler(tmp_path, 0) as started, dask_workers(started.address) as executor:
        started.start_worker(PYTHONPATH=f"{tmp_path}/other:{ROOT}")
        expected = r"^expected regvae 0\S+ at the scheduler and all workers, got 9.9 at tcp://"
        with pytest.raises(WorkerError, match=expected):
            next(in_order(max, 0, [1], executor))


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "here", "", "nothing://here:1"])
def test_a_wrong_address_is_a_sentence(run, monkeypatch, address):
    monkeypatch.setattr(dask_cluster, "CONNECTING", 1)
    status, _, err = run(*COMMAND, "--dask", address)
    assert status == 2
    assert err.startswith(f"regvae: expected a Dask scheduler at '{address}', got none (")
    assert err.endswith("); start `dask scheduler` there, or correct the address\n")
    assert err.count("\n") == 1


def test_the_work_s_own_error_is_raised(running):
    with (
        dask_workers(running.address) as executor,
        pytest.raises(TypeError, match="'str' and 'int'"),
    ):
        list(in_order(max, 0, ["one"], executor))


def test_results_that_nobody_waits_for_may_be_left(running):
    for late in (False, True):  # after Ctrl-C the iterator is closed after the client
        with dask_workers(running.address) as executor:
            results = in_order(max, 0, range(9), executor)
            assert next(results) == 0
            if not late:
                results.close()
        results.close()


def test_logs_of_dask_are_as_before_afterwards(running):
    logger = logging.getLogger("distributed.client")
    before = logger.level
    with dask_workers(running.address):
        assert not logger.isEnabledFor(logging.CRITICAL)
    assert logger.level == before
