"""A format as data: what a TOML file, or a bundle's manifest, has of it.

The keys are `name`, `pattern`, `noun`, `plural` and `example`, and these if there are any: `layout`
(the positions in words), `positions` (their names), `plate`, `check` (`kind`, `positions`),
`excluded` (texts by position), `attributes`, and `source`, which only people read. Positions and
spans are counted from 1 there, and include their ends.
"""

import re
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w
from numpy.typing import NDArray

from regvae.formats.checks import Check
from regvae.formats.codes import Codes, characters, from_characters
from regvae.formats.format import PLATES, Attribute, Format
from regvae.formats.pattern import BLANK, DIGITS, NONE, FormatError, Pattern, character_name

_NEEDED = ("name", "pattern", "noun", "plural", "example")
_ALLOWED = (*_NEEDED, "layout", "positions", "plate", "check", "excluded", "attributes", "source")
_WORDS = re.compile(r"[^\W_](?:[^\W_]|[ '-](?=[^\W_])){0,39}")
"""What a code may be called: sentences have it as it is, also where a page has Markdown."""
_LARGEST, _LONGEST = 1_000_000, 255
"""Bytes of a file, and characters of a text in it."""
_MOST_DIGITS = 15
"""Digits of a number that a 64-bit float, which the page computes with, still tells apart."""

Values = Callable[[Codes], NDArray]


def read(path: str | Path) -> Format:
    """The format of a TOML file. Raises `FormatError` that names the file, and `OSError`."""
    content = Path(path).read_bytes()
    try:
        if len(content) > _LARGEST:
            raise FormatError(
                f"expected a file of at most {_LARGEST:,} bytes, got {len(content):,}; shorten it"
            )
        return of_definition(tomllib.loads(content.decode("utf-8")))
    except FormatError as error:
        raise FormatError(f"{path}: {error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise FormatError(
            f"{path}: expected a TOML file in UTF-8, got an error ({error}); correct it"
        ) from error


def to_toml(format: Format) -> str:
    """A format as `read` reads it. Raises `FormatError` for one that is written in Python."""
    if not format.definition:
        raise FormatError(
            f"expected a format with a definition, got {format.name}, which is written in Python; "
            "choose another"
        )
    return tomli_w.dumps(dict(format.definition))


def of_definition(values: Mapping[str, Any]) -> Format:
    """The format that a definition describes. Raises `FormatError`."""
    unknown = [name for name in values if name not in _ALLOWED]
    missing = [name for name in _NEEDED if name not in values]
    if unknown or missing:
        got = f"{', '.join(map(str, unknown))[:80]}" if unknown else f"no {', '.join(missing)}"
        raise FormatError(
            f"expected the keys {', '.join(_NEEDED)}, and perhaps {', '.join(_ALLOWED[5:])}, got "
            f"{got}; correct the definition"
        )
    for name in _NEEDED:
        if not isinstance(values[name], str) or not values[name].strip():
            raise FormatError(f"expected {name} as a text, got {values[name]!r}; change it")
    for name in ("name", "layout"):
        _text(values.get(name, "x"), name)
    for name in ("noun", "plural"):
        if not _WORDS.fullmatch(values[name]):
            raise FormatError(
                f"expected {name} as words of letters and digits, at most 40 characters, got "
                f"{values[name][:40]!r}; change it"
            )
    pattern = Pattern.of(values["pattern"])
    plate = values.get("plate", "plain")
    if plate not in PLATES:
        raise FormatError(
            f"expected a plate ({', '.join(PLATES)}), got {str(plate)[:40]!r}; choose one of them"
        )
    check = _check(values.get("check"), pattern)
    plain = Format(
        name=values["name"],
        noun=values["noun"],
        plural=values["plural"],
        example=_example(values["example"], pattern),
        alphabets=pattern.alphabets,
        separators=pattern.separators,
        layout=values.get("layout", ""),
        position_names=tuple(_list(values.get("positions", []), "positions")),
        check=check,
        excluded=_excluded(values.get("excluded", {}), pattern),
        plate=plate,
        definition=dict(values),
    )
    plain.parse(plain.example)  # raises for wrong check characters
    given = values.get("attributes")
    found = _attributes(given, plain) if given is not None else usual_attributes(plain)
    object.__setattr__(plain, "attributes", found)
    return plain


