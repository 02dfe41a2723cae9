"""Predicates over attributes of codes, such as ``number < 50``: parsed from text.

The text is ``attribute op value`` with one of ``== != < <= > >= in``; several are joined by *and*
and *or*, of which *and* binds more tightly. It is matched with a fixed pattern and never evaluated
as code. Several predicates that must all hold are a tuple, each a `Predicate` or an `AnyOf`
(conjunctive normal form).
"""

import itertools
import operator
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats import UK_REGISTRATION, Attribute, Codes, Format

_COMPARE: dict[str, Callable] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_SIGNS = str.maketrans({"≤": "<=", "≥": ">=", "≠": "!="})
"""Signs that pages and books print, and what is typed for them."""
_PATTERN = re.compile(r"\s*([a-z_0-9]+)\s*(==|!=|<=|>=|<|>|\bin\b)\s*(.*\S)\s*", re.IGNORECASE)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MOST = 200
"""Most predicates that a text may become when *or* is spread over *and*."""
_TRIED = 1000
"""Most combinations of an attribute's characters that are tried."""


class PredicateError(ValueError):
    """A text that is not a predicate; the message lists the values that are allowed."""


@dataclass(frozen=True)
class Predicate:
    """One comparison: an attribute's name, an operator, and one value (several after ``in``).

    >>> predicate = Predicate.parse("number < 50")
    >>> predicate.mask(np.array(["AB12CDE", "AB62CDE"]), UK_REGISTRATION)
    array([ True, False])
    """

    attribute: str
    operator: str
    values: tuple[bool | int | float | str, ...]

    @classmethod
    def parse(cls, text: str, format: Format = UK_REGISTRATION) -> "Predicate":
        """Parse ``attribute op value``; after ``in``, values separated by commas.

        Raises `PredicateError` if the text has another form, or if the format does not have the
        attribute, or the attribute not the value.
        """
        match = _PATTERN.fullmatch(text.translate(_SIGNS))
        if not match:
            raise PredicateError(
                f"expected 'attribute op value' with one of {' '.join(_COMPARE)} in as op, got "
                f"{text[:80]!r}; write for example {example(format)!r}"
            )
        name, op, right = match.group(1).lower(), match.group(2).lower(), match.group(3)
        if name not in format.attributes:
            raise PredicateError(
                f"expected an attribute ({', '.join(format.attributes)}), got {name[:40]!r}; "
                "choose one of them"
            )
        attribute = format.attributes[name]
        if op not in ("==", "!=", "in") and attribute.kind != "number":
            raise PredicateError(
                f"expected == != or in for {name}, which is not a number, got {op!r}; change it"
            )
        parts = right.split(",") if op == "in" else [right]
        return cls(name, op, tuple(_value(attribute, part.strip().strip("'\"")) for part in parts))

    def mask(self, codes: Codes, format: Format) -> NDArray[np.bool_]:
        """Which codes (n,) of a format satisfy the predicate: (n,) booleans."""
        values = format.attribute(self.attribute).values(codes)
        if self.operator == "in":
            return np.isin(values, list(self.values))
        return np.asarray(_COMPARE[self.operator](values, self.values[0]))

    def opposite(self) -> "tuple[Predicate, ...]":
        """Predicates that all hold exactly where this one does not."""
        if self.operator == "in":
            return tuple(Predicate(self.attribute, "!=", (value,)) for value in self.values)
        return (Predicate(self.attribute, _OPPOSITE[self.operator], self.values),)

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator} {', '.join(map(str, self.values))}"


@dataclass(frozen=True)
class AnyOf:
    """Several predicates of which at least one holds."""

    predicates: tuple[Predicate, ...]

    def mask(self, codes: Codes, format: Format) -> NDArray[np.bool_]:
        """Which codes (n,) of a format satisfy one of them: (n,) booleans."""
        return np.any([one.mask(codes, format) for one in self.predicates], axis=0)

    def __str__(self) -> str:
        return " or ".join(map(str, self.predicates))


Clause = Predicate | AnyOf
Sets = list[tuple[Predicate, ...]]


def parse_all(texts: Sequence[str], format: Format = UK_REGISTRATION) -> tuple[Clause, ...]:
    """Parse texts that must all hold: predicates joined by *and* and *or*.

    Blank texts are skipped. Raises `PredicateError` if there is no predicate, for the first text
    that is not one, and for so many joined by *and* and *or* that they become more than 200.
    """
    found: list[Clause] = []
    for text in filter(str.strip, texts):
        parts = [_split("and", part) for part in _split("or", text)]
        found += _clauses([tuple(Predicate.parse(one, format) for one in part) for part in parts])
    if not found:
        raise PredicateError(
            f"expected a predicate, got none; give one such as {example(format)!r}"
        )
    return tuple(found)


def example(format: Format) -> str:
    """A predicate of a format, for errors: on its first number, or else on its first category, with
    the value of the format's example. On its first boolean, if there is neither.

    >>> example(UK_REGISTRATION)
    'number < 50'
    """
    kinds = ("number", "category", "boolean")
    attribute = min(format.attributes.values(), key=lambda one: kinds.index(one.kind), default=None)
    if attribute is None:
        return "attribute == value"
    if attribute.kind == "number":
        return f"{attribute.name} < {10 ** len(attribute.positions) // 2}"
    value = attribute.values(format.array([format.example]))[0]
    return f"{attribute.name} == {str(value).lower() if attribute.kind == 'boolean' else value}"


