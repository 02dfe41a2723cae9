"""Check characters: computed from the rest of a code, never learned.

python-stdnum knows how each kind is computed, one code at a time. All kinds here are *linear*: each
character has a value that depends on its position, and the sum of the values modulo m chooses the
check characters out of m. So a table of values serves a million codes at once, and the browser.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from stdnum import ean, iban, luhn
from stdnum.iso7064 import mod_11_2, mod_37_2, mod_97_10

from regvae.formats.codes import characters
from regvae.formats.pattern import BLANK, DIGITS, LETTERS, FormatError

_TRIED = 400
"""Random codes on which a table must agree with the kind's own computation."""
_ASCII = 128


@dataclass(frozen=True)
class Kind:
    """A way to compute check characters from the rest of a code.

    `compute` takes the code without blanks and without its check characters, all of `allowed`, and
    returns one of `outputs`, which are in the order of the sum that chooses them. The check
    characters start at position `start`, negative from the end; only there if `fixed`. `length` is
    that of the written code, 0 if any is right.
    """

    compute: Callable[[str], str]
    outputs: tuple[str, ...]
    allowed: str = DIGITS
    start: int = -1
    fixed: bool = False
    length: int = 0

    @property
    def modulus(self) -> int:
        """The number of outputs."""
        return len(self.outputs)

    @property
    def width(self) -> int:
        """The number of check characters, 1 or 2."""
        return len(self.outputs[0])

    def positions(self, length: int) -> tuple[int, ...]:
        """Where the check characters of a code of so many positions stand by default, from 0."""
        start = self.start + length if self.start < 0 else self.start
        return tuple(range(start, start + self.width))


# --- kinds ----------------------------------------------------------------------------------------


def _mod_11(body: str) -> str:
    """Weights 2, 3, 4, … from the right, as in ISBN-10 and ISSN."""
    total = sum(weight * int(digit) for weight, digit in enumerate(reversed(body), start=2))
    return _DIGITS_X[-total % 11]


_VIN_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", "12345678123457923456789", strict=True))
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 9, 8, 7, 6, 5, 4, 3, 2)


def _vin(body: str) -> str:
    """49 CFR 565.15(c): values of letters (table IV) and weights (table V), without position 9."""
    digits = (int(_VIN_VALUES.get(one, one)) for one in body)
    return _DIGITS_X[sum(map(int.__mul__, _VIN_WEIGHTS, digits)) % 11]


def _iban(body: str) -> str:
    """ISO 13616: computed with the country moved to the end."""
    return iban.calc_check_digits(body[:2] + "00" + body[2:])


_DIGITS_X = (*DIGITS, "X")
_98_LESS = tuple(f"{number:02}" for number in range(2, 99))

CHECKS: Mapping[str, Kind] = MappingProxyType(
    {
        "luhn": Kind(luhn.calc_check_digit, tuple(DIGITS)),
        "mod-11-2": Kind(mod_11_2.calc_check_digit, _DIGITS_X),
        "mod-37-2": Kind(
            mod_37_2.calc_check_digit, (*DIGITS, *LETTERS, "*"), allowed=DIGITS + LETTERS
        ),
        "mod-97-10": Kind(
            mod_97_10.calc_check_digits, _98_LESS, allowed=DIGITS + LETTERS, start=-2
        ),
        "iban": Kind(_iban, _98_LESS, allowed=DIGITS + LETTERS, start=2, fixed=True),
        "vin": Kind(_vin, _DIGITS_X, DIGITS + "".join(_VIN_VALUES), start=8, fixed=True, length=17),
        "mod-11": Kind(_mod_11, _DIGITS_X),
        "ean": Kind(ean.calc_check_digit, tuple(DIGITS)),
    }
)
"""Every kind of check characters by its name: Luhn, ISO 7064, IBAN, VIN, ISBN-10 and ISSN, EAN."""


