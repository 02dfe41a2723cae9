"""A format found in a column of somebody's own file."""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from regvae.formats import FORMATS, reading, tables
from regvae.formats.definition import of_definition
from regvae.formats.format import Format, FormatError
from regvae.formats.infer import InferenceError, Inferred, infer
from regvae.formats.pattern import Pattern
from regvae.formats.reading import Reading
from regvae.formats.tables import Rows, cell_of

MOST = 1_000_000
"""Lines that are read."""
_TRIED = 2_000
"""Rows on which the column is chosen."""
_MOSTLY, _SHORTEST = 0.75, 4
"""Share of lines, and length of a code, from which on a column is likely to have codes."""
_SHAPE = str.maketrans(
    {**dict.fromkeys("0123456789", "9"), **dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "A")}
)


@dataclass(frozen=True)
class Found:
    """A format found in a column: `inferred` tells how, `definition` and `format` are the format.

    `lines` are the line numbers of the file at which the column's texts stood; `exceptions` are
    those that the format does not cover, the first of them.
    """

    name: str
    column: str
    inferred: Inferred
    exceptions: tuple[int, ...]
    definition: Mapping[str, Any]
    format: Format = field(repr=False)


@dataclass(frozen=True)
class Sheet:
    """A file of codes that is read once, to find their format and then to read them.

    `rows` are those below the header, with the columns' names; `header` whether the file had names.
    """

    name: str
    rows: Rows = field(repr=False)
    header: bool

    @classmethod
    def of(cls, content: bytes, name: str, most: int = MOST) -> "Sheet":
        """A CSV, text, Parquet or Excel file, given by its bytes.

        Raises `TableError` for a file that cannot be read, or has more than `most` lines.
        """
        rows = tables.read(content, name, _structured, most)
        names, header = _header(rows)
        body = Rows(rows.cells[header:], rows.lines[header:], names)
        tables.check_length(len(body.cells), name, most)
        return cls(name, body, bool(header or rows.names))

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.rows.names or ()

    @cached_property
    def best(self) -> str:
        """The column with the most different texts of one structure."""
        return self.columns[_best(self.rows)]

    def texts(self, column: str) -> list[str]:
        """The texts of a column, given by its name or its number from 1. Raises `TableError`."""
        return self.rows.column(tables.column_at(column, self.columns, self.name))

    def find(self, column: str | None = None) -> Found:
        """The format of a column, of the `best` one if none is given.

        Raises `TableError` if there is no such column, and `InferenceError` for one of no one
        structure.
        """
        place = tables.column_at(column or self.best, self.columns, self.name)
        column = self.columns[place]
        try:
            inferred = infer(self.rows.column(place))
            definition = _definition(inferred, Path(self.name).stem)
            format = of_definition(definition)
        except (InferenceError, FormatError) as error:
            raise type(error)(f"{self.name}, column {column!r}: {error}") from error
        exceptions = tuple(int(self.rows.lines[number - 1]) for number in inferred.exceptions)
        return Found(self.name, column, inferred, exceptions, definition, format)

    def chosen(self, column: str | None = None) -> tuple[Found | None, Format]:
        """What was found in a column, None for nothing, and the format to use: one built in if at
        least as many texts fit it. Raises as `find` if there is neither."""
        place = tables.column_at(column or self.best, self.columns, self.name)
        column = self.columns[place]
        texts = sum(map(bool, self.rows.column(place)))
        try:
            found = self.find(column)
        except InferenceError:
            built_in = self._built_in(column, (texts + 1) // 2)
            if built_in is None:
                raise
            return None, built_in
        fitting = texts - found.inferred.exceptions_total
        return found, self._built_in(column, fitting) or found.format

    def _built_in(self, column: str, least: int) -> Format | None:
        """The built-in format that most texts of a column fit, at least so many of them.

        Of equal ones it is the one with the fewest codes; None if there is none.
        """
        texts = self.texts(column)
        fitting = {name: int(one.match(texts)[1].sum()) for name, one in FORMATS.items()}
        best = max(FORMATS, key=lambda name: (fitting[name], -_choices(FORMATS[name])))
        return FORMATS[best] if fitting[best] >= max(1, least) else None

    def codes(self, format: Format, column: str) -> Reading:
        """The codes of a format in a column. Raises `ReadingError` if there are none."""
        place = tables.column_at(column, self.columns, self.name)
        return reading.of_rows(self.rows, self.name, format, place, self.header)


def find(content: bytes, name: str, column: str | None = None) -> Found:
    """The format of a column of a CSV, text, Parquet or Excel file, given by its bytes.

    `column` names it, or gives its number from 1; None takes the one with the most different texts
    of one structure. Raises `TableError` for a file that cannot be read or without that column, and
    `InferenceError` for a column of no one structure.
    """
    return Sheet.of(content, name).find(column)


def corrected(
    found: Found, texts: Sequence[str], pattern: str, noun: str, plural: str
) -> dict[str, Any]:
    """The definition of a found format with another pattern and other words.

    `texts` are those of the column: the first that follows the pattern is the example. The check
    characters stay if the pattern is the found one. Raises `FormatError` for a pattern that is none
    or that no text follows.
    """
    words = {"noun": noun.strip(), "plural": plural.strip()}
    if pattern.strip() == found.inferred.pattern:
        return {**found.definition, **words}
    pattern = str(Pattern.of(pattern.strip()))
    fits = Pattern.of(pattern).match(texts)[1]
    if not fits.any():
        raise FormatError(
            f"expected a pattern that texts of the column {found.column} follow, got "
            f"{pattern[:80]}, which none of {len(texts):,} does; change it"
        )
    kept = {key: value for key, value in found.definition.items() if key != "check"}
    return {**kept, **words, "pattern": pattern, "example": texts[int(np.argmax(fits))]}


def are_codes(reading: Reading) -> bool:
    """Whether most of what was read is codes, and not words, which differ in length, or numbers of
    a few digits: three lines in four fit, of four characters or more, half of them required."""
    pattern = reading.format.pattern
    fixed = pattern.least >= max(_SHORTEST, pattern.length / 2)
    return fixed and reading.fitting >= _MOSTLY * reading.rows


def _choices(format: Format) -> int:
    return math.prod(len(format.alphabets[position]) for position in format.learned)


def _definition(inferred: Inferred, name: str) -> dict[str, Any]:
    definition: dict[str, Any] = {
        "name": re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "inferred",
        "noun": "code",
        "plural": "codes",
        "pattern": inferred.pattern,
        "example": inferred.examples[0],
    }
    if inferred.check:
        places = [position + 1 for position in inferred.check_positions]
        definition["check"] = {"kind": inferred.check, "positions": places}
    return definition


def _header(rows: Rows) -> tuple[tuple[str, ...], int]:
    """Names of the columns, and whether the first row has them (1) or not (0).

    It has if none of its cells has a structure of its column, separators aside, nor digits and the
    usual length of one whose structures are many. Structures without a digit tell nothing, as names
    and mistakes are words too, unless no column has any other.
    """
    if rows.names is not None:
        return tables.different_names(rows.names, rows.width), 0
    numbered = tables.different_names((), rows.width)
    if len(rows.cells) < 2:
        return numbered, 0
    shapes = [_shapes(rows, place, 1) for place in range(rows.width)]
    commonest = [max(one, key=one.__getitem__, default="") for one in shapes]
    telling = "9" if any("9" in shape for shape in commonest) else ""
    for place, common in enumerate(commonest):
        first = _plain(_shape(cell_of(rows.cells[0], place)))
        usual = {len(_plain(one)) for one in shapes[place]} == {len(first)}
        alike = first in map(_plain, shapes[place]) or ("9" in first and usual)
        if first and telling in first and telling in common and alike:
            return numbered, 0
    return tables.different_names(rows.cells[0], rows.width), 1


def _plain(shape: str) -> str:
    """A structure without its separators."""
    return re.sub("[^A9]", "", shape)


def _shape(text: str) -> str:
    return text.strip().upper().translate(_SHAPE)


def _shapes(rows: Rows, place: int, start: int = 0) -> Counter[str]:
    """How often each structure occurs among the first texts of a column."""
    some = rows.cells[start : start + _TRIED]
    return Counter(_shape(text) for row in some if (text := cell_of(row, place)))


def _best(rows: Rows) -> int:
    """The column with the most different texts of its commonest structures; of nearly equal ones
    the one whose texts mix letters and digits, and of these the first."""

    def score(place: int) -> tuple[int, bool, int]:
        shapes = _shapes(rows, place)
        common = {shape for shape, n in shapes.most_common(4) if len(shape) > 2}
        some = rows.cells[:_TRIED]
        texts = {text for row in some if _shape(text := cell_of(row, place)) in common}
        mixed = any("A" in shape and "9" in shape for shape in common)
        return round(4 * len(texts) / max(1, len(some))), mixed, -place

    return max(range(rows.width), key=score)


def _structured(rows: Rows) -> float:
    """How much of the best column has its commonest structure: to choose a separator by."""
    shares = [
        max(shapes.values()) / shapes.total()
        for place in range(rows.width)
        if (shapes := _shapes(rows, place))
    ]
    return max(shares, default=0.0)
