"""A format from a column of texts: the pattern most of them follow, and those that do not.

Lines are grouped by their separators and lengths; where each part has digits and letters gives its
shape (`shapes`), and what was seen at each position its alphabet: all digits or letters, unless it
is very unlikely that those missing were missed by chance.
"""

import math
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtrc

from regvae.formats.checks import CHECKS, Check
from regvae.formats.codes import characters
from regvae.formats.pattern import (
    BLANK,
    DIGITS,
    LETTERS,
    FormatError,
    Pattern,
    class_of,
    escaped,
    quantifier,
)
from regvae.formats.shapes import CLASSES, Column, Shape, aligned, merged, runs, shapes_of

MOST_EXCEPTIONS = 1_000
"""Line numbers that are listed."""

_FEWEST = 5
_LONGEST = 100
_EXAMPLES, _SEARCHED = 5, 1_000
"""Different examples, and lines of the pattern among which they are looked for."""
_CHANCE = 0.001
"""A class is narrowed if what lacks would be missed by chance less often than this."""
_RARE, _RARE_TOTAL = 0.1, 0.006
"""Characters that are mistakes: this much rarer than others, and together at most such a share."""
_SEPARATED = 0.1
"""Share of lines with separators from which on the others are typed without them."""
_ENDED = 0.05
"""Share of lines with a part more, or less, at the end from which on that part is optional."""
_CHECK_SHARE, _CHECK_CHANCE = 0.9, 1e-6

_CHARACTERS = DIGITS + LETTERS + "*"
_SKELETON = str.maketrans(dict.fromkeys(_CHARACTERS, "x"))
_CLASSES = str.maketrans({one: name for name, group in CLASSES.items() for one in group})
_SEPARATORS = "".join(one for one in string.punctuation + " " if one not in _CHARACTERS)
_WITHOUT_SEPARATORS = str.maketrans("", "", _SEPARATORS)


class InferenceError(ValueError):
    """A column of texts from which no format can be inferred."""


@dataclass(frozen=True)
class Inferred:
    """A format that was found in a column of texts.

    `pattern` is a regular expression of classes, `?`, `{n}` and `{n,m}`; letters and digits
    outside of classes are constant, other characters are separators, which may be left out.
    `covered` is the share of the lines with a text that follow it, check characters included;
    `exceptions` has the numbers (from 1) of the others, the first 1,000 of `exceptions_total`.
    `check` is the kind of check characters found, at `check_positions` (from 0). `notes` say how
    each choice was made. `widened` are the positions (from 0) that got more characters than were
    seen. Positions are counted without separators, optional ones included.
    """

    pattern: str
    covered: float
    exceptions: tuple[int, ...]
    exceptions_total: int
    examples: tuple[str, ...]
    check: str | None
    check_positions: tuple[int, ...]
    notes: tuple[str, ...]
    widened: tuple[int, ...]


@dataclass(frozen=True)
class _Place:
    """`most` neighbouring positions, of which `least` are required, with one alphabet."""

    alphabet: str
    least: int = 1
    most: int = 1
    note: str = ""
    widened: bool = False


_Piece = str | _Place  # a separator, or positions


@dataclass(frozen=True)
class _Counted:
    """Neighbouring positions as in `_Place`, with how often each ASCII character was seen there."""

    classes: str
    least: int
    most: int
    counts: NDArray[np.int64]


def infer(texts: Sequence[str]) -> Inferred:
    """The format that most of the texts follow; case and white space at the ends do not matter.

    Raises `InferenceError` if there are fewer than five texts, or if no structure covers at least
    half of those that are not empty.

    >>> infer(["K1A 0B1", "m5v 3l9", "H2X 1Y4", "V6B 4Y8", "T5J 2R7", "n/a"]).pattern
    '[A-Z][0-9][A-Z] [0-9][A-Z][0-9]'
    """
    lines = [text.strip().upper() if text.isascii() else text.strip() for text in texts]
    n = sum(map(bool, lines))
    if n < _FEWEST:
        raise InferenceError(
            f"expected at least {_FEWEST} codes to infer a format from, got {n}; give more"
        )
    notes: list[str] = []
    family, free = _family(lines)
    if free:
        used = "".join(sorted(set(family)))
        lines = [line.translate(str.maketrans("", "", used)) for line in lines]
        notes.append(f"separators {used!r} stand at different places and are left out")
        family = ""
    pieces = _pieces(lines, (family,))
    check = _found_check(lines, pieces)
    if check:
        pieces = _with_alphabets(pieces, check)
    fits = _fitting(lines, pieces, check)
    if not check and not free and len(families := _with_ends(lines, family)) > 1:
        others = _pieces(lines, families)
        fitting = _fitting(lines, others, check)
        if fitting.sum() > fits.sum():
            pieces, fits = others, fitting
    if 2 * fits.sum() < n or not _places(pieces):
        raise InferenceError(_no_structure(lines, n))
    return _inferred(lines, fits, pieces, check, notes)