# --- a check --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Check:
    """The check characters of a format of p positions, as tables.

    `values` (p, 128) has the value of each ASCII character at each position, 0 at `positions`,
    where the check characters stand (from 0). The sum of a code's values modulo `modulus` is the
    place of its check characters in `outputs`. Made with `of`.

    >>> check = Check.of("luhn", ("0123456789",) * 11)
    >>> code = np.array([[ord(digit) for digit in "79927398710"]], np.uint32)
    >>> bytes(check.compute(code).astype(np.uint8)).decode()
    '79927398713'
    """

    kind: str
    alphabets: tuple[str, ...]
    positions: tuple[int, ...]
    modulus: int
    outputs: tuple[str, ...]
    values: NDArray[np.int32] = field(compare=False, repr=False)

    @classmethod
    def of(
        cls, kind: str, alphabets: tuple[str, ...], positions: tuple[int, ...] | None = None
    ) -> "Check":
        """The check of a kind for codes with these alphabets, one of each position.

        `positions` (from 0) are those of the check characters, the kind's own if None. A blank in
        an alphabet is left out of the written code. Raises `FormatError` if there is no such kind,
        if check characters cannot stand at these positions, or if the kind is not linear for these
        alphabets.

        >>> Check.of("mod-97-10", ("AB", "0123456789", "0123456789")).positions
        (1, 2)
        """
        known = _kind_named(kind)
        places = known.positions(len(alphabets)) if positions is None else tuple(positions)
        _check_places(kind, known, alphabets, places)
        _check_characters(kind, known, alphabets, places)
        check = _probed(kind, known, alphabets, places)
        _check_linear(check, known)
        return check

    def compute(self, points: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Code points (n, p) with their check characters filled in, a copy.

        What stands at the check's positions does not matter; other characters must be of the
        alphabets.
        """
        filled = np.array(points, dtype=np.uint32)
        filled[:, list(self.positions)] = self._expected(points)
        return filled

    def holds(self, points: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Whether the check characters of codes (n, p) are the computed ones: (n,)."""
        given = np.asarray(points)[:, list(self.positions)]
        return np.asarray((given == self._expected(points)).all(axis=1))

    def to_dict(self) -> dict[str, Any]:
        """Plain lists for JSON: the values of each position as {character: value}.

        A character that is not listed has the value 0, as all have at the check's own positions.
        """
        values = [
            {one: int(row[ord(one)]) for one in allowed if row[ord(one)]}
            for allowed, row in zip(self.alphabets, self.values, strict=True)
        ]
        return {
            "kind": self.kind,
            "positions": list(self.positions),
            "modulus": self.modulus,
            "outputs": list(self.outputs),
            "values": values,
        }

    def _sums(self, points: NDArray[np.uint32]) -> NDArray[np.int32]:
        points = np.asarray(points)
        sums = np.zeros(len(points), dtype=np.int32)
        for position, row in enumerate(self.values):
            if row.any():  # constants and the check's own positions add nothing
                # Clipped only because NumPy is then twice as fast: characters are ASCII.
                sums += row.take(points[:, position], mode="clip")
        return sums % self.modulus

    def _expected(self, points: NDArray[np.uint32]) -> NDArray[np.uint32]:
        return characters(np.array(self.outputs))[self._sums(points)]


def _kind_named(kind: str) -> Kind:
    if not isinstance(kind, str) or kind not in CHECKS:
        raise FormatError(
            f"expected a kind of check characters ({', '.join(CHECKS)}), got {str(kind)[:40]!r}; "
            "choose one of them"
        )
    return CHECKS[kind]


def _check_places(
    name: str, kind: Kind, alphabets: tuple[str, ...], places: tuple[int, ...]
) -> None:
    length = len(alphabets)
    within = len(set(places)) == kind.width < length and set(places) <= set(range(length))
    if not within or list(places) != sorted(places):
        raise FormatError(
            f"expected {kind.width} of the positions 1 to {length} for the check {name}, in "
            f"ascending order and with others to compute from, got {_counted(places)}; change "
            "them, or choose another check"
        )
    if kind.fixed and places != kind.positions(length):
        raise FormatError(
            f"expected the check {name} at position {_counted(kind.positions(length))}, got "
            f"{_counted(places)}; leave the positions out"
        )


def _counted(places: tuple[int, ...]) -> str:
    """Positions for an error: counted from 1, as in a definition."""
    return " and ".join(str(place + 1) for place in places) or "none"


def _check_characters(
    name: str, kind: Kind, alphabets: tuple[str, ...], places: tuple[int, ...]
) -> None:
    for position, allowed in enumerate(alphabets):
        unknown = set(allowed) - set(kind.allowed) - {BLANK}
        if unknown and position not in places:
            raise FormatError(
                f"expected characters of {kind.allowed} for the check {name}, got "
                f"{min(unknown)!r} at position {position + 1}; leave it out there, or choose "
                "another check"
            )
    here = [alphabets[position] for position in places]
    if not any(all(map(str.__contains__, here, output)) for output in kind.outputs):
        some = ", ".join(kind.outputs[:3])
        raise FormatError(
            f"expected an alphabet that allows check characters of {name} ({some}, …), got "
            f"{' and '.join(map(repr, here))}; change the alphabet at position {places[0] + 1}"
        )


# --- tables by probing ----------------------------------------------------------------------------


def _probed(name: str, kind: Kind, alphabets: tuple[str, ...], places: tuple[int, ...]) -> Check:
    """Tables from one base code, of which one character at a time is changed."""
    base = [allowed[0] for allowed in alphabets]
    start = _residue(name, kind, base, places)
    values = np.zeros((len(alphabets), _ASCII), dtype=np.int32)
    for position, allowed in enumerate(alphabets):
        if position in places:
            continue
        for one in allowed:
            changed = [*base[:position], one, *base[position + 1 :]]
            residue = _residue(name, kind, changed, places)
            values[position, ord(one)] = (residue - start) % kind.modulus
    # The base code has the sum 0, so its output comes first.
    outputs = (*kind.outputs[start:], *kind.outputs[:start])
    return Check(name, alphabets, places, kind.modulus, outputs, values)


def _residue(name: str, kind: Kind, code: list[str], places: tuple[int, ...]) -> int:
    body = [one for at, one in enumerate(code) if at not in places and one != BLANK]
    if kind.length and len(body) + kind.width != kind.length:
        raise FormatError(
            f"expected codes of {kind.length} characters for the check {name}, got one of "
            f"{len(body) + kind.width}; choose another check"
        )
    return kind.outputs.index(kind.compute("".join(body)))


def _check_linear(check: Check, kind: Kind) -> None:
    rng = np.random.default_rng(0)
    drawn = [[_drawn(allowed, rng) for allowed in check.alphabets] for _ in range(_TRIED)]
    sums = check._sums(np.array([[ord(one) for one in code] for code in drawn], np.uint32))
    for code, place in zip(drawn, sums, strict=True):
        own = kind.outputs[_residue(check.kind, kind, code, check.positions)]
        if own != check.outputs[place]:
            raise FormatError(
                f"expected alphabets for which the check {check.kind} is a sum of one value for "
                f"each position, got ones for which it is not, as in {''.join(code)!r}; do not "
                "mix letters with digits or blanks at one position, or choose another check"
            )


def _drawn(allowed: str, rng: np.random.Generator) -> str:
    """A character of an alphabet; every other one is a blank, where blanks are allowed."""
    if BLANK in allowed and rng.random() < 0.5:
        return BLANK
    return allowed[rng.integers(len(allowed))]
