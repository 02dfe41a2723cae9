"""The SQL of the documentation for many results, beside Python's sets."""

import shutil
from collections import Counter

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from regvae.formats import UK_REGISTRATION
from regvae.generation.results import codes_table
from regvae.model.store import ASSETS, RECORDS
from tests.studies import large_results

ROWS = 100_000


@pytest.fixture(scope="module")
def records():
    """The records of a shipped bundle."""
    return pq.read_table(ASSETS / "notebook-2d" / RECORDS)["reg"].to_pylist()


@pytest.fixture(scope="module")
def results(records):
    """Results of two runs: a fifth repeated, and a tenth that are records."""
    rng = np.random.default_rng(0)
    drawn = UK_REGISTRATION.generate(7 * ROWS // 10, rng=rng)
    codes = np.concatenate(
        [drawn, rng.choice(drawn, 2 * ROWS // 10), rng.choice(records, ROWS // 10)]
    )
    return rng.permutation(codes)


@pytest.fixture(scope="module")
def counted(tmp_path_factory, results):
    """The folder in which the documented lines were run, and what they show.

    The second run has a further column.
    """
    folder = tmp_path_factory.mktemp("large")
    number = UK_REGISTRATION.attribute("number")
    for i, part in enumerate(np.array_split(results, 7)):
        run, columns = ("first", []) if i < 4 else ("second", [number])
        path = folder / "runs" / run / f"part-{i % 4:08d}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(codes_table(part, attributes=columns), path, compression="zstd")
    shutil.copy(ASSETS / "notebook-2d" / RECORDS, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        shown = duckdb.sql(large_results.documented())
        return folder, dict(zip(shown.columns, shown.fetchall()[0], strict=True))


def test_the_documented_lines_count_as_sets_do(counted, results, records):
    _, shown = counted
    times = Counter(results.tolist())
    once = sum(one == 1 for one in times.values())
    assert shown == {
        "results": ROWS,
        "different": len(times),
        "once": once,
        "unseen": pytest.approx(once / ROWS),
        "collisions": len(times.keys() & set(records)),
    }
    assert 1_000 < shown["collisions"] < once < shown["different"] < ROWS


def test_they_write_each_different_code_once_with_how_often_it_occurred(counted, results):
    folder, _ = counted
    table = pq.read_table(folder / "codes.parquet")
    assert table.column_names == ["reg", "times"]
    codes, times = table["reg"].to_pylist(), table["times"].to_pylist()
    assert len(set(codes)) == len(codes)
    assert dict(zip(codes, times, strict=True)) == Counter(results.tolist())


def test_they_write_each_code_that_is_no_record_once(counted, results, records):
    folder, _ = counted
    table = pq.read_table(folder / "new.parquet")
    assert table.column_names == ["reg"]
    codes = table["reg"].to_pylist()
    assert len(set(codes)) == len(codes)
    assert set(codes) == set(results.tolist()) - set(records)


def test_the_study_finds_what_numpy_counts_under_any_limit(capsys):
    large_results.study(2_000, ("1GB", "100MB"))
    rows = capsys.readouterr().out.splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == ["1GB", "100MB"]


def test_the_study_refuses_counts_that_are_wrong(monkeypatch):
    documented = large_results.documented()
    monkeypatch.setattr(
        large_results, "documented", lambda: documented.replace("ANTI JOIN", "SEMI JOIN")
    )
    with pytest.raises(ValueError, match=r"expected .*'collisions'.*, got .*; mend the SQL"):
        large_results.study(2_000, ("1GB",))


def test_numbers_are_spelt_as_codes_of_the_format():
    size = int(UK_REGISTRATION.size)
    found = large_results.spelt(np.array([0, 1, size - 1]), UK_REGISTRATION).to_pylist()
    assert found == ["AA00AAA", "AA00AAB", "ZZ99ZZZ"]
