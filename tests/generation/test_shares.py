"""What workers are given of a block: several shares, in the order of the batches of a thread."""

import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest

from regvae.generation.results import generate
from regvae.model.bundle import Bundle
from regvae.rejection import sampling
from regvae.rejection.policy import Policy
from regvae.rejection.proposals import Around
from regvae.rejection.rules import Certified
from regvae.rejection.unwanted import Unwanted


@pytest.fixture
def policy(exact: Bundle) -> Policy:
    return Policy(exact.name, Unwanted.of(["number < 50"]), Certified(), Around(), decode="drawn")


def test_the_shares_of_a_block_are_its_batches(
    exact: Bundle, bundle: Bundle, policy: Policy
) -> None:
    for model in (exact, bundle):
        for block, n in ((0, 2**18), (1, 2**18), (1, 70_000), (0, 500)):
            sized = replace(policy, proposals=block * 2**18 + n)
            shares = [rows for _, rows in sampling._shares(model, sized, block)]
            batches = list(chain(*shares))
            assert batches == list(sampling._batches(model, sized, block))
            rows = np.concatenate([np.arange(n)[batch] for batch in batches])
            np.testing.assert_array_equal(rows, np.arange(n))
    assert len(list(sampling._shares(exact, replace(policy, proposals=2**18), 0))) > 8


def test_workers_write_the_bytes_that_threads_write_and_count_within_a_block(
    exact: Bundle, policy: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "BLOCK", 2**14)
    monkeypatch.setattr(sampling, "_SHARE", 2)
    chosen = replace(policy, results=15_000, proposals=10**7)
    written, drawn = [], []
    proposals = sampling._proposals

    def drawing(*given):  # a block each time
        drawn.append(given[-1])
        return proposals(*given)

    for workers in (None, 1):
        counts: list[int] = []
        files = {".parquet": io.BytesIO(), ".csv": io.BytesIO()}
        details = {".parquet": io.BytesIO()}
        pool = ThreadPoolExecutor(workers) if workers else None
        if pool:
            monkeypatch.setattr(sampling, "_proposals", drawing)
        outcome = generate(
            exact,
            chosen,
            files,
            details=details,
            executor=pool,
            on_block=lambda tally, counts=counts: counts.append(tally.proposed),
        )
        if pool:
            pool.shutdown()
        written.append(
            [*(one.getvalue() for one in files.values()), details[".parquet"].getvalue()]
        )
        assert counts[:3] == [1_024, 5_120, 9_216]
        assert outcome.report.kept == 15_000
    assert written[0] == written[1]
    assert drawn == sorted(set(drawn))  # by one worker each block once, not for every share
