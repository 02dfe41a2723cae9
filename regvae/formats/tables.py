"""Tables in files: text, Parquet and Excel are read as rows, CSV and Parquet are written."""

import csv
import io
import re
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

SEPARATORS = (",", ";", "\t", "|")

_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"
"""The first bytes of a Parquet and of an Excel file."""
_MOST_COLUMNS = 100
_ROW_NUMBERS = re.compile(r"__index_level_\d+__")
"""What pandas calls an index without a name."""
_NAMED = 10
"""Columns that an error names."""
_LONGEST = 1_000
"""Characters in a cell: an unclosed quotation mark makes one cell of many lines."""
_LARGEST_SHEET = 500_000_000
"""Bytes of an Excel file when it is unpacked; some hundred times as many as it may have packed."""

WRITERS: dict[str, Callable[[pd.DataFrame, BinaryIO], Any]] = {
    ".csv": lambda table, sink: table.to_csv(sink, index=False),
    ".parquet": lambda table, sink: table.to_parquet(sink, index=False),
}
"""How a table is written, by the end of a file's name."""


class TableError(ValueError):
    """A file that holds no table that can be read; the message names the file."""


@dataclass(frozen=True)
class Rows:
    """The rows of a file, without empty ones: cells as text, each with the line that it begins on.

    `names` are the columns' names if the kind of file has them; None for text and Excel, where the
    first row may be a header or not.
    """

    cells: Sequence[Sequence[str]]
    lines: NDArray[np.intp]
    names: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        """Number of columns."""
        return max((len(row) for row in self.cells), default=len(self.names or ()))

    def column(self, place: int) -> list[str]:
        """The texts of the column at a place, one a row."""
        return [cell_of(row, place) for row in self.cells]


def cell_of(row: Sequence[str], place: int) -> str:
    """A row's cell at a place; empty where the row is shorter."""
    return row[place] if place < len(row) else ""


def different_names(given: Sequence[str], width: int) -> tuple[str, ...]:
    """A name for each column: the given one, or its number, made unlike those before it."""
    names: list[str] = []
    for place in range(width):
        name = cell_of(given, place) or f"column {place + 1}"
        while name in names:
            name += f" ({place + 1})"
        names.append(name)
    return tuple(names)


def read(content: bytes, name: str, score: Callable[[Rows], float], most: int) -> Rows:
    """The rows of a file, whose kind its first bytes tell; `name` names it in errors.

    A text is read with the separator whose rows, of its first lines, have the highest `score`. Of a
    text or a sheet with more than `most` rows and a header only the first are read: enough for
    `check_length` to refuse them. Raises `TableError` for a file that is empty, damaged, too large
    or of another kind.
    """
    if not content.strip(b"\0 \t\r\n\xef\xbb\xbf\xff\xfe"):
        raise TableError(f"{name}: expected a table or a list, got an empty file; choose another")
    if content.startswith(_PARQUET):
        rows = _parquet(content, name, most)
    elif content.startswith(_ZIP):
        rows = _excel(content, name, most)
    else:
        rows = _text(_decoded(content, name), name, score, most)
    _check(rows, name)
    if not rows.cells:
        raise TableError(f"{name}: expected a table or a list, got no text in it; choose another")
    return rows


def check_length(n: int, name: str, most: int, of: str = "lines") -> None:
    """Raises `TableError` if n lines, or what else is counted, are more than there may be."""
    if n > most:
        raise TableError(f"{name}: expected at most {most:,} {of}, got more; give a part of it")


def column_at(column: str, names: Sequence[str], name: str) -> int:
    """The place of a column, given by its name, in any case, or by its number from 1.

    Raises `TableError` if there is none.
    """
    place = _place(column, names)
    if place is None:
        some = ", ".join(repr(one[:20]) for one in names[:_NAMED])
        raise TableError(
            f"{name}: expected a column of this file ({some}), got {column[:20]!r}; choose one of "
            "them"
        )
    return place


def has_column(column: str, names: Sequence[str]) -> bool:
    """Whether `column_at` finds it."""
    return _place(column, names) is not None


def _place(column: str, names: Sequence[str]) -> int | None:
    if column in names:
        return names.index(column)
    if column.isdecimal() and 1 <= int(column) <= len(names):
        return int(column) - 1
    lower = [name.lower() for name in names]
    return lower.index(column.strip().lower()) if column.strip().lower() in lower else None


def text_of(content: bytes, name: str) -> str:
    """The text of a file; empty for one of another kind. Raises `TableError` as `read` does."""
    return "" if content.startswith((_PARQUET, _ZIP)) else _decoded(content, name)


def _check_width(n: int, name: str) -> None:
    if n > _MOST_COLUMNS:
        raise TableError(
            f"{name}: expected at most {_MOST_COLUMNS} columns, got {n:,}; leave some out"
        )


def _check(rows: Rows, name: str) -> None:
    _check_width(rows.width, name)
    for line, row in zip(rows.lines, rows.cells, strict=True):
        longest = max(map(len, row), default=0)
        if longest > _LONGEST:
            raise TableError(
                f"{name}: expected cells of at most {_LONGEST:,} characters, got {longest:,} in "
                f"line {line}; shorten it, or close its quotation mark"
            )


# --- text -----------------------------------------------------------------------------------------