def _text(given: Any, what: str) -> str:
    """A text of one line, as it is shown and printed."""
    if not isinstance(given, str) or not given.isprintable() or len(given) > _LONGEST:
        raise FormatError(
            f"expected {what} as a text of one line, of at most {_LONGEST} characters, got "
            f"{str(given)[:40]!r}; change it"
        )
    return given


def _list(given: Any, what: str) -> list[str]:
    if not isinstance(given, list):
        raise FormatError(f"expected {what} as a list of texts, got {str(given)[:40]!r}; change it")
    return [_text(one, f"each of the {what}") for one in given]


def _example(text: str, pattern: Pattern) -> str:
    codes, fits = pattern.match([text])
    if not fits[0]:
        raise FormatError(
            f"expected an example of the pattern {pattern}, got {text[:40]!r}; change it"
        )
    return str(codes[0])


def _check(given: Any, pattern: Pattern) -> Check | None:
    if given is None:
        return None
    if not isinstance(given, Mapping) or not set(given) <= {"kind", "positions"}:
        raise FormatError(
            f"expected kind, and perhaps positions, of a check, got {str(given)[:80]}; correct it"
        )
    places = given.get("positions")
    if not isinstance(places, list | None):
        raise FormatError(
            f"expected positions of a check as a list, got {str(places)[:40]!r}; change it"
        )
    positions = None if places is None else tuple(_place(one, pattern.length) for one in places)
    return Check.of(given.get("kind", ""), pattern.alphabets, positions)


def _excluded(given: Any, pattern: Pattern) -> tuple[tuple[int, str], ...]:
    if not isinstance(given, Mapping):
        raise FormatError(f"expected texts by position as excluded, got {given!r}; correct it")
    found = []
    for place, texts in given.items():
        decimal = re.fullmatch(r"[0-9]{1,3}", str(place))
        start = _place(int(place) if decimal else place, pattern.length)
        for text in [texts] if isinstance(texts, str) else _list(texts, "excluded texts"):
            allowed = pattern.alphabets[start : start + len(text)]
            fits = len(allowed) == len(text) and all(map(str.__contains__, allowed, text))
            if not text or not fits:
                raise FormatError(
                    f"expected texts that could stand at position {start + 1} as excluded, got "
                    f"{text[:40]!r}; correct it"
                )
            found.append((start, text))
    return tuple(found)


def _place(given: Any, length: int) -> int:
    """A position counted from 1, as one counted from 0."""
    if type(given) is not int or not 1 <= given <= length:
        raise FormatError(
            f"expected a position from 1 to {length}, got {repr(given)[:40]}; change it"
        )
    return given - 1


# --- attributes -----------------------------------------------------------------------------------


def _attributes(given: Any, format: Format) -> dict[str, Attribute]:
    if not isinstance(given, Mapping):
        raise FormatError(f"expected a table of attributes, got {given!r}; correct it")
    found = {}
    for name, values in given.items():
        if not name.isidentifier() or not name.islower():
            raise FormatError(
                f"expected an attribute's name in lower-case letters, digits and _, got "
                f"{name[:40]!r}; change it"
            )
        try:
            found[name] = _attribute(name, values, format)
        except FormatError as error:
            raise FormatError(f"attribute {name}: {error}") from error
    return found


