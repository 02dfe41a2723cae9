"""Patterns of codes: a small subset of regular expressions, one alphabet for each position.

===================  ===========================================================================
``[A-HJ-NP0-9]``     a position with one of these characters; in TOML and here in upper case
``A``, ``7``         a position with this character: a constant
``-``, ``\\.``, `` ``  a separator: shown there, and optional where codes are read
``x?``               a position that may be empty
``x{3}``             three such positions
``x{2,5}``           two such positions, and three more that may be empty
===================  ===========================================================================

An empty position has `BLANK`. A text fits if its characters can be given to the positions in their
order; if there are several ways, positions further left are filled first. All ways are followed at
once, so that no pattern makes matching slow.
"""

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regvae.formats.codes import Codes, characters, from_characters

LETTERS = string.ascii_uppercase
DIGITS = string.digits

BLANK = " "
"""What an empty position of a normalised code has."""
NONE = "none"
"""What people read for it, and for what has no value."""
MOST_POSITIONS = 40
"""Most positions of a pattern."""
_IGNORED = "-–—./_:,·'" + "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What may stand between the characters of a typed code, unless it is one of them."""
_JOINING = "-./_:, "
"""Separators that stand between characters; a bracket belongs to what it closes."""
_CHUNK, _CHARACTERS = 2**15, 2**21
"""Texts, and characters, that are matched at a time."""

_QUANTIFIER = re.compile(r"\?|\{(\d{1,3})(?:,(\d{1,3}))?\}")
_CLASS = re.compile(r"\[([^\[\]]*)\]")


class FormatError(ValueError):
    """A text that is not a code of a format, or a format that cannot be used."""


