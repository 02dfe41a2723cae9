"""Rules over attributes of regs, such as ``number < 50``: read from text, applied to many regs.

The text is ``attribute op value`` with one of ``== != < <= > >= in``; several rules are joined by
*and*. The text is taken apart by a fixed pattern and is never evaluated.
"""

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regvae.formats.uk_registration import ATTRIBUTES, Attribute, Regs

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


class RuleError(ValueError):
    """A text that is no rule; the message says what was wanted and what exists."""


@dataclass(frozen=True)
class Rule:
    """One comparison: the attribute's name, the operator, and the values on its right.

    >>> rule = Rule.parse("number < 50")
    >>> rule.mask(np.array(["AB12CDE", "AB62CDE"]))
    array([ True, False])
    """

    attribute: str
    operator: str
    values: tuple[bool | int | float | str, ...]

    @classmethod
    def parse(cls, text: str) -> "Rule":
        """Read ``attribute op value``; after ``in`` come values with commas between.

        Raises `RuleError` if the text has another form, names an attribute that does not exist, or
        gives a value that the attribute cannot have.
        """
        match = _PATTERN.fullmatch(text)
        if not match:
            raise RuleError(
                f"a rule is 'attribute op value' with op one of {' '.join(_COMPARE)} in, such as "
                f"'number < 50', but came {text[:80]!r}"
            )
        name, op, right = match.group(1).lower(), match.group(2).lower(), match.group(3)
        if name not in ATTRIBUTES:
            raise RuleError(
                f"there is no attribute {name[:40]!r}; the attributes are {', '.join(ATTRIBUTES)}"
            )
        attribute = ATTRIBUTES[name]
        if op not in ("==", "!=", "in") and attribute.kind != "number":
            raise RuleError(f"{name} has no order, so {op!r} cannot be asked of it; use == != in")
        parts = right.split(",") if op == "in" else [right]
        return cls(name, op, tuple(_value(attribute, part.strip().strip("'\"")) for part in parts))

    def mask(self, regs: Regs) -> NDArray[np.bool_]:
        """Which of the regs (n,) fulfil the rule: (n,) booleans."""
        values = ATTRIBUTES[self.attribute].values(regs)
        if self.operator == "in":
            return np.isin(values, list(self.values))
        return np.asarray(_COMPARE[self.operator](values, self.values[0]))

    def __str__(self) -> str:
        return f"{self.attribute} {self.operator} {', '.join(map(str, self.values))}"


def parse_all(texts: Sequence[str]) -> tuple[Rule, ...]:
    """Read rules to be joined by *and*, which may also stand inside a text: ``tens > 4 and …``.

    Raises `RuleError` if there is none, or for the first that is no rule.
    """
    parts = [part for text in texts for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)]
    rules = tuple(Rule.parse(part) for part in parts if part.strip())
    if not rules:
        raise RuleError("no rule was given; say what is unwanted, such as 'number < 50'")
    return rules


def mask(rules: Sequence[Rule], regs: Regs) -> NDArray[np.bool_]:
    """Which of the regs (n,) fulfil every rule: (n,) booleans."""
    fulfilled = np.ones(len(regs), dtype=bool)
    for rule in rules:
        fulfilled &= rule.mask(regs)
    return fulfilled


def _value(attribute: Attribute, text: str) -> bool | int | float | str:
    if attribute.kind == "number":
        try:
            number = float(text)
        except ValueError:
            number = np.nan
        if not np.isfinite(number):
            raise RuleError(f"{attribute.name} is a number, but the rule compares it to {text!r}")
        return int(number) if number.is_integer() else number
    if attribute.kind == "boolean":
        if text.lower() not in _BOOLEANS:
            raise RuleError(f"{attribute.name} is true or false, but the rule says {text!r}")
        return _BOOLEANS[text.lower()]
    for category in attribute.categories:
        if category.lower() == text.lower():
            return category
    raise RuleError(
        f"{attribute.name} is never {text[:40]!r}; it is one of {_some(attribute.categories)}"
    )


def _some(categories: Sequence[str], most: int = 40) -> str:
    shown = ", ".join(categories[:most])
    return shown if len(categories) <= most else f"{shown}, … ({len(categories)} in all)"
