"""`regvae dataset`: the counts that it prints, and the table that it writes."""

import pandas as pd
import pytest

from regvae.formats import uk_registration
from tests.cli import joined


@pytest.fixture
def few(monkeypatch):
    """A small data set in place of the notebook's: 5 regs."""
    splits = {
        "train": ["AB12CDE", "YK66BIQ", "AB12CDE"],
        "validation": ["AN45FVI"],
        "test": ["MY33WSZ"],
    }
    monkeypatch.setattr(uk_registration, "notebook_dataset", lambda _: splits)
    return splits


def test_the_counts_of_the_notebook_are_printed(output):
    lines = [line.split() for line in output("dataset").splitlines()]
    assert lines[:3] == [
        ["train", "10,000", "first", "YK66BIQ"],
        ["validation", "1,000", "first", "AN45FVI"],
        ["test", "1,000", "first", "MY33WSZ"],
    ]
    assert lines[3] == ["all", "12,000", "distinct", "12,000"]
    assert " ".join(lines[4]) == "number < 50: 6,103 number >= 50: 5,897"


@pytest.mark.usefixtures("few")
def test_repeated_regs_are_counted_once_as_distinct(output):
    text = joined(output("dataset"))
    assert "all 5 distinct 4" in text
    assert "number < 50: 4 number >= 50: 1" in text


@pytest.mark.parametrize(
    ("name", "read"), [("regs.csv", pd.read_csv), ("regs.parquet", pd.read_parquet)]
)
def test_the_table_has_the_regs_of_the_seed(output, tmp_path, name, read):
    out = output("dataset", "--seed", 3, "--out", tmp_path / name)
    assert out.endswith(f"wrote {tmp_path / name}: 12,000 rows\n")
    table = read(tmp_path / name)
    assert list(table.columns) == ["reg", "split"]
    for split, part in uk_registration.notebook_dataset(3).items():
        assert table["reg"][table["split"] == split].tolist() == part.tolist()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.usefixtures("few")
def test_a_long_path_that_looks_like_markup_is_printed_unchanged(output, tmp_path):
    folder = tmp_path / "[red]a [bold]long:smile: name" / ("more" * 20)
    folder.mkdir(parents=True)
    out = output("dataset", "--out", folder / "regs.csv")
    assert f"wrote {folder / 'regs.csv'}: 5 rows\n" in out


@pytest.mark.usefixtures("few")
def test_an_existing_table_is_replaced(output, tmp_path):
    (tmp_path / "regs.csv").write_text("old", "utf-8")
    output("dataset", "--out", tmp_path / "regs.csv")
    assert len(pd.read_csv(tmp_path / "regs.csv")) == 5


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("regs.txt", "expected a name that ends in .csv or .parquet"),
        ("regs", "expected a name that ends in .csv or .parquet"),
        ("nowhere/regs.csv", "expected a folder"),
    ],
)
def test_a_table_that_cannot_be_written_is_refused(refusal, tmp_path, name, words):
    assert words in refusal("dataset", "--out", tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("old", [None, "old content\n"], ids=["new", "existing"])
def test_a_failed_write_leaves_no_partial_table(refusal, monkeypatch, tmp_path, old):
    path = tmp_path / "regs.csv"
    if old:
        path.write_text(old, "utf-8")

    def to_csv(_, sink, **__):
        sink.write(b"reg,sp")
        raise OSError("no space left")

    monkeypatch.setattr(pd.DataFrame, "to_csv", to_csv)
    assert "no space left" in refusal("dataset", "--out", path)
    left = {one.name: one.read_text("utf-8") for one in tmp_path.iterdir()}
    assert left == ({"regs.csv": old} if old else {})


@pytest.mark.usefixtures("few")
def test_a_folder_is_not_replaced_by_a_table(refusal, tmp_path):
    (tmp_path / "regs.csv").mkdir()
    assert "regs.csv" in refusal("dataset", "--out", tmp_path / "regs.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["regs.csv"]
    assert list((tmp_path / "regs.csv").iterdir()) == []


def test_a_table_of_another_kind_is_refused_before_anything_is_printed(run, tmp_path):
    status, out, err = run("dataset", "--out", tmp_path / "x.txt")
    assert (status, out) == (2, "")
    assert "expected a name that ends in .csv or .parquet" in err