@dataclass(frozen=True)
class Pattern:
    """The positions of a code: their alphabets, and what is shown between them.

    `alphabets` (p) are the characters allowed at each position, in ASCII order, without lower-case
    letters; a position that may be empty has `BLANK` among them. `separators` (p + 1) are shown
    before each position and after the last. Raises `FormatError` for an alphabet or separators of
    another form.
    """

    alphabets: tuple[str, ...]
    separators: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for position, allowed in enumerate(self.alphabets, start=1):
            if not _is_alphabet(allowed):
                raise FormatError(
                    "expected different printable ASCII characters in their order, without "
                    f"lower-case letters, at position {position}, got {allowed[:40]!r}; change the "
                    "alphabet"
                )
        if not self.separators:
            object.__setattr__(self, "separators", ("",) * (len(self.alphabets) + 1))
        if len(self.separators) != len(self.alphabets) + 1:
            raise FormatError(
                f"expected {len(self.alphabets) + 1} separators for {len(self.alphabets)} "
                f"positions, got {len(self.separators)}; give one before each and one at the end"
            )

    @classmethod
    def of(cls, text: str) -> "Pattern":
        """Compile a pattern. Raises `FormatError` that names the place of what is not allowed.

        >>> Pattern.of("[A-Z]{2}-[0-9]{3}").alphabets[2]
        '0123456789'
        """
        alphabets: list[str] = []
        separators = [""]
        place = 0
        while place < len(text):
            part, stop = _element(text, place)
            least, most, after = _counts(text, stop)
            if part.strip(LETTERS + DIGITS) and len(part) == 1:
                if (least, most) not in ((1, 1), (0, 1)):
                    raise _wrong(text, stop, "a separator once")
                separators[-1] += part
            else:
                if len(alphabets) + most > MOST_POSITIONS:
                    raise _wrong(text, place, f"at most {MOST_POSITIONS} positions")
                optional = "".join(sorted({BLANK, *part}))
                alphabets += [part] * least + [optional] * (most - least)
                separators += [""] * most
            place = after
        if not any(len(one) > 1 for one in alphabets):
            raise FormatError(
                "expected a pattern with a position of several characters such as [A-Z], got "
                f"'{text[:80]}'; change it"
            )
        return cls(tuple(alphabets), tuple(separators))

    @property
    def length(self) -> int:
        """Number of positions, p."""
        return len(self.alphabets)

    @property
    def least(self) -> int:
        """The fewest characters that a text can have."""
        return int((~self.optional).sum())

    @property
    def lengths(self) -> str:
        """How many characters a text can have, in words: "7", or "5 to 7"."""
        return f"{self.least} to {self.length}" if self.least < self.length else str(self.length)

    @cached_property
    def optional(self) -> NDArray[np.bool_]:
        """Which positions may be empty: (p,)."""
        return np.array([BLANK in allowed for allowed in self.alphabets])

    @cached_property
    def movable(self) -> int:
        """The first position (from 0) to which normalising may move the character of a later one;
        p if there is none: then characters at any positions are normalised.

        That is an empty position that allows the next character, if the others still fit after it.
        """
        for i in range(self.length):
            j = i + 1
            while self.optional[i] and j < self.length:
                shared = set(self.alphabets[i]) & set(self.alphabets[j]) - {BLANK}
                needed = int((~self.optional[i + 1 :]).sum())
                if shared and needed <= self.length - 1 - j:
                    return i
                if not self.optional[j]:
                    break
                j += 1
        return self.length

    @cached_property
    def _allowed(self) -> NDArray[np.bool_]:
        """Whether a position (p) allows an ASCII character (129); the last is for any other. Blanks
        are not characters of a text."""
        table = np.zeros((self.length, 129), bool)
        for row, allowed in zip(table, self.alphabets, strict=True):
            row[[ord(one) for one in allowed if one != BLANK]] = True
        return table

    @cached_property
    def _ignored(self) -> NDArray[np.bool_]:
        """Which ASCII characters (129) of a typed code are left out."""
        table = np.zeros(129, bool)
        table[[ord(one) for one in _IGNORED if one.isascii()]] = True
        return table & ~self._allowed.any(axis=0)

    @cached_property
    def _left_out(self) -> frozenset[str]:
        return frozenset(_IGNORED).difference(*self.alphabets)

    def typed_characters(self, text: str) -> str:
        """The characters of a text that are matched: those that no separator is."""
        return "".join(one for one in text if one not in self._left_out)

    def match(self, texts: Sequence[str] | Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Typed texts (n,) -> normalised codes (n,), and which of the texts fit: (n,).

        Upper or lower case; spaces and separators are left out. What stands for a text that does
        not fit means nothing.
        """
        # One long text makes all beside it as long in memory.
        chunk = max(1, min(_CHUNK, _CHARACTERS // (1 + max(map(len, texts), default=0))))
        parts = [
            self._match(np.asarray(texts[i : i + chunk], dtype=str))
            for i in range(0, len(texts), chunk)
        ]
        if not parts:
            return np.empty(0, f"U{self.length}"), np.empty(0, bool)
        codes, fits = zip(*parts, strict=True)
        return np.concatenate(codes), np.concatenate(fits)

    def _match(self, texts: Codes) -> tuple[Codes, NDArray[np.bool_]]:
        typed, length = self.typed(texts)
        n, p = len(texts), self.length
        most = min(typed.shape[1], p)  # a longer text never fits
        typed = typed[:, :most]
        # rest[i][j]: the characters from j on fit the positions from i on.
        rest = np.zeros((p + 1, most + 1, n), bool)
        rest[p] = np.arange(most + 1)[:, None] == length
        for i in reversed(range(p)):
            takes = self._allowed[i][typed].T
            rest[i, :most] = takes & rest[i + 1, 1:]
            if self.optional[i]:
                rest[i] |= rest[i + 1]
        found = np.full((n, p), ord(BLANK), np.uint32)
        at, rows = np.zeros(n, np.intp), np.arange(n)
        for i in range(p):
            here = np.minimum(at, max(0, most - 1))
            character = typed[rows, here] if most else np.full(n, 128, np.uint32)
            takes = self._allowed[i][character] & (at < most)
            takes &= rest[i + 1, np.minimum(at + 1, most), rows]
            found[takes, i] = character[takes]
            at += takes
        return from_characters(found), rest[0, 0] & (length <= p)

    def typed(self, texts: Codes) -> tuple[NDArray[np.uint32], NDArray[np.intp]]:
        """The characters of texts (n,) as they are matched, (n, w), and how many each has: (n,).

        In upper case; 128 stands for what is not ASCII, and after the last.
        """
        points = characters(texts) if texts.dtype.itemsize else np.zeros((len(texts), 0), np.uint32)
        foreign = points > 127
        kept = ~(foreign & np.isin(points, [ord(one) for one in _IGNORED])) & (points > 0)
        lower = (points >= ord("a")) & (points <= ord("z"))
        points = np.where(foreign, 128, points) - 32 * lower.astype(np.uint32)
        kept &= ~self._ignored[points]
        order = np.argsort(~kept, axis=1, kind="stable")
        points = np.where(
            np.take_along_axis(kept, order, 1), np.take_along_axis(points, order, 1), 128
        )
        return points, kept.sum(axis=1)

    def furthest(self, texts: Sequence[str] | Codes) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """How far texts (n,) that do not fit can be matched: the first position (from 0) that has
        to take a character and cannot, and the place of that character in the text as it is
        matched: (n,) each.

        The position is p if there are more characters than positions.
        """
        points, lengths = self.typed(np.asarray(texts, dtype=str).reshape(-1))
        n = len(points)
        reached = np.zeros((n, self.length + 1), bool)
        reached[:, 0] = True
        reached, going = self._skipped(reached), np.ones(n, bool)
        places = np.zeros(n, np.intp)
        for place in range(min(points.shape[1], self.length)):
            after = np.zeros_like(reached)
            after[:, 1:] = reached[:, :-1] & self._allowed[:, points[:, place]].T
            going &= (place < lengths) & after.any(axis=1)
            reached[going] = self._skipped(after)[going]
            places += going
        needed = reached & ~np.append(self.optional, False)
        found = np.where(needed.any(axis=1), needed.argmax(axis=1), reached.argmax(axis=1))
        return found, places

    def wrong(self, text: str) -> int | None:
        """The least number of characters to replace by others so that a text fits; None if it has
        more or fewer characters than the pattern allows."""
        points, length = self.typed(np.array([text]))
        costs: dict[int, int] = {0: 0}  # by position reached, the least number so far
        for i in range(self.length):
            after: dict[int, int] = {}
            for place, cost in costs.items():
                if self.optional[i]:
                    after[place] = min(cost, after.get(place, cost))
                if place < length[0]:
                    more = cost + (not self._allowed[i][points[0, place]])
                    after[place + 1] = min(more, after.get(place + 1, more))
            costs = after
        return costs.get(int(length[0]))

    def _skipped(self, reached: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Positions that are reached (n, p + 1), and those by leaving others empty."""
        found = reached.copy()
        for i in np.flatnonzero(self.optional):
            found[:, i + 1] |= found[:, i]
        return found

    def shown(self, code: str) -> str:
        """A normalised code for reading: with separators, without blanks."""
        parts = []
        for character, separator in zip(code, self.separators_of(code), strict=False):
            parts += [separator, "" if character == BLANK else character]
        return "".join([*parts, self.separators[-1]]).strip()

    def separators_of(self, code: str) -> tuple[str, ...]:
        """What is shown between the characters of a code: nothing that would join the last one
        to empty positions."""
        used = max(1, len(code.rstrip(BLANK)))
        joined, unused = self.separators[:used], self.separators[used:-1]
        return (*joined, *(one.strip(_JOINING) for one in unused), self.separators[-1])

    def __str__(self) -> str:
        """The pattern as text; `of` reads it again."""
        parts: list[str] = []
        runs = _runs(self.alphabets, self.separators)
        for separator, allowed, least, most in runs:
            parts.append("".join(escaped(one) for one in separator))
            parts.append(_written(allowed.replace(BLANK, "")) + quantifier(least, most))
        return "".join([*parts, *(escaped(one) for one in self.separators[-1])])


def character_name(character: str) -> str:
    """A character of an alphabet as people read it."""
    return NONE if character == BLANK else character


def _is_alphabet(allowed: str) -> bool:
    printable = bool(allowed) and allowed.isascii() and allowed.isprintable()
    ordered = list(allowed) == sorted(set(allowed))
    return printable and ordered and allowed == allowed.upper() and allowed != BLANK


def _element(text: str, place: int) -> tuple[str, int]:
    """The alphabet or the character at a place of a pattern, and the place after it."""
    character = text[place]
    if character == "[":
        found = _CLASS.match(text, place)
        if not found or not found.group(1) or found.group(1).startswith("^"):
            raise _wrong(text, place, "a class of characters such as [A-Z0-9]")
        return _members(text, place, found.group(1)), found.end()
    if character == "\\":
        escaped = text[place + 1 : place + 2]
        if escaped == "d":
            return DIGITS, place + 2
        if not escaped or escaped.isalnum():
            raise _wrong(text, place, r"\d or an escaped separator such as \.")
        return escaped, place + 2
    if character in "(){}|*+?^$.]" or not character.isascii() or not character.isprintable():
        raise _wrong(
            text, place, "a class such as [A-Z], a character, a separator, ?, {n} or {n,m}"
        )
    if character.islower():
        raise _wrong(text, place, "upper case")
    return character, place + 1


def _members(text: str, place: int, inside: str) -> str:
    """The characters of a class, in ASCII order."""
    found: set[str] = set()
    i = 0
    while i < len(inside):
        first = last = inside[i]
        if inside[i + 1 : i + 2] == "-" and i + 2 < len(inside):
            last = inside[i + 2]
            i += 2
        if first > last:
            raise _wrong(text, place, "ranges from a lower to a higher character")
        found |= {chr(one) for one in range(ord(first), ord(last) + 1)}
        i += 1
    members = "".join(sorted(found))
    if members.strip(LETTERS + DIGITS + "*"):  # * is a check character of ISO 7064, mod 37-2
        raise _wrong(text, place, "letters A to Z, digits or * in a class")
    return members


def _counts(text: str, place: int) -> tuple[int, int, int]:
    """How often an element stands, at least and at most, and the place after its quantifier."""
    found = _QUANTIFIER.match(text, place)
    if not found:
        return 1, 1, place
    if found.group() == "?":
        return 0, 1, found.end()
    least = int(found.group(1))
    most = int(found.group(2) or least)
    if not 0 <= least <= most or most < 1 or most > MOST_POSITIONS:
        raise _wrong(text, place, f"{{n}} or {{n,m}} of 1 to {MOST_POSITIONS}, n at most m")
    return least, most, found.end()


def _wrong(text: str, place: int, expected: str) -> FormatError:
    return FormatError(
        f"expected {expected} at character {place + 1} of the pattern, got "
        f"'{text[place : place + 12]}' in '{text[:80]}'; change the pattern"
    )


Run = tuple[str, str, int, int]


def _runs(alphabets: Sequence[str], separators: Sequence[str]) -> list[Run]:
    """Positions of one alphabet in a row: the separator before, the alphabet, least and most."""
    runs: list[Run] = []
    for allowed, separator in zip(alphabets, separators, strict=False):
        needed = BLANK not in allowed
        if runs and not separator:
            before, last, least, most = runs[-1]
            same = last.replace(BLANK, "") == allowed.replace(BLANK, "")
            if same and (not needed or least == most):
                runs[-1] = (before, last, least + needed, most + 1)
                continue
        runs.append((separator, allowed, int(needed), 1))
    return runs


def escaped(separator: str) -> str:
    """A separator as it stands in a pattern."""
    return f"\\{separator}" if separator in "(){}|*+?^$.[]\\" else separator


def _written(allowed: str) -> str:
    """An alphabet in a pattern: a constant as it is, several characters as a class."""
    return allowed if len(allowed) == 1 else class_of(allowed)


def class_of(alphabet: str) -> str:
    """A class of characters, with ranges of three or more: "0123X" -> "[0-3X]"."""
    parts: list[list[str]] = []
    for character in sorted(alphabet):
        if parts and ord(character) == ord(parts[-1][-1]) + 1:
            parts[-1].append(character)
        else:
            parts.append([character])
    runs = (f"{one[0]}-{one[-1]}" if len(one) > 2 else "".join(one) for one in parts)
    return f"[{''.join(runs)}]"


def quantifier(least: int, most: int) -> str:
    """What stands after an element that occurs at least and at most so often."""
    if (least, most) == (1, 1):
        return ""
    if (least, most) == (0, 1):
        return "?"
    return f"{{{least}}}" if least == most else f"{{{least},{most}}}"
