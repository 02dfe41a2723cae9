"""Predicates over attributes of codes, such as ``number < 50``: parsed from text.

The text is ``attribute op value`` with one of ``== != < <= > >= in``; several are joined by *and*.
It is matched with a fixed pattern and never evaluated as code.
"""

import operator
import re
from collections.abc import Callable, Sequence
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
_PATTERN = re.compile(r"\s*([a-z_0-9]+)\s*(==|!=|<=|>=|<|>|\bin\b)\s*(.*\S)\s*", re.IGNORECASE)
_BOOLEANS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


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
        match = _PATTERN.fullmatch(text)
        if not match:
            raise PredicateError(
                f"expected 'attribute op value' with one of {' '.join(_COMPARE)} in as op, got "
                f"{text[:80]!r}; write for example 'number < 50'"
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

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator} {', '.join(map(str, self.values))}"


def parse_all(texts: Sequence[str], format: Format = UK_REGISTRATION) -> tuple[Predicate, ...]:
    """Parse texts of one predicate each, or of several joined by *and*.

    Blank texts are skipped. Raises `PredicateError` if there is no predicate, or for the first text
    that is not one.
    """
    parts = [part for text in texts for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)]
    found = tuple(Predicate.parse(part, format) for part in parts if part.strip())
    if not found:
        raise PredicateError("expected a predicate, got none; give one such as 'number < 50'")
    return found


def mask(predicates: Sequence[Predicate], codes: Codes, format: Format) -> NDArray[np.bool_]:
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
