"""What a UK car registration ("reg") is: parsing, generating, DVLA's rules and attributes.

A reg is seven characters, ``AA00AAA``: a memory tag (two letters, naming an area), an age
identifier (two digits, naming a period of six months) and three more letters. Everywhere in this
package a reg is normalised: upper case, no spaces. Many regs are a NumPy array of dtype ``U7``.
"""

import hashlib
import json
import math
import random
import re
import string
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import numpy as np
from numpy.typing import NDArray

LETTERS = string.ascii_uppercase
DIGITS = string.digits
PATTERN = (LETTERS, LETTERS, DIGITS, DIGITS, LETTERS, LETTERS, LETTERS)
"""The characters allowed at each of the seven positions."""

SPLITS = ("train", "validation", "test")
NO_AREA = "no area"
NO_PERIOD = "no period"

AREAS: dict[str, tuple[str, ...]] = {
    area: tuple(tags.split())
    for area, tags in json.loads(
        resources.files(__package__).joinpath("memory_tags.json").read_text("utf-8")
    )["areas"].items()
}
"""Area -> its memory tags, in DVLA's order (leaflet INF104): 446 tags in 36 areas."""

MEMORY_TAGS: tuple[str, ...] = tuple(tag for tags in AREAS.values() for tag in tags)

Regs = NDArray[np.str_]


class RegError(ValueError):
    """A text that is no reg; the message says which position wants what."""


def parse(text: str) -> str:
    """Normalise what a person typed to a reg, e.g. ``"ab12 cde"`` to ``"AB12CDE"``.

    Letters of either case are accepted and white space is dropped. Raises `RegError` naming the
    first position that does not fit.
    """
    if not isinstance(text, str):
        raise RegError(f"a reg is text like AB12 CDE, but this is {type(text).__name__}")
    reg = "".join(text.split())
    if len(reg) != len(PATTERN):
        raise RegError(
            f"a reg has 7 characters like AB12 CDE, but {_quote(text)} has {len(reg)}; "
            "give two letters, two digits and three letters"
        )
    for position, (character, allowed) in enumerate(zip(reg, PATTERN, strict=True), start=1):
        # str.upper() would turn some non-ASCII characters into ASCII letters: refuse them first.
        if not character.isascii() or character.upper() not in allowed:
            wanted = "a letter A to Z" if allowed is LETTERS else "a digit 0 to 9"
            raise RegError(
                f"position {position} of a reg wants {wanted}, but {_quote(text)} has "
                f"{character!r} there; a reg looks like AB12 CDE"
            )
    return reg.upper()


_NORMALISED = re.compile("[A-Z]{2}[0-9]{2}[A-Z]{3}")


def is_normalised(text: str) -> bool:
    """Whether a text is a reg as `parse` returns it."""
    return isinstance(text, str) and _NORMALISED.fullmatch(text) is not None


_NAMED = 3
"""Bad lines named in a complaint; a long file may have thousands."""


def parse_lines(lines: Iterable[str], where: str = "the list") -> list[str]:
    """Normalised regs of a text with one a line (or several, with commas); empty lines are skipped.

    Raises `RegError` naming the first lines that hold no reg, or if there is no reg at all.
    """
    found: list[str] = []
    wrong: list[str] = []
    for number, line in enumerate(lines, start=1):
        for text in line.lstrip("\ufeff").split(","):
            try:
                found += [parse(text)] if text.strip() else []
            except RegError:
                wrong.append(f"line {number} ({_quote(text.strip())})")
    if wrong:
        rest = f" and {len(wrong) - _NAMED:,} more" if len(wrong) > _NAMED else ""
        raise RegError(
            f"{where} wants one reg like AB12 CDE a line, but {', '.join(wrong[:_NAMED])}{rest} "
            "cannot be read; correct or remove them"
        )
    if not found:
        raise RegError(f"{where} holds no reg; give one like AB12 CDE a line")
    return found


def pretty(reg: str) -> str:
    """The reg as a plate shows it: ``"AB12CDE"`` -> ``"AB12 CDE"``."""
    return f"{reg[:4]} {reg[4:]}"


def _quote(text: str) -> str:
    return repr(text if len(text) <= 20 else text[:20] + "…")


# --- the notebook's data --------------------------------------------------------------------------


def notebook_dataset(
    seed: int = 0, sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
) -> dict[str, Regs]:
    """The reference notebook's training, validation and test regs.

    One stream of Python's `random` draws all of them, in this order for each reg: a memory tag, two
    digits, three letters, all uniform. Validation regs that stand in training are dropped, then
    test regs that stand in either.

    Returns `{"train": (n,), "validation": (m,), "test": (t,)}`, arrays of dtype ``U7``. Raises
    `ValueError` unless there are three sizes of 1 or more.

    >>> str(notebook_dataset(0, (1, 1, 1))["train"][0])
    'YK66BIQ'
    """
    if len(sizes) != len(SPLITS) or min(sizes) < 1:
        raise ValueError(
            f"every split wants at least 1 reg ({', '.join(SPLITS)}), but the sizes are {sizes}"
        )
    rng = random.Random(seed)
    seen: set[str] = set()
    splits = {}
    for name, size in zip(SPLITS, sizes, strict=True):
        drawn = [_draw(rng) for _ in range(size)]
        splits[name] = np.array([reg for reg in drawn if reg not in seen], dtype="U7")
        seen.update(drawn)
    return splits