def _decoded(content: bytes, name: str) -> str:
    """The text of a file in UTF-8 or UTF-16. Raises `TableError` for any other."""
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{name}: expected a text in UTF-8, Parquet or Excel (.xlsx), got other bytes in line "
            f"{line}; save it as one of these"
        ) from error
    if "\0" in text:
        raise TableError(
            f"{name}: expected a text in UTF-8, Parquet or Excel (.xlsx), got another kind of "
            "file; save it as one of these"
        )
    return text


_TRIED = 200
"""Lines on which the separators are tried."""


def _text(text: str, name: str, score: Callable[[Rows], float], most: int) -> Rows:
    start = "\n".join(lines_of(text)[:_TRIED])
    used = max(SEPARATORS, key=lambda one: score(_separated(start, one, name, _TRIED)))
    return _separated(text, used, name, most)


def lines_of(text: str) -> list[str]:
    """The lines of a text, as an editor numbers them: a form feed or the like ends none."""
    # csv takes a carriage return alone for an error, and Excel for Macintosh writes it.
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _separated(text: str, separator: str, name: str, most: int) -> Rows:
    reader = csv.reader(
        io.StringIO("\n".join(lines_of(text))), delimiter=separator, skipinitialspace=True
    )
    cells, starts, start = [], [], 1
    try:
        for row in reader:
            stripped = [cell.strip() for cell in row]
            if any(stripped):
                cells.append(stripped)
                starts.append(start)
            start = reader.line_num + 1
            if len(cells) > most + 1:
                break
    except csv.Error as error:
        raise TableError(
            f"{name}: expected cells of at most {_LONGEST:,} characters, got a longer one in line "
            f"{start}; shorten it, or close its quotation mark"
        ) from error
    return Rows(cells, np.array(starts, np.intp))


# --- other kinds ----------------------------------------------------------------------------------


def _parquet(content: bytes, name: str, most: int) -> Rows:
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        n, names = file.metadata.num_rows, file.schema_arrow.names
        check_length(n, name, most)
        _check_width(len(names), name)
        # A text that many rows share is held once, as it is in the file.
        table = pq.ParquetFile(io.BytesIO(content), read_dictionary=names).read()
    except (pa.ArrowException, OSError) as error:
        raise TableError(
            f"{name}: expected a complete Parquet file, got a damaged one; write it again"
        ) from error
    # The numbers that pandas gives to rows are nobody's column; an index of texts is one.
    own = [
        place
        for place, field in enumerate(table.schema)
        if not (_ROW_NUMBERS.fullmatch(field.name) and pa.types.is_integer(field.type))
    ]
    texts = [_arrow_texts(table.column(place), f"{name}: column {names[place]}") for place in own]
    cells = [list(row) for row in zip(*texts, strict=True)]
    return Rows(cells, np.arange(1, n + 1), tuple(names[place] for place in own))


def _arrow_texts(column: pa.ChunkedArray, where: str) -> list[str]:
    """The values of a column as texts. Not by pandas: a whole number beside an empty cell would
    become a float, with a point or with other digits."""
    if pa.types.is_dictionary(column.type):
        return [
            text
            for chunk in column.chunks
            for text in _looked_up(chunk.indices, _arrow_texts(_chunked(chunk.dictionary), where))
        ]
    try:
        return [_text_of(value) for value in column.to_pylist()]
    except (pa.ArrowException, ValueError, KeyError, OverflowError) as error:
        raise TableError(
            f"{where}: expected numbers, dates or texts, got {column.type} that cannot be read "
            f"({str(error)[:80]}); leave it out"
        ) from error


def _chunked(values: pa.Array) -> pa.ChunkedArray:
    return pa.chunked_array([values])


def _looked_up(indices: pa.Array, texts: Sequence[str]) -> list[str]:
    return ["" if place is None else texts[place] for place in indices.to_pylist()]


def _text_of(value: Any) -> str:
    """A value of a cell as text; "" for none, and for what is no number."""
    if value is None or value != value:
        return ""
    return str(value, "utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _excel(content: bytes, name: str, most: int) -> Rows:
    """The first sheet of an Excel file."""
    cells: list[list[str]] = []
    lines: list[int] = []
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            size = sum(one.file_size for one in packed.infolist())
        if size > _LARGEST_SHEET:
            raise TableError(
                f"{name}: expected at most {_LARGEST_SHEET // 10**6} MB of unpacked Excel, got "
                f"{size // 10**6:,} MB; give a part of it"
            )
        book = openpyxl.load_workbook(
            io.BytesIO(content), read_only=True, data_only=True, keep_links=False
        )
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the file's own numbers may be wrong
        # Row by row: one cell far to the right would make all rows as wide.
        for line, row in enumerate(sheet.iter_rows(max_row=most + 2), 1):
            texts = [_excel_text(cell) for cell in row]
            while texts and not texts[-1]:
                texts.pop()
            _check_width(len(texts), name)
            if texts:
                cells.append(texts)
                lines.append(line)
    except TableError:
        raise
    except Exception as error:  # openpyxl has no error of its own for a damaged file
        raise TableError(
            f"{name}: expected a complete Excel file (.xlsx), got another or a damaged one; save "
            "it again"
        ) from error
    return Rows(cells, np.array(lines, np.intp))


def _excel_text(cell: Any) -> str:
    """The text of a cell, without spaces around; a whole number has no point."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()
