"""Regs drawn as number plates, with the same markup as in static/core/plate.js."""

from collections.abc import Iterable, Sequence
from html import escape

from regvae.formats import UK_REGISTRATION


def plate(reg: str, kind: str = "") -> str:
    """One plate as HTML; `kind` may have "large" or "small", and "unwanted"."""
    return f'<span class="plate {escape(kind)}">{escape(UK_REGISTRATION.shown(reg))}</span>'


def plates(regs: Iterable[str], kinds: Iterable[str] | None = None) -> str:
    """Several small plates, which wrap; `kinds` has a further kind for each."""
    regs = list(regs)
    marked = zip(regs, kinds if kinds is not None else [""] * len(regs), strict=True)
    inner = "".join(plate(reg, f"small {kind}") for reg, kind in marked)
    return f'<div class="plates">{inner}</div>'


def reconstruction(decoded: str, true: str) -> str:
    """A small plate of a reconstruction, with a mark at every wrong character."""
    pairs = zip(UK_REGISTRATION.shown(decoded), UK_REGISTRATION.shown(true), strict=True)
    marked = "".join(
        escape(found) if found == expected else f"<mark>{escape(found)}</mark>"
        for found, expected in pairs
    )
    return f'<span class="plate small">{marked}</span>'


def pairs(codes: Iterable[str], decoded: Iterable[str]) -> str:
    """Codes and their reconstructions, pair by pair, which wrap."""
    shown = (
        f"<span>{plate(code, 'small')} → {reconstruction(found, code)}</span>"
        for code, found in zip(codes, decoded, strict=True)
    )
    return f'<div class="examples">{"".join(shown)}</div>'


def candidates(rows: Sequence[Sequence[tuple[str, float]]]) -> str:
    """The likeliest characters at each position: a column each, the likeliest on top.

    `rows` has a list for each position of (character, probability from 0 to 1), likeliest first.
    The height of a cell is its probability; the rest of the column is grey.
    """
    columns = []
    for column in rows:
        cells = "".join(
            f'<i style="--share:{share:.4f}" title="{escape(character)} {share:.1%}">'
            f"{escape(character) if rank and share >= 0.08 else ''}</i>"
            for rank, (character, share) in enumerate(column)
        )
        best, share = column[0]
        columns.append(
            f'<div><b>{escape(best)}</b><div class="stack">{cells}</div><small>{share:.0%}</small>'
            "</div>"
        )
    return f'<div class="candidates">{"".join(columns)}</div>'