def _inferred(
    lines: list[str],
    fits: NDArray[np.bool_],
    pieces: list[_Piece],
    check: Check | None,
    notes: list[str],
) -> Inferred:
    given = np.array([bool(line) for line in lines])
    wrong = np.flatnonzero(given & ~fits) + 1
    kept = dict.fromkeys(lines[place] for place in np.flatnonzero(fits)[:_SEARCHED])
    positions = check.positions if check else ()
    said, widened = _told(pieces, positions)
    if check:
        at = " and ".join(str(position + 1) for position in positions)
        notes.append(f"position {at}: check characters of {check.kind}, computed from the others")
    if len(wrong):
        notes.append(f"{len(wrong):,} of {int(given.sum()):,} lines do not follow the pattern")
    return Inferred(
        pattern=_pattern(pieces),
        covered=float(fits.sum() / given.sum()),
        exceptions=tuple(wrong[:MOST_EXCEPTIONS].tolist()),
        exceptions_total=len(wrong),
        examples=tuple(kept)[:_EXAMPLES],
        check=check.kind if check else None,
        check_positions=positions,
        notes=(*said, *notes),
        widened=widened,
    )


def _told(pieces: list[_Piece], computed: tuple[int, ...]) -> tuple[list[str], tuple[int, ...]]:
    """How the alphabets were chosen, and the positions (from 0) that were widened."""
    said: list[str] = []
    widened: list[int] = []
    numbered: list[tuple[str, int]] = []
    start = 0
    for place in _places(pieces):
        own = [at for at in range(start, start + place.most) if at not in computed]
        numbered += [(place.note, at) for at in own]
        widened += own if place.widened else []
        start += place.most
    for note, group in groupby(numbered, key=lambda one: one[0]):
        places = [at + 1 for _, at in group]
        which = (
            f"position {places[0]}"
            if len(places) == 1
            else f"positions {places[0]} to {places[-1]}"
        )
        said.append(f"{which}: {note}")
    return said, tuple(widened)


def _no_structure(lines: list[str], n: int) -> str:
    shapes = Counter(line.translate(_CLASSES) for line in lines if _is_usable(line))
    some = "; ".join(
        f"{count:,} follow {_pattern(_pieces_of(shape))}" for shape, count in shapes.most_common(3)
    )
    return (
        f"expected one structure that at least half of the {n:,} codes follow, got "
        f"{some or f'no text of up to {_LONGEST} letters and digits'}; choose the column of the "
        "codes, or give each structure by itself"
    )


def _pieces_of(shape: str) -> list[_Piece]:
    return [_Place(CLASSES[one]) if one in CLASSES else one for one in shape]


# --- separators -----------------------------------------------------------------------------------


def _family(lines: Iterable[str]) -> tuple[str, bool]:
    """The separators of most lines in their order, and whether they stand at different places.

    Lines without separators count for the separators of others, if enough lines have them.
    """
    skeletons = _skeletons(lines)
    n = sum(skeletons.values())
    lengths: dict[str, Counter[int]] = {}
    for skeleton, count in skeletons.items():
        family = skeleton.replace("x", "")
        lengths.setdefault(family, Counter())[skeleton.count("x")] += count
    plain = lengths.get("", Counter[int]())

    def score(family: str) -> tuple[int, int]:
        own = lengths[family]
        total = own.total()
        if family and total >= _SEPARATED * n:
            total += sum(count for length, count in plain.items() if own[length] > 0)
        return total, len(family)

    best = max(sorted(lengths), key=score, default="")
    return best, _is_free({one: k for one, k in skeletons.items() if one.replace("x", "") == best})


def _skeletons(lines: Iterable[str]) -> Counter[str]:
    """Lines with an x in place of each letter and digit, and how many there are."""
    return Counter(line.translate(_SKELETON) for line in lines if _is_usable(line))


def _is_usable(line: str) -> bool:
    return 0 < len(line) <= _LONGEST and line.isascii() and "\0" not in line