def _attribute(name: str, values: Any, format: Format) -> Attribute:
    kinds = {
        "number": ({"span"}, _number),
        "character": ({"position"}, _character),
        "lookup": ({"span", "values"}, _lookup),
        "valid": ({"pattern"}, _valid),
    }
    kind = values.get("kind") if isinstance(values, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        raise FormatError(
            f"expected a kind ({', '.join(kinds)}), got {str(kind)[:40]!r}; choose one of them"
        )
    needed, build = kinds[kind]
    given = set(values) - {"kind", "label"}
    if given - needed - {"missing"} or needed - given:
        raise FormatError(
            f"expected {', '.join(sorted(needed))} for the kind {kind}, got "
            f"{', '.join(sorted(given)) or 'none'}; correct it"
        )
    label = _text(values.get("label", name.replace("_", " ")), "a label")
    return build(name, label, values, format)


def _span(given: Any, format: Format) -> tuple[int, ...]:
    if not isinstance(given, list) or len(given) != 2:
        raise FormatError(f"expected a span as [first, last], got {given!r}; change it")
    first, last = (_place(one, format.length) for one in given)
    if first > last:
        raise FormatError(f"expected a span from first to last, got {given!r}; change it")
    return tuple(range(first, last + 1))


def _number(name: str, label: str, values: Mapping, format: Format) -> Attribute:
    return number(name, label, _span(values["span"], format), format)


def number(name: str, label: str, positions: tuple[int, ...], format: Format) -> Attribute:
    """The integer of the digits at some positions. Raises `FormatError` for other characters, and
    for more than 15 digits."""
    for position in positions:
        if set(format.alphabets[position]) - {*DIGITS, BLANK}:
            raise FormatError(
                f"expected digits at position {position + 1} for a number, got "
                f"{format.alphabets[position]!r}; change the span"
            )
    if len(positions) > _MOST_DIGITS:
        raise FormatError(
            f"expected at most {_MOST_DIGITS} digits in a number, got {len(positions)}; shorten it"
        )

    def of(codes: Codes) -> NDArray[np.int64]:
        total = np.zeros(len(codes), np.int64)
        for column in characters(codes)[:, list(positions)].T.astype(np.int64):
            total = np.where(column == ord(BLANK), total, 10 * total + column - ord("0"))
        return total

    return Attribute(name, label, "number", of, positions)


def _character(name: str, label: str, values: Mapping, format: Format) -> Attribute:
    return character(name, label, _place(values["position"], format.length), format)


def character(name: str, label: str, position: int, format: Format) -> Attribute:
    """The character at a position; `NONE` where there is none."""
    allowed = format.alphabets[position]
    names = {ord(one): character_name(one) for one in allowed}

    def of(codes: Codes) -> NDArray[np.str_]:
        table = np.full(129, "", dtype=f"U{len(NONE)}")
        table[list(names)] = list(names.values())
        return table[np.minimum(characters(codes)[:, position], 128)]

    missing = NONE if BLANK in allowed else ""
    return Attribute(
        name, label, "category", of, (position,), tuple(names.values()), missing=missing
    )


def _lookup(name: str, label: str, values: Mapping, format: Format) -> Attribute:
    positions = _span(values["span"], format)
    table, missing = values["values"], str(values.get("missing", "other"))
    if not isinstance(table, Mapping) or not table:
        raise FormatError(f"expected values as a table of prefixes, got {table!r}; correct it")
    for value in (*table.values(), missing):
        _text(value, "each of the values")
    longest = sorted(table, key=len, reverse=True)
    categories = tuple(dict.fromkeys([*table.values(), missing]))

    def one(text: str) -> str:
        text = text.replace(BLANK, "")
        return next((table[prefix] for prefix in longest if text.startswith(prefix)), missing)

    def of(codes: Codes) -> NDArray[np.str_]:
        parts = from_characters(characters(codes)[:, positions[0] : positions[-1] + 1])
        distinct, inverse = np.unique(parts, return_inverse=True)
        return np.array([*map(one, distinct.tolist()), *categories])[inverse]

    return Attribute(name, label, "category", of, positions, categories, missing=missing)


def _valid(name: str, label: str, values: Mapping, format: Format) -> Attribute:
    pattern = Pattern.of(str(values["pattern"]))

    def of(codes: Codes) -> NDArray[np.bool_]:
        return pattern.match(codes)[1]

    every = tuple(range(format.length))
    return Attribute(name, label, "boolean", of, every, (f"not {label}", label))


def usual_attributes(format: Format) -> dict[str, Attribute]:
    """The attributes of a format that names none: each run of digits as a number, and each other
    learned position as a character."""
    found: list[Attribute] = []
    runs: list[list[int]] = []
    for position in format.learned:
        if set(format.alphabets[position]) - {*DIGITS, BLANK}:
            place = format.position_names[position]
            label = f"character {place}" if place.isdecimal() else place
            found.append(character(f"character_{position + 1}", label, position, format))
        elif runs and runs[-1][-1] == position - 1 and len(runs[-1]) < _MOST_DIGITS:
            runs[-1].append(position)
        else:
            runs.append([position])
    for run in runs:
        first, last = run[0] + 1, run[-1] + 1
        one = first == last
        name, label = (
            (f"digit_{first}", f"digit {first}")
            if one
            else (f"digits_{first}_to_{last}", f"digits {first} to {last}")
        )
        found.append(number(name, label, tuple(run), format))
    return {one.name: one for one in sorted(found, key=lambda one: one.positions)}