FEWEST = 120
"""Own regs that a training wants at least: ten each are held out for validation and for test."""


def dvla_dataset(
    seed: int = 0, sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
) -> dict[str, Regs]:
    """Training, validation and test regs that DVLA may issue, all different.

    Uniform among those of DVLA's letters (the attribute `valid`) and of digits that name a
    registration period (all but 01; leaflet INF104). Returns and raises as `notebook_dataset` does.
    """
    rng = np.random.default_rng(seed)
    wanted = sum(sizes)
    found = np.empty(0, dtype="U7")
    while len(found) < wanted:
        drawn = np.concatenate([found, generate(2 * wanted, rng=rng)])
        drawn = drawn[_valid(drawn) & (_number(drawn) != 1)]
        found = drawn[np.sort(np.unique(keys(drawn), return_index=True)[1])]
    return split(found[:wanted], seed, sizes)


def notebook_count() -> int:
    """How many regs `notebook_dataset` may draw: each is as likely as any other."""
    return len(MEMORY_TAGS) * math.prod(len(allowed) for allowed in PATTERN[2:])


def dvla_count() -> int:
    """How many regs `dvla_dataset` may draw: each is as likely as any other."""
    # No rule joins the parts of a reg, so that each part's choices are counted for themselves.
    tags = _valid([f"{tag}00AAA" for tag in MEMORY_TAGS]).sum()
    numbers = sum(period_name(number) != NO_PERIOD for number in range(100))
    letters = _valid([f"AA00AA{letter}" for letter in LETTERS]).sum()
    return int(tags * numbers * letters**3)


def split(regs: Regs, seed: int, sizes: tuple[int, int, int]) -> dict[str, Regs]:
    """Different regs (n,) shuffled by a seed and cut in three. Raises `ValueError` unless the sizes
    are three of 1 or more that sum to n."""
    if len(sizes) != len(SPLITS) or min(sizes) < 1 or sum(sizes) != len(regs):
        raise ValueError(
            f"every split wants at least 1 of the {len(regs):,} regs ({', '.join(SPLITS)}), and "
            f"all together all of them, but the sizes are {sizes}"
        )
    shuffled = np.asarray(regs, "U7")[np.random.default_rng(seed).permutation(len(regs))]
    parts = np.split(shuffled, np.cumsum(sizes)[:-1])
    return dict(zip(SPLITS, parts, strict=True))


def distinct(regs: Sequence[str] | Regs) -> Regs:
    """Each reg once, in the order of the alphabet: (n,) -> (m,) of dtype ``U7``."""
    return np.unique(np.asarray(regs, dtype="U7"))


def sha256(regs: Regs) -> str:
    """What a list of regs is known by."""
    return hashlib.sha256("\n".join(regs).encode()).hexdigest()


def _draw(rng: random.Random) -> str:
    # The order of the draws decides every reg that follows: it is the notebook's.
    tag = rng.choice(MEMORY_TAGS)
    digits = [rng.choice(DIGITS) for _ in range(2)]
    letters = [rng.choice(LETTERS) for _ in range(3)]
    return tag + "".join(digits + letters)


def generate(n: int, *, rng: np.random.Generator) -> Regs:
    """Draw `n` regs from the notebook's distribution, vectorised: (n,) of dtype ``U7``.

    The same distribution as `notebook_dataset`, not the same stream; repeats are kept. A million
    take well under a second. Raises `ValueError` if `n` is negative.
    """
    if n < 0:
        raise ValueError(f"the number of regs cannot be negative, but it is {n}")
    codes = np.empty((n, 7), dtype=np.uint32)
    codes[:, :2] = _characters(np.array(MEMORY_TAGS))[rng.integers(len(MEMORY_TAGS), size=n)]
    codes[:, 2:4] = rng.integers(10, size=(n, 2)) + ord("0")
    codes[:, 4:] = rng.integers(26, size=(n, 3)) + ord("A")
    return from_characters(codes)


def _characters(texts: Regs) -> NDArray[np.uint32]:
    """(n,) texts of w characters -> (n, w) code points, without a copy where NumPy allows."""
    texts = np.ascontiguousarray(texts)
    width = texts.dtype.itemsize // np.dtype(np.uint32).itemsize
    return texts.view(np.uint32).reshape(len(texts), width)


def characters(regs: Sequence[str] | Regs) -> NDArray[np.uint32]:
    """Regs (n,) -> their code points, (n, 7)."""
    return _characters(np.asarray(regs, dtype="U7"))


def keys(regs: Sequence[str] | Regs) -> NDArray[np.int64]:
    """A number for each reg (n,), the same for equal regs only: quicker to compare than text."""
    return characters(regs).astype(np.int64) @ (1 << 7 * np.arange(7))  # ASCII is 7 bits


