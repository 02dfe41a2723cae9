"""Codes drawn as plates, with the same markup as in static/core/plate.js."""

from collections.abc import Iterable, Sequence
from html import escape

from regvae.formats import Format
from regvae.formats.pattern import BLANK, NONE, character_name


def plate(format: Format, code: str, kind: str = "") -> str:
    """One plate as HTML; `kind` may have "large" or "small", and "unwanted"."""
    return _plate(format, escape(format.shown(code)), kind)


def plates(format: Format, codes: Iterable[str], kinds: Iterable[str] | None = None) -> str:
    """Several small plates, which wrap; `kinds` has a further kind for each."""
    codes = list(codes)
    marked = zip(codes, kinds if kinds is not None else [""] * len(codes), strict=True)
    inner = "".join(plate(format, code, f"small {kind}") for code, kind in marked)
    return f'<div class="plates">{inner}</div>'


def reconstruction(format: Format, decoded: str, true: str) -> str:
    """A small plate of a reconstruction, with a mark at every wrong character.

    Characters are compared position by position; where one is missing, a space has the mark.
    """
    parts = []
    separators = format.pattern.separators_of(decoded)
    for separator, found, expected in zip(separators, decoded, true, strict=False):
        character = "" if found == expected == BLANK else escape(found)
        parts += [
            escape(separator),
            character if found == expected else f"<mark>{character}</mark>",
        ]
    return _plate(format, "".join([*parts, escape(separators[-1])]).strip(), "small")


def pairs(format: Format, codes: Iterable[str], decoded: Iterable[str]) -> str:
    """Codes and their reconstructions, pair by pair, which wrap."""
    shown = (
        f"<span>{plate(format, code, 'small')} → {reconstruction(format, found, code)}</span>"
        for code, found in zip(codes, decoded, strict=True)
    )
    return f'<div class="examples" {_width(format)}>{"".join(shown)}</div>'


def _plate(format: Format, inner: str, kind: str) -> str:
    look = f'data-look="{escape(format.plate)}"'
    return f'<span class="plate {escape(kind)}" {look} {_width(format)}>{inner or "&nbsp;"}</span>'


def _width(format: Format) -> str:
    """How many characters are shown of the longest code, for the style sheet."""
    return f'style="--cells: {len(format.shown("0" * format.length))}"'


def candidates(format: Format, rows: Sequence[Sequence[tuple[str, float]]]) -> str:
    """The likeliest characters at each learned position: a column each, the likeliest on top.

    `rows` has a list for each of them of (character, probability from 0 to 1), likeliest first. The
    height of a cell is its probability; the rest of the column is grey.
    """
    columns = []
    for position, column in zip(format.learned, rows, strict=True):
        cells = "".join(
            f'<i style="--share:{share:.4f}" title="{_name(character)} {share:.1%}">'
            f"{_name(character) if rank and share >= 0.08 else ''}</i>"
            for rank, (character, share) in enumerate(column)
        )
        best, share = column[0]
        columns.append(
            f'<div title="{escape(format.position_names[position])}">{_best(best)}'
            f'<div class="stack">{cells}</div><small>{share:.0%}</small></div>'
        )
    look = f'data-look="{escape(format.plate)}"'
    return f'<div class="candidates" {look}>{"".join(columns)}</div>'


def _best(character: str) -> str:
    name = _name(character)
    return f'<b class="word">{name}</b>' if name == NONE else f"<b>{name}</b>"


def _name(character: str) -> str:
    return escape(character_name(character))
