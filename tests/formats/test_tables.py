"""Rows of Parquet and Excel files: what their cells say, and files that are made to be large."""

import io
from datetime import datetime

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from regvae.formats import TableError, tables

FRAME = pd.DataFrame({"reg": ["AB12CDE", "YK66BIQ", "MY33WSZ"], "n": [1, 2, 3]})


def rows(content):
    return tables.read(content, "own", lambda _: 1.0, 1_000)


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def excel(fill):
    book, sink = openpyxl.Workbook(), io.BytesIO()
    fill(book.active)
    book.save(sink)
    return sink.getvalue()


def column(content):
    return [row[0] for row in rows(content).cells]


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([9007199254740993, None, 7], ["9007199254740993", "", "7"]),
        ([0.5, None, float("nan")], ["0.5", "", ""]),
        ([True, None, False], ["True", "", "False"]),
        ([b"AB12", None, b"\xff"], ["AB12", "", "\\xff"]),
        ([datetime(2500, 1, 1), None], ["2500-01-01 00:00:00", ""]),
    ],
)
def test_cells_of_parquet_keep_what_they_say_beside_empty_ones(values, texts):
    assert column(parquet(x=pa.array(values))) == texts


def test_categories_of_parquet_are_their_texts():
    assert column(parquet(x=pa.array(["u", None, "v", "u"]).dictionary_encode())) == [
        *"u",
        "",
        *"vu",
    ]


@pytest.mark.parametrize("index", [["reg"], ["reg", "n"]])
def test_the_index_of_a_parquet_file_is_columns_too(index):
    found = rows(FRAME.set_index(index).to_parquet())
    assert sorted(found.names) == ["n", "reg"]
    assert sorted(found.cells[1], key=len) == ["2", "YK66BIQ"]


def test_the_numbers_of_rows_in_a_parquet_file_are_no_column():
    found = rows(FRAME[FRAME["n"] != 2].to_parquet())
    assert found.names == ("reg", "n")
    assert list(found.cells) == [["AB12CDE", "1"], ["MY33WSZ", "3"]]
    texts = rows(FRAME.set_index(FRAME["reg"].rename(None))[["n"]].to_parquet())
    assert texts.names == ("n", "__index_level_0__")


def test_two_columns_of_one_name_are_read():
    sink = io.BytesIO()
    pq.write_table(pa.table([["u"], ["v"]], names=["x", "x"]), sink)
    assert rows(sink.getvalue()).cells == [["u", "v"]]


def test_a_column_of_values_without_a_text_is_named():
    far = pa.array([2**62]).cast(pa.timestamp("us"))
    with pytest.raises(
        TableError, match=r"^own: column x: expected .*, got timestamp\[us\].*leave"
    ):
        rows(parquet(x=far))


def test_cells_of_excel():
    values = [5, 5.0, 0.5, True, "007", " x ", "#N/A", datetime(1950, 1, 2), None, "=1+1", "end"]
    found = rows(excel(lambda sheet: sheet.append(values)))
    expected = ["5", "5", "0.5", "True", "007", "x", "", "1950-01-02 00:00:00", "", "", "end"]
    assert found.cells == [expected]


def test_lines_of_excel_are_those_of_the_sheet():
    def fill(sheet):
        for line in (3, 4, 7):
            sheet.cell(line, 2).value = f"x{line}"

    found = rows(excel(fill))
    assert found.lines.tolist() == [3, 4, 7]
    assert found.cells == [["", "x3"], ["", "x4"], ["", "x7"]]


def test_one_cell_far_to_the_right_does_not_make_all_rows_as_wide(monkeypatch):
    def fill(sheet):
        sheet.cell(1, 101).value = "x"
        for line in range(2, 5):
            sheet.cell(line, 1).value = "AB12CDE"

    read: list[object] = []
    text = tables._excel_text
    monkeypatch.setattr(tables, "_excel_text", lambda cell: read.append(cell) or text(cell))
    with pytest.raises(TableError, match=r"expected at most 100 columns, got 101; leave some out"):
        rows(excel(fill))
    assert len(read) == 101  # those of the first row


def test_empty_cells_at_the_end_of_a_row_are_no_columns():
    def fill(sheet):
        sheet.append(["AB12CDE", 1])
        sheet.cell(1, 200).number_format = "0.00"

    assert rows(excel(fill)).cells == [["AB12CDE", "1"]]


def test_a_long_text_that_many_rows_share_is_held_once(monkeypatch):
    seen: list[int] = []
    text = tables._text_of
    monkeypatch.setattr(tables, "_text_of", lambda value: seen.append(1) or text(value))
    found = rows(parquet(x=pa.array(["y" * 900] * 500)))
    assert len(found.cells) == 500
    assert len(seen) == 1
    assert np.array_equal(found.lines, np.arange(1, 501))