def _is_free(skeletons: dict[str, int]) -> bool:
    """Whether the parts of a code differ in length, though the whole does not."""
    n = sum(skeletons.values())
    whole: Counter[int] = Counter()
    for skeleton, count in skeletons.items():
        whole[skeleton.count("x")] += count
    commonest, constant = whole.most_common(1)[0] if whole else (0, 0)
    same = [count for one, count in skeletons.items() if one.count("x") == commonest]
    return constant > 0.9 * n and max(same, default=0) < 0.9 * constant


def _with_ends(lines: Iterable[str], family: str) -> tuple[str, ...]:
    """The family and those with a part more or less at the end, if enough lines have them.

    The shortest is first: of "12.405" and "12.405-A" they are "." and ".-".
    """
    skeletons: dict[str, Counter[str]] = {}
    for skeleton, count in _skeletons(lines).items():
        skeletons.setdefault(skeleton.replace("x", ""), Counter())[skeleton] = count
    least = _ENDED * sum(one.total() for one in skeletons.values())
    usual = {
        one: counts.most_common(1)[0][0]
        for one, counts in skeletons.items()
        if one == family or counts.total() >= least
    }
    found = [family]
    for one in sorted(usual, key=len):
        if all(_begins(usual, *sorted((one, other), key=len)) for other in found):
            found.append(one)
    return tuple(sorted(found, key=len))


def _begins(usual: Mapping[str, str], shorter: str, longer: str) -> bool:
    """Whether the usual skeleton of a family is followed by a separator in that of a longer one."""
    if len(shorter) == len(longer):
        return False
    return usual[longer].startswith(usual[shorter] + longer[len(shorter)])


# --- positions ------------------------------------------------------------------------------------


def _pieces(lines: list[str], families: tuple[str, ...]) -> list[_Piece]:
    """The separators and positions of the lines with these separators, of which the shorter ones
    begin the longer ones."""
    parts = [_counted(*merged(shapes_of(groups))) for groups in _parts(lines, families)]
    seen = [_seen(CLASSES[name], one) for part in parts for one in part for name in one.classes]
    # A code that is repeated is no further evidence; but mistakes are rare among lines, not codes.
    usable = [line for line in lines if _is_usable(line)]
    evidence = len(set(usable)) / max(1, len(usable))
    found: list[_Piece] = []
    for number, (separator, part) in enumerate(zip(("", *families[-1]), parts, strict=True)):
        found += [separator] if separator and (part or number <= len(families[0])) else []
        found += [_place(one, seen, evidence) for one in part]
    return found


def _parts(lines: list[str], families: tuple[str, ...]) -> list[dict[int, NDArray[np.uint8]]]:
    """The characters between separators (n, length), by part and length; 0 for one that lacks."""
    by_skeleton: dict[str, list[str]] = {}
    for line in lines:
        if _is_usable(line):
            by_skeleton.setdefault(line.translate(_SKELETON), []).append(line)
    parts: list[dict[int, list[NDArray[np.uint8]]]] = [{} for _ in range(len(families[-1]) + 1)]
    for skeleton, some in by_skeleton.items():
        if skeleton.replace("x", "") not in families:
            continue
        points = _points(some, len(skeleton))
        cuts = [-1, *(at for at, one in enumerate(skeleton) if one != "x")]
        cuts += [len(skeleton)] * (len(parts) + 1 - len(cuts))
        for number, part in enumerate(parts):
            own = points[:, cuts[number] + 1 : cuts[number + 1]]
            part.setdefault(own.shape[1], []).append(own)
    return [{length: np.concatenate(some) for length, some in part.items()} for part in parts]


def _points(lines: list[str], length: int) -> NDArray[np.uint8]:
    """ASCII texts of one length as characters (n, length)."""
    return np.array(lines, dtype=f"S{length}").view(np.uint8).reshape(len(lines), length)


def _counted(columns: list[Column], shapes: list[Shape]) -> list[_Counted]:
    counts = np.zeros((len(columns), 128), dtype=np.int64)
    for shape in shapes:
        for at, place in aligned(columns, shape.classes):
            if at is not None and place is not None:
                counts[at] += np.bincount(shape.points[:, place], minlength=128)
    return [
        _Counted(
            classes,
            sum(not columns[at].optional for at in places),
            len(places),
            counts[places].sum(axis=0),
        )
        for classes, places in runs(columns)
    ]