def from_characters(codes: NDArray[np.uint32]) -> Regs:
    """Code points (n, 7) -> regs (n,) of dtype ``U7``: the inverse of `characters`."""
    return np.ascontiguousarray(codes, dtype=np.uint32).view("U7").reshape(-1)


# --- attributes -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Attribute:
    """Something true of a reg, computed for many at once.

    `kind` is "boolean", "category" (text) or "number" (integer); `values` maps (n,) regs to (n,)
    values of that kind. `positions` are the characters that decide it, counted from 0. `categories`
    are all texts of a category in their natural order, or what false and true mean; a number has
    none.
    """

    name: str
    label: str
    kind: Literal["boolean", "category", "number"]
    values: Callable[[Regs], NDArray]
    positions: tuple[int, ...]
    categories: tuple[str, ...] = ()

    def ranks(self, regs: Regs) -> NDArray[np.int64]:
        """The attribute as numbers in its natural order, (n,): a category's place in the list."""
        values = self.values(regs)
        if self.kind != "category":
            return values.astype(np.int64)
        places = {category: place for place, category in enumerate(self.categories)}
        return np.array([places[value] for value in values], dtype=np.int64)


def _number(regs: Regs) -> NDArray[np.int64]:
    return _tens(regs) * 10 + _units(regs)


def _tens(regs: Regs) -> NDArray[np.int64]:
    return characters(regs)[:, 2].astype(np.int64) - ord("0")


def _units(regs: Regs) -> NDArray[np.int64]:
    return characters(regs)[:, 3].astype(np.int64) - ord("0")


def _at_least_50(regs: Regs) -> NDArray[np.bool_]:
    return _number(regs) >= 50


def _first_letter(regs: Regs) -> Regs:
    return np.asarray(regs, dtype="U7").astype("U1")


def _letter_pair_index(first: NDArray, second: NDArray) -> NDArray[np.int64]:
    return (first.astype(np.int64) - ord("A")) * 26 + second.astype(np.int64) - ord("A")


def _area_table() -> Regs:
    table = np.full(26 * 26, NO_AREA, dtype=f"U{max(map(len, (*AREAS, NO_AREA)))}")
    for area, tags in AREAS.items():
        pairs = characters([tag + "00AAA" for tag in tags])
        table[_letter_pair_index(pairs[:, 0], pairs[:, 1])] = area
    return table


_AREA_OF_PAIR = _area_table()


def _area(regs: Regs) -> Regs:
    codes = characters(regs)
    return _AREA_OF_PAIR[_letter_pair_index(codes[:, 0], codes[:, 1])]


def period_name(number: int) -> str:
    """The registration period an age identifier names, by DVLA's rule (leaflet INF104).

    02 to 50 are March to August of 2002 to 2050; 51 to 99 are September 2001 to 2049 until the
    following February; 00 closes the scheme (September 2050 to February 2051). 01 names no period:
    the scheme began in September 2001 with 51.
    """
    if number == 1:
        return NO_PERIOD
    if 2 <= number <= 50:
        return f"Mar-Aug {2000 + number}"
    year = 2050 if number == 0 else 2000 + number - 50
    return f"Sep {year}-Feb {year + 1}"


_PERIODS = np.array([period_name(number) for number in range(100)])


def _period(regs: Regs) -> Regs:
    return _PERIODS[_number(regs)]


def _valid(regs: Sequence[str] | Regs) -> NDArray[np.bool_]:
    codes = characters(regs)
    tag_ok = ~np.isin(codes[:, :2], [ord(letter) for letter in "IQZ"]).any(axis=1)
    rest_ok = ~np.isin(codes[:, 4:], [ord(letter) for letter in "IQ"]).any(axis=1)
    return np.asarray(tag_ok & rest_ok)


def _periods_in_time() -> tuple[str, ...]:
    # 51, 02, 52, 03, … 99, 50, 00, and last the digits that name no period.
    order = [51] + [n for year in range(2, 50) for n in (year, year + 50)] + [50, 0]
    return (*(period_name(number) for number in order), NO_PERIOD)


ATTRIBUTES: dict[str, Attribute] = {
    attribute.name: attribute
    for attribute in (
        Attribute(
            "at_least_50",
            "number ≥ 50",
            "boolean",
            _at_least_50,
            (2,),
            ("number < 50", "number ≥ 50"),
        ),
        Attribute("number", "number", "number", _number, (2, 3)),
        Attribute("area", "area", "category", _area, (0, 1), (*AREAS, NO_AREA)),
        Attribute("first_letter", "first letter", "category", _first_letter, (0,), tuple(LETTERS)),
        Attribute("tens", "tens digit", "number", _tens, (2,)),
        Attribute("units", "units digit", "number", _units, (3,)),
        Attribute("period", "registration period", "category", _period, (2, 3), _periods_in_time()),
        Attribute(
            "valid",
            "letters DVLA issues",
            "boolean",
            _valid,
            (0, 1, 4, 5, 6),
            ("letters never issued", "letters DVLA issues"),
        ),
    )
}
"""Every attribute of a reg by name, in the order a person is offered them.

`valid` is DVLA's letter rule: no I, Q or Z in the memory tag and no I or Q in the last three
letters (leaflet INF104). It says nothing of the digits.
"""
