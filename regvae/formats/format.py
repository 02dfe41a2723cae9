"""A format of codes: an alphabet for each position, parsing, display, and attributes."""

import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from regvae.formats.codes import Codes

LETTERS = string.ascii_uppercase
DIGITS = string.digits

_NAMED = 3
"""Wrong lines listed in an error; a long file may have thousands."""


class FormatError(ValueError):
    """A text that is not a code of a format, or a format that cannot be used."""


@dataclass(frozen=True)
class Attribute:
    """A property of a code, computed for many at once.

    `kind` is "boolean", "category" (text) or "number" (integer); `values` maps codes (n,) to
    values (n,) of that kind. `positions` are the characters it depends on, counted from 0.
    `categories` are all values of a category in their natural order, or the labels of false and
    true; empty for a number. `missing` is the category of codes without a value, if there is one.
    """

    name: str
    label: str
    kind: Literal["boolean", "category", "number"]
    values: Callable[[Codes], NDArray]
    positions: tuple[int, ...]
    categories: tuple[str, ...] = ()
    missing: str = ""

    def ranks(self, codes: Codes) -> NDArray[np.int64]:
        """The attribute of codes (n,) as integers (n,); a category is its index in `categories`."""
        values = self.values(codes)
        if self.kind != "category":
            return values.astype(np.int64)
        places = {category: place for place, category in enumerate(self.categories)}
        return np.array([places[value] for value in values], dtype=np.int64)


@dataclass(frozen=True)
class Format:
    """A fixed pattern of characters, with the words for it.

    `alphabets` has the characters allowed at each position: consecutive ASCII characters, no
    lower-case letters; `layout` describes them in words. `gaps` are the positions (from 0) before
    which a space is shown. `position_names` are shown for the positions, "1", "2", ... if empty.
    `attributes` are listed to people in this order. Raises `FormatError` if an alphabet has other
    characters, if there are more or fewer names than positions, or if `example` is not a normalised
    code.

    >>> from regvae.formats.uk_registration import UK_REGISTRATION
    >>> UK_REGISTRATION.parse("ab12 cde")
    'AB12CDE'
    """

    name: str
    noun: str
    plural: str
    example: str
    layout: str
    alphabets: tuple[str, ...]
    gaps: tuple[int, ...] = ()
    position_names: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for position, allowed in enumerate(self.alphabets, start=1):
            if not _is_alphabet(allowed):
                raise FormatError(
                    "expected consecutive ASCII characters without lower-case letters at position "
                    f"{position}, got {allowed[:40]!r}; change the alphabet"
                )
        if not self.position_names:
            names = tuple(str(position) for position in range(1, self.length + 1))
            object.__setattr__(self, "position_names", names)
        if len(self.position_names) != self.length:
            raise FormatError(
                f"expected {self.length} names of positions, got {len(self.position_names)}; give "
                "one for each position, or none"
            )
        if not self.is_normalised(self.example):
            raise FormatError(
                f"expected a normalised {self.noun} as the example, got {self.example[:40]!r}; "
                "change it"
            )

    @property
    def length(self) -> int:
        """Number of characters in a code."""
        return len(self.alphabets)

    @property
    def dtype(self) -> str:
        """NumPy's type for an array of codes, such as ``U7``."""
        return f"U{self.length}"

    def array(self, codes: Sequence[str] | Codes) -> Codes:
        """Codes (n,) as an array of the format's type; longer texts are cut off."""
        return np.asarray(codes, dtype=self.dtype)

    def shown(self, code: str) -> str:
        """A code with spaces for reading: ``"AB12CDE"`` -> ``"AB12 CDE"``."""
        cuts = [0, *self.gaps, self.length]
        return " ".join(code[start:stop] for start, stop in pairwise(cuts))

    def is_normalised(self, text: str) -> bool:
        """Whether a text is a code in the form that `parse` returns."""
        return (
            isinstance(text, str)
            and len(text) == self.length
            and all(c in allowed for c, allowed in zip(text, self.alphabets, strict=True))
        )

    def parse(self, text: str) -> str:
        """Normalise a typed code: ``"ab12 cde"`` -> ``"AB12CDE"``.

        Letters may be upper or lower case; white space is ignored. Raises `FormatError` naming the
        first position with a wrong character.
        """
        if not isinstance(text, str):
            raise FormatError(
                f"expected a {self.noun} as text, such as {self._example}, got "
                f"{type(text).__name__}; give a text"
            )
        code = "".join(text.split())
        if len(code) != self.length:
            raise FormatError(
                f"expected a {self.noun} of {self.length} characters, such as {self._example}, got "
                f"{quoted(text)} with {len(code)}; give {self.layout}"
            )
        for position in self.misfits(code)[:1]:
            raise FormatError(
                f"expected {self.expected(position)} at position {position + 1} of a {self.noun}, "
                f"got {code[position]!r} in {quoted(text)}; give a {self.noun} such as "
                f"{self._example}"
            )
        return code.upper()

    def misfits(self, code: str) -> list[int]:
        """The positions (from 0) whose character is not allowed, in a text of a code's length.

        Letters may be upper or lower case.
        """
        return [
            position
            for position, (character, allowed) in enumerate(zip(code, self.alphabets, strict=True))
            # str.upper() turns some non-ASCII characters into ASCII letters.
            if not character.isascii() or character.upper() not in allowed
        ]

    def expected(self, position: int) -> str:
        """What a position (from 0) expects, in words: "a digit 0 to 9"."""
        return _described(self.alphabets[position])

    def parse_lines(self, lines: Iterable[str], where: str = "the list") -> list[str]:
        """The normalised codes in lines of text, one a line or several separated by commas.

        Empty lines are skipped; `where` names the text in errors. Raises `FormatError` listing the
        first wrong lines, or if there is no code.
        """
        found: list[str] = []
        wrong: list[str] = []
        for number, line in enumerate(lines, start=1):
            for text in line.lstrip("\ufeff").split(","):
                try:
                    found += [self.parse(text)] if text.strip() else []
                except FormatError:
                    wrong.append(f"line {number} ({quoted(text.strip())})")
        if wrong:
            rest = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
            raise FormatError(
                f"{where}: expected one {self.noun} such as {self._example} a line, got others in "
                f"{', '.join(wrong[:_NAMED])}{rest}; correct or remove them"
            )
        if not found:
            raise FormatError(
                f"{where}: expected one {self.noun} such as {self._example} a line, got none; "
                "add some"
            )
        return found

    def attribute(self, name: str) -> Attribute:
        """The attribute of that name. Raises `FormatError` listing the names that exist."""
        if name not in self.attributes:
            raise FormatError(
                f"expected an attribute of a {self.noun} ({', '.join(self.attributes)}), got "
                f"{name[:40]!r}; choose one of them"
            )
        return self.attributes[name]

    @property
    def _example(self) -> str:
        return self.shown(self.example)


def _is_alphabet(allowed: str) -> bool:
    steps = np.diff([ord(character) for character in allowed])
    fits = bool(allowed) and allowed.isascii() and allowed == allowed.upper()
    return fits and bool((steps == 1).all())


def _described(allowed: str) -> str:
    """An alphabet in words, for errors."""
    if allowed == LETTERS:
        return "a letter A to Z"
    if allowed == DIGITS:
        return "a digit 0 to 9"
    return f"one of {allowed}"


def quoted(text: str) -> str:
    """What somebody typed, in quotation marks, for an error: its first 20 characters."""
    return repr(text if len(text) <= 20 else text[:20] + "…")
