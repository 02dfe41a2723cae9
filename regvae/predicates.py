"""Predicates over attributes of codes, such as ``number < 50``: read from text, applied to many.

The text is ``attribute op value`` with one of ``== != < <= > >= in``; several are joined by *and*.
The text is taken apart by a fixed pattern and is never evaluated.
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
    """A text that is no predicate; the message says what was expected and what exists."""


@dataclass(frozen=True)
class Predicate:
    """One comparison: the attribute's name, the operator, and the values on its right.

    >>> predicate = Predicate.parse("number < 50")
    >>> predicate.mask(np.array(["AB12CDE", "AB62CDE"]), UK_REGISTRATION)
    array([ True, False])
    """

    attribute: str
    operator: str
    values: tuple[bool | int | float | str, ...]

    @classmethod
    def parse(cls, text: str, format: Format = UK_REGISTRATION) -> "Predicate":
        """Read ``attribute op value``; after ``in`` come values separated by commas.

        Raises `PredicateError` if the text has another form, names an attribute that the format
        does not have, or gives a value that the attribute cannot have.
        """
        match = _PATTERN.fullmatch(text)
        if not match:
            raise PredicateError(
                f"expected 'attribute op value' with op one of {' '.join(_COMPARE)} in, got "
                f"{text[:80]!r}; write it like 'number < 50'"
            )
        name, op, right = match.group(1).lower(), match.group(2).lower(), match.group(3)
        if name not in format.attributes:
            raise PredicateError(
                f"expected an attribute ({', '.join(format.attributes)}), got "
                f"{name[:40]!r}; choose "
                "one of them"
            )
        attribute = format.attributes[name]
        if op not in ("==", "!=", "in") and attribute.kind != "number":
            raise PredicateError(
                f"expected one of == != in for {name}, which has no order, got {op!r}; change it"
            )
        parts = right.split(",") if op == "in" else [right]
        return cls(name, op, tuple(_value(attribute, part.strip().strip("'\"")) for part in parts))

    def mask(self, codes: Codes, format: Format) -> NDArray[np.bool_]:
        """Which of the codes (n,) of a format fulfil the predicate: (n,) booleans."""
        values = format.attribute(self.attribute).values(codes)
        if self.operator == "in":
            return np.isin(values, list(self.values))
        return np.asarray(_COMPARE[self.operator](values, self.values[0]))

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator} {', '.join(map(str, self.values))}"


def parse_all(texts: Sequence[str], format: Format = UK_REGISTRATION) -> tuple[Predicate, ...]:
    """Read predicates joined by *and*, which may also be inside a text: ``tens > 4 and …``.

    Raises `PredicateError` if there is none, or for the first text that is no predicate.
    """
    parts = [part for text in texts for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)]
    found = tuple(Predicate.parse(part, format) for part in parts if part.strip())
    if not found:
        raise PredicateError("expected a predicate, got none; give one such as 'number < 50'")
    return found


def mask(predicates: Sequence[Predicate], codes: Codes, format: Format) -> NDArray[np.bool_]:
    """Which of the codes (n,) of a format fulfil every predicate: (n,) booleans."""
    fulfilled = np.ones(len(codes), dtype=bool)
    for predicate in predicates:
        fulfilled &= predicate.mask(codes, format)
    return fulfilled


def _value(attribute: Attribute, text: str) -> bool | int | float | str:
    if attribute.kind == "number":
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise PredicateError(f"expected a number for {attribute.name}, got {text!r}; change it")
        return int(number) if number.is_integer() else number
    if attribute.kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise PredicateError(
                f"expected true or false for {attribute.name}, got {text!r}; change it"
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
    return shown if len(categories) <= most else f"{shown}, … ({len(categories)} in all)"
