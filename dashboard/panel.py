"""The reading panel beside the map: the pinned point, the region, the searched reg."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import streamlit as st

from dashboard import charts, plates, services, state, text
from dashboard.model import Slice
from regvae import onehot
from regvae.evaluation.typical import TypicalLetter, typical_letters
from regvae.latent.gaussians import NearestGaussian
from regvae.latent.polygon import Polygon, in_polygon
from regvae.model.bundle import Bundle
from regvae.rejection import proposals
from regvae.rejection.measures import Judge
from regvae.rejection.policy import Policy
from regvae.rejection.rules import Limit, Measures, Rule
from regvae.rejection.unwanted import Unwanted

_SOME = 12
_CLEARLY = 1.5  # a letter is called typical when it is this many times as common


@dataclass(frozen=True)
class Context:
    """What the panel speaks of: a bundle (by name and version), what is unwanted, the rule, and
    what the map shows."""

    name: str
    version: str
    unwanted: Unwanted | None
    rule: Rule
    shown: Slice

    @property
    def bundle(self) -> Bundle:
        """The bundle itself."""
        return services.bundle(self.name, self.version)

    @property
    def latent_dim(self) -> int:
        """Number of latent coordinates, k."""
        return self.bundle.records.latent_dim

    @property
    def judge(self) -> Judge:
        """What measures points for the rule; only if something is unwanted."""
        assert self.unwanted is not None
        return services.judge(self.name, self.version, self.unwanted, self.rule.name)

    def kinds(self, regs: np.ndarray) -> list[str]:
        """How to draw each reg's plate: "unwanted", or as it is."""
        if not self.unwanted:
            return [""] * len(regs)
        unwanted = self.unwanted.of_regs(np.asarray(regs, "U7"), self.bundle)
        return ["unwanted" if one else "" for one in unwanted]


def facts(rows: Sequence[Sequence[str]], header: Sequence[str] = ()) -> None:
    """A small table of what and how much; every cell is HTML."""
    cells = "".join(f"<th>{cell}</th>" for cell in header)
    head = f"<tr>{cells}</tr>" if header else ""
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows)
    st.html(f'<table class="facts">{head}{body}</table>')


def pinned(context: Context, point: tuple[float, ...]) -> None:
    """What the pinned point decodes to, how surely, and what lies near it."""
    bundle = context.bundle
    z = np.array([point])
    _heading(text.PINNED, state.POINT)
    decoded = bundle.autoencoder.decode(z)
    st.html(plates.plate(str(decoded[0]), *context.kinds(decoded)))
    st.caption(f"Decoded at {text.point(point)}.")
    plane = context.shown.plane
    if np.abs(plane.project(z)).max() > plane.extent:
        st.caption(text.OFF_THE_MAP)
    if context.unwanted:
        _verdict(context, point)
    st.caption(text.CANDIDATES_HELP)
    st.html(plates.candidates(_candidates(bundle.autoencoder.probabilities(z))))
    st.markdown(f"**{text.NEAREST}**", help=text.DISTANCE_HELP)
    distances, rows = services.gaussians(context.name, context.version).ranked(point, 5)
    records = bundle.records
    kinds = context.kinds(records.codes[rows])
    facts(
        [
            (
                text.SPLITS[str(records.split[row])],
                plates.plate(records.codes[row], f"small {kind}"),
                f"{distance:.2f} σ",
            )
            for row, distance, kind in zip(rows, distances, kinds, strict=True)
        ]
    )


def _candidates(probabilities: Sequence[np.ndarray]) -> list[list[tuple[str, float]]]:
    columns = []
    for block, shares in zip(onehot.BLOCKS, probabilities, strict=True):
        best = np.argsort(-shares[0], kind="stable")[:4]
        columns.append([(block.alphabet[i], float(shares[0, i])) for i in best])
    return columns


def _verdict(context: Context, point: tuple[float, ...]) -> None:
    """Whether the rule accepts a point and why, its neighbours on both sides, and a way out."""
    judge, rule = context.judge, context.rule
    measures = judge.measure(rule, [point])
    accepted = bool(rule.accepts(measures)[0])
    st.markdown((text.ACCEPTED if accepted else text.REJECTED).format(rule=rule.name))
    facts([_reason(limit, measures) for limit in rule.limits])
    facts(
        [
            _neighbour(context, "nearest unwanted", judge.unwanted, judge.rows_unwanted, point),
            _neighbour(context, "nearest wanted", judge.wanted, judge.rows_wanted, point),
        ]
    )
    if not accepted:
        _way_out(context, point)


