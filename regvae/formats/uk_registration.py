"""UK car registrations ("regs"): DVLA's areas and periods, and the two generators.

A reg has seven characters, ``AA00AAA``: a memory tag (two letters, for an area), an age identifier
(two digits, for a period of six months) and three more letters.
"""

import json
import math
import random
from collections.abc import Sequence
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from regvae.formats.codes import SPLITS, Codes, characters, from_characters, keys, split
from regvae.formats.format import Attribute, Format
from regvae.formats.pattern import DIGITS, LETTERS

_ALPHABETS = (LETTERS, LETTERS, DIGITS, DIGITS, LETTERS, LETTERS, LETTERS)
_DTYPE = f"U{len(_ALPHABETS)}"

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


# --- the notebook's data --------------------------------------------------------------------------


def notebook_dataset(
    seed: int = 0, sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
) -> dict[str, Codes]:
    """The reference notebook's training, validation and test regs.

    All are drawn from one stream of Python's `random`, in this order for each reg: a memory tag,
    two digits, three letters, all uniform. Validation regs that are also in training are removed,
    then test regs that are in either, so these splits can be smaller than their `sizes`.

    Returns `{"train": (n,), "validation": (m,), "test": (t,)}`, arrays of dtype ``U7``. Raises
    `ValueError` unless there are three sizes of 1 or more.

    >>> str(notebook_dataset(0, (1, 1, 1))["train"][0])
    'YK66BIQ'
    """
    if len(sizes) != len(SPLITS) or min(sizes) < 1:
        raise ValueError(
            f"expected three sizes of 1 or more ({', '.join(SPLITS)}), got {sizes}; change them"
        )
    rng = random.Random(seed)
    seen: set[str] = set()
    splits = {}
    for name, size in zip(SPLITS, sizes, strict=True):
        drawn = [_draw(rng) for _ in range(size)]
        splits[name] = np.array([reg for reg in drawn if reg not in seen], dtype=_DTYPE)
        seen.update(drawn)
    return splits


def dvla_dataset(
    seed: int = 0, sizes: tuple[int, int, int] = (10_000, 1_000, 1_000)
) -> dict[str, Codes]:
    """Training, validation and test regs that DVLA may issue, all distinct.

    Uniform among the regs with letters that DVLA issues (the attribute `valid`) and digits of a
    registration period (all but 01; leaflet INF104). Returns and raises as `notebook_dataset`.
    """
    rng = np.random.default_rng(seed)
    total = sum(sizes)
    found = np.empty(0, dtype=_DTYPE)
    while len(found) < total:
        drawn = np.concatenate([found, generate(2 * total, rng=rng)])
        drawn = drawn[_valid(drawn) & (_number(drawn) != 1)]
        found = drawn[np.sort(np.unique(keys(drawn), return_index=True)[1])]
    return split(found[:total], seed, sizes)


def notebook_count() -> int:
    """Number of regs that `notebook_dataset` can draw, all equally likely."""
    return len(MEMORY_TAGS) * math.prod(len(allowed) for allowed in _ALPHABETS[2:])


def dvla_count() -> int:
    """Number of regs that `dvla_dataset` can draw, all equally likely."""
    # The parts of a reg are independent, so the number is a product.
    tags = _valid([f"{tag}00AAA" for tag in MEMORY_TAGS]).sum()
    numbers = sum(period_name(number) != NO_PERIOD for number in range(100))
    letters = _valid([f"AA00AA{letter}" for letter in LETTERS]).sum()
    return int(tags * numbers * letters**3)


def _draw(rng: random.Random) -> str:
    # Drawn in the notebook's order: another order would give other regs.
    tag = rng.choice(MEMORY_TAGS)
    digits = [rng.choice(DIGITS) for _ in range(2)]
    letters = [rng.choice(LETTERS) for _ in range(3)]
    return tag + "".join(digits + letters)


def generate(n: int, *, rng: np.random.Generator) -> Codes:
    """Draw `n` regs from the distribution of `notebook_dataset`: (n,) of dtype ``U7``.

    Vectorised, so with another stream of random numbers: a million take under a second. Regs may
    repeat. Raises `ValueError` if `n` is negative.
    """
    if n < 0:
        raise ValueError(f"expected a number of regs from 0, got {n}; raise it")
    points = np.empty((n, len(_ALPHABETS)), dtype=np.uint32)
    points[:, :2] = characters(np.array(MEMORY_TAGS))[rng.integers(len(MEMORY_TAGS), size=n)]
    points[:, 2:4] = rng.integers(len(DIGITS), size=(n, 2)) + ord("0")
    points[:, 4:] = rng.integers(len(LETTERS), size=(n, 3)) + ord("A")
    return from_characters(points)