def _place(counted: _Counted, elsewhere: list[str], evidence: float) -> _Place:
    """Positions with the widest alphabet that could look like this by chance.

    That may be the whole class, or the characters that were seen at another position. `evidence` is
    the share of the lines that are not repetitions.
    """
    alphabet, notes, widened = "", [], False
    for name in counted.classes:
        full, seen = CLASSES[name], _seen(CLASSES[name], counted)
        n = int(counted.counts[[ord(one) for one in full]].sum())
        wider = {full, *(one for one in elsewhere if set(seen) < set(one) <= set(full))}
        possible = [
            one
            for one in sorted(wider, key=lambda one: (-len(one), one))
            if _rare_by_chance(one, seen, counted, n * evidence) * len(elsewhere) >= _CHANCE
        ]
        chosen = possible[0] if possible else seen
        alphabet += chosen
        widened |= chosen != seen
        notes.append(_why(seen, chosen, full, n))
    return _Place(alphabet, counted.least, counted.most, " and ".join(notes), widened)


def _seen(full: str, counted: _Counted) -> str:
    """The characters that were seen, without those so rare that they are mistakes."""
    own = counted.counts[[ord(one) for one in full]].astype(float)
    n = own.sum()
    # As many equally common characters would be as likely to be equal in two codes.
    usual = (own**2).sum() / max(n, 1)
    by_count = np.argsort(own, kind="stable")
    few = np.cumsum(own[by_count]) <= max(2, _RARE_TOTAL * n)
    rare = few & (own < _RARE * usual)[by_count]
    mistakes = {full[place] for place in by_count[rare]}
    return "".join(one for one, k in zip(full, own, strict=True) if k and one not in mistakes)


def _rare_by_chance(alphabet: str, seen: str, counted: _Counted, n: float) -> float:
    """A bound of the chance that n uniform draws from an alphabet have so few characters other than
    the seen ones: those that were taken for mistakes may be none."""
    others = set(alphabet) - set(seen)
    if not others:
        return 1.0
    share = len(others) / len(alphabet)
    sightings = int(min(n, counted.counts[[ord(one) for one in others]].sum()))
    # The binomial distribution function, of a number n that need not be whole.
    found = sum(
        math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1))
        * share**k
        * (1 - share) ** (n - k)
        for k in range(sightings + 1)
    )
    return math.comb(len(alphabet), len(seen)) * found


def _why(seen: str, chosen: str, full: str, n: int) -> str:
    of = {DIGITS: "digits", LETTERS: "letters"}.get(full, "asterisks")
    codes = f"{n:,} characters"
    if seen == full:
        return f"all {of} seen in {codes}"
    if chosen == full:
        return f"widened to all {of}: {len(seen)} of {len(full)} seen in {codes}"
    if chosen != seen:
        return f"widened to {class_of(chosen)} of other positions: {len(seen)} seen in {codes}"
    if len(seen) == 1:
        return f"always {seen} in {codes}"
    return f"{len(seen)} of {len(full)} {of} seen in {codes}, so {class_of(seen)}"


# --- the pattern ----------------------------------------------------------------------------------


def _places(pieces: Iterable[_Piece]) -> list[_Place]:
    return [piece for piece in pieces if isinstance(piece, _Place)]


def _pattern(pieces: Iterable[_Piece], after_separator: str = "") -> str:
    """The regular expression; equal neighbours are counted."""
    found = ""
    for text, group in groupby(pieces, key=_text):
        same = list(group)
        places = _places(same)
        if not places:
            found += (text + after_separator) * len(same)
        elif all(place.most == 1 == place.least for place in places) and len(text) <= 2:
            found += text * len(places)
        else:
            found += text + quantifier(
                sum(place.least for place in places), sum(place.most for place in places)
            )
    return found


def _text(piece: _Piece) -> str:
    alphabet = piece.alphabet if isinstance(piece, _Place) else piece
    if len(alphabet) > 1:
        return class_of(alphabet)
    return escaped(alphabet)


def _fitting(lines: list[str], pieces: list[_Piece], check: Check | None) -> NDArray[np.bool_]:
    """Which lines follow the pattern, with or without separators, and have the check characters."""
    separators = "".join(piece for piece in pieces if isinstance(piece, str))
    allowed = frozenset(_CHARACTERS + separators)
    possible = np.array([bool(line) and allowed.issuperset(line) for line in lines])
    which = np.flatnonzero(possible)
    fits = np.zeros(len(lines), bool)
    if not _places(pieces):
        return fits
    # Not by re: a line without separators can follow a pattern in very many ways.
    fits[which] = _with_separators(pieces).match([lines[at].replace(" ", "~") for at in which])[1]
    if check and fits.any():
        which = np.flatnonzero(fits)
        bare = [lines[place].translate(_WITHOUT_SEPARATORS) for place in which]
        fits[which] = check.holds(characters(np.array(bare)))
    return fits