def _reason(limit: Limit, measures: Measures) -> tuple[str, str, str]:
    value = text.quantity(limit.measure, float(measures[limit.measure][0]))
    wants = f"{text.WANTS[limit.operator]} {text.quantity(limit.measure, limit.value)}"
    if not limit.holds(measures)[0]:
        value = f'<b class="failed">{value}</b>'
    return text.WHY[limit.measure], value, f"wants {escape(wants)}"


def _neighbour(
    context: Context,
    label: str,
    side: NearestGaussian,
    rows: np.ndarray,
    point: tuple[float, ...],
) -> tuple[str, str, str]:
    distance, index = side.query([point])
    row = int(rows[index[0]])
    reg = context.bundle.records.codes[row] if row >= 0 else None
    kind = "small unwanted" if label.endswith("unwanted") else "small"
    shown = plates.plate(reg, kind) if reg is not None else "a listed reg"
    return label, shown, f"{distance[0]:.2f} σ"


def _way_out(context: Context, point: tuple[float, ...]) -> None:
    """The nearest point that the rule accepts, and what it decodes to."""
    assert context.unwanted is not None
    policy = Policy(context.name, context.unwanted, context.rule)
    found = services.nearest_accepted(context.name, context.version, policy, point)
    if found is None:
        st.caption(text.NONE_ACCEPTED)
        return
    away = float(np.linalg.norm(found - np.array(point)))
    decoded = context.bundle.autoencoder.decode(found[None])
    st.caption(text.NEAREST_ACCEPTED.format(away=away))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.html(plates.plate(str(decoded[0]), f"small {context.kinds(decoded)[0]}"))
        st.button(text.GO_THERE, type="tertiary", on_click=_go, args=(tuple(found.tolist()),))


def _go(point: tuple[float, ...]) -> None:
    st.session_state[state.POINT] = ", ".join(map(repr, point))  # all digits, or it may be off


def region(context: Context, polygon: Polygon) -> None:
    """What the records of a region have in common, and new regs from it."""
    bundle = context.bundle
    records = bundle.records
    rows = in_polygon(context.shown.plane.project(records.mean), polygon)
    count = int(rows.sum())
    _heading(f"{text.REGION}: {count:,} of {len(records):,} records", state.REGION)
    if count:
        number, upper = records.attribute("number"), records.attribute("at_least_50")
        st.markdown(
            f"**{upper[rows].sum():,} of {count:,} ({upper[rows].mean():.1%})** "
            f"have a number ≥ 50; overall {upper.mean():.1%}"
        )
        st.plotly_chart(
            charts.number_distribution(number[rows], number),
            key="region-numbers",
            config={"staticPlot": True},
        )
        found = typical_letters(records, rows, 4)
        _typical([one for one in found if one.share_here >= _CLEARLY * one.share_overall])
        st.caption(text.SOME_REGS)
        some = records.codes[rows][:_SOME]
        st.html(plates.plates(some, context.kinds(some)))
    else:
        st.markdown(text.REGION_EMPTY)
    _decode_region(context, polygon)


def _typical(found: Sequence[TypicalLetter]) -> None:
    st.caption(text.TYPICAL if found else text.NO_TYPICAL)
    if found:
        facts(
            [
                (
                    f"<b>{one.letter}</b> as character {one.position}",
                    f"{one.share_here:.0%}, overall {one.share_overall:.0%}",
                )
                for one in found
            ]
        )


def _decode_region(context: Context, polygon: Polygon) -> None:
    # Drawn in a callback, which runs before the map is shown again: so that it shows them too.
    st.button(
        text.DECODE_REGION.format(n=state.DECODE), width="stretch", on_click=_draw, args=(polygon,)
    )
    kept = st.session_state.get(state.DECODED)
    if kept and kept.polygon == polygon:
        if kept.problem:
            st.warning(text.plain(f"{kept.problem}."))
        else:
            _show_decoded(context, kept.points)


