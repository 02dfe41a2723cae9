"""A format of codes: an alphabet for each position, parsing, display, and attributes."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from regvae.formats.checks import Check
from regvae.formats.codes import Codes, characters, from_characters
from regvae.formats.pattern import BLANK, DIGITS, LETTERS, NONE, FormatError, Pattern

PLATES = ("plain", "uk", "french")
"""How a code looks on a page: as a chip of characters, or as a country's number plate."""
_TRIED, _RAREST = 100_000, 1_000
"""After so many codes that were drawn, one in so many has to be permitted."""
_NAMED = 3
"""Wrong lines listed in an error; a long file may have thousands."""


@dataclass(frozen=True)
class Attribute:
    """A property of a code, computed for many at once.

    `kind` is "boolean", "category" (text), "number" or "date" (days since 1970); `values` maps
    codes (n,) to values (n,) of that kind. `positions` are the characters it depends on, counted
    from 0. `categories` are all values of a category in their natural order, or the labels of false
    and true; empty for others. `missing` is the category of codes without a value, if there is one.

    Most attributes are computed from the code, and their numbers are integers. One that `is_column`
    is known of some codes, and looked up: it has no positions, and its numbers are float64, NaN for
    none.
    """

    name: str
    label: str
    kind: Literal["boolean", "category", "number", "date"]
    values: Callable[[Codes], NDArray]
    positions: tuple[int, ...]
    categories: tuple[str, ...] = ()
    missing: str = ""
    is_column: bool = False

    def ranks(self, codes: Codes) -> NDArray[np.int64]:
        """The attribute of codes (n,) as integers (n,) in its order.

        A category is its index in `categories`. Of a column, numbers and dates are counted from the
        lowest among these codes, and no value is -1.
        """
        values = self.values(codes)
        if self.kind == "category":
            places = {category: place for place, category in enumerate(self.categories)}
            if self.is_column:
                places[self.missing] = -1
            return np.array([places[value] for value in values.tolist()], dtype=np.int64)
        if not self.is_column:
            return values.astype(np.int64)
        known = ~np.isnan(values)
        ranks = np.full(len(values), -1)
        ranks[known] = np.unique(values[known], return_inverse=True)[1]
        return ranks

    def text(self, value: float) -> str:
        """A number or a date as people read it; `NONE` for NaN."""
        if np.isnan(value):
            return NONE
        return date_text(value) if self.kind == "date" else f"{value:.10g}"


def date_text(days: float) -> str:
    """The date that is some days after 1970-01-01: ISO, without the time of day."""
    return str(np.datetime64(int(np.floor(days)), "D"))