def _with_separators(pieces: Iterable[_Piece]) -> Pattern:
    """The pieces as a pattern in which separators are characters that may lack; "~" is a space."""
    alphabets: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            alphabets.append("".join(sorted(BLANK + piece.replace(" ", "~"))))
        else:
            own = "".join(sorted(piece.alphabet))
            alphabets += [own] * piece.least + [BLANK + own] * (piece.most - piece.least)
    return Pattern(tuple(alphabets))


# --- check characters -----------------------------------------------------------------------------


def _found_check(lines: list[str], pieces: list[_Piece]) -> Check | None:
    """The check that holds for almost all codes, and not by chance."""
    places = _places(pieces)
    if any(place.least != place.most for place in places):
        return None  # weights are counted from the ends
    alphabets = tuple(place.alphabet for place in places for _ in range(place.most))
    bare = {line.translate(_WITHOUT_SEPARATORS) for line in lines if _is_usable(line)}
    codes = sorted(code for code in bare if len(code) == len(alphabets))
    if len(alphabets) < 2 or not codes:
        return None
    points = _points(codes, len(alphabets))
    found = [_held(kind, alphabets, points) for kind in CHECKS]
    share, kind = max((share, kind) for kind, share in zip(CHECKS, found, strict=True))
    return _check_of(kind, alphabets) if share else None


def _check_of(kind: str, alphabets: tuple[str, ...]) -> Check | None:
    """The check for alphabets without the characters for which it has no value."""
    known = CHECKS[kind]
    own = known.positions(len(alphabets))
    if own[0] < 0 or own[-1] >= len(alphabets):
        return None
    possible = ["".join(one for one in known.allowed if one in given) for given in alphabets]
    for at, outputs in zip(own, zip(*known.outputs, strict=True), strict=True):
        possible[at] = "".join(sorted(set(outputs)))
    if not all(possible):
        return None
    try:
        return Check.of(kind, tuple(possible))
    except FormatError:
        return None


def _held(kind: str, alphabets: tuple[str, ...], points: NDArray[np.uint8]) -> float:
    """The share of codes for which a check holds; 0 if that is too few or may be by chance."""
    check = _check_of(kind, alphabets)
    if check is None:
        return 0.0
    ours = _allowed(check.alphabets, points)
    codes = points[ours].astype(np.uint32)
    if ours.sum() < _CHECK_SHARE * _allowed(alphabets, points).sum() or not len(codes):
        return 0.0
    holds = check.holds(codes)
    chance = _chance(check, codes)
    by_chance = bdtrc(int(holds.sum()) - 1, len(codes), chance) if chance < 1 else 1.0
    found = holds.mean() >= _CHECK_SHARE and by_chance < _CHECK_CHANCE
    return float(holds.mean()) if found else 0.0


def _chance(check: Check, codes: NDArray[np.uint32]) -> float:
    """How often the check would hold if check characters did not depend on the rest."""
    own = list(check.positions)
    _, inverse = np.unique(
        np.concatenate([codes[:, own], check.compute(codes)[:, own]]), axis=0, return_inverse=True
    )
    given, computed = np.split(inverse.reshape(-1), 2)
    size = inverse.max() + 1
    shares = [np.bincount(one, minlength=size) / len(codes) for one in (given, computed)]
    return max(1 / check.modulus, float(shares[0] @ shares[1]))


def _allowed(alphabets: tuple[str, ...], points: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which codes (n, p) have only characters of the alphabets."""
    fits = np.ones(len(points), dtype=bool)
    for at, alphabet in enumerate(alphabets):
        table = np.zeros(256, dtype=bool)
        table[[ord(one) for one in alphabet]] = True
        fits &= table[points[:, at]]
    return fits


def _with_alphabets(pieces: list[_Piece], check: Check) -> list[_Piece]:
    """The pieces with the alphabets of a check."""
    found: list[_Piece] = []
    rest = iter(check.alphabets)
    for piece in pieces:
        if isinstance(piece, str):
            found.append(piece)
            continue
        for _ in range(piece.most):
            found.append(replace(piece, alphabet=next(rest), least=1, most=1))
    return found
