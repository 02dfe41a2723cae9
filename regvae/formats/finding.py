"""A format found in a column of somebody's own file."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from regvae.formats import tables
from regvae.formats.definition import of_definition
from regvae.formats.format import Format
from regvae.formats.infer import InferenceError, Inferred, infer
from regvae.formats.tables import Rows

MOST = 1_000_000
"""Lines that are read."""
_TRIED = 2_000
"""Rows on which the column is chosen."""
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


def find(content: bytes, name: str, column: str | None = None) -> Found:
    """The format of a column of a CSV, text, Parquet or Excel file, given by its bytes.

    `column` names it, or gives its number from 1; None takes the one with the most different texts
    of one structure. Raises `TableError` for a file that cannot be read or without that column, and
    `InferenceError` for a column of no one structure.
    """
    rows = tables.read(content, name, _structured, MOST)
    tables.check_length(len(rows.cells), name, MOST)
    names, header = _header(rows, column)
    place = tables.column_at(column, names, name) if column else _best(rows, header)
    body = [_cell(row, place) for row in rows.cells[header:]]
    try:
        inferred = infer(body)
    except InferenceError as error:
        raise InferenceError(f"{name}, column {names[place]}: {error}") from error
    definition = _definition(inferred, Path(name).stem)
    lines = rows.lines[header:]
    return Found(
        name,
        names[place],
        inferred,
        tuple(int(lines[number - 1]) for number in inferred.exceptions),
        definition,
        of_definition(definition),
    )


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


def _cell(row: Sequence[str], place: int) -> str:
    return row[place] if place < len(row) else ""


def _header(rows: Rows, column: str | None) -> tuple[tuple[str, ...], int]:
    """Names of the columns, and whether the first row has them (1) or not (0).

    It has if one of them is the wanted column, or if its text in the best column has none of the
    common structures there.
    """
    if rows.names is not None:
        return tuple(rows.names), 0
    numbered = tuple(f"column {place + 1}" for place in range(rows.width))
    if len(rows.cells) < 2:
        return numbered, 0
    first = [_cell(rows.cells[0], place) for place in range(rows.width)]
    best = _best(rows, 1)
    is_named = column is not None and column.casefold() in map(str.casefold, first)
    if not is_named and _shape(first[best]) in _shapes(rows, best, 1):
        return numbered, 0
    return tuple(one or other for one, other in zip(first, numbered, strict=True)), 1


def _shape(text: str) -> str:
    return text.strip().upper().translate(_SHAPE)


def _shapes(rows: Rows, place: int, start: int) -> Counter[str]:
    """How often each structure occurs among the first texts of a column."""
    some = rows.cells[start : start + _TRIED]
    return Counter(_shape(text) for row in some if (text := _cell(row, place)))


def _best(rows: Rows, header: int) -> int:
    """The column with the most different texts of its commonest structures; of equal ones the one
    whose texts mix letters and digits."""

    def score(place: int) -> tuple[float, bool]:
        shapes = _shapes(rows, place, header)
        common = {shape for shape, n in shapes.most_common(4) if len(shape) > 2}
        some = rows.cells[header : header + _TRIED]
        texts = {text for row in some if _shape(text := _cell(row, place)) in common}
        mixed = any("A" in shape and "9" in shape for shape in common)
        return round(len(texts) / max(1, len(some)), 1), mixed

    return int(np.lexsort(np.array([score(place)[::-1] for place in range(rows.width)]).T)[-1])


def _structured(rows: Rows) -> float:
    """How much of the best column has its commonest structure: to choose a separator by."""
    shares = [
        max(shapes.values()) / shapes.total()
        for place in range(rows.width)
        if (shapes := _shapes(rows, place, 0))
    ]
    return max(shares, default=0.0)