@dataclass(frozen=True)
class Decoded:
    """Points of the plane (n, 2) drawn from a region at some press of the button, or what went
    wrong."""

    polygon: Polygon
    press: int
    points: np.ndarray
    problem: str = ""


def _draw(polygon: Polygon) -> None:
    """Draw new points from a region; every press gives others, the seed decides which."""
    before = st.session_state.get(state.DECODED)
    press = before.press + 1 if before else 1
    rng = np.random.default_rng([st.session_state[state.SEED], press])
    try:
        drawn = Decoded(polygon, press, proposals.uniform_polygon(state.DECODE, polygon, rng=rng))
    except ValueError as error:
        drawn = Decoded(polygon, press, np.empty((0, 2)), str(error))
    st.session_state[state.DECODED] = drawn


def _decode(context: Context, points: np.ndarray) -> np.ndarray:
    """What points (n, 2) of the plane decode to: (n,) regs."""
    shown = context.shown
    return context.bundle.autoencoder.decode(shown.plane.lift(points, shown.anchor))


def _show_decoded(context: Context, points: np.ndarray) -> None:
    """What the drawn points (n, 2) decode to, and how many of the regs are unwanted or records."""
    bundle = context.bundle
    regs = _decode(context, points)
    kinds = context.kinds(regs)
    collisions = int(bundle.records.contain(regs).sum())
    st.caption(
        f"{len(set(regs))} different regs in {len(regs)} points; "
        f"{sum(map(bool, kinds))} are unwanted, {collisions} are records"
    )
    st.html(plates.plates(regs, kinds))


def decoded_points(context: Context, polygon: Polygon | None) -> np.ndarray | None:
    """The points last drawn from that very region, for the map: (n, 3) with a flag of unwanted."""
    kept = st.session_state.get(state.DECODED)
    if not (kept and polygon and kept.polygon == polygon and len(kept.points)):
        return None
    regs = _decode(context, kept.points)
    unwanted = [kind == "unwanted" for kind in context.kinds(regs)]
    return np.column_stack([kept.points, unwanted])


def searched(context: Context, reg: str) -> None:
    """Where a reg lies, what comes back of it, and whether the model knows it."""
    bundle = context.bundle
    mean, sigma = gaussian(context, reg)
    rebuilt = str(bundle.autoencoder.decode(np.array([mean]))[0])
    row = bundle.records.row_of(reg)
    split = None if row is None else str(bundle.records.split[row])
    right = sum(a == b for a, b in zip(reg, rebuilt, strict=True))
    _heading(text.SEARCHED, state.SEARCH)
    st.html(plates.plate(reg))
    st.caption(text.MEMBERSHIP[split])
    facts(
        [
            ("comes back as", plates.plate(rebuilt, "small")),
            ("characters right", f"{right} of 7"),
            ("mean", text.point(mean)),
            ("sigma", text.point(sigma)),
        ]
    )
    st.caption("On the map: its mean as a cross, its Gaussian as ellipses of 1 and 2 sigma.")


def gaussian(context: Context, reg: str) -> tuple[list[float], list[float]]:
    """Mean and sigma of a normalised reg, each of as many numbers as the map has dimensions."""
    mean, sigma = context.bundle.autoencoder.encode([reg])
    return mean[0].tolist(), sigma[0].tolist()


def keyboard_twins(on_box: Callable[[], None]) -> None:
    """How to do without a mouse what the mouse does on the map."""
    with st.expander(text.KEYBOARD):
        st.markdown(text.KEYBOARD_HELP)
        st.text_input(
            text.BOX_CORNERS_LABEL,
            key=state.BOX_CORNERS,
            placeholder="-1, -0.5, 0, 0.5",
            on_change=on_box,
        )
        typed = st.session_state[state.BOX_CORNERS]
        if typed.strip() and not state.numbers(typed, 4):
            sentence = f"A box is four numbers such as -1, -0.5, 0, 0.5; “{typed[:40]}” is not."
            st.warning(text.plain(sentence))


def _heading(words: str, key: str) -> None:
    """A section's heading, with a button that clears what it is about."""
    with st.container(
        horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"
    ):
        st.markdown(f"##### {words}", width="content")
        st.button(text.CLEAR, key=f"clear-{key}", type="tertiary", on_click=_clear, args=(key,))


def _clear(key: str) -> None:
    st.session_state[key] = state.DEFAULTS.get(key)
