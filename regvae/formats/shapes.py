"""Shapes: where a text has digits and where letters; and the one shape that covers several.

A *shape* is a tuple of classes, one for each character: "9" a digit, "A" a letter, "*" an asterisk,
or several of them, such as "9A" in a hexadecimal number. Shapes of different lengths are merged
into columns, of which some are optional.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from regvae.formats.pattern import DIGITS, LETTERS

CLASSES = {"9": DIGITS, "A": LETTERS, "*": "*"}
"""Class -> its characters. An asterisk may be a check character (ISO 7064 mod 37-2)."""

_LENGTH_SHARE, _CLASS_SHARE = 0.05, 0.02
"""How common a length, and a class at a position, must be so that it is no mistake."""
_OF_COMMONEST = 0.25
"""A length this common beside the commonest is none either: there may be many lengths."""
_SHORTER = 1 / 20
"""Of numbers without leading zeros a tenth is one digit shorter: half of that is enough."""
_MOSTLY = 0.9
_SAMPLE = 20_000
_MOST_SHAPES = 30
"""Shapes that are tried one by one; each costs alignments of all before."""
_WIDEST = 2
"""Merged columns may take at most so many times the shapes that were seen."""
_NARROWER, _SKIP, _WIDEN, _INSERT = 1, 2, 3, 4
"""Costs of an alignment: a column has more classes, becomes optional, gets a class, is new."""

_CLASS_OF = np.zeros(128, dtype=np.uint8)
for _place, _characters in enumerate(CLASSES.values()):
    _CLASS_OF[[ord(one) for one in _characters]] = _place
_NAMES = "".join(CLASSES)


@dataclass(frozen=True)
class Shape:
    """A shape with the characters (n, length) of the texts that have it."""

    classes: tuple[str, ...]
    points: NDArray[np.uint8]

    @property
    def size(self) -> int:
        """The number of shapes with one class at each position."""
        return math.prod(map(len, self.classes))


@dataclass(frozen=True)
class Column:
    """A place of merged shapes: the classes it takes, and whether it may be empty."""

    classes: str
    optional: bool = False


# --- shapes of texts ------------------------------------------------------------------------------


def shapes_of(groups: Mapping[int, NDArray[np.uint8]]) -> list[Shape]:
    """The shapes that are too common for mistakes; `groups` has the texts (n, length) by length.

    A position where digits and letters do not depend on those of other positions gets both classes;
    otherwise each common combination is a shape of its own.
    """
    total = sum(map(len, groups.values()))
    least = 1 if total < 5 else 2 if total < 60 else 3
    found: list[Shape] = []
    for length in _lengths(groups, total, least):
        points = groups[length]
        kinds = _CLASS_OF[points]
        present = _present(kinds, max(least, _CLASS_SHARE * len(points)))
        fits = present[kinds, np.arange(length)].all(axis=1)
        apart = []
        if not _independent(kinds[fits], present.sum(axis=0) > 1):
            apart = _combinations(points[fits], kinds[fits], max(least, _CLASS_SHARE * total))
        if sum(len(shape.points) for shape in apart) > (1 - _LENGTH_SHARE) * fits.sum():
            found += apart
        else:
            classes = tuple("".join(map(_NAMES.__getitem__, np.flatnonzero(c))) for c in present.T)
            found.append(Shape(classes, points[fits]))
    return found


def _lengths(groups: Mapping[int, NDArray[np.uint8]], total: int, least: int) -> list[int]:
    """The lengths that are common, the longest first."""
    found: list[int] = []
    share = min(_LENGTH_SHARE * total, _OF_COMMONEST * max(map(len, groups.values()), default=0))
    for length in sorted(groups, reverse=True):
        n, longer = len(groups[length]), groups.get(length + 1)
        common = n >= max(least, share)
        if not common and longer is not None and length + 1 in found:
            common = n >= _SHORTER * len(longer) and length > 0 and _is_number(longer)
        if common:
            found.append(length)
    return found


def _is_number(points: NDArray[np.uint8]) -> bool:
    """Whether texts are digits without leading zeros, mistakes aside."""
    digits = (_CLASS_OF[points] == 0).all(axis=1)
    return bool((digits & (points[:, 0] != ord("0"))).mean() > _MOSTLY)


def _present(kinds: NDArray[np.uint8], least: float) -> NDArray[np.bool_]:
    """Which classes are common at each position (class, position); the commonest always is."""
    counts = np.array([(kinds == place).sum(axis=0) for place in range(len(CLASSES))])
    return (counts >= least) | (counts == counts.max(axis=0, initial=0))


def _independent(kinds: NDArray[np.uint8], mixed: NDArray[np.bool_]) -> bool:
    """Whether classes at the mixed positions are better told one by one than as combinations.

    By the Bayesian information criterion: a table of the combinations must be so much more likely
    that it is worth its parameters.
    """
    some = kinds[:_SAMPLE, mixed]
    n, width = some.shape
    if width < 2 or not n:
        return True
    combined = np.unique(_rows(some), return_counts=True)[1]
    single = [np.bincount(column) for column in some.T]
    gain = _likelihood(combined) - sum(map(_likelihood, single))
    parameters = len(combined) - 1 - sum(np.count_nonzero(counts) - 1 for counts in single)
    return gain <= parameters * math.log(n) / 2


def _likelihood(counts: NDArray[np.int64]) -> float:
    """The logarithm of the likelihood of counts under their own shares."""
    seen = counts[counts > 0]
    return float((seen * np.log(seen / seen.sum())).sum())


def _rows(kinds: NDArray[np.uint8]) -> NDArray[np.void]:
    """Each row as one value, which can be compared with others."""
    return np.ascontiguousarray(kinds).view(f"V{kinds.shape[1]}").reshape(-1)


def _combinations(points: NDArray[np.uint8], kinds: NDArray[np.uint8], least: float) -> list[Shape]:
    _, first, which, counts = np.unique(
        _rows(kinds), return_index=True, return_inverse=True, return_counts=True
    )
    common = np.flatnonzero(counts >= least)
    return [
        Shape(tuple(_NAMES[kind] for kind in kinds[first[one]]), points[which == one])
        for one in common
    ]


# --- merging --------------------------------------------------------------------------------------


def merged(shapes: Sequence[Shape]) -> tuple[list[Column], list[Shape]]:
    """Columns for as many of the shapes as sensible, and these shapes, the commonest first.

    Sensible: the columns take at most twice as many shapes as were seen.
    """
    ordered = sorted(shapes, key=lambda one: -len(one.points))
    if _is_sensible(together := _columns(ordered), ordered):
        return together, ordered
    kept: list[Shape] = []
    for shape in ordered[:_MOST_SHAPES]:
        if _is_sensible(_columns([*kept, shape]), [*kept, shape]):
            kept.append(shape)
    return _columns(kept), kept


def runs(columns: Iterable[Column]) -> list[tuple[str, list[int]]]:
    """Neighbouring columns of the same classes, of which one is optional, together.

    Each as its classes and the places of its columns; a column without such neighbours is alone.
    """
    found: list[tuple[str, list[int]]] = []
    numbered = enumerate(columns)
    for classes, group in groupby(numbered, key=lambda one: one[1].classes):
        members = list(group)
        places = [place for place, _ in members]
        together = any(column.optional for _, column in members)
        found += [(classes, places)] if together else [(classes, [place]) for place in places]
    return found


def _columns(shapes: Iterable[Shape]) -> list[Column]:
    """All shapes in one row of columns; the longest are laid down first."""
    columns: list[Column] = []
    for number, shape in enumerate(sorted(shapes, key=lambda one: -len(one.classes))):
        if number == 0:
            columns = [Column(classes) for classes in shape.classes]
        else:
            columns = _widened(columns, shape.classes)
    return columns


def _widened(columns: list[Column], classes: tuple[str, ...]) -> list[Column]:
    found: list[Column] = []
    for at, place in aligned(columns, classes):
        if at is None:
            found.append(Column(classes[place or 0], optional=True))
        elif place is None:
            found.append(Column(columns[at].classes, optional=True))
        else:
            both = "".join(one for one in _NAMES if one in columns[at].classes + classes[place])
            found.append(Column(both, columns[at].optional))
    return found


def aligned(
    columns: Sequence[Column], classes: tuple[str, ...]
) -> list[tuple[int | None, int | None]]:
    """The cheapest alignment: pairs of a column and a place of the shape, None where one lacks."""
    costs = np.full((len(columns) + 1, len(classes) + 1), np.inf)
    costs[0, 0] = 0
    came: dict[tuple[int, int], tuple[int, int]] = {}
    for at in range(len(columns) + 1):
        for place in range(len(classes) + 1):
            for step, cost in _steps(columns[at : at + 1], classes[place : place + 1]):
                target = (at + step[0], place + step[1])
                if costs[at, place] + cost < costs[target]:
                    costs[target] = costs[at, place] + cost
                    came[target] = step
    return _path(came, len(columns), len(classes))


def _steps(
    columns: Sequence[Column], classes: tuple[str, ...]
) -> Iterable[tuple[tuple[int, int], int]]:
    if columns and classes:
        yield (1, 1), _matching(columns[0].classes, classes[0])
    if columns:
        yield (1, 0), 0 if columns[0].optional else _SKIP
    if classes:
        yield (0, 1), _INSERT


def _matching(column: str, classes: str) -> int:
    if column == classes:
        return 0
    return _NARROWER if set(classes) <= set(column) else _WIDEN


def _path(
    came: Mapping[tuple[int, int], tuple[int, int]], at: int, place: int
) -> list[tuple[int | None, int | None]]:
    found: list[tuple[int | None, int | None]] = []
    while (at, place) != (0, 0):
        step = came[at, place]
        at, place = at - step[0], place - step[1]
        found.append((at if step[0] else None, place if step[1] else None))
    return found[::-1]


def _is_sensible(columns: Sequence[Column], shapes: Sequence[Shape]) -> bool:
    taken = math.prod(
        sum(len(classes) ** k for k in range(_required(columns, places), len(places) + 1))
        for classes, places in runs(columns)
    )
    return taken <= _WIDEST * sum(shape.size for shape in shapes)


def _required(columns: Sequence[Column], places: Sequence[int]) -> int:
    return sum(not columns[place].optional for place in places)