def alternatives(clauses: Sequence[Clause]) -> Sets:
    """The same as sets of predicates, of which one must hold as a whole: ``a and b or a and c``.

    Raises `PredicateError` for more than 200.
    """
    if all(isinstance(one, Predicate) for one in clauses):
        return [tuple(one for one in clauses if isinstance(one, Predicate))]
    return _spread([_members(one) for one in clauses])


def text(clauses: Sequence[Clause]) -> str:
    """Clauses that must all hold, as `parse_all` reads them."""
    return " or ".join(" and ".join(map(str, one)) for one in alternatives(clauses))


def negated(clauses: Sequence[Clause]) -> tuple[Clause, ...]:
    """Clauses that all hold exactly where not all of the given ones do.

    >>> text(negated(parse_all(["number >= 50 and area == london"])))
    'number < 50 or area != london'
    """
    opposite = [[one.opposite() for one in _members(clause)] for clause in clauses]
    return tuple(_clauses([tuple(itertools.chain(*parts)) for parts in opposite]))


def either(some: Sequence[Clause], others: Sequence[Clause]) -> tuple[Clause, ...]:
    """Clauses that all hold exactly where all of `some` do, or all of `others`."""
    return tuple(_clauses(alternatives(some) + alternatives(others)))


def _split(word: str, text: str) -> list[str]:
    return re.split(rf"\s+{word}\s+", text, flags=re.IGNORECASE)


def _members(clause: Clause) -> tuple[Predicate, ...]:
    return clause.predicates if isinstance(clause, AnyOf) else (clause,)


def _clauses(found: Sets) -> list[Clause]:
    """Alternatives as clauses that must all hold."""
    if len(found) == 1:
        return list(found[0])
    return [one[0] if len(one) == 1 else AnyOf(one) for one in _spread(found)]


def _spread(sets: Sets) -> Sets:
    """All smallest sets that have a predicate of each of the given sets.

    This is *or* spread over *and*, and *and* over *or*: twice, it gives the first sets again.
    """
    found: Sets = [()]
    for one in sets:
        wider = {
            frozenset((*chosen, member)): chosen if member in chosen else (*chosen, member)
            for chosen in found
            for member in one
        }
        if len(wider) <= 10 * _MOST:  # more take long to compare
            found = [wider[some] for some in wider if not any(other < some for other in wider)]
        if len(wider) > 10 * _MOST or len(found) > _MOST:
            raise PredicateError(
                f"expected at most {_MOST} predicates once 'or' and 'in' are spread over 'and', "
                "got more; join fewer"
            )
    return found


def positions(clauses: Sequence[Clause], format: Format) -> tuple[int, ...]:
    """The learned characters that clauses depend on, counted from 0.

    >>> positions(parse_all(["number < 50"]), UK_REGISTRATION)
    (2,)
    """
    members = itertools.chain(*map(_members, clauses))
    return tuple(sorted(set(itertools.chain(*(_deciding(one, format) for one in members)))))


def _deciding(one: Predicate, format: Format) -> Iterator[int]:
    """The characters of its attribute that a predicate depends on; all of them if many."""
    places = format.deciding(format.attribute(one.attribute).positions)
    alphabets = [format.alphabets[place] for place in places]
    shape = tuple(map(len, alphabets))
    if np.prod(shape) > _TRIED:
        yield from places
        return
    # Every combination of these characters, in one code whose others do not matter.
    rows = [list(format.example) for _ in range(int(np.prod(shape)))]
    for row, characters in zip(rows, itertools.product(*alphabets), strict=True):
        for place, character in zip(places, characters, strict=True):
            row[place] = character
    codes = format.completed(format.array(["".join(row) for row in rows]))
    holds = one.mask(codes, format).reshape(shape)
    for axis, place in enumerate(places):
        if (holds != holds.take([0], axis=axis)).any():
            yield place


def mask(predicates: Sequence[Clause], codes: Codes, format: Format) -> NDArray[np.bool_]:
    """Which codes (n,) of a format satisfy every predicate: (n,) booleans."""
    satisfied = np.ones(len(codes), dtype=bool)
    for predicate in predicates:
        satisfied &= predicate.mask(codes, format)
    return satisfied


def _value(attribute: Attribute, text: str) -> bool | int | float | str:
    if attribute.kind == "number":
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise PredicateError(
                f"expected a number for {attribute.name}, got {text[:40]!r}; change it"
            )
        return int(number) if number.is_integer() else number
    if attribute.kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise PredicateError(
                f"expected true or false for {attribute.name}, got {text[:40]!r}; change it"
            )
        return _BOOLEANS[text.lower()]
    for category in attribute.categories:
        if category.lower() == text.lower():
            return category
    raise PredicateError(
        f"expected a value of {attribute.name}, got {text[:40]!r}; choose one of "
        f"{_some(attribute.categories)}"
    )


def _some(categories: Sequence[str], most: int = 40) -> str:
    shown = ", ".join(categories[:most])
    return shown if len(categories) <= most else f"{shown}, … ({len(categories)} in total)"