def _characters(regs: Sequence[str] | Codes) -> NDArray[np.uint32]:
    return characters(np.asarray(regs, dtype=_DTYPE))


# --- attributes -----------------------------------------------------------------------------------


def _number(regs: Codes) -> NDArray[np.int64]:
    return _tens(regs) * 10 + _units(regs)


def _tens(regs: Codes) -> NDArray[np.int64]:
    return _characters(regs)[:, 2].astype(np.int64) - ord("0")


def _units(regs: Codes) -> NDArray[np.int64]:
    return _characters(regs)[:, 3].astype(np.int64) - ord("0")


def _at_least_50(regs: Codes) -> NDArray[np.bool_]:
    return _number(regs) >= 50


def _first_letter(regs: Codes) -> Codes:
    return np.asarray(regs, dtype=_DTYPE).astype("U1")


def _letter_pair_index(first: NDArray, second: NDArray) -> NDArray[np.int64]:
    return (first.astype(np.int64) - ord("A")) * 26 + second.astype(np.int64) - ord("A")


def _area_table() -> Codes:
    table = np.full(26 * 26, NO_AREA, dtype=f"U{max(map(len, (*AREAS, NO_AREA)))}")
    for area, tags in AREAS.items():
        pairs = _characters([tag + "00AAA" for tag in tags])
        table[_letter_pair_index(pairs[:, 0], pairs[:, 1])] = area
    return table


_AREA_OF_PAIR = _area_table()


def _area(regs: Codes) -> Codes:
    points = _characters(regs)
    return _AREA_OF_PAIR[_letter_pair_index(points[:, 0], points[:, 1])]


def period_name(number: int) -> str:
    """The registration period of an age identifier, 0 to 99 (DVLA's leaflet INF104).

    02 to 50 are March to August of 2002 to 2050; 51 to 99 are September of 2001 to 2049 to the next
    February; 00 is the last (September 2050 to February 2051). 01 has no period: the scheme began
    in September 2001 with 51.
    """
    if number == 1:
        return NO_PERIOD
    if 2 <= number <= 50:
        return f"Mar-Aug {2000 + number}"
    year = 2050 if number == 0 else 2000 + number - 50
    return f"Sep {year}-Feb {year + 1}"


_PERIODS = np.array([period_name(number) for number in range(100)])


def _period(regs: Codes) -> Codes:
    return _PERIODS[_number(regs)]


def _valid(regs: Sequence[str] | Codes) -> NDArray[np.bool_]:
    points = _characters(regs)
    tag_ok = ~np.isin(points[:, :2], [ord(letter) for letter in "IQZ"]).any(axis=1)
    rest_ok = ~np.isin(points[:, 4:], [ord(letter) for letter in "IQ"]).any(axis=1)
    return np.asarray(tag_ok & rest_ok)


def _periods_in_time() -> tuple[str, ...]:
    # 51, 02, 52, 03, … 99, 50, 00, and last the digits without a period.
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
        Attribute(
            "period",
            "registration period",
            "category",
            _period,
            (2, 3),
            _periods_in_time(),
            missing=NO_PERIOD,
        ),
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
"""Every attribute of a reg by name, in the order in which they are listed to people.

`valid` is DVLA's letter rule: no I, Q or Z in the memory tag and no I or Q in the last three
letters (leaflet INF104). It does not depend on the digits.
"""

UK_REGISTRATION = Format(
    name="uk-registration",
    noun="reg",
    plural="regs",
    example="AB12CDE",
    layout="two letters, two digits and three letters",
    alphabets=_ALPHABETS,
    separators=("", "", "", "", " ", "", "", ""),
    position_names=(
        *("1st letter", "2nd letter", "tens", "units"),
        *("3rd letter", "4th letter", "5th letter"),
    ),
    attributes=ATTRIBUTES,
    plate="uk",
    column="reg",
    wanted="number >= 50",  # as in the notebook
    draw=generate,
)