@dataclass(frozen=True)
class Format:
    """A fixed pattern of characters, with the words for it.

    `alphabets` and `separators` are those of `Pattern`. `position_names` are shown for the
    positions, "1", "2", ... if empty. `layout` describes the positions in words, itself if empty.
    `attributes` are listed to people in this order. `check` computes some of the characters;
    `excluded` are texts that do not occur at a position (from 0): codes with one, or with other
    check characters, are no codes of the format. `plate` is how a code looks on a page, one of
    `PLATES`; `column` the name of the codes' column in tables that are written. `wanted` is the
    predicate of what is wanted unless somebody chooses, empty if the records decide. `draw`
    generates codes, `draw(n, rng=rng)`, if not all are equally likely. `definition` is what a file
    of the format has, empty for one written in Python. Raises `FormatError` for wrong alphabets, if
    there are more or fewer names than positions, or if `example` is not a normalised code.

    >>> from regvae.formats.uk_registration import UK_REGISTRATION
    >>> UK_REGISTRATION.parse("ab12 cde")
    'AB12CDE'
    """

    name: str
    noun: str
    plural: str
    example: str
    alphabets: tuple[str, ...]
    separators: tuple[str, ...] = ()
    layout: str = ""
    position_names: tuple[str, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict, compare=False, repr=False)
    check: Check | None = None
    excluded: tuple[tuple[int, str], ...] = ()
    plate: str = "plain"
    column: str = "code"
    wanted: str = ""
    draw: Callable[..., Codes] | None = field(default=None, compare=False, repr=False)
    definition: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "separators", self.pattern.separators)
        if not self.layout:
            object.__setattr__(self, "layout", _layout(self.alphabets))
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

    def to_dict(self) -> str | dict[str, Any]:
        """What identifies the format in a manifest: its name, if that is of a format in Python, or
        its definition."""
        return dict(self.definition) or self.name

    def __reduce__(self) -> tuple[Callable[[Any], "Format"], tuple[Any]]:
        # Attributes are closures, which cannot be sent to another process: what defines them can.
        from regvae.formats import format_of

        return format_of, (self.to_dict(),)

    @cached_property
    def pattern(self) -> Pattern:
        """The positions, as a pattern."""
        return Pattern(self.alphabets, self.separators)

    @property
    def one(self) -> str:
        """The noun with its article: "a reg"."""
        return f"{'an' if self.noun[:1].upper() in 'AEIOU' else 'a'} {self.noun}"

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
        """A code with separators for reading: ``"AB12CDE"`` -> ``"AB12 CDE"``."""
        return self.pattern.shown(code)

    def written(self, codes: Sequence[str] | Codes) -> Codes:
        """Codes (n,) as files and JSON have them: without the blanks of empty positions.

        `parse` and `match` read each as the same code. What has no empty position is unchanged.
        """
        codes = self.array(codes)
        return np.strings.replace(codes, BLANK, "") if len(codes) else codes

    def is_normalised(self, text: str) -> bool:
        """Whether a text is a code in the form that `parse` returns."""
        return bool(self.are_normalised([text])[0])

    def are_normalised(self, texts: Sequence[str]) -> NDArray[np.bool_]:
        """As `is_normalised`, for many texts (n,) at once: (n,)."""
        right = np.array([self._has_alphabets(one) for one in texts], bool)
        blank = [place for place in np.flatnonzero(right).tolist() if BLANK in texts[place]]
        some = [texts[place] for place in blank]
        right[blank] = self.pattern.match(some)[0] == self.array(some)
        return right

    def _has_alphabets(self, text: str) -> bool:
        return (
            isinstance(text, str)
            and len(text) == self.length
            and all(c in allowed for c, allowed in zip(text, self.alphabets, strict=True))
        )

    @cached_property
    def learned(self) -> tuple[int, ...]:
        """The positions (from 0) that a model learns: those with several characters, but for check
        characters."""
        computed = self.check.positions if self.check else ()
        return tuple(
            i for i, allowed in enumerate(self.alphabets) if len(allowed) > 1 and i not in computed
        )

    @cached_property
    def widest(self) -> int:
        """The learned position (from 0) with the most characters, the last of several."""
        return max(self.learned, key=lambda position: (len(self.alphabets[position]), position))

    def neighbourhoods(self, codes: Codes) -> Codes:
        """The neighbourhood of each code (n,), as a text: (n,). Codes have the same one if they
        differ at the position `widest` only, and in the check characters that follow from it."""
        points = characters(self.array(codes)).copy()
        computed = self.check.positions if self.check else ()
        points[:, [self.widest, *computed]] = ord("*")
        return from_characters(points)

    def deciding(self, positions: Iterable[int]) -> tuple[int, ...]:
        """The learned positions on which the characters at some positions (from 0) depend, sorted.

        A character moves to the left if positions before it stay empty, in patterns where it may.
        """
        movable = self.pattern.movable
        found = set(positions)
        if self.check and found & set(self.check.positions):
            return self.learned
        if any(position >= movable for position in found):
            found |= set(range(movable, self.length))
        return tuple(sorted(found & set(self.learned)))

    def completed(self, codes: Codes) -> Codes:
        """Codes (n,) with an allowed character at each learned position, normalised: positions
        further left are filled first, and check characters are computed."""
        if self.pattern.movable < self.length:
            codes = self.pattern.match(codes)[0]
        if self.check:
            codes = from_characters(self.check.compute(characters(codes)))
        return codes

    def permits(self, codes: Codes) -> NDArray[np.bool_]:
        """Which codes (n,), each character of which is allowed at its position, are codes of the
        format, with the right check characters and nothing that is excluded: (n,)."""
        permitted = np.ones(len(codes), bool)
        if self.check:
            permitted &= self.check.holds(characters(codes))
            for position in self.check.positions:  # no X where only digits are allowed
                allowed = [ord(one) for one in self.alphabets[position]]
                permitted &= np.isin(characters(codes)[:, position], allowed)
        for position, text in self.excluded:
            part = characters(codes)[:, position : position + len(text)]
            permitted &= (part != [ord(one) for one in text]).any(axis=1)
        return permitted

    @cached_property
    def size(self) -> float:
        """How many codes the format permits: exact where its positions are independent and never
        empty, else within about a percent, from the share of random texts that are codes."""
        size = float(math.prod(len(self.alphabets[position]) for position in self.learned))
        if self.pattern.movable >= self.length and not self.excluded and not self.check:
            return size
        rng = np.random.default_rng(0)
        points = np.empty((_TEXTS, self.length), np.uint32)
        for position, allowed in enumerate(self.alphabets):
            points[:, position] = rng.choice([ord(one) for one in allowed], size=_TEXTS)
        texts = from_characters(points)
        if self.check:
            texts = from_characters(self.check.compute(points))
        return size * float(((self.pattern.match(texts)[0] == texts) & self.permits(texts)).mean())

    def generate(self, n: int, *, rng: np.random.Generator) -> Codes:
        """n codes of the format: (n,). Raises `ValueError` if n is negative.

        By `draw`, if the format has it. Else each position has one of its characters, all equally
        likely, and is as often empty as not where it may be; what the format does not permit is
        drawn again. Codes may repeat.
        """
        if n < 0:
            raise ValueError(f"expected a number of {self.plural} from 0, got {n}; raise it")
        if self.draw:
            return self.draw(n, rng=rng)
        found, drawn = np.empty(0, self.dtype), 0
        while len(found) < n:
            some = self._drawn(n + n // 8 + 16, rng)
            found, drawn = np.concatenate([found, some[self.permits(some)]]), drawn + len(some)
            if drawn > _TRIED and len(found) * _RAREST < drawn:
                raise FormatError(
                    f"expected {self.plural} of which one in {_RAREST:,} is permitted, got fewer; "
                    "leave characters that do not occur out of the pattern, instead of excluding "
                    "them"
                )
        return found[:n]

    def _drawn(self, n: int, rng: np.random.Generator) -> Codes:
        points = np.empty((n, self.length), np.uint32)
        for position, allowed in enumerate(self.alphabets):
            points_of = [ord(one) for one in allowed.replace(BLANK, "")]
            points[:, position] = rng.choice(points_of, size=n)
            if BLANK in allowed:
                points[rng.random(n) < 0.5, position] = ord(BLANK)
        return self.completed(from_characters(points))

    def match(self, texts: Sequence[str] | Codes) -> tuple[Codes, NDArray[np.bool_]]:
        """Typed texts (n,) -> normalised codes (n,), and which of the texts are codes: (n,).

        As `parse`, for many texts at once; what stands for a text that is no code means nothing.
        """
        codes, fits = self.pattern.match(texts)
        if self.check or self.excluded:
            fits &= self.permits(codes)
        return codes, fits

    def parse(self, text: str) -> str:
        """Normalise a typed code: ``"ab12 cde"`` -> ``"AB12CDE"``.

        Letters may be upper or lower case; spaces and separators are ignored. Raises `FormatError`
        naming the first position with a wrong character.
        """
        if not isinstance(text, str):
            raise FormatError(
                f"expected {self.one} as text, such as {self._example}, got "
                f"{type(text).__name__}; give a text"
            )
        codes, fits = self.match([text])
        if fits[0]:
            return str(codes[0])
        codes, fits = self.pattern.match([text])
        if fits[0]:
            raise FormatError(
                f"expected {self.one} such as {self._example}, got {quoted(text)}: "
                f"{self.not_permitted(str(codes[0]))}; correct it"
            )
        _, length = self.pattern.typed(np.array([text]))
        if not self.pattern.least <= length[0] <= self.length:
            raise FormatError(
                f"expected {self.one} of {self.pattern.lengths} characters, such as "
                f"{self._example}, got {quoted(text)} with {length[0]}; give {self.layout}"
            )
        position, expected, found = self.misfit(text)
        raise FormatError(
            f"expected {expected} at position {position + 1} of {self.one}, got {found!r} in "
            f"{quoted(text)}; give {self.one} such as {self._example}"
        )

    def parse_all(self, texts: Sequence[str]) -> list[str]:
        """As `parse`, for many texts (n,) at once. Raises `FormatError` for the first wrong one."""
        if all(isinstance(one, str) for one in texts):
            codes, fits = self.match(texts)
            if fits.all():
                return codes.tolist()
        return [self.parse(one) for one in texts]

    def not_permitted(self, code: str) -> str:
        """Why a code whose characters are allowed is not permitted."""
        for position, text in self.excluded:
            if code.startswith(text, position):
                return f"{text} does not occur at position {position + 1}"
        assert self.check is not None
        right = str(self.completed(self.array([code]))[0])
        found, expected = (
            "".join(one[position] for position in self.check.positions) for one in (code, right)
        )
        many = "s" if len(found) > 1 else ""
        return f"the check character{many} would be {expected}, not {found}"

    def misfit(self, text: str) -> tuple[int, str, str]:
        """Of a text that is no code: the first position (from 0) whose character is missing or not
        allowed, what it expects in words, and the character that is there, "" for none."""
        (position,), (place,) = self.pattern.furthest([text])
        return self._misfit(text, int(position), int(place))

    def misfits(self, texts: Sequence[str]) -> list[tuple[int, str, str]]:
        """As `misfit`, for many texts at once."""
        found = self.pattern.furthest(texts)
        pairs = zip(texts, *(one.tolist() for one in found), strict=True)
        return [self._misfit(text, position, place) for text, position, place in pairs]

    def _misfit(self, text: str, position: int, place: int) -> tuple[int, str, str]:
        kept = self.pattern.typed_characters(text)
        expected = _described(self.alphabets[position]) if position < self.length else "nothing"
        return position, expected, kept[place] if place < len(kept) else ""

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
        return named(name, self.attributes, self.one)

    @property
    def _example(self) -> str:
        return self.shown(self.example)


def named(name: str, attributes: Mapping[str, Attribute], of: str) -> Attribute:
    """The attribute of that name; `of` says in errors what has them, such as "a reg".

    Raises `FormatError` listing the names that exist.
    """
    if name not in attributes:
        raise FormatError(
            f"expected an attribute of {of} ({', '.join(attributes)}), got {name[:40]!r}; choose "
            "one of them"
        )
    return attributes[name]


def _described(allowed: str) -> str:
    """An alphabet in words, for errors: "a digit 0 to 9"."""
    allowed = allowed.replace(BLANK, "")
    if allowed == LETTERS:
        return "a letter A to Z"
    if allowed == DIGITS:
        return "a digit 0 to 9"
    return allowed if len(allowed) == 1 else f"one of {allowed}"


_TEXTS = 100_000
"""Random texts of which those that are codes are counted, for the size of a format."""
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def _layout(alphabets: Sequence[str]) -> str:
    """Alphabets in words: "two letters, two digits and three letters"."""
    parts = []
    for (kind, optional), members in groupby(alphabets, _kind):
        n = len(list(members))
        number = _NUMBERS[n] if n < len(_NUMBERS) else str(n)
        up_to = "up to " if optional else ""
        parts.append(f"{up_to}{number} {kind}{'' if n == 1 else 's'}" if kind.isalpha() else kind)
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else parts[0]


def _kind(allowed: str) -> tuple[str, bool]:
    """What the characters of an alphabet are called, and whether there may be none."""
    some = set(allowed) - {BLANK}
    optional = BLANK in allowed
    if len(some) == 1:
        return repr(min(some)), optional
    if some <= set(DIGITS):
        return "digit", optional
    return ("letter" if some <= set(LETTERS) else "character"), optional


def quoted(text: str) -> str:
    """What somebody typed, in quotation marks, for an error: its first 20 characters."""
    return repr(text if len(text) <= 20 else text[:20] + "…")
