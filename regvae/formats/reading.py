"""Codes out of somebody's own file or text: which are codes, where they stood, and what was not."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from regvae.formats import tables
from regvae.formats.codes import Codes
from regvae.formats.columns import CodeTable, typed
from regvae.formats.format import Format, quoted
from regvae.formats.tables import Rows, cell_of

MOST = 1_000_000
"""Lines that are read unless another limit is given."""
_EXAMPLES = 10
_DUPLICATE = "a duplicate"
_SUMMED, _REASONS = 3, 8
"""Reasons in a summary, and those told with their lines; a file of other texts has many."""
_TRIED = 1_000
"""Rows on which the column of the codes is guessed, and texts that tell a list."""


class ReadingError(ValueError):
    """A file or text without codes that can be used; the message names it."""


@dataclass(frozen=True)
class Dropped:
    """Lines of one reason for which they were dropped: their numbers (n,), the first ten texts."""

    reason: str
    lines: NDArray[np.intp]
    examples: tuple[str, ...]

    def sentence(self) -> str:
        """The reason with its count, and the first lines with what they have."""
        shown = ", ".join(
            f"line {line} {quoted(text)}" if text else f"line {line}"
            for line, text in zip(self.lines, self.examples, strict=False)
        )
        rest = len(self.lines) - len(self.examples)
        return f"{len(self.lines):,} dropped, {self.reason}: {shown}" + (
            f" and {rest:,} more" if rest else ""
        )


@dataclass(frozen=True)
class Reading:
    """Codes that were read: distinct `codes` (n,) in their order, each with the line it began on.

    `further` has the other columns of the same n rows, numbers as numbers. `column` is the one
    that the codes stood in, of `columns`; `header` tells whether the file named them; `rows` is the
    number of texts that were read.
    """

    name: str
    codes: Codes
    lines: NDArray[np.intp]
    further: pd.DataFrame
    column: str
    columns: tuple[str, ...]
    header: bool
    rows: int
    dropped: tuple[Dropped, ...] = ()
    format: Format = field(repr=False, kw_only=True)

    @cached_property
    def typed(self) -> pd.DataFrame:
        """The further columns as `typed` gives them: numbers, dates and texts."""
        return pd.DataFrame({name: typed(one) for name, one in self.further.items()})

    @property
    def table(self) -> CodeTable:
        """The codes with those further columns that can be attributes."""
        return CodeTable.with_columns(self.format, self.codes, self.typed)

    @property
    def fitting(self) -> int:
        """How many texts are codes, repeated ones included."""
        return self.rows - sum(len(one.lines) for one in self.dropped if one.reason != _DUPLICATE)

    def further_beside(self, columns: Iterable[str]) -> dict[str, NDArray]:
        """The further columns by name, to stand beside others: one of their names has "given "
        before it."""
        taken = set(columns)
        found: dict[str, NDArray] = {}
        for label, column in self.further.items():
            name = str(label)
            while name in taken:
                name = f"given {name}"
            taken.add(name)
            found[name] = column.to_numpy()
        return found

    def summary(self) -> str:
        """How many lines were dropped, and for which reasons, the commonest first."""
        n = sum(len(one.lines) for one in self.dropped)
        reasons = [f"{len(one.lines):,}: {one.reason}" for one in self.dropped]
        rest = len(reasons) - _SUMMED
        more = f"; {_more_reasons(rest)}" if rest > 0 else ""
        return f"{n:,} dropped ({'; '.join(reasons[:_SUMMED])}{more})"

    def sentences(self) -> list[str]:
        """How many lines were read, from where, how many codes they have, and what was dropped."""
        of = f" from the column {self.column!r}" if len(self.columns) > 1 or self.header else ""
        used = f"{len(self.codes):,} different codes"
        more = len(self.dropped) - _REASONS
        rest = [_more_reasons(more)] if more > 0 else []
        dropped = [one.sentence() for one in self.dropped[:_REASONS]]
        return [f"{self.name}: {self.rows:,} read{of}, {used}", *dropped, *rest]


def _more_reasons(n: int) -> str:
    return f"{n:,} more reason{'s' if n > 1 else ''}"


def read_codes(
    content: bytes, name: str, format: Format, column: str | None = None, most: int = MOST
) -> Reading:
    """The codes of a CSV, text, Parquet or Excel file, given by its bytes.

    `column` names the column of the codes, by its name or its number from 1; None takes the one in
    which most texts are codes. A first line without a code is a header. A text whose first line has
    several codes and nothing else is read code by code: spaces, commas, semicolons, tabs or bars
    stand between them. Raises `ReadingError` if no text is a code or there is no such column, and
    `TableError` for a file that cannot be read or has more than `most` lines, or codes in a list.

    >>> from regvae.formats import UK_REGISTRATION
    >>> read_codes(b"reg,year\\nab12 cde,2012", "a.csv", UK_REGISTRATION).codes
    array(['AB12CDE'], dtype='<U7')
    """

    def fitting(rows: Rows) -> float:
        shares = _shares(rows, format)
        named = column is not None and tables.has_column(column, _names(rows, format)[0])
        return named + (max(shares) if shares else 0.0)

    if column is None and (listed := _listed(tables.text_of(content, name), format)):
        return _of_list(list(islice(listed, most + 1)), name, format, most)
    rows = tables.read(content, name, fitting, most)
    names, header = _names(rows, format)
    body = Rows(rows.cells[header:], rows.lines[header:], names)
    tables.check_length(len(body.cells), name, most)
    place = _column(body, name, format, column)
    return of_rows(body, name, format, place, bool(header or rows.names))


def of_rows(body: Rows, name: str, format: Format, place: int, header: bool) -> Reading:
    """The codes of the column at a place of rows below their header, whose names they have.

    `header` is whether the file had these names. Raises `ReadingError` if no text is a code.
    """
    names = body.names or ()
    kept, codes, dropped = _sorted_out(body.column(place), body.lines, format)
    if not kept:
        raise _no_code(name, names[place] if header else "", format, dropped)
    return Reading(
        name,
        format.array(codes),
        body.lines[kept],
        _further(body, names, place, kept),
        names[place],
        names,
        header,
        len(body.cells),
        dropped,
        format=format,
    )


# --- columns --------------------------------------------------------------------------------------


def _names(rows: Rows, format: Format) -> tuple[tuple[str, ...], int]:
    """Different names of the columns, and whether the first row has them (1) or not (0)."""
    given: Sequence[str] = rows.names or ()
    header = 0
    if (
        rows.names is None
        and len(rows.cells) > 1
        and not any(_is_nearly(cell, format) for cell in rows.cells[0])
    ):
        given, header = rows.cells[0], 1
    return tables.different_names(given, rows.width), header


def _is_nearly(text: str, format: Format) -> bool:
    """Whether a text is a code but for one character: a mistyped code is no header."""
    wrong = format.pattern.wrong(text)
    return wrong is not None and wrong <= 1


def _column(rows: Rows, name: str, format: Format, column: str | None) -> int:
    """The place of the named column, or of the one in which most texts are codes."""
    if column is None:
        return int(np.argmax(_shares(rows, format)))
    return tables.column_at(column, rows.names or (), name)


def _shares(rows: Rows, format: Format) -> list[float]:
    """The share of the first rows that have a code, for each column."""
    some = rows.cells[:_TRIED]
    return [
        float(format.match([cell_of(row, place) for row in some])[1].mean())
        for place in range(rows.width)
    ]


def _further(rows: Rows, names: Sequence[str], place: int, kept: Sequence[int]) -> pd.DataFrame:
    """All columns but that of the codes, of the rows that are kept."""
    others = [number for number in range(len(names)) if number != place]
    columns = {names[i]: _values([cell_of(rows.cells[row], i) for row in kept]) for i in others}
    return pd.DataFrame(columns, index=range(len(kept)))


_NUMBER = re.compile(r"[-+]?((0|[1-9]\d*)(\.\d+)?|\.\d+)([eE][-+]?\d+)?", re.ASCII)
"""A number as people write them; 007 is a text, which would lose its zeros."""
_EXACT = 2**53
"""Whole numbers from here on lose digits, as identifiers must not."""
_LARGEST = 1e38
"""Numbers from here on the page cannot draw."""


def _values(texts: list[str]) -> pd.Series:
    """A further column: numbers if all its texts are, empty ones aside."""
    full = [text for text in texts if text]
    if full and all(_NUMBER.fullmatch(text) and _is_told(text) for text in full):
        return pd.to_numeric(pd.Series([text or None for text in texts]))
    return pd.Series(texts, dtype=str)


def _is_told(text: str) -> bool:
    """Whether a float has all that the text of a number tells; with an exponent it is a measure."""
    return abs(float(text)) < (_LARGEST if "e" in text.lower() else _EXACT)


# --- codes ----------------------------------------------------------------------------------------


_BETWEEN = re.compile(r'[,;|\t"]')
"""What stands between the codes of a list, beside spaces, which may also stand within a code."""

Listed = tuple[str, int]  # a text that may be a code, and its line


def _listed(text: str, format: Format) -> Iterator[Listed] | None:
    """The codes of a list, if the first line of a text has several and nothing else."""
    lines = tables.lines_of(text)
    first = next((_codes_in(line, format) for line in lines if line.strip()), [])
    if len(first) < 2:
        return None
    some = first[:_TRIED]
    fits = format.pattern.match(some)[1].tolist()
    if not all(fit or _is_nearly(one, format) for one, fit in zip(some, fits, strict=True)):
        return None
    return (
        (one, number) for number, line in enumerate(lines, 1) for one in _codes_in(line, format)
    )


def _codes_in(line: str, format: Format) -> list[str]:
    """The texts of a line that may be codes: words together that are not longer than a code."""
    found: list[str] = []
    for part in _BETWEEN.split(line):
        code, length = "", 0
        for word in part.split():
            more = _length(word, format)
            if length + more > format.length:
                found.append(code)
                code, length = "", 0
            code, length = code + word, length + more
            if length == format.length:
                found.append(code)
                code, length = "", 0
        found.append(code)
    return [one for one in found if one]


def _length(text: str, format: Format) -> int:
    """Number of characters of a text, without separators."""
    return len(format.pattern.typed_characters(text))


def _of_list(listed: Sequence[Listed], name: str, format: Format, most: int) -> Reading:
    tables.check_length(len(listed), name, most, "codes")
    lines = np.array([line for _, line in listed], np.intp)
    kept, codes, dropped = _sorted_out([text for text, _ in listed], lines, format)
    if not kept:
        raise _no_code(name, "", format, dropped)
    nothing = pd.DataFrame(index=range(len(kept)))
    column = format.noun
    return Reading(
        name,
        format.array(codes),
        lines[kept],
        nothing,
        column,
        (column,),
        False,
        len(listed),
        dropped,
        format=format,
    )


def _sorted_out(
    texts: Sequence[str], lines: NDArray[np.intp], format: Format
) -> tuple[list[int], list[str], tuple[Dropped, ...]]:
    """The rows that are kept, their codes, and what is dropped, the commonest reason first."""
    kept: list[int] = []
    found: dict[str, None] = {}
    dropped: dict[str, list[int]] = {}
    codes, fits = format.match(texts)
    wrong = np.flatnonzero(~fits).tolist()
    reasons = dict(zip(wrong, _reasons([texts[row] for row in wrong], format), strict=True))
    for row, (code, fit) in enumerate(zip(codes.tolist(), fits.tolist(), strict=True)):
        if not fit:
            dropped.setdefault(reasons[row], []).append(row)
            continue
        if code in found:
            dropped.setdefault(_DUPLICATE, []).append(row)
            continue
        found[code] = None
        kept.append(row)
    commonest = sorted(dropped.items(), key=lambda one: -len(one[1]))
    return (
        kept,
        list(found),
        tuple(
            Dropped(reason, lines[rows], tuple(texts[row] for row in rows[:_EXAMPLES]))
            for reason, rows in commonest
        ),
    )


def _reasons(texts: Sequence[str], format: Format) -> list[str]:
    """Why each text is no code: one reason for all that fail alike."""
    pattern = format.pattern
    codes, fits = pattern.match(texts)
    typed = [pattern.typed_characters(text) for text in texts]
    lengths = list(map(len, typed))
    usual = [pattern.least <= length <= pattern.length for length in lengths]
    wrong = [row for row in range(len(texts)) if usual[row] and not fits[row]]
    misfits = dict(zip(wrong, format.misfits([typed[row] for row in wrong]), strict=True))
    found: list[str] = []
    for row, length in enumerate(lengths):
        if not length:
            found.append("empty")
        elif not usual[row]:
            found.append(f"{pattern.lengths} characters are expected")
        elif row in misfits:
            position, expected, got = misfits[row]
            found.append(f"position {position + 1} expects {expected}, got {got or 'nothing'}")
        else:
            found.append(format.not_permitted(str(codes[row])))
    return found


def _no_code(name: str, column: str, format: Format, dropped: Sequence[Dropped]) -> ReadingError:
    where = f" in the column {quoted(column)}" if column else ""
    first = f" ({dropped[0].sentence()})" if dropped else ""
    return ReadingError(
        f"{name}: expected one code such as {format.shown(format.example)} a line{where}, "
        f"got none{first}; choose another file or column"
    )
