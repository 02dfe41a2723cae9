"""Regs drawn as number plates: the same markup as static/core/plate.js makes."""

from collections.abc import Iterable, Sequence
from html import escape

from regvae.formats.uk_registration import pretty


def plate(reg: str, kind: str = "") -> str:
    """One plate as HTML; `kind` may be "large", "small" and "unwanted"."""
    return f'<span class="plate {escape(kind)}">{escape(pretty(reg))}</span>'


def plates(regs: Iterable[str], kinds: Iterable[str] | None = None) -> str:
    """Several small plates that wrap."""
    regs = list(regs)
    marked = zip(regs, kinds if kinds is not None else [""] * len(regs), strict=True)
    inner = "".join(plate(reg, f"small {kind}") for reg, kind in marked)
    return f'<div class="plates">{inner}</div>'


def rebuilt(reg: str, true: str) -> str:
    """A small plate of what came back of a reg, with every character that is wrong marked."""
    pairs = zip(pretty(reg), pretty(true), strict=True)
    marked = "".join(
        escape(came) if came == wanted else f"<mark>{escape(came)}</mark>" for came, wanted in pairs
    )
    return f'<span class="plate small">{marked}</span>'


def pairs(regs: Iterable[str], came: Iterable[str]) -> str:
    """Regs and what came back of each, side by side, wrapping."""
    made = (
        f"<span>{plate(reg, 'small')} → {rebuilt(back, reg)}</span>"
        for reg, back in zip(regs, came, strict=True)
    )
    return f'<div class="examples">{"".join(made)}</div>'


def candidates(rows: Sequence[Sequence[tuple[str, float]]]) -> str:
    """What the decoder thinks of each position: a column each, the likeliest character on top.

    `rows` has one list a position of (character, probability from 0 to 1), likeliest first. The
    height of a cell is its probability; what is left is drawn as one grey cell.
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
