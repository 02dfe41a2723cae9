"""An audit as one HTML file, which opens without a network and prints on paper."""

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from regvae.audit.report import ATTACKS

_STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1b1b, #eee); --line: light-dark(#ccc, #555);
  --soft: light-dark(#555, #aaa); --mark: light-dark(#2f6db5, #7fb0ec); }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; background: light-dark(#fff, #14171c); }
h1 { font-size: 1.7rem; line-height: 1.25; margin: 0.2rem 0 1rem; }
h2 { font-size: 1.2rem; margin: 2.2rem 0 0.4rem; border-bottom: 1px solid var(--line); }
p.small, figcaption, td small { color: var(--soft); font-size: 0.85rem; }
.advice { border-left: 4px solid var(--mark); padding-left: 0.8rem; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.25rem 0.8rem 0.25rem 0; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td.hash { font: 0.8rem ui-monospace, monospace; overflow-wrap: anywhere; }
figure { margin: 1rem 0; } svg { width: 100%; max-width: 34rem; height: auto; }
svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
svg .grid { stroke: var(--line); stroke-width: 0.5; } svg .guess { stroke: var(--soft);
  stroke-dasharray: 4 3; fill: none; }
@media print { :root { color-scheme: light; } body { margin: 0; max-width: none; font-size: 11pt; }
  h2 { break-after: avoid; } tr, figure { break-inside: avoid; } }
"""
_LINES = (("#2e9e6b", ""), ("#7d5bbe", "7 3"), ("#e07b39", "2 3"))
"""Colours and dashes of curves."""


def html(found: Mapping[str, Any]) -> str:
    """The report on an audit, given as `Audit.to_dict` has it."""
    verdict, bundle = found["verdict"], found["bundle"]
    title = f"Privacy audit of {bundle['name']}"
    parts = [
        f'<p class="small">{escape(title)}</p><h1>{escape(verdict["headline"])}</h1>',
        f'<p class="advice">{escape(verdict["advice"])}</p>' if verdict["advice"] else "",
        _list("What was tried", verdict["tried"]),
        _list("What was found", verdict["found"]),
        _list("What this does and does not tell", verdict["limits"]),
        _membership(found),
        _inference(found),
        _collisions(found),
        _quality(found),
        _origin(found),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>\n"
        + "\n".join(filter(None, parts))
        + "\n</body></html>\n"
    )


def _list(heading: str, sentences: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(one)}</li>" for one in sentences)
    return f"<h2>{escape(heading)}</h2><ul>{items}</ul>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in header)
    body = "".join(f"<tr>{''.join(f'<td>{escape(c)}</td>' for c in row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>'


def _share(value: float, within: Sequence[float] | None = None, digits: int = 1) -> str:
    shown = f"{100 * value:.{digits}f} %"
    if within is None:
        return shown
    low, high = (f"{100 * one:.{digits}f}" for one in within)
    return f"{shown} ({low} to {high})"


# --- sections -------------------------------------------------------------------------------------


def _membership(found: Mapping[str, Any]) -> str:
    plural = found["bundle"]["plural"]
    attacks = {name: one for name, one in found["membership"].items() if one}
    rows = [
        (
            ATTACKS[name].format(plural=plural),
            f"{one['auc']:.3f} ({one['auc_interval'][0]:.3f} to {one['auc_interval'][1]:.3f})",
            _share(one["tpr_at_0.001"], one["tpr_at_0.001_interval"], 2),
            _share(one["tpr_at_0.01"], one["tpr_at_0.01_interval"], 2),
        )
        for name, one in attacks.items()
    ]
    header = ("attack by", "AUC", "found at 0.1 % false positives", "found at 1 %")
    shadows = (
        f"LiRA with {found['shadows']:,} shadow models. "
        if found["shadows"]
        else "No shadow models were trained (regvae audit --membership). "
    )
    return (
        "<h2>Membership inference</h2><p>Can a training record be told from a held-out one? An AUC "
        "of 0.5 is guessing, 1 is certainty.</p>"
        + _table(header, rows)
        + _roc({ATTACKS[name].format(plural=plural): one for name, one in attacks.items()})
        + f'<p class="small">{shadows}In brackets intervals at 95 %. AUC: the wider of '
        "Newcombe's (2006, method 5) and DeLong's. "
        "True positive rates: order statistics of the controls and Clopper and Pearson's bounds. "
        "LiRA: Carlini et al. 2022; from codes alone: nearest generated codes (Hilprecht et al. "
        "2019).</p>"
    )


def _roc(attacks: Mapping[str, Any]) -> str:
    """ROC curves with logarithmic axes, on which few but sure finds are seen."""
    width, height, left, bottom = 460, 300, 52, 40

    def x(rate: float) -> float:
        return left + (width - left - 24) * (1 + math.log10(max(rate, 1e-3)) / 3)

    def y(rate: float) -> float:
        return 10 + (height - bottom - 10) * -math.log10(max(rate, 1e-3)) / 3

    marks = []
    for rate in (0.001, 0.01, 0.1, 1.0):
        marks.append(
            f'<path class="grid" d="M{x(rate):.1f} 10V{height - bottom}M{left} {y(rate):.1f}'
            f'H{width - 24}"/><text x="{x(rate):.1f}" y="{height - bottom + 15}" '
            f'text-anchor="middle">{100 * rate:g} %</text><text x="{left - 5}" '
            f'y="{y(rate) + 4:.1f}" text-anchor="end">{100 * rate:g} %</text>'
        )
    lines = []
    for number, (name, one) in enumerate(attacks.items()):
        points = " ".join(f"{x(fpr):.1f},{y(tpr):.1f}" for fpr, tpr in one["curve"])
        colour, dash = _LINES[number]
        style = f'stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        place = 26 + 16 * number
        lines.append(
            f'<polyline fill="none" {style} points="{points}"/><path {style} d="M{left + 12} '
            f'{place - 4}h24"/><text x="{left + 42}" y="{place}">{escape(name)}</text>'
        )
    guess = f'<path class="guess" d="M{x(0.001):.1f} {y(0.001):.1f}L{x(1):.1f} {y(1):.1f}"/>'
    return (
        f'<figure><svg viewBox="0 0 {width} {height}" role="img" aria-label="ROC curves">'
        + "".join(marks)
        + guess
        + "".join(lines)
        + f'<text x="{(left + width) / 2:.0f}" y="{height - 6}" text-anchor="middle">false '
        "positives: held-out records taken for training records</text></svg><figcaption>Share of "
        "training records that are found (vertical) for each share of false positives; the broken "
        "diagonal is guessing.</figcaption></figure>"
    )


def _inference(found: Mapping[str, Any]) -> str:
    one, names = found["inference"], found["bundle"]["positions"]
    rows = []
    for kind, label in (("model", "with the model"), ("generated", "from the codes alone")):
        figures = one[kind]["overall"]
        shares = [
            _share(figures[name]["rate"], figures[name]["interval"])
            for name in ("main", "control", "baseline")
        ]
        risk = figures["risk"]
        rows.append(
            (label, *shares, "" if risk is None else _share(risk, figures["risk_interval"]))
        )
    header = (
        "one character, guessed",
        "of training records",
        "of held-out ones",
        "without either",
        "risk",
    )
    worst = max(
        zip(one["positions"], one["generated"]["by_position"], strict=True),
        key=lambda pair: pair[1]["risk"] or 0.0,
    )
    return (
        "<h2>Attribute inference</h2><p>Can a character of a record be guessed from the others? "
        "The risk is (training - held-out) / (1 - held-out).</p>"
        + _table(header, rows)
        + f'<p class="small">After Anonymeter (Giomi et al. 2023). The position with the largest '
        f"risk from the codes alone: {escape(names[worst[0] - 1])}, "
        f"{_share(worst[1]['risk'] or 0.0)}.</p>"
    )


def _collisions(found: Mapping[str, Any]) -> str:
    plural = found["bundle"]["plural"]
    rows = [_collision_row(one) for one in found["collisions"]]
    accepted = [_collision_row(one) for one in found["source"]["accepted"]]
    header = ("records of", "there are", "draws that hit one", "different ones", "by chance")
    holes = found["holes"]["sentence"] if found["holes"] else found["holes_unknown"]
    return (
        f"<h2>Collisions and holes</h2><p>Records among the {found['source']['codes']:,} "
        f"{escape(plural)}.</p>"
        + _table(header, rows)
        + (
            "<p>Among all accepted points, before leaks were left out:</p>"
            + _table(header, accepted)
            if accepted
            else ""
        )
        + f"<p>{escape(holes[:1].upper() + holes[1:])}.</p>"
    )


def _collision_row(one: Mapping[str, Any]) -> tuple[str, ...]:
    low, high = one["rate_interval"]
    share = _share(one["exposed"] / one["records"], one["share_interval"], 2)
    return (
        one["split"],
        f"{one['records']:,}",
        f"{one['hits']:,} of {one['draws']:,} ({low:.1e} to {high:.1e} a draw)",
        f"{one['exposed']:,}: {share}",
        f"{one['by_chance']:.2g}",
    )


def _quality(found: Mapping[str, Any]) -> str:
    one = found["quality"]
    if one is None:
        return ""
    plural, names = found["bundle"]["plural"], found["bundle"]["positions"]
    test, pair = one["test"], one["pair"]
    rows = [
        (f"different {plural}", f"{one['distinct']:,} of {one['n']:,}", ""),
        ("permitted by the format", _share(one["permitted"]), ""),
    ]
    if one["valid"] is not None:
        rows.append(("valid", _share(one["valid"]), ""))
    if test:
        rows.append(
            ("told from real ones", _share(test["accuracy"], test["interval"]), "50 % by chance")
        )
    rows += [
        (
            f"total variation, {names[part['positions'][0] - 1]}",
            f"{part['variation']:.3f}",
            f"{part['chance']:.3f} by chance",
        )
        for part in one["positions"]
    ]
    if pair:
        both = " and ".join(names[position - 1] for position in pair["positions"])
        rows += [
            (
                "total variation, mean of pairs",
                f"{one['pairs']:.3f}",
                f"{one['pairs_chance']:.3f} by chance",
            ),
            (
                f"largest pair, {both}",
                f"{pair['variation']:.3f}",
                f"{pair['chance']:.3f} by chance",
            ),
        ]
    rows += [
        (
            f"values of {part['attribute']}",
            f"{part['found']} of {part['seen']}",
            f"{part['expected']:.1f} expected",
        )
        for part in one["coverage"]
    ]
    return (
        f"<h2>Quality</h2><p>The {escape(plural)} beside {one['real_n']:,} real ones.</p>"
        + _table(("", "these", "for comparison"), rows)
        + '<p class="small">Told from real ones: a classifier two-sample test (Lopez-Paz and Oquab '
        "2017) on characters and pairs of characters.</p>"
    )


def _origin(found: Mapping[str, Any]) -> str:
    bundle, source = found["bundle"], found["source"]
    sizes = ", ".join(f"{n:,} {split}" for split, n in bundle["records"].items())
    rows = [
        ("model", f"{bundle['name']}, preset {bundle['preset']}, seed {bundle['seed']}"),
        ("records", sizes),
        ("manifest sha256", bundle["sha256"]),
        ("judged", source["name"]),
        ("codes", f"{source['codes']:,}"),
        ("sha256", source["sha256"]),
        ("drawn from", _settings(source["proposals"] or {})),
        *((name, value) for name, value in _policy(source["policy"] or {})),
        ("seed of the audit", str(found["seed"])),
        ("epsilon, delta", _budget(found["privacy"])),
    ]
    body = "".join(
        f'<tr><td>{escape(label)}</td><td class="{"hash" if "sha256" in label else ""}">'
        f"{escape(value)}</td></tr>"
        for label, value in rows
        if value
    )
    return f'<h2>What was judged</h2><div class="scroll"><table>{body}</table></div>'


def _budget(privacy: Mapping[str, Any] | None) -> str:
    return f"{privacy['epsilon']:.2f}, {privacy['delta']:g}" if privacy else ""


def _policy(policy: Mapping[str, Any]) -> list[tuple[str, str]]:
    names = ("rule", "proposal", "unwanted", "stop")
    parts = [(f"policy: {name}", _settings(policy.get(name, {}))) for name in names]
    flags = ("decode", "clean", "neighbourhoods", "repeats", "seed")
    plain = {name: policy[name] for name in flags if name in policy}
    return [*parts, ("policy", _settings(plain))]


def _settings(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value}" for name, value in values.items() if value is not None and value != []
    )
